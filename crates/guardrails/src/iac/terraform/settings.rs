//! Switches in lists of settings, in overrides of launch templates, and in texts that hold JSON.

use serde_json::Value;

use super::known::{Known, every};
use super::resource::Resource;
use crate::iac::Finding;

const NOT_REQUIRED: &str = "http-tokens-not-required";
const NOT_STATED: &str = "http-tokens-not-stated";

impl Resource<'_> {
    /// An option setting of Elastic Beanstalk in a list of settings, whose members have a name at `name`.
    pub(super) fn beanstalk(&self, list: &str, name: &str) -> Vec<Finding> {
        const NAMESPACE: &str = "aws:autoscaling:launchconfiguration";
        const OPTION: &str = "DisableIMDSv1";
        let lines = match list {
            "setting" => format!(
                "setting {{\n  namespace = \"{NAMESPACE}\"\n  name      = \"{OPTION}\"\n  value     = \"true\"\n}}"
            ),
            _ => format!(
                "{list} = [{{ namespace = \"{NAMESPACE}\", {name} = \"{OPTION}\", value = \"true\" }}]"
            ),
        };
        let is = |item: &&Value, key: &str, text: &str| item.get(key).and_then(Value::as_str) == Some(text);
        let mut items = every(self.given.after, &[list]).into_iter();
        match items.find(|it| is(it, "namespace", NAMESPACE) && is(it, name, OPTION)) {
            Some(item) => match item.get("value").map_or(Known::NotStated, Known::of) {
                Known::Is("true") => Vec::new(),
                Known::Is(other) => vec![self.error(NOT_REQUIRED, format!("{OPTION} is {other}"), &lines)],
                _ => vec![self.unsure(OPTION, &lines)],
            },
            None if self.later_within(list) => vec![self.unsure(OPTION, &lines)],
            None if !matches!(self.given.argument(&[], "template_name"), Known::NotStated) => {
                vec![self.note(format!("{OPTION} is not stated, so the configuration template decides"))]
            }
            None => {
                let why = format!("{OPTION} is not stated, so the platform version decides");
                vec![self.error(NOT_STATED, why, &lines)]
            }
        }
    }

    /// The minimum version in a security configuration of Amazon EMR, which is JSON in a text.
    pub(super) fn emr(&self, argument: &str) -> Vec<Finding> {
        const OUTER: &str = "InstanceMetadataServiceConfiguration";
        const NAME: &str = "MinimumInstanceMetadataServiceVersion";
        let lines = format!("{argument} = jsonencode({{\n  {OUTER} = {{\n    {NAME} = 2\n  }}\n}})");
        let text = match self.given.argument(&[], argument) {
            Known::Is(text) => text,
            Known::Later => return vec![self.unsure(argument, &lines)],
            Known::NotStated | Known::Number(_) => {
                return vec![self.error(NOT_STATED, format!("{argument} is not stated"), &lines)];
            }
        };
        let Ok(json) = serde_json::from_str::<Value>(text) else {
            return vec![self.note(format!("{argument} is not JSON"))];
        };
        match json.get(OUTER).and_then(|it| it.get(NAME)) {
            Some(version) if version == 2 || version == "2" => Vec::new(),
            Some(version) => vec![self.error(NOT_REQUIRED, format!("{NAME} is {version}"), &lines)],
            None => vec![self.error(NOT_STATED, format!("{NAME} is not stated"), &lines)],
        }
    }

    /// Tokens that override launch templates, and the templates themselves.
    pub(super) fn overrides(&self, path: &[&str]) -> Vec<Finding> {
        const LINES: &str = "http_tokens = \"required\"";
        let tokens = every(self.given.after, path).into_iter().filter_map(Value::as_str);
        let wrong = tokens.filter(|it| *it != "required");
        let mut findings: Vec<Finding> =
            wrong.map(|it| self.error(NOT_REQUIRED, format!("http_tokens is {it}"), LINES)).collect();
        if path.first().is_some_and(|it| self.later_within(it)) && self.given.states(path) {
            findings.push(self.unsure("http_tokens", LINES));
        }
        findings.extend(path.first().into_iter().flat_map(|it| self.outside(&[it])));
        findings
    }

    /// Whether a part of an argument that is stated is known later.
    fn later_within(&self, name: &str) -> bool {
        fn any(value: &Value) -> bool {
            match value {
                Value::Bool(later) => *later,
                Value::Array(items) => items.iter().any(any),
                Value::Object(members) => members.values().any(any),
                _ => false,
            }
        }
        self.given.unknown.get(name).is_some_and(any)
            && self.given.stated.is_none_or(|it| it.get(name).is_some())
    }
}
