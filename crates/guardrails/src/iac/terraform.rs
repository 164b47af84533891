//! Terraform plans, as `terraform show -json` writes them.
//!
//! Read in this order: `texts` tells a plan from other texts; `kinds` are the resource types;
//! `configuration` is what the author stated; `known` is what is known of an argument; `settings` judges lists
//! and texts that hold a switch; `changes` is the rest of a plan.
//!
//! Source: Terraform, "JSON Output Format"; the documentation of the resources of the AWS provider.

mod changes;
mod configuration;
pub mod kinds;
mod known;
mod settings;
mod texts;

use serde_json::Value;
use v2only_policy::settings::HopLimitRule::{Exactly, Keep, Max};

pub(super) use self::changes::default_by;
use self::changes::{account_default, left_open, reset};
use self::configuration::Configuration;
use self::kinds::Switch;
pub(super) use self::known::Given;
use self::known::Known;
pub use self::texts::{is_plan, is_plan_for_people, is_plan_stream, is_state, is_wrapped_plan};
use super::{Counts, Finding};
use crate::Settings;
use crate::check::Level;

/// What the plan would deploy and should not.
pub fn findings(plan: &Value, settings: &Settings) -> Vec<Finding> {
    let changes =
        plan.get("resource_changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let configured = plan.pointer("/configuration/root_module").map(Configuration::of);
    let default = account_default(changes);
    let mut findings = Vec::new();
    for change in changes {
        if let Some(resource) = Resource::of(change, configured.as_ref(), default.as_deref()) {
            findings.extend(resource.findings(settings));
        }
        findings.extend(reset(change));
    }
    findings.extend(left_open(plan));
    findings
}

/// How many resources of a plan are judged or named; deleted resources and data sources do not
/// count.
pub fn counts(plan: &Value) -> Counts {
    let changes = plan.get("resource_changes").and_then(Value::as_array).into_iter().flatten();
    Counts::of(
        changes
            .filter_map(|it| Resource::of(it, None, None))
            .map(|it| kinds::of(it.kind).map(|it| !matches!(it, Switch::Named(_) | Switch::Templates))),
    )
}

/// A resource as it will be.
pub(super) struct Resource<'a> {
    pub(super) address: &'a str,
    pub(super) kind: &'a str,
    pub(super) given: Given<'a>,
    /// The account default that the plan sets, in words.
    pub(super) default: Option<&'a str>,
    pub(super) words: &'a dyn Words,
}

/// Why an argument cannot be judged, in the words of its file.
pub(super) trait Words {
    /// Why the value of an argument is not known.
    fn later(&self, argument: &str) -> String;
    /// Why a launch template or a launch configuration is not known.
    fn outside(&self, what: &str) -> String;
}

/// The words for a plan.
struct PlanWords;

impl Words for PlanWords {
    fn later(&self, argument: &str) -> String {
        format!("{argument} is known only after the plan was applied")
    }

    fn outside(&self, what: &str) -> String {
        format!("the {what} is not in this plan, and decides")
    }
}

impl<'a> Resource<'a> {
    /// `None` for data sources, and for what is only destroyed.
    fn of(
        change: &'a Value,
        configuration: Option<&Configuration<'a>>,
        default: Option<&'a str>,
    ) -> Option<Self> {
        let address = change.get("address")?.as_str()?;
        let kind = change.get("type")?.as_str()?;
        if change.get("mode").and_then(Value::as_str) == Some("data") {
            return None;
        }
        let change = change.get("change")?;
        let after = change.get("after").filter(|it| !it.is_null())?;
        let unknown = change.get("after_unknown").unwrap_or(&Value::Null);
        let stated = configuration.and_then(|it| it.stated(address));
        let given = Given { after, unknown, stated };
        Some(Self { address, kind, given, default, words: &PlanWords })
    }

    pub(super) fn findings(&self, settings: &Settings) -> Vec<Finding> {
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
            return self.outside(BLOCKS).into_iter().collect();
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
        let stated = self.given.stated.and_then(|it| it.get(name)).map(Value::to_string);
        let is_named = stated.is_some() || self.given.after.get(name).is_some_and(Value::is_string);
        let inside = stated.is_some_and(|it| refers_to(&it, "launch_configuration."));
        if is_named && !inside {
            vec![self.note(self.words.outside("launch configuration"))]
        } else {
            Vec::new()
        }
    }

    /// Why the launch template cannot be judged; `None` if the configuration refers to one of the
    /// plan.
    fn outside(&self, blocks: &[&str]) -> Option<Finding> {
        // A literal id or name names a template that the plan may not contain.
        let stated = blocks.iter().find_map(|it| self.given.stated?.get(it)).map(Value::to_string);
        let inside = stated.is_some_and(|it| refers_to(&it, "launch_template."));
        (!inside).then(|| self.note(self.words.outside("launch template")))
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
        if matches!(hop_limit, Known::Later) && settings.hop_limit != Keep && stated() {
            findings.push(self.unsure(HOPS, &lines));
        }
        if let Known::Number(hops) = hop_limit {
            let (right, wanted) = match settings.hop_limit {
                Keep => (true, 0),
                Max(max) => (hops <= u64::from(max.get()), max.get()),
                Exactly(exactly) => (hops == u64::from(exactly.get()), exactly.get()),
            };
            if !right {
                let instead = self.lines(path, &[(HOPS, &wanted.to_string())]);
                let why = format!("{HOPS} is {hops}");
                findings.push(self.error("hop-limit", why, &instead));
            }
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

    fn error(&self, code: &'static str, why: String, instead: &str) -> Finding {
        let (address, instead) = (self.address.to_owned(), instead.to_owned());
        Finding { code, level: Level::Error, at: None, address, why, instead }
    }

    fn note(&self, why: String) -> Finding {
        let finding = self.error("cannot-tell", why, "check what is deployed");
        Finding { level: Level::Note, ..finding }
    }

    fn unsure(&self, name: &str, instead: &str) -> Finding {
        let why = self.words.later(name);
        Finding { level: Level::Note, ..self.error("cannot-tell", why, instead) }
    }
}

/// Whether an expression refers to a resource of the configuration, to another module, or to what a loop holds.
fn refers_to(stated: &str, kind: &str) -> bool {
    let prefixes = ["aws_", "awscc_ec2_", "awscc_autoscaling_"];
    prefixes.iter().any(|it| stated.contains(&format!("\"{it}{kind}")))
        || stated.contains("\"module.")
        || stated.contains("\"each.")
}
