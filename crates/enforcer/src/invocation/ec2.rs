//! Events about instances: from what they name to what is to be described.

mod look;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use v2only_events::{Launched, RequestedOptions, Subject, Trigger};
use v2only_policy::drift::to_second;
use v2only_policy::instance::{HttpTokens, MetadataOptions, Switch};
use v2only_policy::{Compliance, Decision, InstanceId, Occasion, Policy, Verdict, compliant_anywhere};

use super::{App, Batch, ByPlace, Failed, Invocation, cause, policy};
use crate::counts::Counts;
use crate::failure::{Failure, Kind};
use crate::ports::{Ec2, ReadParameter};
use crate::record::{Cause, KnownFrom, Outcome, Posture, Record, ResourceId};

const DESCRIBE: &str = "ec2:DescribeInstances";

/// One instance to look at, and everything that asked for it.
struct Wanted {
    occasion: Occasion,
    cause: Cause,
    time: Option<Timestamp>,
    deliveries: Vec<usize>,
}

/// A launch whose record names no instance.
struct Unnamed {
    at_least: u32,
    cause: Cause,
    time: Option<Timestamp>,
    delivery: usize,
}

/// What is to be described at one place.
#[derive(Default)]
struct Work {
    instances: BTreeMap<InstanceId, Wanted>,
    launches: BTreeMap<String, Unnamed>,
}

/// Handles one invocation of the function for instances.
///
/// At most one description per place (two where a launch has to be found by its client token), and one
/// change per violating instance. Handling the same payload again is harmless.
///
/// # Errors
/// A single event that cannot be read, or of which something must be tried again. A batch never errs: it
/// names the messages to send again.
pub async fn handle<P: Ec2 + ReadParameter + Sync>(
    payload: Value,
    app: &App<P>,
    mut invocation: Invocation<'_>,
) -> Result<(Value, Counts), Failed> {
    let mut batch = Batch::read(payload, &mut invocation)?;
    if batch.triggers.is_empty() {
        return batch.reply();
    }
    let Some(policy) = policy(app, &mut batch, &mut invocation).await else { return batch.reply() };
    let mut work = ByPlace::<Work>::new();
    for (delivery, trigger) in std::mem::take(&mut batch.triggers) {
        let mut sorting = Sorting { app, policy: &policy, batch: &mut batch, invocation: &mut invocation };
        sorting.sort(delivery, &trigger, &mut work);
    }
    for (place, work) in work {
        look::look(app, &policy, &place, work, &mut batch, &mut invocation).await;
    }
    batch.reply()
}

/// Sorts triggers into what must be described and what needs no call.
struct Sorting<'a, 'i, P> {
    app: &'a App<P>,
    policy: &'a Policy,
    batch: &'a mut Batch,
    invocation: &'a mut Invocation<'i>,
}

impl<P> Sorting<'_, '_, P> {
    fn sort(&mut self, delivery: usize, trigger: &Trigger, work: &mut ByPlace<Work>) {
        let place = &trigger.place;
        let now = (self.invocation.now)();
        let mut want = |id: &InstanceId, occasion| {
            let work = work.entry(place.clone()).or_default();
            want(&mut work.instances, id, occasion, trigger, delivery);
        };
        match &trigger.subject {
            Subject::Launched { instances, .. } => {
                for launched in instances {
                    if let Some(why) = compliant_anywhere(&recorded(launched), self.policy) {
                        self.app.recent.remember(place, &launched.id, now);
                        self.compliant_by_record(delivery, trigger, &launched.id, recorded(launched), why);
                    } else {
                        want(&launched.id, Occasion::Launch);
                    }
                }
            }
            Subject::LaunchedUnnamed { client_token: Some(token), at_least, .. } => {
                let launch =
                    Unnamed { at_least: *at_least, cause: cause(trigger), time: trigger.time, delivery };
                work.entry(place.clone()).or_default().launches.insert(token.clone(), launch);
            }
            Subject::LaunchedUnnamed { client_token: None, .. } => self.not_judged(
                delivery,
                trigger,
                ResourceId::UnnamedLaunch(trigger.event_id.clone()),
                "its record names neither instances nor a client token; each instance's state-change \
                 notification brings it here",
            ),
            Subject::Started { ids } => ids.iter().for_each(|id| want(id, Occasion::Seen)),
            Subject::InstanceStateChanged { id, .. } if self.app.recent.knows(place, id, now) => {
                self.compliant_by_record(
                    delivery,
                    trigger,
                    id,
                    MetadataOptions { http_tokens: HttpTokens::Required, ..MetadataOptions::UNKNOWN },
                    Compliance::TokensRequired,
                );
            }
            Subject::InstanceStateChanged { id, .. } => want(id, Occasion::Seen),
            Subject::SpotFulfilled { id } => want(id, Occasion::Launch),
            Subject::OptionsModified { id, requested } => {
                self.app.recent.forget(place, id);
                want(id, modified(requested, trigger.time.unwrap_or(now)));
            }
            Subject::DefaultsModified => self.source(delivery, trigger, "account defaults"),
            Subject::LaunchTemplateChanged { id, name } => {
                let name = id.as_deref().or(name.as_deref()).unwrap_or("a launch template");
                self.source(delivery, trigger, name);
            }
            Subject::ImageChanged { id } => self.source(delivery, trigger, id),
            Subject::Notebook { .. } => {
                self.batch.elsewhere(&trigger.event_id, "notebook-enforcer", self.invocation);
            }
        }
        for malformed in &trigger.unreadable {
            let failure = Failure::new(Kind::Invalid, DESCRIBE, malformed.to_string());
            let resource = ResourceId::UnnamedLaunch(trigger.event_id.clone());
            let record = Record::failed(place.clone(), resource, failure);
            self.said(delivery, trigger, record);
        }
    }

    fn compliant_by_record(
        &mut self,
        delivery: usize,
        trigger: &Trigger,
        id: &InstanceId,
        options: MetadataOptions,
        why: Compliance,
    ) {
        let record = Record {
            before: Some(Posture::Options(options)),
            decision: Some(Decision::nothing_to_do(Verdict::Compliant(why))),
            known_from: KnownFrom::LaunchRecord,
            ..Record::unjudged(trigger.place.clone(), ResourceId::Instance(id.clone()), Outcome::Left)
        };
        self.said(delivery, trigger, record);
    }

    fn source(&mut self, delivery: usize, trigger: &Trigger, name: &str) {
        let why = "seen, and not judged by this release: the instances it launches are";
        self.not_judged(delivery, trigger, ResourceId::Source(name.to_owned()), why);
    }

    fn not_judged(&mut self, delivery: usize, trigger: &Trigger, resource: ResourceId, why: &str) {
        let record = Record::unjudged(trigger.place.clone(), resource, Outcome::NotJudged(why.to_owned()));
        self.said(delivery, trigger, record);
    }

    fn said(&mut self, delivery: usize, trigger: &Trigger, record: Record) {
        let record = Record { cause: Some(cause(trigger)), ..record };
        self.batch.record(&record, &[delivery], self.invocation);
    }
}

/// Adds an instance to those wanted; of two occasions the more telling one counts.
fn want(
    wanted: &mut BTreeMap<InstanceId, Wanted>,
    id: &InstanceId,
    occasion: Occasion,
    trigger: &Trigger,
    delivery: usize,
) {
    const fn weight(occasion: Occasion) -> u8 {
        match occasion {
            Occasion::Launch => 2,
            Occasion::Drift(_) => 1,
            Occasion::Seen => 0,
        }
    }
    let entry = wanted.entry(id.clone()).or_insert_with(|| Wanted {
        occasion,
        cause: cause(trigger),
        time: trigger.time,
        deliveries: Vec::new(),
    });
    if weight(occasion) > weight(entry.occasion) {
        entry.occasion = occasion;
        entry.cause = cause(trigger);
    }
    entry.time = entry.time.max(trigger.time);
    if !entry.deliveries.contains(&delivery) {
        entry.deliveries.push(delivery);
    }
}

/// What a launch record says of an instance's options; what it does not say is unknown.
fn recorded(launched: &Launched) -> MetadataOptions {
    MetadataOptions {
        http_tokens: launched.http_tokens.unwrap_or(HttpTokens::Unknown),
        http_endpoint: launched.http_endpoint.unwrap_or(Switch::Unknown),
        hop_limit: launched.hop_limit,
        ipv6_endpoint: launched.ipv6_endpoint.unwrap_or(Switch::Unknown),
        metadata_tags: launched.metadata_tags.unwrap_or(Switch::Unknown),
        pending: false,
    }
}

/// Only somebody who asks for version 1 by name drifts. A change of the hop limit, or an endpoint switched
/// on, says nothing of how long the instance has answered version 1 already, so the usage gate decides.
fn modified(requested: &RequestedOptions, at: Timestamp) -> Occasion {
    match requested.http_tokens {
        Some(HttpTokens::Optional) => Occasion::Drift(to_second(at)),
        _ => Occasion::Seen,
    }
}
