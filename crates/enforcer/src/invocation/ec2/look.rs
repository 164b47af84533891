//! Looking at the instances that events are about, and mending them.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_policy::instance::Instance;
use v2only_policy::usage::Usage;
use v2only_policy::{Circumstances, InstanceId, Occasion, OuId, Place, Policy, decide_instance};

use super::{DESCRIBE, Wanted, Work};
use crate::failure::{Failure, Kind};
use crate::instances;
use crate::invocation::{App, Batch, Invocation, enter, may_be_invisible, out_of_time, time_is_up};
use crate::ports::Ec2;
use crate::record::{Outcome, Record, ResourceId};

/// How many instances are changed side by side. Pacing, not this, keeps the account's request rate.
const AT_ONCE: usize = 8;

/// Describes, judges and mends everything wanted at one place.
pub(super) async fn look<P: Ec2 + Sync>(
    app: &App<P>,
    policy: &Policy,
    place: &Place,
    mut work: Work,
    batch: &mut Batch,
    invocation: &mut Invocation<'_>,
) {
    let entered = enter(&app.ports, policy, place).await;
    let ous = match entered {
        Ok(ous) => ous,
        Err(failure) => return nothing_known(place, work, &failure, batch, invocation),
    };
    let now = (invocation.now)();
    let mut described: BTreeMap<InstanceId, Instance> = BTreeMap::new();
    if !work.launches.is_empty() {
        let tokens: Vec<String> = work.launches.keys().cloned().collect();
        match app.ports.launched_with(place, &tokens).await {
            Ok(found) => name_launches(place, &mut work, found, &mut described, now, batch, invocation),
            Err(failure) => return nothing_known(place, work, &failure, batch, invocation),
        }
    }
    let ids: Vec<InstanceId> =
        work.instances.keys().filter(|id| !described.contains_key(*id)).cloned().collect();
    if !ids.is_empty() {
        match app.ports.instances(place, &ids).await {
            Ok(found) => described.extend(found.into_iter().map(|it| (it.id.clone(), it))),
            Err(failure) => return nothing_known(place, work, &failure, batch, invocation),
        }
    }
    let mend =
        Mend { ports: &app.ports, policy, place, ous: ous.as_deref(), now, deadline: invocation.deadline };
    let clock = invocation.now;
    let records: Vec<(Vec<usize>, Record)> = futures_util::stream::iter(work.instances)
        .map(|(id, wanted)| {
            let instance = described.get(&id).cloned();
            let mend = &mend;
            async move {
                let record = mend.one(&id, instance, &wanted, clock).await;
                (wanted.deliveries, Record { cause: Some(wanted.cause), ..record })
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (deliveries, record) in records {
        batch.record(&record, &deliveries, invocation);
    }
}

/// Turns launches into the instances found by their client tokens.
fn name_launches(
    place: &Place,
    work: &mut Work,
    found: Vec<(String, Instance)>,
    described: &mut BTreeMap<InstanceId, Instance>,
    now: Timestamp,
    batch: &mut Batch,
    invocation: &mut Invocation<'_>,
) {
    for (token, launch) in std::mem::take(&mut work.launches) {
        let instances = found.iter().filter(|(with, _)| *with == token).map(|(_, instance)| instance);
        let mut count = 0;
        for instance in instances {
            count += 1;
            described.insert(instance.id.clone(), instance.clone());
            let entry = work.instances.entry(instance.id.clone()).or_insert_with(|| Wanted {
                occasion: Occasion::Launch,
                cause: launch.cause.clone(),
                time: launch.time,
                deliveries: Vec::new(),
            });
            entry.occasion = Occasion::Launch;
            entry.cause = launch.cause.clone();
            if !entry.deliveries.contains(&launch.delivery) {
                entry.deliveries.push(launch.delivery);
            }
        }
        if count >= launch.at_least {
            continue;
        }
        let missing = format!("its client token finds {count} of at least {} instances", launch.at_least);
        let resource = ResourceId::UnnamedLaunch(launch.cause.event_id.clone());
        let outcome = if may_be_invisible(launch.time, now) {
            Outcome::Failed(Failure::new(Kind::NotVisibleYet, DESCRIBE, missing))
        } else {
            Outcome::NotJudged(format!("{missing}; the others are gone"))
        };
        let record = Record::unjudged(place.clone(), resource, outcome);
        let record = Record { cause: Some(launch.cause), ..record };
        batch.record(&record, &[launch.delivery], invocation);
    }
}

/// One failure for everything wanted at a place.
fn nothing_known(
    place: &Place,
    work: Work,
    failure: &Failure,
    batch: &mut Batch,
    invocation: &mut Invocation<'_>,
) {
    for (id, wanted) in work.instances {
        let record = Record::failed(place.clone(), ResourceId::Instance(id), failure.clone());
        batch.record(&Record { cause: Some(wanted.cause), ..record }, &wanted.deliveries, invocation);
    }
    for launch in work.launches.into_values() {
        let resource = ResourceId::UnnamedLaunch(launch.cause.event_id.clone());
        let record = Record::failed(place.clone(), resource, failure.clone());
        batch.record(&Record { cause: Some(launch.cause), ..record }, &[launch.delivery], invocation);
    }
}

/// What it takes to judge and mend one instance.
struct Mend<'a, P> {
    ports: &'a P,
    policy: &'a Policy,
    place: &'a Place,
    ous: Option<&'a [OuId]>,
    now: Timestamp,
    deadline: Option<Timestamp>,
}

impl<P: Ec2 + Sync> Mend<'_, P> {
    async fn one(
        &self,
        id: &InstanceId,
        instance: Option<Instance>,
        wanted: &Wanted,
        clock: &(dyn Fn() -> Timestamp + Send + Sync),
    ) -> Record {
        let resource = || ResourceId::Instance(id.clone());
        let Some(instance) = instance else {
            if may_be_invisible(wanted.time, self.now) {
                let failure = Failure::new(Kind::NotVisibleYet, DESCRIBE, "AWS does not show it yet");
                return Record::failed(self.place.clone(), resource(), failure);
            }
            return Record::absent(self.place.clone(), resource());
        };
        if time_is_up(clock(), self.deadline) {
            return Record::failed(self.place.clone(), resource(), out_of_time(DESCRIBE));
        }
        let circumstances = Circumstances {
            place: self.place,
            ous: self.ous,
            now: self.now,
            occasion: wanted.occasion,
            usage: Usage::NotRead,
        };
        match decide_instance(&instance, self.policy, &circumstances) {
            Ok(decision) => instances::apply(self.ports, self.place, &instance, &decision).await,
            Err(unknown) => Record::failed(self.place.clone(), resource(), unknown.into()),
        }
    }
}
