//! <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html>

use serde_json::{Value, json};

use super::errors::invalid;
use super::state::Key;
use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::world::World;

/// The most findings in one call, and the most bytes of one.
const AT_MOST: usize = 100;
const SIZE: usize = 240 * 1024;

const REQUIRED: [&str; 10] = [
    "SchemaVersion",
    "Id",
    "ProductArn",
    "GeneratorId",
    "AwsAccountId",
    "CreatedAt",
    "UpdatedAt",
    "Title",
    "Description",
    "Resources",
];
/// What only customers change once a finding is there.
const OF_CUSTOMERS: [&str; 4] = ["Note", "UserDefinedFields", "VerificationState", "Workflow"];
/// Texts, and how long they may be.
const LENGTHS: [(&str, usize); 4] =
    [("Id", 512), ("GeneratorId", 512), ("Title", 256), ("Description", 1024)];

pub(super) fn answer(world: &mut World, call: &Call) -> Result<Answer, AwsError> {
    let findings = call.json()?.get("Findings").and_then(Value::as_array);
    let findings = findings.ok_or_else(|| invalid("Invalid parameter 'Findings'"))?;
    if findings.is_empty() || findings.len() > AT_MOST {
        return Err(invalid(format!("Findings must hold 1 to {AT_MOST} findings, not {}", findings.len())));
    }
    let mut failed = Vec::new();
    for finding in findings {
        match check(call, finding) {
            Ok(key) => {
                let here = world.securityhub.places.entry(call.place.clone()).or_default();
                let kept = merged(here.get(&key), finding);
                here.insert(key, kept);
            }
            Err(message) => failed.push(json!({
                "Id": finding.get("Id").and_then(Value::as_str).unwrap_or("unknown"),
                "ErrorCode": "InvalidInput", "ErrorMessage": message,
            })),
        }
    }
    let (failures, all) = (failed.len(), findings.len());
    Ok(Answer::Json(json!({
        "FailedCount": failures, "SuccessCount": all - failures, "FailedFindings": failed,
    })))
}

fn check(call: &Call, finding: &Value) -> Result<Key, String> {
    let text = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default();
    if let Some(missing) = REQUIRED.iter().find(|it| finding.get(**it).is_none()) {
        return Err(format!(
            "finding does not adhere to Amazon Finding Format. data.{missing} should be present."
        ));
    }
    if has_null(finding) {
        return Err("finding does not adhere to Amazon Finding Format. A member is null.".to_owned());
    }
    if let Some((name, length)) = LENGTHS.iter().find(|(name, length)| text(name).chars().count() > *length) {
        return Err(format!("data.{name} should NOT be longer than {length} characters"));
    }
    if finding.to_string().len() > SIZE {
        return Err("finding is larger than 240 KB".to_owned());
    }
    let account = &call.place.account;
    if text("AwsAccountId") != account {
        return Err(format!("the finding is not of account {account}, which calls"));
    }
    let product = call.place.arn("securityhub", &format!("product/{account}/default"));
    if text("ProductArn") != product {
        return Err(format!("the product is not {product}"));
    }
    for time in ["CreatedAt", "UpdatedAt"] {
        if !text(time).ends_with('Z') || text(time).parse::<jiff::Timestamp>().is_err() {
            return Err(format!("data.{time} should match format \"date-time\""));
        }
    }
    Ok((product, text("Id").to_owned()))
}

fn has_null(it: &Value) -> bool {
    match it {
        Value::Null => true,
        Value::Array(all) => all.iter().any(has_null),
        Value::Object(all) => all.values().any(has_null),
        _ => false,
    }
}

/// A finding as it is kept. An older one changes nothing, and what customers change is not changed
/// by providers.
fn merged(known: Option<&Value>, new: &Value) -> Value {
    let text = |it: &Value, pointer: &str| it.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    if let Some(known) = known
        && text(known, "/UpdatedAt") > text(new, "/UpdatedAt")
    {
        return known.clone();
    }
    let mut kept = new.clone();
    let Some(members) = kept.as_object_mut() else { return kept };
    for name in ["Severity", "Types"] {
        if let Some(value) = new.pointer(&format!("/FindingProviderFields/{name}")) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    members.entry("RecordState").or_insert_with(|| "ACTIVE".into());
    members.entry("Workflow").or_insert_with(|| json!({ "Status": "NEW" }));
    if let Some(known) = known {
        for name in OF_CUSTOMERS {
            match known.get(name) {
                Some(value) => members.insert(name.to_owned(), value.clone()),
                None => members.remove(name),
            };
        }
        let became = |pointer: &str, from: &str, to: &[&str]| {
            let now = text(new, pointer).unwrap_or_default();
            text(known, pointer).as_deref() == Some(from) && to.contains(&now.as_str())
        };
        let again = became("/RecordState", "ARCHIVED", &["ACTIVE"])
            || became("/Compliance/Status", "PASSED", &["FAILED", "WARNING", "NOT_AVAILABLE"]);
        let was = text(known, "/Workflow/Status").unwrap_or_default();
        if again && ["NOTIFIED", "RESOLVED"].contains(&was.as_str()) {
            members.insert("Workflow".to_owned(), json!({ "Status": "NEW" }));
        }
    }
    kept
}
