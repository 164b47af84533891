//! What a plan tells besides its resources: the account default, what it deletes, and what it leaves open.

use serde_json::Value;

use super::kinds;
use crate::check::Level;
use crate::iac::Finding;

/// What a plan leaves to a later plan: resources whose number is unknown, and what an error kept it
/// from planning.
pub(super) fn left_open(plan: &Value) -> Vec<Finding> {
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
pub(super) fn account_default(changes: &[Value]) -> Option<String> {
    let set = changes.iter().find_map(|it| {
        let is_default = it.get("type").and_then(Value::as_str) == Some("aws_ec2_instance_metadata_defaults");
        let tokens = it.pointer("/change/after/http_tokens").filter(|_| is_default)?;
        Some((tokens.as_str()?, it.get("address")?.as_str()?))
    })?;
    let (tokens, address) = set;
    Some(default_by(address, tokens))
}

/// The account default that a resource sets, in words.
pub(in crate::iac) fn default_by(address: &str, tokens: &str) -> String {
    format!("; {address} sets the default to {tokens}, in its Region and for launches after it")
}

/// The account default that a plan deletes.
pub(super) fn reset(change: &Value) -> Option<Finding> {
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

/// What a managed resource will be; `None` for data sources, and for what is only destroyed.
pub(super) fn managed(change: &Value) -> Option<&Value> {
    let is_data = change.get("mode").and_then(Value::as_str) == Some("data");
    change.pointer("/change/after").filter(|it| !it.is_null() && !is_data)
}
