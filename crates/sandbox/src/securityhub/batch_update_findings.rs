//! <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindings.html>
//!
//! AWS may take several minutes for an update; here it is there at once. As at AWS, `UpdatedAt` of a finding stays.

use serde_json::{Value, json};

use super::errors::invalid;
use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::world::World;

/// The most findings in one call.
const AT_MOST: usize = 100;
/// The longest note.
const NOTE: usize = 512;
const STATUSES: [&str; 4] = ["NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED"];

pub(super) fn answer(world: &mut World, call: &Call) -> Result<Answer, AwsError> {
    let now = world.now().to_string();
    let request = call.json()?;
    let members = request.as_object().into_iter().flatten();
    let known = ["FindingIdentifiers", "Note", "Workflow"];
    if let Some((name, _)) = members.into_iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(AwsError::not_simulated(format!("member {name} of BatchUpdateFindings")));
    }
    let named = request.get("FindingIdentifiers").and_then(Value::as_array);
    let named = named.ok_or_else(|| invalid("Invalid parameter 'FindingIdentifiers'"))?;
    if named.is_empty() || named.len() > AT_MOST {
        return Err(invalid(format!("FindingIdentifiers must hold 1 to {AT_MOST}, not {}", named.len())));
    }
    let note = request.get("Note").map(|it| note(it, &now)).transpose()?;
    let status = request.pointer("/Workflow/Status").and_then(Value::as_str);
    if status.is_some_and(|it| !STATUSES.contains(&it)) {
        return Err(invalid("Invalid parameter 'Workflow.Status'"));
    }
    let here = world.securityhub.places.entry(call.place.clone()).or_default();
    let (mut done, mut not_done) = (Vec::new(), Vec::new());
    for it in named {
        let text = |name: &str| it.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let finding = here.get_mut(&(text("ProductArn"), text("Id"))).and_then(Value::as_object_mut);
        let Some(finding) = finding else {
            not_done.push(json!({
                "FindingIdentifier": it, "ErrorCode": "FindingNotFound",
                "ErrorMessage": "The finding was not found",
            }));
            continue;
        };
        if let Some(note) = &note {
            finding.insert("Note".to_owned(), note.clone());
        }
        if let Some(status) = status {
            finding.insert("Workflow".to_owned(), json!({ "Status": status }));
        }
        done.push(it.clone());
    }
    Ok(Answer::Json(json!({ "ProcessedFindings": done, "UnprocessedFindings": not_done })))
}

fn note(it: &Value, now: &str) -> Result<Value, AwsError> {
    let text = |name: &str| it.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    match (text("Text"), text("UpdatedBy")) {
        (Some(note), Some(by)) if note.chars().count() <= NOTE => {
            Ok(json!({ "Text": note, "UpdatedBy": by, "UpdatedAt": now }))
        }
        (Some(_), Some(_)) => Err(invalid(format!("Note.Text is longer than {NOTE} characters"))),
        _ => Err(invalid("Invalid parameter 'Note'")),
    }
}
