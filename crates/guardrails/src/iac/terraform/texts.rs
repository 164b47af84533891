//! Texts that Terraform writes: plans, the stream of a plan, states, and what wrappers put around them.

use serde_json::Value;

/// Whether this is a plan.
pub fn is_plan(document: &Value) -> bool {
    // A plan that changes nothing has no `resource_changes`.
    let planned = |name: &str| document.get(name).is_some();
    document.get("format_version").is_some()
        && (document.get("resource_changes").is_some_and(Value::is_array) || planned("planned_values"))
}

/// Whether a text holds a plan among lines of another tool, as the wrapper of `setup-terraform` and Terragrunt
/// write them.
pub fn is_wrapped_plan(text: &str) -> bool {
    const KEY: &str = "\"format_version\"";
    let Some((before, _)) = text.split_once(KEY) else { return false };
    let Some(before) = before.trim_end().strip_suffix('{') else { return false };
    let rest = text.get(before.len()..).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let first = values.next();
    let after = rest.get(values.byte_offset()..).unwrap_or_default();
    match first {
        Some(Ok(plan)) => {
            (is_plan(&plan) || !before.trim().is_empty())
                && !(before.trim().is_empty() && after.trim().is_empty())
        }
        _ => !before.trim().is_empty(),
    }
}

/// Whether this is the stream of `terraform plan -json`: one JSON object a line, which says what happens to each
/// resource and not which values it gets.
pub fn is_plan_stream(text: &str) -> bool {
    let lines = text.lines().filter(|it| it.starts_with('{')).take(1);
    let mut objects = lines.filter_map(|it| serde_json::from_str::<Value>(it).ok());
    objects.any(|it| it.get("@level").is_some() && it.get("type").is_some())
}

/// Whether this is a plan as Terraform prints it for people.
pub fn is_plan_for_people(text: &str) -> bool {
    ["Terraform will perform the following actions:", "OpenTofu will perform the following actions:"]
        .iter()
        .any(|it| text.contains(it))
}

/// Whether this is a state, as `terraform show -json` writes it when it is given no plan, or as it is stored.
pub fn is_state(document: &Value) -> bool {
    let has = |name| document.get(name).is_some();
    (has("format_version") && has("values")) || (has("terraform_version") && has("lineage"))
}
