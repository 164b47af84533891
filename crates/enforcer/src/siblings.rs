//! Whether the running siblings of a new launch still use version 1: what they do, the launch probably does as well.

use std::collections::BTreeMap;

use futures_util::lock::Mutex;
use v2only_policy::usage::{Kinship, SiblingUse, Siblings, first_day};
use v2only_policy::{
    Circumstances, Decision, HttpTokens, Instance, InstanceId, InstanceState, Place, Policy, Switch,
    decide_instance, usage_gate,
};

use crate::failure::{Disposition, Failure};
use crate::ports::{ListInstances, Listing, Metric, ReadUsage};

/// The running instances of one group, template or image in one account and Region, with their calls in the window. `None`:
/// the instance answers IMDSv1, and CloudWatch has no data of it, or gave only a part.
type Running = Vec<(InstanceId, Option<u64>)>;

/// What CloudWatch has of the running siblings of a launch.
enum SiblingData {
    /// Data of all of them, without a call; or there are none.
    Quiet,
    /// Some use IMDSv1, however little is known of the others.
    Busy(SiblingUse),
    /// No calls, and no data of some of them.
    Unread(String),
}

/// What was read so far, so that many launches of one group ask once.
#[derive(Debug, Default)]
pub(crate) struct KnownSiblings(Mutex<BTreeMap<(Kinship, u16), Running>>);

impl KnownSiblings {
    /// Decides again about a new launch whose siblings decide; any other decision stays. Costs one listing and one reading of
    /// the metric for each group, template or image. The narrowest of them that has running instances decides.
    ///
    /// # Errors
    /// The siblings could not be read, and another try may help. Without that hope, the launch is on hold, and its
    /// reason says why.
    pub(crate) async fn decide<P: ListInstances + ReadUsage>(
        &self,
        ports: &P,
        policy: &Policy,
        circumstances: &Circumstances<'_>,
        instance: &Instance,
        decision: Decision,
    ) -> Result<Decision, Failure> {
        if !decision.wants_siblings() {
            return Ok(decision);
        }
        let window = usage_gate(instance, policy, circumstances)?.quiet_days;
        let read = self.of(ports, circumstances, instance, window).await;
        let found = match read {
            Err(failure) if failure.disposition() == Disposition::Retry => return Err(failure),
            Err(failure) => SiblingData::Unread(failure.to_string()),
            Ok(found) => found,
        };
        let siblings = match &found {
            SiblingData::Quiet => Siblings::Quiet,
            SiblingData::Busy(busy) => Siblings::Busy(busy),
            SiblingData::Unread(why) => Siblings::Unreadable(why),
        };
        Ok(decide_instance(instance, policy, &Circumstances { siblings, ..*circumstances })?)
    }

    async fn of<P: ListInstances + ReadUsage>(
        &self,
        ports: &P,
        circumstances: &Circumstances<'_>,
        instance: &Instance,
        window: u16,
    ) -> Result<SiblingData, Failure> {
        let mut known = self.0.lock().await;
        for kinship in Kinship::of(instance) {
            let key = (kinship, window);
            if !known.contains_key(&key) {
                let running = running(ports, circumstances, &key.0, window).await?;
                known.insert(key.clone(), running);
            }
            let others: Vec<(&InstanceId, Option<u64>)> = known
                .get(&key)
                .into_iter()
                .flatten()
                .filter(|(id, _)| *id != instance.id)
                .map(|(id, calls)| (id, *calls))
                .collect();
            if others.is_empty() {
                continue;
            }
            let counted = || others.iter().filter_map(|(_, calls)| *calls);
            let busy = counted().filter(|calls| *calls > 0).count();
            if busy > 0 {
                let calls = counted().fold(0_u64, u64::saturating_add);
                return Ok(SiblingData::Busy(SiblingUse {
                    kinship: key.0,
                    busy,
                    running: others.len(),
                    calls,
                }));
            }
            let mut unread = others.iter().filter(|(_, calls)| calls.is_none()).map(|(id, _)| *id);
            return Ok(match unread.next() {
                None => SiblingData::Quiet,
                Some(first) => SiblingData::Unread(format!(
                    "CloudWatch has no complete data of {} of {} running instances, such as {first}",
                    unread.count() + 1,
                    others.len()
                )),
            });
        }
        Ok(SiblingData::Quiet)
    }
}

async fn running<P: ListInstances + ReadUsage>(
    ports: &P,
    circumstances: &Circumstances<'_>,
    kinship: &Kinship,
    window: u16,
) -> Result<Running, Failure> {
    let place: &Place = circumstances.place;
    let mut found: BTreeMap<InstanceId, bool> = BTreeMap::new();
    let mut next = None;
    loop {
        let page = ports.page(place, Listing::Siblings(kinship), next).await?;
        let running = page.items.into_iter().filter(|it| it.state == InstanceState::Running);
        found.extend(running.map(|instance| {
            let answers_version_1 = instance.options.http_tokens != HttpTokens::Required
                && instance.options.http_endpoint != Switch::Disabled;
            (instance.id, answers_version_1)
        }));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let ids: Vec<InstanceId> = found.iter().filter(|(_, open)| **open).map(|(id, _)| id.clone()).collect();
    let today = circumstances.today();
    let counted = if ids.is_empty() {
        BTreeMap::new()
    } else {
        let since = first_day(today, window);
        ports.daily(place, Metric::NoToken, &ids, since, circumstances.now).await?
    };
    let calls = |id: &InstanceId, is_open: bool| {
        if !is_open {
            return Some(0);
        }
        let counted = counted.get(id)?;
        match counted.sum(today, window) {
            0 if counted.days.is_empty() || !counted.complete => None,
            calls => Some(calls),
        }
    };
    Ok(found.into_iter().map(|(id, is_open)| (id.clone(), calls(&id, is_open))).collect())
}
