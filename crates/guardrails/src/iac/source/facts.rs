//! A resource of a source file as the facts that the judge of plans reads.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::syntax::Body;
use super::value::Val;
use crate::check::Level;
use crate::iac::Finding;
use crate::iac::terraform::{Given, Resource, Words};
use crate::{Mark, Settings};

/// Arguments that are evaluated. Others are known later.
pub(super) const JUDGED: &[&str] = &[
    "metadata_options",
    "instance_metadata_options",
    "instance_metadata_service_configuration",
    "http_tokens",
    "http_endpoint",
    "http_put_response_hop_limit",
    "imds_support",
    "launch_template",
    "launch_configuration",
    "mixed_instances_policy",
    "launch_template_config",
    "compute_resources",
    "disable_imdsv1",
    "configuration",
    "security_configuration",
    "setting",
    "option_settings",
    "template_name",
    "launch_template_data",
    "launch_template_configs",
    "launch_configuration_name",
    "managed_instance",
];
/// More cases of a resource than this are not told apart.
const MAX_CASES: usize = 64;
/// The argument that is judged by the policy document.
const HOP_LIMIT: &str = "http_put_response_hop_limit";

/// A resource with the values of its arguments.
pub(super) struct Facts<'a> {
    pub(super) address: &'a str,
    pub(super) kind: &'a str,
    pub(super) values: Val,
    /// What stands in the file, for positions.
    pub(super) body: &'a Body,
    pub(super) at: Mark,
    /// The account default that the configuration sets, in words.
    pub(super) default: Option<&'a str>,
}

/// The JSON of one case.
#[derive(Default)]
struct Case {
    after: Option<Value>,
    unknown: Option<Value>,
    stated: Option<Value>,
}

/// Why arguments are known later, by their names.
struct SourceWords {
    later: BTreeMap<String, Rc<str>>,
    template: Option<String>,
}

impl Words for SourceWords {
    fn later(&self, argument: &str) -> String {
        match self.later.get(argument).or_else(|| self.later.values().next()) {
            Some(why) => format!("{argument} depends on {why}"),
            None => format!("{argument} is known only when it is applied"),
        }
    }

    fn outside(&self, what: &str) -> String {
        match &self.template {
            Some(it) => format!("the {what} {it}, and decides"),
            None => format!("a {what} that is not in these files decides"),
        }
    }
}

impl Facts<'_> {
    /// What is wrong in every case is an error. What is wrong in some of them is a note.
    pub(super) fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let cases = cases(self.values.clone());
        let judged: Vec<(Vec<String>, Vec<Finding>)> =
            cases.iter().map(|(by, values)| (by.clone(), self.judge(values, settings))).collect();
        let mut findings: Vec<Finding> = Vec::new();
        for about_hops in [false, true] {
            let topic = |it: &&Finding| it.why.starts_with(HOP_LIMIT) == about_hops;
            let is_note = |it: &Finding| it.level == Level::Note;
            let mut cases = judged.iter().map(|(_, it)| it.iter().filter(topic));
            if cases.all(|mut it| it.any(|it| !is_note(it))) {
                let first = judged.iter().take(1).flat_map(|(_, it)| it.iter().filter(topic));
                findings.extend(first.filter(|it| !is_note(it)).cloned());
                continue;
            }
            for (by, found) in &judged {
                for finding in found.iter().filter(topic) {
                    let note = if is_note(finding) { finding.clone() } else { in_one_case(finding, by) };
                    if !findings.iter().any(|it| it.why == note.why) {
                        findings.push(note);
                    }
                }
            }
        }
        for finding in &mut findings {
            finding.at = Some(self.position(finding));
        }
        findings
    }

    fn judge(&self, values: &Val, settings: &Settings) -> Vec<Finding> {
        let case = case(values);
        let words = SourceWords { later: reasons(values), template: template(values) };
        let (after, unknown) = (case.after.unwrap_or_default(), case.unknown.unwrap_or_default());
        let stated = case.stated.unwrap_or_default();
        let resource = Resource {
            address: self.address,
            kind: self.kind,
            given: Given { after: &after, unknown: &unknown, stated: Some(&stated) },
            default: self.default,
            words: &words,
        };
        resource.findings(settings)
    }

    /// The argument that a finding names, or the block that should have it, or the resource.
    fn position(&self, finding: &Finding) -> Mark {
        let named = finding.why.split(' ').next().unwrap_or_default();
        let argument = argument(self.body, named);
        let block = finding.instead.split([' ', '\n']).next().unwrap_or_default();
        let attribute = || self.body.argument(block).map(|it| it.at);
        argument.or_else(|| block_at(self.body, block)).or_else(attribute).unwrap_or(self.at)
    }
}

fn in_one_case(finding: &Finding, by: &[String]) -> Finding {
    let why = format!("{}, in one case of {}", finding.why, by.join(" and "));
    Finding { code: "cannot-tell", level: Level::Note, why, ..finding.clone() }
}

/// The values in each case, with the conditions that choose it.
fn cases(values: Val) -> Vec<(Vec<String>, Val)> {
    let mut open = vec![(Vec::new(), values)];
    let mut closed = Vec::new();
    while let Some((by, values)) = open.pop() {
        let Some(condition) = values.condition() else {
            closed.push((by, values));
            continue;
        };
        if open.len() + closed.len() >= MAX_CASES {
            closed.push((by, without_cases(&values)));
            continue;
        }
        let chosen: Vec<String> = by.into_iter().chain([format!("`{condition}`")]).collect();
        open.push((chosen.clone(), values.clone().choose(&condition, false)));
        open.push((chosen, values.choose(&condition, true)));
    }
    closed
}

fn without_cases(values: &Val) -> Val {
    match values {
        Val::Either(it) => Val::later(&it.by),
        Val::List(items) => Val::list(items.iter().map(without_cases).collect()),
        Val::Map(entries) => {
            Val::map(entries.iter().map(|(key, it)| (key.clone(), without_cases(it))).collect())
        }
        other => other.clone(),
    }
}

/// What is known, what is known later, and what is stated, in the shapes of a plan.
fn case(values: &Val) -> Case {
    match values {
        Val::Null => Case::default(),
        Val::Later(it) => {
            let stated = if it.inside { json!({"references": [&*it.why]}) } else { json!({}) };
            Case { after: None, unknown: Some(Value::Bool(true)), stated: Some(stated) }
        }
        Val::Map(entries) => {
            let (mut after, mut unknown, mut stated) = (Map::new(), Map::new(), Map::new());
            for (name, value) in entries.iter() {
                let inner = case(&as_number(name, value));
                after.extend(inner.after.map(|it| (name.clone(), it)));
                unknown.extend(inner.unknown.map(|it| (name.clone(), it)));
                stated.extend(inner.stated.map(|it| (name.clone(), it)));
            }
            Case { after: Some(after.into()), unknown: Some(unknown.into()), stated: Some(stated.into()) }
        }
        Val::List(items) => {
            let all: Vec<Case> = items.iter().map(case).collect();
            // An empty list of blocks is no block.
            let stated: Vec<Value> = all.iter().map(|it| it.stated.clone().unwrap_or_default()).collect();
            Case {
                after: Some(all.iter().map(|it| it.after.clone().unwrap_or_default()).collect()),
                unknown: Some(all.iter().map(|it| it.unknown.clone().unwrap_or_default()).collect()),
                stated: (!stated.is_empty()).then(|| stated.into()),
            }
        }
        scalar => {
            let known = scalar.json();
            Case { stated: Some(json!({"constant_value": known})), after: known, unknown: None }
        }
    }
}

/// The provider takes a hop limit that is written as text for a number.
fn as_number(name: &str, value: &Val) -> Val {
    match value.as_number() {
        Some(number) if name == HOP_LIMIT => Val::Number(number),
        _ => value.clone(),
    }
}

/// Why arguments that are judged are known later.
fn reasons(values: &Val) -> BTreeMap<String, Rc<str>> {
    let mut found = BTreeMap::new();
    let Val::Map(entries) = values else { return found };
    let judged = entries.iter().filter(|(name, _)| JUDGED.contains(&name.as_str()));
    let judged = Val::map(judged.map(|(name, it)| (name.clone(), it.clone())).collect());
    let mut open = vec![&judged];
    while let Some(value) = open.pop() {
        match value {
            Val::List(items) => open.extend(items.iter()),
            Val::Map(entries) => {
                for (name, value) in entries.iter() {
                    if let Val::Later(it) = value {
                        found.insert(name.clone(), Rc::clone(&it.why));
                    }
                    open.push(value);
                }
            }
            _ => {}
        }
    }
    found
}

/// Why the first launch template or launch configuration that is referred to is not known.
fn template(values: &Val) -> Option<String> {
    const BLOCKS: &[&str] =
        &["launch_template", "mixed_instances_policy", "launch_template_config", "compute_resources"];
    const NAMES: &[&str] = &["id", "name", "launch_template_id", "launch_template_name"];
    let named = |value: &Val| match value {
        Val::Later(value) if !value.inside => Some(format!("depends on {}", value.why)),
        Val::Text(text) => Some(format!("{text} is not in these files")),
        _ => None,
    };
    let Val::Map(entries) = values else { return None };
    let mut open: Vec<&Val> = BLOCKS.iter().filter_map(|it| entries.get(*it)).collect();
    while let Some(value) = open.pop() {
        match value {
            Val::List(items) => open.extend(items.iter()),
            Val::Map(entries) => {
                if let Some(found) = NAMES.iter().find_map(|it| named(entries.get(*it)?)) {
                    return Some(found);
                }
                open.extend(entries.values());
            }
            _ => {}
        }
    }
    entries.get("launch_configuration").and_then(named)
}

/// Where an argument stands, in a body or in the blocks of it.
fn argument(body: &Body, name: &str) -> Option<Mark> {
    let own = body.argument(name).map(|it| it.at);
    own.or_else(|| body.blocks.iter().find_map(|it| argument(&it.body, name)))
}

fn block_at(body: &Body, kind: &str) -> Option<Mark> {
    let is = |it: &&super::syntax::Block| it.kind == kind || (it.kind == "dynamic" && it.label(0) == kind);
    body.blocks.iter().find(is).map(|it| it.at)
}
