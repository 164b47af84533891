//! Terraform plans, as `terraform show -json` writes them.
//!
//! Source: Terraform, "JSON Output Format"; the documentation of the resources of the AWS provider.

use serde_json::Value;
use v2only_policy::settings::HopLimitRule::{Exactly, Keep, Max};

use super::Finding;
use crate::Settings;
use crate::check::Level;

/// Whether this is a plan.
pub fn is_plan(document: &Value) -> bool {
    document.get("format_version").is_some() && document.get("resource_changes").is_some_and(Value::is_array)
}

/// Whether this is a state, as `terraform show -json` writes it when it is given no plan, or as it is stored.
pub fn is_state(document: &Value) -> bool {
    let has = |name| document.get(name).is_some();
    (has("format_version") && has("values")) || (has("terraform_version") && has("lineage"))
}

/// What the plan would deploy and should not.
pub fn findings(plan: &Value, settings: &Settings) -> Vec<Finding> {
    let changes = plan.get("resource_changes").and_then(Value::as_array);
    let resources = changes.into_iter().flatten().filter_map(|it| Resource::of(plan, it));
    resources.flat_map(|it| it.findings(settings)).collect()
}

/// A resource as it will be.
struct Resource<'a> {
    address: &'a str,
    kind: &'a str,
    after: &'a Value,
    unknown: &'a Value,
    /// What the configuration states of it.
    stated: Option<&'a Value>,
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
    fn of(plan: &'a Value, change: &'a Value) -> Option<Self> {
        let address = change.get("address")?.as_str()?;
        let kind = change.get("type")?.as_str()?;
        if change.get("mode").and_then(Value::as_str) == Some("data") {
            return None;
        }
        let change = change.get("change")?;
        let after = change.get("after").filter(|it| !it.is_null())?;
        let unknown = change.get("after_unknown").unwrap_or(&Value::Null);
        let module = plan.pointer("/configuration/root_module");
        let stated = module.and_then(|it| configured(it, address));
        Some(Self { address, kind, after, unknown, stated })
    }

    fn findings(&self, settings: &Settings) -> Vec<Finding> {
        match self.kind {
            "aws_instance" | "aws_spot_instance_request" => self.options(settings, &["launch_template"]),
            "aws_launch_template" | "aws_launch_configuration" => self.options(settings, &[]),
            "aws_sagemaker_notebook_instance" => self.notebook(),
            "aws_ec2_instance_metadata_defaults" => self.defaults(),
            "aws_ami" | "aws_ami_copy" | "aws_ami_from_instance" => self.image(),
            _ => Vec::new(),
        }
    }

    fn options(&self, settings: &Settings, otherwise: &[&str]) -> Vec<Finding> {
        const BLOCK: &str = "metadata_options";
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
            Known::NotStated | Known::Number(_) if otherwise.iter().any(|it| self.has(it)) => {}
            Known::NotStated | Known::Number(_) => findings.push(self.error(
                "http-tokens-not-stated",
                "http_tokens is not stated, so the account default and the AMI decide".to_owned(),
                lines,
            )),
        }
        if let Known::Number(hops) = self.argument(BLOCK, "http_put_response_hop_limit") {
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
                let argument = self.stated.and_then(|it| it.pointer(&format!("/{block}/0/{name}")));
                if argument.is_some() || self.stated.is_none() { Known::Later } else { Known::NotStated }
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

    /// Whether a block is there, now or later.
    fn has(&self, block: &str) -> bool {
        let there = |it: &Value| it.get(block).and_then(Value::as_array).is_some_and(|it| !it.is_empty());
        there(self.after) || self.stated.is_some_and(|it| it.get(block).is_some())
    }

    fn error(&self, code: &'static str, why: String, instead: &str) -> Finding {
        let (address, instead) = (self.address.to_owned(), instead.to_owned());
        Finding { code, level: Level::Error, at: None, address, why, instead }
    }

    fn unsure(&self, name: &str, instead: &str) -> Finding {
        let why = format!("{name} is known only after the plan was applied");
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

/// The expressions of a resource in the configuration: `module.a.module.b["x"].aws_instance.web[0]`.
fn configured<'a>(mut module: &'a Value, address: &str) -> Option<&'a Value> {
    let mut parts = split(address).into_iter();
    loop {
        let part = parts.next()?;
        if part == "module" {
            let name = parts.next()?;
            module = module.get("module_calls")?.get(&name)?.get("module")?;
            continue;
        }
        let local = format!("{part}.{}", parts.next()?);
        let resources = module.get("resources")?.as_array()?;
        let is = |it: &&Value| it.get("address").and_then(Value::as_str) == Some(local.as_str());
        return resources.iter().find(is)?.get("expressions");
    }
}

/// The parts of an address without their instance keys, which may hold anything in quotes.
fn split(address: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quoted) = (0_usize, false);
    for character in address.chars() {
        match character {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '.' if depth == 0 => parts.push(String::new()),
            other if depth == 0 => {
                if let Some(last) = parts.last_mut() {
                    last.push(other);
                }
            }
            _ => {}
        }
    }
    parts
}
