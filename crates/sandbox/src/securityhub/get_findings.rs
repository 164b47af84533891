//! <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindings.html>

use serde_json::{Value, json};

use super::errors::invalid;
use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::world::World;

/// Filters that are simulated, and the member that each reads.
const FILTERS: [(&str, &str); 9] = [
    ("ProductArn", "/ProductArn"),
    ("AwsAccountId", "/AwsAccountId"),
    ("Id", "/Id"),
    ("GeneratorId", "/GeneratorId"),
    ("ProductName", "/ProductName"),
    ("RecordState", "/RecordState"),
    ("ComplianceSecurityControlId", "/Compliance/SecurityControlId"),
    ("ComplianceStatus", "/Compliance/Status"),
    ("WorkflowStatus", "/Workflow/Status"),
];

pub(super) fn answer(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let request = call.json()?;
    let members = request.as_object().into_iter().flatten();
    if let Some((name, _)) =
        members.into_iter().find(|(name, _)| !["Filters", "MaxResults", "NextToken"].contains(&name.as_str()))
    {
        return Err(AwsError::not_simulated(format!("member {name} of GetFindings")));
    }
    let size = request.get("MaxResults").map_or(Some(100), Value::as_u64);
    let size = size.filter(|it| (1..=100).contains(it)).ok_or_else(|| invalid("MaxResults is 1 to 100"))?;
    let from = match request.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("NextToken is none of ours"))?,
    };
    let mut found: Vec<&Value> = Vec::new();
    for it in world.securityhub.places.get(&call.place).into_iter().flat_map(|it| it.values()) {
        if matches(call, request.get("Filters"), it)? {
            found.push(it);
        }
    }
    let size = usize::try_from(size).unwrap_or(100);
    let page: Vec<&Value> = found.iter().copied().skip(from).take(size).collect();
    let next = from + page.len();
    let mut answer = json!({ "Findings": page });
    if let (true, Some(members)) = (next < found.len(), answer.as_object_mut()) {
        members.insert("NextToken".to_owned(), next.to_string().into());
    }
    Ok(Answer::Json(answer))
}

/// Of several filters all must hold; of the values of one, any.
fn matches(call: &Call, filters: Option<&Value>, finding: &Value) -> Result<bool, AwsError> {
    for (name, wanted) in filters.and_then(Value::as_object).into_iter().flatten() {
        let value = match (name.as_str(), FILTERS.iter().find(|(known, _)| known == name)) {
            ("Region", _) => Some(call.place.region.as_str()),
            (_, Some((_, pointer))) => finding.pointer(pointer).and_then(Value::as_str),
            _ => return Err(AwsError::not_simulated(format!("filter {name} of GetFindings"))),
        };
        let mut any = false;
        for condition in wanted.as_array().into_iter().flatten() {
            let text = condition.get("Value").and_then(Value::as_str).unwrap_or_default();
            any |= match condition.get("Comparison").and_then(Value::as_str) {
                Some("EQUALS") => value == Some(text),
                Some("PREFIX") => value.is_some_and(|it| it.starts_with(text)),
                other => return Err(AwsError::not_simulated(format!("comparison {other:?} of GetFindings"))),
            };
        }
        if !any {
            return Ok(false);
        }
    }
    Ok(true)
}
