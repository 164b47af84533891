//! Terraform plans, as `terraform show -json` writes them.
//!
//! Read in this order: `texts` tells a plan from other texts; `kinds` are the resource types;
//! `configuration` is what the author stated; `references` finds the launch templates that resources refer to; `known`
//! is what is known of an argument; `resource` judges a resource, and `settings` its lists and texts that hold a switch;
//! `plan_words` is what only a plan says; `changes` is the rest of a plan.
//!
//! Source: Terraform, "JSON Output Format"; the documentation of the resources of the AWS provider.

mod changes;
mod configuration;
pub mod kinds;
mod known;
mod plan_words;
mod references;
mod resource;
mod settings;
mod texts;

use serde_json::Value;

pub(super) use self::changes::default_by;
use self::changes::{account_default, left_open, managed, reset};
use self::kinds::Switch;
pub(super) use self::known::Given;
use self::plan_words::PlanWords;
use self::references::Inventory;
pub(super) use self::resource::{Resource, Words};
pub use self::texts::{is_plan, is_plan_for_people, is_plan_stream, is_state, is_wrapped_plan};
use super::{Counts, Finding};
use crate::Settings;

/// What the plan would deploy and should not.
pub fn findings(plan: &Value, settings: &Settings) -> Vec<Finding> {
    let changes =
        plan.get("resource_changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let inventory = Inventory::of(plan, changes);
    let default = account_default(changes);
    let words = PlanWords { inventory: &inventory, settings, default: default.as_deref() };
    let mut findings = Vec::new();
    for change in changes {
        if let Some(resource) = resource(change, &words) {
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
            .filter(|it| managed(it).is_some() && it.get("address").is_some_and(Value::is_string))
            .filter_map(|it| it.get("type").and_then(Value::as_str))
            .map(|it| kinds::of(it).map(|it| !matches!(it, Switch::Named(_) | Switch::Templates))),
    )
}

/// A resource as it will be; `None` for data sources, and for what is only destroyed.
fn resource<'a>(change: &'a Value, words: &'a PlanWords<'a>) -> Option<Resource<'a>> {
    let address = change.get("address")?.as_str()?;
    let kind = change.get("type")?.as_str()?;
    let after = managed(change)?;
    let unknown = change.pointer("/change/after_unknown").unwrap_or(&Value::Null);
    let stated = words.inventory.configuration.as_ref().and_then(|it| it.stated(address));
    let given = Given { after, unknown, stated };
    Some(Resource { address, kind, given, default: words.default, words })
}
