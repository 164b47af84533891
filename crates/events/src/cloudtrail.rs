//! Calls to AWS APIs as CloudTrail records them: which one, whether it succeeded, and its parameters.

use crate::envelope::{Envelope, SERVICE_EVENT, event_bus_source};
use crate::event_name::API_CALL;
use crate::json::Node;
use crate::{EventName, Ignored, Stop};

/// Which event an envelope brings.
pub(crate) fn recognise(envelope: &Envelope<'_>) -> Result<EventName, Stop> {
    let (source, detail_type) = (envelope.source.as_str(), envelope.detail_type.as_str());
    let not_ours = |event_name| Ignored::NotOurs {
        source: source.to_owned(),
        detail_type: detail_type.to_owned(),
        event_name,
    };
    if detail_type != API_CALL && detail_type != SERVICE_EVENT {
        let event = EventName::find(source, detail_type, None).ok_or_else(|| not_ours(None))?;
        require_object(&envelope.detail)?;
        return Ok(event);
    }
    let name = envelope.detail.field("eventName");
    if !EventName::ALL.iter().any(|event| event.source() == source) {
        return Err(not_ours(name.label()).into());
    }
    require_object(&envelope.detail)?;
    let action = name.label().ok_or_else(|| name.malformed("the name of the event"))?;
    let of_service = envelope.detail.field("eventType").text().as_deref() == Some("AwsServiceEvent");
    if detail_type == SERVICE_EVENT || of_service {
        return Err(Ignored::ServiceEvent { event_name: action }.into());
    }
    match EventName::find(source, detail_type, Some(&action)) {
        Some(event) => {
            let service = envelope.detail.field("eventSource");
            if !service.is_absent() && event_bus_source(&service).as_deref() != Some(source) {
                return Err(service.malformed(format!("the service of source `{source}`")).into());
            }
            succeeded(event, &envelope.detail)
        }
        None if action == "StopNotebookInstance" => {
            Err(Ignored::StateChangeFollows { event_name: action }.into())
        }
        None if envelope.detail.field("readOnly").is_true() => {
            Err(Ignored::ReadOnly { source: source.to_owned(), event_name: action }.into())
        }
        None => Err(not_ours(Some(action)).into()),
    }
}

/// A failed call is recorded like one that succeeded, but for its `errorCode`. Whether there is a response
/// is empty: `UpdateNotebookInstance` answers nothing, and CloudTrail omits what is too long.
fn succeeded(event: EventName, detail: &Node<'_>) -> Result<EventName, Stop> {
    let code = detail.field("errorCode");
    if code.is_absent() {
        return Ok(event);
    }
    let error_code = code.label().ok_or_else(|| code.malformed("an error code"))?;
    if error_code.ends_with("DryRunOperation") {
        return Err(Ignored::DryRun { event }.into());
    }
    Err(Ignored::Failed { event, error_code }.into())
}

fn require_object(detail: &Node<'_>) -> Result<(), Stop> {
    if detail.is_object() { Ok(()) } else { Err(detail.malformed("an object").into()) }
}

/// `requestParameters` of a call.
pub(crate) fn request<'a>(event: EventName, detail: &Node<'a>) -> Node<'a> {
    detail.field("requestParameters").unwrapped(&format!("{event}Request"))
}

/// `responseElements` of a call.
pub(crate) fn response<'a>(event: EventName, detail: &Node<'a>) -> Node<'a> {
    detail.field("responseElements").unwrapped(&format!("{event}Response"))
}
