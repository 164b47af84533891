//! What happened to a resource, as CloudTrail recorded it.

use std::future::Future;

use serde_json::Value;
use v2only_events::Actor;
use v2only_policy::{InstanceId, NotebookName, Place};

use super::{Answer, Page};

/// The events that are asked for. CloudTrail takes one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUp<'a> {
    /// Those that name an instance.
    Instance(&'a InstanceId),
    /// Those that name a notebook instance.
    Notebook(&'a NotebookName),
    /// Changes of metadata options, of any instance.
    ModifiedOptions,
    /// Launches, of any instance.
    Launches,
    /// Calls of this action, such as `RunInstances`.
    Action(&'a str),
}

/// `cloudtrail:LookupEvents`. One call per page of 50 events.
pub trait ReadHistory {
    /// One page of records, the newest first, of the last 90 days.
    fn history(
        &self,
        place: &Place,
        look_up: LookUp<'_>,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Value>>> + Send;

    /// Whether a recorded call was made by v2only itself, which never counts as somebody's flip. Unless the port knows our
    /// own role, no call counts as ours.
    fn made_by_us(&self, _place: &Place, _actor: &Actor) -> bool {
        false
    }
}
