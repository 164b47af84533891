//! A resource against its switch.

use std::collections::BTreeSet;

use v2only_document::tree::{Node, Value};

use super::attributes;
use super::kinds::{Kind, Switch};
use super::suggestion::Suggestion;
use super::template::{Template, note};
use super::value::{Case, Is, at_path, branches, cases, property};
use crate::check::Level;
use crate::iac::Finding;
use crate::{Mark, Settings};

/// One resource of a template.
pub(super) struct Resource<'a> {
    pub(super) template: &'a Template,
    pub(super) name: &'a str,
    pub(super) node: &'a Node,
    pub(super) kind: &'static Kind,
}

/// What an Auto Scaling group launches from if there is no launch template, with the noun of it.
const OTHER_SOURCES: [(&str, &str); 2] =
    [("LaunchConfigurationName", "launch configuration"), ("InstanceId", "instance")];

/// What one case means.
enum Verdict {
    Right,
    /// The code of the finding, why, and where.
    Bad(&'static str, String, Mark),
    /// Why it cannot be judged, and where.
    Unknown(String, Mark),
}

impl<'a> Resource<'a> {
    pub(super) fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.kind.name == "AWS::AutoScaling::AutoScalingGroup" {
            findings.extend(self.outside_configurations());
        }
        match self.kind.switch {
            Switch::Options(path) => findings.extend(self.options(path, settings)),
            Switch::Overrides(path) => findings.extend(self.overrides(path)),
            Switch::Value(path, wanted, code) => findings.extend(self.value(path, wanted, code)),
            Switch::BeanstalkOption => findings.extend(self.beanstalk()),
            Switch::EmrConfiguration => findings.extend(self.emr()),
            Switch::Specifications(path) => {
                findings.extend(self.at(path).iter().filter_map(|case| self.specifications(case)));
            }
            Switch::None(why) if !why.is_empty() && !self.has_template() => {
                findings.push(note(self.name, self.node.at, why.to_owned()));
            }
            Switch::None(_) => {}
        }
        // The judgement of the options may have said so.
        let about_templates = self.templates().into_iter();
        let is_new = |it: &Finding| !findings.iter().any(|known| (known.at, &known.why) == (it.at, &it.why));
        let new: Vec<Finding> = about_templates.filter(is_new).collect();
        findings.extend(new);
        findings.extend(attributes::unknown(self.name, self.node));
        if findings.is_empty() && self.launches_nothing_known() {
            let why = "what the resource launches is not stated, so it cannot be judged".to_owned();
            findings.push(note(self.name, self.node.at, why));
        }
        findings
    }

    /// Whether a group or a fleet states neither a launch template nor anything else to launch from.
    fn launches_nothing_known(&self) -> bool {
        let specifications = match self.kind.switch {
            Switch::Specifications(path) => self.at(path),
            Switch::Overrides(_) | Switch::None("") => Vec::new(),
            _ => return false,
        };
        let names = OTHER_SOURCES.iter().flat_map(|(name, _)| self.at(&[*name]));
        specifications.into_iter().chain(names).all(|it| matches!(it.is, Is::Absent)) && !self.has_template()
    }

    fn at(&self, path: &[&str]) -> Vec<Case<'a>> {
        let path: Vec<&str> = std::iter::once("Properties").chain(path.iter().copied()).collect();
        at_path(self.template, self.node, &path)
    }

    fn options(&self, path: &[&'static str], settings: &Settings) -> Vec<Finding> {
        let options = self.at(path);
        // Each case of the options is judged alone, because `!If` chooses tokens and endpoint together.
        let closed = |case: &Case<'a>| {
            let endpoint = property(self.template, std::slice::from_ref(case), "HttpEndpoint");
            endpoint.iter().all(|it| it.text() == Some("disabled"))
        };
        let open: Vec<Case<'a>> = options.into_iter().filter(|it| !closed(it)).collect();
        let tokens = property(self.template, &open, "HttpTokens");
        let verdicts = tokens.iter().map(|it| self.tokens(it)).collect();
        let suggestion = |name: &'static str| Suggestion {
            path: path.iter().copied().chain([name]).collect(),
            json: self.template.json,
        };
        let mut findings = self.one(verdicts, &suggestion("HttpTokens").text("required"));
        let Some(hops) = settings.named_hop_limit() else { return findings };
        let hop_limits = property(self.template, &open, "HttpPutResponseHopLimit");
        let verdicts = hop_limits.iter().map(|it| hop_limit(it, settings)).collect();
        let instead = suggestion("HttpPutResponseHopLimit").number(hops.get());
        let about_hops = self.one(verdicts, &instead);
        // What keeps the tokens from being judged keeps the hop limit from it too.
        let known: Vec<Option<Mark>> = findings.iter().map(|it| it.at).collect();
        findings
            .extend(about_hops.into_iter().filter(|it| it.code == "hop-limit" || !known.contains(&it.at)));
        findings
    }

    fn tokens(&self, case: &Case<'a>) -> Verdict {
        let not_stated = match self.kind.name {
            "AWS::AutoScaling::LaunchConfiguration" => {
                "HttpTokens is not stated, which for a launch configuration means optional"
            }
            _ => "HttpTokens is not stated, so the account default and the AMI decide",
        };
        match &case.is {
            Is::Absent if self.has_template() => Verdict::Right,
            Is::Absent => Verdict::Bad("http-tokens-not-stated", not_stated.to_owned(), case.at),
            _ => equals(case, "HttpTokens", "required", "http-tokens-not-required"),
        }
    }

    /// Tokens that override those of a launch template, which decides where they are not stated.
    fn overrides(&self, path: &[&'static str]) -> Vec<Finding> {
        let verdict = |case: &Case<'a>| match case.is {
            Is::Absent => Verdict::Right,
            _ => equals(case, "HttpTokens", "required", "http-tokens-not-required"),
        };
        // Each override launches its own instances, so each is judged alone.
        let each = self.each(path).into_iter().map(|it| property(self.template, &[it], "HttpTokens"));
        let instead = "MetadataOptions: {HttpTokens: required}";
        each.flat_map(|cases| self.one(cases.iter().map(verdict).collect(), instead)).collect()
    }

    fn value(&self, path: &[&'static str], wanted: &str, code: &'static str) -> Vec<Finding> {
        let name = path.last().copied().unwrap_or_default();
        let verdict = |case: &Case<'a>| equals(case, name, wanted, code);
        let suggestion = Suggestion { path: path.to_vec(), json: self.template.json };
        let instead = if wanted == "true" { suggestion.plain(wanted) } else { suggestion.quoted(wanted) };
        self.one(self.at(path).iter().map(verdict).collect(), &instead)
    }

    /// The option setting `DisableIMDSv1`.
    fn beanstalk(&self) -> Vec<Finding> {
        const NAMESPACE: &str = "aws:autoscaling:launchconfiguration";
        let mut verdicts = Vec::new();
        for case in self.at(&["OptionSettings"]) {
            let Is::Node(Node { value: Value::List(items), .. }) = &case.is else {
                verdicts.push(self.not_a_list(&case, "DisableIMDSv1"));
                continue;
            };
            let is = |item: &Node, name: &str, text: &str| {
                cases(self.template, item, name).iter().any(|case| {
                    let named = property(self.template, std::slice::from_ref(case), name);
                    named.iter().any(|it| it.text() == Some(text))
                })
            };
            let ours = |it: &&Node| is(it, "Namespace", NAMESPACE) && is(it, "OptionName", "DisableIMDSv1");
            match items.iter().find(ours) {
                Some(item) => {
                    let values = at_path(self.template, item, &["Value"]);
                    let code = "http-tokens-not-required";
                    verdicts.extend(values.iter().map(|it| equals(it, "DisableIMDSv1", "true", code)));
                }
                None => verdicts.push(Verdict::Bad(
                    "http-tokens-not-stated",
                    "DisableIMDSv1 is not stated, so the platform version decides".to_owned(),
                    case.at,
                )),
            }
        }
        self.one(verdicts, &format!("- {{Namespace: {NAMESPACE}, OptionName: DisableIMDSv1, Value: true}}"))
    }

    /// The minimum version in a security configuration.
    fn emr(&self) -> Vec<Finding> {
        const PATH: [&str; 2] =
            ["InstanceMetadataServiceConfiguration", "MinimumInstanceMetadataServiceVersion"];
        const CODE: &str = "http-tokens-not-required";
        let [_, name] = PATH;
        let missing = |at| Verdict::Bad("http-tokens-not-stated", format!("{name} is not stated"), at);
        let mut verdicts = Vec::new();
        for case in self.at(&["SecurityConfiguration"]) {
            match case.text().map(serde_json::from_str::<serde_json::Value>) {
                Some(Ok(json)) => {
                    let [outer, inner] = PATH;
                    verdicts.push(match json.get(outer).and_then(|it| it.get(inner)) {
                        Some(version) if version == 2 || version == "2" => Verdict::Right,
                        Some(version) => Verdict::Bad(CODE, format!("{name} is {version}"), case.at),
                        None => missing(case.at),
                    });
                }
                Some(Err(_)) => {
                    verdicts.push(Verdict::Unknown("the text is not JSON".to_owned(), case.at));
                }
                None => {
                    let versions =
                        PATH.iter().fold(vec![case], |it, name| property(self.template, &it, name));
                    verdicts.extend(versions.iter().map(|case| match case.is {
                        Is::Absent => missing(case.at),
                        _ => equals(case, name, "2", CODE),
                    }));
                }
            }
        }
        self.one(verdicts, &Suggestion { path: PATH.to_vec(), json: self.template.json }.plain("2"))
    }

    fn specifications(&self, case: &Case<'a>) -> Option<Finding> {
        let why = "launch specifications cannot state HttpTokens, so the account default and the AMI decide";
        match &case.is {
            Is::Absent => None,
            Is::Unknown(why) => Some(note(self.name, case.at, why.clone())),
            _ => Some(self.error(
                "http-tokens-not-stated",
                why.to_owned(),
                case.at,
                "use LaunchTemplateConfigs",
            )),
        }
    }

    fn not_a_list(&self, case: &Case<'a>, name: &str) -> Verdict {
        match &case.is {
            Is::Unknown(why) => Verdict::Unknown(why.clone(), case.at),
            Is::Absent => Verdict::Bad("http-tokens-not-stated", format!("{name} is not stated"), case.at),
            _ => Verdict::Bad("malformed-property", "a list is expected here".to_owned(), case.at),
        }
    }

    /// One finding about all cases of a property.
    fn one(&self, verdicts: Vec<Verdict>, instead: &str) -> Vec<Finding> {
        let all = verdicts.len();
        let mut bad = Vec::new();
        let mut unknown = Vec::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Right => {}
                Verdict::Bad(code, why, at) => bad.push((code, why, at)),
                Verdict::Unknown(why, at) => unknown.push((why, at)),
            }
        }
        let malformed = bad.iter().position(|(code, ..)| *code == "malformed-property");
        if let Some((code, why, at)) = malformed.and_then(|it| bad.get(it)) {
            return vec![self.error(code, why.clone(), *at, instead)];
        }
        let certain = bad.len() == all;
        match (bad.into_iter().next(), unknown.into_iter().next()) {
            (Some((code, why, at)), _) if certain => vec![self.error(code, why, at, instead)],
            (_, Some((why, at))) => vec![note(self.name, at, why)],
            (Some((_, why, at)), None) => vec![note(self.name, at, format!("in one case {why}"))],
            (None, None) => Vec::new(),
        }
    }

    fn error(&self, code: &'static str, why: String, at: Mark, instead: &str) -> Finding {
        let (address, instead) = (self.name.to_owned(), instead.to_owned());
        Finding { code, level: Level::Error, at: Some(at), address, why, instead }
    }

    /// Whether the resource refers to a launch template, in any case of its properties.
    fn has_template(&self) -> bool {
        self.references().iter().any(|it| !matches!(it.is, Is::Absent | Is::Wrong(_)))
    }

    fn references(&self) -> Vec<Case<'a>> {
        self.kind.templates.iter().flat_map(|path| self.each(path)).collect()
    }

    /// The values at a path, in which `[]` stands for every item of a list.
    fn each(&self, path: &[&str]) -> Vec<Case<'a>> {
        let mut found = self.at(&[]);
        for name in path {
            if *name != "[]" {
                found = property(self.template, &found, name);
                continue;
            }
            let items = |case: Case<'a>| match case.is {
                Is::Node(Node { value: Value::List(items), .. }) => {
                    items.iter().flat_map(|it| cases(self.template, it, "the item")).collect()
                }
                _ => vec![case],
            };
            found = found.into_iter().flat_map(items).collect();
        }
        found
    }

    /// A note for every launch template that is not in this file.
    fn templates(&self) -> Vec<Finding> {
        // Tokens that the resource states itself win over the template.
        if let Switch::Options(path) = self.kind.switch {
            let path: Vec<&str> = path.iter().copied().chain(["HttpTokens"]).collect();
            if self.at(&path).iter().all(|it| it.text().is_some()) {
                return Vec::new();
            }
        }
        let mut told = BTreeSet::new();
        let references = self.references();
        let outside = references.iter().filter_map(|it| Some((it.at, self.outside(it)?)));
        outside.filter(|it| told.insert(it.clone())).map(|(at, why)| note(self.name, at, why)).collect()
    }

    /// A note for every launch configuration that is not in this file, and for an instance that the group copies.
    fn outside_configurations(&self) -> Vec<Finding> {
        let properties = self.at(&[]);
        let mut outside = BTreeSet::new();
        for (name, what) in OTHER_SOURCES {
            let stated = properties.iter().filter_map(|case| match case.is {
                Is::Node(node) => node.get(name),
                _ => None,
            });
            let declared = &self.template.launch_configurations;
            let stated =
                stated.flat_map(|it| branches(self.template, it)).filter(|it| !declared.contains(it));
            for case in stated.flat_map(|it| cases(self.template, it, name)) {
                let why = match (&case.is, case.text()) {
                    (Is::Absent, _) => continue,
                    (_, Some(known)) if declared.names.contains(known) => continue,
                    (_, Some(known)) => format!("the {what} {known} is not in this file, and decides"),
                    (Is::Unknown(why) | Is::Wrong(why), _) => why.clone(),
                    _ => format!("{name} is not a text"),
                };
                outside.insert((case.at, why));
            }
        }
        outside.into_iter().map(|(at, why)| note(self.name, at, why)).collect()
    }

    /// Why the launch template of a reference cannot be judged; `None` if this file contains it.
    fn outside(&self, reference: &Case<'a>) -> Option<String> {
        match &reference.is {
            Is::Absent => return None,
            Is::Unknown(why) => return Some(why.clone()),
            Is::Wrong(why) => return Some(why.clone()),
            Is::Text(_) => return Some("the launch template is not a map".to_owned()),
            Is::Node(_) => {}
        }
        let mut named = None;
        for name in ["LaunchTemplateId", "LaunchTemplateName"] {
            let Is::Node(node) = &reference.is else { continue };
            let Some(value) = node.get(name) else { continue };
            if self.template.launch_templates.contains(value) {
                return None;
            }
            named = Some(value.text().unwrap_or("a function").to_owned());
        }
        Some(match named {
            Some(name) => format!("the launch template {name} is not in this file, and decides"),
            None => "a launch template that is not named here decides".to_owned(),
        })
    }
}

/// Whether a case is the wanted text.
fn equals(case: &Case<'_>, name: &str, wanted: &str, code: &'static str) -> Verdict {
    match (&case.is, case.text()) {
        (_, Some(text)) if text == wanted => Verdict::Right,
        (_, Some(text)) => {
            let from = case.chosen_by.as_ref().map(|it| format!(", from {it}")).unwrap_or_default();
            Verdict::Bad(code, format!("{name} is {text}{from}"), case.at)
        }
        (Is::Unknown(why), _) => Verdict::Unknown(why.clone(), case.at),
        (Is::Wrong(why), _) => Verdict::Bad("malformed-property", why.clone(), case.at),
        (Is::Absent, _) => Verdict::Bad(code, format!("{name} is not stated"), case.at),
        _ => Verdict::Bad("malformed-property", format!("{name} is not a text"), case.at),
    }
}

fn hop_limit(case: &Case<'_>, settings: &Settings) -> Verdict {
    let name = "HttpPutResponseHopLimit";
    let Some(text) = case.text() else {
        return match &case.is {
            Is::Unknown(why) => Verdict::Unknown(why.clone(), case.at),
            _ => Verdict::Right,
        };
    };
    match text.parse() {
        Ok(hops) if settings.accepts_hop_limit(hops) => Verdict::Right,
        Ok(hops) => Verdict::Bad("hop-limit", format!("{name} is {hops}"), case.at),
        Err(_) => Verdict::Bad("hop-limit", format!("{name} is {text}, which is no number"), case.at),
    }
}
