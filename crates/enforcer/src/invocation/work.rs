//! What the events of a payload ask for in one account and Region.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use v2only_events::Trigger;
use v2only_policy::{MetadataOptions, Occasion, Place};

use crate::failure::Failure;
use crate::record::{Cause, Record, ResourceId};

/// How long after its event a resource that AWS does not show is read again, before it counts as gone. EC2
/// is eventually consistent: "up to a few minutes" (Amazon EC2 API, "Eventual consistency").
const NOT_VISIBLE_FOR: SignedDuration = SignedDuration::from_mins(5);

/// One event.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    pub trigger: &'a Trigger,
    /// Its index in the payload.
    pub delivery: usize,
    pub now: Timestamp,
}

/// A record with the events that led to it.
pub(super) struct Answer {
    pub record: Record,
    pub deliveries: Vec<usize>,
}

/// One resource to describe, with the events that ask for it.
pub(super) struct Request {
    pub occasion: Occasion,
    pub cause: Cause,
    pub time: Option<Timestamp>,
    pub deliveries: Vec<usize>,
    /// What a caller asked AWS for, if no other event is about the resource.
    pub accepted: Option<MetadataOptions>,
    /// The launch template that gave it its tags, as the caller of the launch wrote it.
    pub template: Option<String>,
}

/// A launch whose record names no instance.
pub(super) struct UnnamedLaunch {
    pub at_least: u32,
    pub cause: Cause,
    pub time: Option<Timestamp>,
    pub delivery: usize,
}

/// Everything to describe in one account and Region.
pub(super) struct Work<I> {
    pub requests: BTreeMap<I, Request>,
    /// Launches by client token.
    pub launches: BTreeMap<String, UnnamedLaunch>,
}

impl<I> Default for Work<I> {
    fn default() -> Self {
        Self { requests: BTreeMap::new(), launches: BTreeMap::new() }
    }
}

impl Event<'_> {
    pub fn cause(&self) -> Cause {
        Cause {
            event_id: self.trigger.event_id.clone(),
            event: self.trigger.event.as_str().to_owned(),
            actor: self.trigger.actor.as_ref().map(ToString::to_string),
        }
    }
}

impl<I: Ord + Clone> Work<I> {
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.launches.is_empty()
    }

    /// Adds a resource to describe. `accepted` is what AWS was asked for in this event. Of several occasions for one resource, `outweighs` decides which one counts.
    pub fn want(
        &mut self,
        id: &I,
        (occasion, accepted): (Occasion, Option<MetadataOptions>),
        event: &Event<'_>,
        outweighs: fn(Occasion, Occasion) -> bool,
    ) {
        let request = self.requests.entry(id.clone()).or_insert_with(|| Request {
            occasion,
            cause: event.cause(),
            time: event.trigger.time,
            deliveries: Vec::new(),
            accepted,
            template: None,
        });
        if request.accepted != accepted {
            request.accepted = None;
        }
        if outweighs(occasion, request.occasion) {
            request.occasion = occasion;
            request.cause = event.cause();
        }
        request.time = request.time.max(event.trigger.time);
        if !request.deliveries.contains(&event.delivery) {
            request.deliveries.push(event.delivery);
        }
    }

    /// Takes out the first `at_most` resources.
    pub fn take(&mut self, at_most: usize) -> Self {
        let after = self.requests.keys().nth(at_most).cloned();
        let rest = after.map(|first| self.requests.split_off(&first)).unwrap_or_default();
        Self { requests: std::mem::replace(&mut self.requests, rest), launches: BTreeMap::new() }
    }

    /// The same failure for everything.
    pub fn failed(self, place: &Place, failure: &Failure, resource: fn(&I) -> ResourceId) -> Vec<Answer> {
        let record = |resource, cause| Record {
            cause: Some(cause),
            ..Record::failed(place.clone(), resource, failure.clone())
        };
        let requests = self.requests.into_iter().map(|(id, request)| Answer {
            record: record(resource(&id), request.cause),
            deliveries: request.deliveries,
        });
        let launches = self.launches.into_values().map(|launch| Answer {
            record: record(ResourceId::UnnamedLaunch(launch.cause.event_id.clone()), launch.cause),
            deliveries: vec![launch.delivery],
        });
        requests.chain(launches).collect()
    }
}

/// Whether an event is so recent that AWS may not show its resource yet. An event without a readable time
/// counts as recent: the queue's redrive policy bounds that.
pub(super) fn may_be_invisible(time: Option<Timestamp>, now: Timestamp) -> bool {
    time.is_none_or(|at| now.duration_since(at) < NOT_VISIBLE_FOR)
}
