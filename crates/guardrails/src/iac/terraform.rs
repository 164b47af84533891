//! Terraform plans, as `terraform show -json` writes them.
//!
//! Read in this order: `texts` tells a plan from other texts; `kinds` are the resource types; `configuration` is
//! what the author stated.
//!
//! Source: Terraform, "JSON Output Format"; the documentation of the resources of the AWS provider.

mod configuration;
pub mod kinds;
mod texts;

use serde_json::Value;
use v2only_policy::settings::HopLimitRule::{Exactly, Keep, Max};

use self::configuration::Configuration;
use self::kinds::Switch;
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

/// How many resources of a plan are judged or named; deleted resources and data sources do not count.
pub fn counts(plan: &Value) -> Counts {
    let changes = plan.get("resource_changes").and_then(Value::as_array).into_iter().flatten();
    Counts::of(
        changes
            .filter_map(|it| Resource::of(it, None, None))
            .map(|it| kinds::of(it.kind).map(|it| !matches!(it, Switch::Named(_) | Switch::Templates))),
    )
}

/// What a plan leaves to a later plan: resources whose number is unknown, and what an error kept it from planning.
fn left_open(plan: &Value) -> Vec<Finding> {
    let note = |address: &str, why: &str| Finding {
        code: "cannot-tell",
        level: Level::Note,
        at: None,
        address: address.to_owned(),
        why: why.to_owned(),
        instead: "check the next plan too".to_owned(),
    };
    let deferred = plan.get("deferred_changes").and_then(Value::as_array).into_iter().flatten();
    let mut findings: Vec<Finding> = deferred
        .filter_map(|it| it.get("resource_change"))
        .filter(|it| it.get("type").and_then(Value::as_str).is_some_and(|it| kinds::of(it).is_some()))
        .map(|it| {
            let address = it.get("address").and_then(Value::as_str).unwrap_or_default();
            note(address, "Terraform defers the resource to a later plan")
        })
        .collect();
    if plan.get("errored") == Some(&Value::Bool(true)) {
        findings.push(note("plan", "an error ended the plan, so resources can be missing"));
    }
    findings
}

/// The account default that the plan itself sets, in words.
fn account_default(changes: &[Value]) -> Option<String> {
    let set = changes.iter().find_map(|it| {
        let is_default = it.get("type").and_then(Value::as_str) == Some("aws_ec2_instance_metadata_defaults");
        let tokens = it.pointer("/change/after/http_tokens").filter(|_| is_default)?;
        Some((tokens.as_str()?, it.get("address")?.as_str()?))
    })?;
    let (tokens, address) = set;
    Some(format!("; {address} sets the default to {tokens}, in its Region and for launches after it"))
}

/// The account default that a plan deletes.
fn reset(change: &Value) -> Option<Finding> {
    let actions: Vec<&str> =
        change.pointer("/change/actions")?.as_array()?.iter().filter_map(Value::as_str).collect();
    let is_default = change.get("type")?.as_str()? == "aws_ec2_instance_metadata_defaults";
    (is_default && actions == ["delete"]).then(|| Finding {
        code: "defaults-not-required",
        level: Level::Warning,
        at: None,
        address: change.get("address").and_then(Value::as_str).unwrap_or_default().to_owned(),
        why: "the plan deletes the resource, which resets the account default to no-preference".to_owned(),
        instead: "keep the resource, or remove it from the state with `terraform state rm`".to_owned(),
    })
}

/// A resource as it will be.
pub(super) struct Resource<'a> {
    pub(super) address: &'a str,
    pub(super) kind: &'a str,
    pub(super) after: &'a Value,
    pub(super) unknown: &'a Value,
    /// What the configuration states of it.
    pub(super) stated: Option<&'a Value>,
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

/// What is known of an argument.
enum Known<'a> {
    Is(&'a str),
    Number(u64),
    NotStated,
    Later,
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
        Some(Self { address, kind, after, unknown, stated, default, words: &PlanWords })
    }

    pub(super) fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let Some(switch) = kinds::of(self.kind) else { return Vec::new() };
        match switch {
            Switch::Options => self.options(settings, &[]),
            Switch::OptionsOrTemplate => self.options(settings, &["launch_template"]),
            Switch::Notebook => self.notebook(),
            Switch::Defaults => self.defaults(),
            Switch::Image => self.image(),
            Switch::ImageBuilder => self.image_builder(),
            Switch::Templates => self.templates(),
            Switch::Named(why) => vec![self.note(format!("{}: {why}", self.kind))],
        }
    }

    /// Why tokens that are not stated are a mistake.
    fn not_stated(&self) -> String {
        match self.kind {
            "aws_launch_configuration" => {
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
        if BLOCKS.iter().any(|it| self.has(it)) {
            return self.outside(BLOCKS).into_iter().collect();
        }
        match self.kind {
            "aws_autoscaling_group" => self.outside_configuration().into_iter().collect(),
            "aws_spot_fleet_request" => vec![self.error(
                "http-tokens-not-stated",
                format!("launch specifications cannot state http_tokens, so {}", self.deciders()),
                "use launch_template_config",
            )],
            _ => vec![self.note(format!("without a launch template {}", self.deciders()))],
        }
    }

    /// A note for a launch configuration that the plan does not contain.
    fn outside_configuration(&self) -> Option<Finding> {
        const NAME: &str = "launch_configuration";
        let stated = self.stated.and_then(|it| it.get(NAME)).map(Value::to_string);
        let is_named = stated.is_some() || self.after.get(NAME).is_some_and(Value::is_string);
        let inside = stated.as_ref().is_some_and(|it| {
            it.contains("\"aws_launch_configuration.") || it.contains("\"module.") || it.contains("\"each.")
        });
        (is_named && !inside).then(|| self.note(self.words.outside("launch configuration")))
    }

    /// Why the launch template cannot be judged; `None` if the configuration refers to one of the plan.
    fn outside(&self, blocks: &[&str]) -> Option<Finding> {
        // A literal id or name names a template that the plan may not contain.
        let stated = blocks.iter().find_map(|it| self.stated?.get(it)).map(Value::to_string);
        let inside = stated.as_ref().is_some_and(|it| {
            it.contains("\"aws_launch_template.") || it.contains("\"module.") || it.contains("\"each.")
        });
        (!inside).then(|| self.note(self.words.outside("launch template")))
    }

    fn image_builder(&self) -> Vec<Finding> {
        const BLOCK: &str = "instance_metadata_options";
        let lines = format!("{BLOCK} {{\n  http_tokens = \"required\"\n}}");
        match self.argument(BLOCK, "http_tokens") {
            Known::Is("required") => Vec::new(),
            Known::Later => vec![self.unsure("http_tokens", &lines)],
            Known::Is(other) => {
                vec![self.error("http-tokens-not-required", format!("http_tokens is {other}"), &lines)]
            }
            Known::NotStated | Known::Number(_) => {
                vec![self.error("http-tokens-not-stated", self.not_stated(), &lines)]
            }
        }
    }

    fn options(&self, settings: &Settings, otherwise: &[&str]) -> Vec<Finding> {
        const BLOCK: &str = "metadata_options";
        const HOPS: &str = "http_put_response_hop_limit";
        if matches!(self.argument(BLOCK, "http_endpoint"), Known::Is("disabled")) {
            return Vec::new();
        }
        let lines = "metadata_options {\n  http_endpoint = \"enabled\"\n  http_tokens   = \"required\"\n}";
        let mut findings = Vec::new();
        match self.argument(BLOCK, "http_tokens") {
            Known::Is("required") => {}
            Known::Is(other) => findings.push(self.error(
                "http-tokens-not-required",
                format!("http_tokens is {other}"),
                lines,
            )),
            Known::Later => findings.push(self.unsure("http_tokens", lines)),
            Known::NotStated | Known::Number(_) if otherwise.iter().any(|it| self.has(it)) => {
                findings.extend(self.outside(otherwise));
            }
            Known::NotStated | Known::Number(_) => {
                findings.push(self.error("http-tokens-not-stated", self.not_stated(), lines));
            }
        }
        let hop_limit = self.argument(BLOCK, HOPS);
        if matches!(hop_limit, Known::Later) && settings.hop_limit != Keep && self.states(BLOCK, HOPS) {
            findings.push(self.unsure(HOPS, lines));
        }
        if let Known::Number(hops) = hop_limit {
            let (right, wanted) = match settings.hop_limit {
                Keep => (true, 0),
                Max(max) => (hops <= u64::from(max.get()), max.get()),
                Exactly(exactly) => (hops == u64::from(exactly.get()), exactly.get()),
            };
            if !right {
                let instead = format!("metadata_options {{\n  http_put_response_hop_limit = {wanted}\n}}");
                let why = format!("http_put_response_hop_limit is {hops}");
                findings.push(self.error("hop-limit", why, &instead));
            }
        }
        findings
    }

    fn notebook(&self) -> Vec<Finding> {
        const BLOCK: &str = "instance_metadata_service_configuration";
        const NAME: &str = "minimum_instance_metadata_service_version";
        let lines = format!("{BLOCK} {{\n  {NAME} = \"2\"\n}}");
        match self.argument(BLOCK, NAME) {
            Known::Is("2") | Known::Number(2) => Vec::new(),
            Known::Later => vec![self.unsure(NAME, &lines)],
            Known::Is(other) => vec![self.error("notebook-version-1", format!("{NAME} is {other}"), &lines)],
            Known::Number(other) => {
                vec![self.error("notebook-version-1", format!("{NAME} is {other}"), &lines)]
            }
            Known::NotStated => {
                vec![self.error("notebook-version-1", format!("{NAME} is not stated"), &lines)]
            }
        }
    }

    fn defaults(&self) -> Vec<Finding> {
        let lines = "http_tokens = \"required\"";
        match self.own("http_tokens") {
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
        match self.own("imds_support") {
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

    /// An argument of a block that is there once at the most.
    fn argument(&self, block: &str, name: &str) -> Known<'a> {
        let within = |it: &'a Value| it.get(block).and_then(|it| it.as_array()?.first()?.get(name));
        let later = self.unknown.get(block);
        let stated = self.stated.map(|it| it.get(block).is_some());
        match within(self.after).map_or(Known::NotStated, known) {
            // The provider fills in what is not stated, so that it is "known after apply".
            Known::NotStated if later == Some(&Value::Bool(true)) && stated == Some(true) => Known::Later,
            Known::NotStated if later == Some(&Value::Bool(true)) && stated.is_none() => Known::Later,
            Known::NotStated if within(self.unknown) == Some(&Value::Bool(true)) => {
                if self.states(block, name) { Known::Later } else { Known::NotStated }
            }
            other => other,
        }
    }

    /// An argument of the resource itself.
    fn own(&self, name: &str) -> Known<'a> {
        match self.after.get(name).map_or(Known::NotStated, known) {
            Known::NotStated if self.unknown.get(name) == Some(&Value::Bool(true)) => {
                if self.stated.is_none_or(|it| it.get(name).is_some()) {
                    Known::Later
                } else {
                    Known::NotStated
                }
            }
            other => other,
        }
    }

    /// Whether the author states an argument of a block, or can have stated it: a plan does not contain what
    /// `dynamic` blocks state.
    fn states(&self, block: &str, name: &str) -> bool {
        let Some(stated) = self.stated else { return true };
        let dynamic = || {
            let planned = |it: &Value| it.get(block).is_some_and(Value::is_array);
            stated.get(block).is_none() && planned(self.unknown)
        };
        stated.pointer(&format!("/{block}/0/{name}")).is_some() || dynamic()
    }

    /// Whether a block is there, now or later.
    fn has(&self, block: &str) -> bool {
        let there = |it: &Value| it.get(block).and_then(Value::as_array).is_some_and(|it| !it.is_empty());
        there(self.after) || self.stated.is_some_and(|it| it.get(block).is_some())
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

fn known(value: &Value) -> Known<'_> {
    match value {
        Value::String(text) if !text.is_empty() => Known::Is(text),
        Value::Number(number) => number.as_u64().map_or(Known::NotStated, Known::Number),
        _ => Known::NotStated,
    }
}
