//! A resource against its switch.

use serde_json::Value;

use super::kinds::{self, Switch};
use super::known::{Given, Known};
use super::references::{Decider, Named, named};
use crate::Settings;
use crate::check::Level;
use crate::iac::Finding;

/// A resource as it will be.
pub(in crate::iac) struct Resource<'a> {
    pub(in crate::iac) address: &'a str,
    pub(in crate::iac) kind: &'a str,
    pub(in crate::iac) given: Given<'a>,
    /// The account default that the plan sets, in words.
    pub(in crate::iac) default: Option<&'a str>,
    pub(in crate::iac) words: &'a dyn Words,
}

/// Why an argument cannot be judged, in the words of its file.
pub(in crate::iac) trait Words {
    /// Why the value of an argument is not known.
    fn later(&self, argument: &str) -> String;
    /// Why a launch template or a launch configuration is not known.
    fn outside(&self, what: &str) -> String;
    /// Findings about the launch templates or launch configurations that the expressions of an argument name, other
    /// than those that are judged by themselves.
    fn referred(&self, resource: &Resource<'_>, stated: &Value, decider: Decider) -> Vec<Finding> {
        let inside = |it: &Named<'_>| matches!(it, Named::Reference(it) if decider.is(it));
        let named = named(stated);
        if !named.is_empty() && named.iter().all(inside) {
            return Vec::new();
        }
        vec![resource.note(self.outside(decider.noun()))]
    }
}

impl Resource<'_> {
    pub(in crate::iac) fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let Some(switch) = kinds::of(self.kind) else { return Vec::new() };
        match switch {
            Switch::Options(path) => self.options(settings, path, &[]),
            Switch::OptionsOrTemplate(path) => self.options(settings, path, &["launch_template"]),
            Switch::Overrides(path) => self.overrides(path),
            Switch::Argument(path, wanted, code) => self.value(path, wanted, code),
            Switch::Defaults => self.defaults(),
            Switch::Image => self.image(),
            Switch::Beanstalk(list, name) => self.beanstalk(list, name),
            Switch::EmrConfiguration(name) => self.emr(name),
            Switch::Templates => self.templates(),
            Switch::Named(why) => vec![self.note(format!("{}: {why}", self.kind))],
        }
    }

    /// Why tokens that are not stated are a mistake.
    fn not_stated(&self) -> String {
        match self.kind {
            "aws_launch_configuration" | "awscc_autoscaling_launch_configuration" => {
                "http_tokens is not stated, which for a launch configuration means optional".to_owned()
            }
            _ => format!("http_tokens is not stated, so {}", self.deciders()),
        }
    }

    /// What decides where neither the resource nor a launch template does.
    fn deciders(&self) -> String {
        format!("the account default and the AMI decide{}", self.default.unwrap_or_default())
    }

    /// A note for a launch template that the plan does not contain.
    fn templates(&self) -> Vec<Finding> {
        const BLOCKS: &[&str] =
            &["launch_template", "mixed_instances_policy", "launch_template_config", "compute_resources"];
        if BLOCKS.iter().any(|it| self.given.has(it)) {
            return self.outside(BLOCKS);
        }
        match self.kind {
            "aws_autoscaling_group" => self.outside_configuration("launch_configuration"),
            "awscc_autoscaling_auto_scaling_group" => self.outside_configuration("launch_configuration_name"),
            "aws_spot_fleet_request" => vec![self.error(
                "http-tokens-not-stated",
                format!("launch specifications cannot state http_tokens, so {}", self.deciders()),
                "use launch_template_config",
            )],
            _ => vec![self.note(format!("without a launch template {}", self.deciders()))],
        }
    }

    /// A note for a launch configuration that the plan does not contain.
    fn outside_configuration(&self, name: &str) -> Vec<Finding> {
        match self.given.stated.and_then(|it| it.get(name)) {
            Some(stated) => self.words.referred(self, stated, Decider::Configuration),
            None if self.given.after.get(name).is_some_and(Value::is_string) => {
                vec![self.note(self.words.outside(Decider::Configuration.noun()))]
            }
            None => {
                vec![self.note("neither a launch template nor a launch configuration is stated".to_owned())]
            }
        }
    }

    /// Why the launch template cannot be judged; empty if it is judged by itself.
    pub(super) fn outside(&self, blocks: &[&str]) -> Vec<Finding> {
        match blocks.iter().find_map(|it| self.given.stated?.get(it)) {
            Some(stated) => self.words.referred(self, stated, Decider::Template),
            None => vec![self.note(self.words.outside(Decider::Template.noun()))],
        }
    }

    fn options(&self, settings: &Settings, path: &[&str], otherwise: &[&str]) -> Vec<Finding> {
        const HOPS: &str = "http_put_response_hop_limit";
        if matches!(self.given.argument(path, "http_endpoint"), Known::Is("disabled")) {
            return Vec::new();
        }
        let tokens = ("http_tokens", "\"required\"");
        let lines = match path {
            // Image Builder has no argument for the endpoint.
            ["instance_metadata_options"] => self.lines(path, &[tokens]),
            _ => self.lines(path, &[("http_endpoint", "\"enabled\""), tokens]),
        };
        let mut findings = Vec::new();
        match self.given.argument(path, "http_tokens") {
            Known::Is("required") => {}
            Known::Is(other) => findings.push(self.error(
                "http-tokens-not-required",
                format!("http_tokens is {other}"),
                &lines,
            )),
            Known::Later => findings.push(self.unsure("http_tokens", &lines)),
            Known::NotStated | Known::Number(_) if otherwise.iter().any(|it| self.given.has(it)) => {
                findings.extend(self.outside(otherwise));
            }
            Known::NotStated | Known::Number(_) => {
                findings.push(self.error("http-tokens-not-stated", self.not_stated(), &lines));
            }
        }
        let hop_limit = self.given.argument(path, HOPS);
        let stated = || self.given.states(&[path, &[HOPS]].concat());
        let Some(wanted) = settings.named_hop_limit() else { return findings };
        match hop_limit {
            Known::Later if stated() => findings.push(self.unsure(HOPS, &lines)),
            Known::Number(hops) if !settings.accepts_hop_limit(hops) => {
                let instead = self.lines(path, &[(HOPS, &wanted.get().to_string())]);
                findings.push(self.error("hop-limit", format!("{HOPS} is {hops}"), &instead));
            }
            _ => {}
        }
        findings
    }

    /// An argument that must have a value.
    fn value(&self, path: &[&str], wanted: &str, code: &'static str) -> Vec<Finding> {
        let Some((name, outer)) = path.split_last() else { return Vec::new() };
        let is_text = wanted.parse::<bool>().is_err();
        let lines =
            self.lines(outer, &[(name, &if is_text { format!("\"{wanted}\"") } else { wanted.to_owned() })]);
        let other = match self.given.argument(outer, name) {
            Known::Is(it) if it == wanted => return Vec::new(),
            Known::Number(it) if it.to_string() == wanted => return Vec::new(),
            Known::Later => return vec![self.unsure(name, &lines)],
            Known::Is(other) => format!("{name} is {other}"),
            Known::Number(other) => format!("{name} is {other}"),
            Known::NotStated => format!("{name} is not stated"),
        };
        vec![self.error(code, other, &lines)]
    }

    /// Lines with some arguments, in blocks of the provider `aws` or nested attributes of `awscc`.
    fn lines(&self, path: &[&str], arguments: &[(&str, &str)]) -> String {
        let opens = if self.kind.starts_with("awscc_") { " = {" } else { " {" };
        let indent = |depth: usize| "  ".repeat(depth);
        let width = arguments.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let open = path.iter().enumerate().map(|(depth, name)| format!("{}{name}{opens}", indent(depth)));
        let inner =
            arguments.iter().map(|(name, value)| format!("{}{name:width$} = {value}", indent(path.len())));
        let close = (0..path.len()).rev().map(|depth| format!("{}}}", indent(depth)));
        open.chain(inner).chain(close).collect::<Vec<_>>().join("\n")
    }

    fn defaults(&self) -> Vec<Finding> {
        let lines = "http_tokens = \"required\"";
        match self.given.argument(&[], "http_tokens") {
            Known::Is("required") => Vec::new(),
            Known::Later => vec![self.unsure("http_tokens", lines)],
            Known::Is(other) => {
                vec![self.error("defaults-not-required", format!("http_tokens is {other}"), lines)]
            }
            Known::NotStated | Known::Number(_) => {
                let why = "http_tokens is not stated, which is no-preference".to_owned();
                vec![self.error("defaults-not-required", why, lines)]
            }
        }
    }

    fn image(&self) -> Vec<Finding> {
        let lines = "imds_support = \"v2.0\"";
        match self.given.argument(&[], "imds_support") {
            Known::Is("v2.0") => Vec::new(),
            Known::Later => vec![self.unsure("imds_support", lines)],
            Known::Is(_) | Known::NotStated | Known::Number(_) if self.kind == "aws_ami" => {
                let why = "imds_support is not v2.0; it cannot be taken back once it is".to_owned();
                let finding = self.error("image-without-imds-support", why, lines);
                vec![Finding { level: Level::Warning, ..finding }]
            }
            // A copy has what its source has.
            Known::Is(_) | Known::NotStated | Known::Number(_) => Vec::new(),
        }
    }

    pub(super) fn error(&self, code: &'static str, why: String, instead: &str) -> Finding {
        let (address, instead) = (self.address.to_owned(), instead.to_owned());
        Finding { code, level: Level::Error, at: None, address, why, instead }
    }

    pub(super) fn note(&self, why: String) -> Finding {
        let finding = self.error("cannot-tell", why, "check what is deployed");
        Finding { level: Level::Note, ..finding }
    }

    pub(super) fn unsure(&self, name: &str, instead: &str) -> Finding {
        let why = self.words.later(name);
        Finding { level: Level::Note, ..self.error("cannot-tell", why, instead) }
    }
}
