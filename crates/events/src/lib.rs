//! Turns EventBridge and CloudTrail JSON into a trigger, or into the reason for ignoring it.
//!
//! Read in this order: [`input`](fn@input) tells one event from an SQS batch; [`parse`] reads one event, and
//! [`parse_event`] reads one that must come from EventBridge. An event becomes a [`Trigger`], which names resources to describe, or is [`Ignored`] with the reason, or is
//! [`Malformed`] with the field that is; [`header`] names it in the record of the last two. Inside,
//! `envelope` reads the outside of an event, `cloudtrail` which call it was and whether it succeeded, and
//! the other modules one family of events each.
//!
//! Knows: the shapes of events, and in how many ways AWS writes the same thing.
//! Must never know: AWS clients, policy, what is done about a trigger, the clock, the environment.
//!
//! No input makes it panic, and it never names a resource that the event does not name.

mod event_name;
mod ignored;
mod malformed;
mod stop;
mod trigger;

mod actor;
mod input;

mod cloudtrail;
mod envelope;
mod json;

mod instances;
mod notebooks;
mod options;
mod recorded;
mod run_instances;
mod saved;
mod templates_and_images;

use serde_json::Value;

pub use actor::Actor;
pub use envelope::{Header, header};
pub use event_name::EventName;
pub use ignored::Ignored;
pub use input::{Input, Message, Receipt, input};
pub use malformed::Malformed;
pub use recorded::{
    Caller, LaunchOutcome, RecordedCall, RecordedLaunch, RoleDelivery, recorded_call, recorded_launch,
};
pub use saved::saved_events;
pub use trigger::{Launched, NotebookCause, RequestedOptions, Subject, Trigger};

use envelope::Envelope;
use stop::Stop;

/// What came of reading an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one per event, and it is taken apart at once")]
pub enum Parsed {
    /// There are resources to describe.
    Trigger(Trigger),
    /// There is nothing to do, and why.
    Ignored(Ignored),
}

/// Reads an EventBridge event, or a CloudTrail record by itself.
///
/// # Errors
/// A field without which nothing can be done is missing or is something else; or the event contradicts
/// itself about the account or Region it happened in.
pub fn parse(envelope: &Value) -> Result<Parsed, Malformed> {
    match read(envelope) {
        Ok(trigger) => Ok(Parsed::Trigger(trigger)),
        Err(Stop::Ignored(why)) => Ok(Parsed::Ignored(why)),
        Err(Stop::Malformed(error)) => Err(error),
    }
}

/// Reads an EventBridge event and refuses a CloudTrail record by itself.
///
/// EventBridge writes the account and the Region of an event. In a bare record, its author writes both.
///
/// # Errors
/// The value is a bare record; or see [`parse`].
pub fn parse_event(envelope: &Value) -> Result<Parsed, Malformed> {
    let root = json::Node::root(envelope);
    let detail_type = root.field("detail-type");
    if root.is_object() && detail_type.is_absent() {
        return Err(detail_type.malformed("the type of an EventBridge event"));
    }
    parse(envelope)
}

fn read(value: &Value) -> Result<Trigger, Stop> {
    let envelope = Envelope::open(value)?;
    let event = cloudtrail::recognise(&envelope)?;
    let place = envelope.place()?;
    let detail = &envelope.detail;
    let (request, response) = (cloudtrail::request(event, detail), cloudtrail::response(event, detail));
    let mut unreadable = Vec::new();

    let subject = match event {
        EventName::RunInstances => run_instances::launched(&request, &response, &mut unreadable),
        EventName::StartInstances => instances::started(&request, &response, &mut unreadable)?,
        EventName::ModifyInstanceMetadataOptions => instances::options_modified(&request, &response)?,
        EventName::ModifyInstanceMetadataDefaults => Subject::DefaultsModified,
        EventName::CreateLaunchTemplate
        | EventName::CreateLaunchTemplateVersion
        | EventName::ModifyLaunchTemplate => templates_and_images::template_changed(&request, &response)?,
        EventName::RegisterImage | EventName::CreateImage | EventName::CopyImage => {
            templates_and_images::image_changed(&response)?
        }
        EventName::InstanceStateChange => instances::state_changed(detail)?,
        EventName::SpotFulfillment => instances::spot_fulfilled(detail)?,
        EventName::CreateNotebookInstance => notebooks::created(&request, &response, &place)?,
        EventName::UpdateNotebookInstance => notebooks::updated(&request, &place)?,
        EventName::StartNotebookInstance => notebooks::started(&request, &place)?,
        EventName::NotebookStateChange => notebooks::state_changed(detail, &envelope.resources(), &place)?,
    };
    Ok(Trigger {
        event_id: envelope.event_id()?,
        place,
        time: envelope.time(),
        event,
        actor: Actor::read(detail),
        replay: envelope.replay(),
        subject,
        unreadable,
    })
}
