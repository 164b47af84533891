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

/// The running instances of one group, template or image in one account and Region, with their calls in the window.
type Running = Vec<(InstanceId, u64)>;

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
        let why = match &read {
            Err(failure) if failure.disposition() == Disposition::Retry => return Err(failure.clone()),
            Err(failure) => failure.to_string(),
            Ok(_) => String::new(),
        };
        let siblings = match &read {
            Ok(None) => Siblings::Quiet,
            Ok(Some(busy)) => Siblings::Busy(busy),
            Err(_) => Siblings::Unreadable(&why),
        };
        Ok(decide_instance(instance, policy, &Circumstances { siblings, ..*circumstances })?)
    }

    async fn of<P: ListInstances + ReadUsage>(
        &self,
        ports: &P,
        circumstances: &Circumstances<'_>,
        instance: &Instance,
        window: u16,
    ) -> Result<Option<SiblingUse>, Failure> {
        let mut known = self.0.lock().await;
        for kinship in Kinship::of(instance) {
            let key = (kinship, window);
            if !known.contains_key(&key) {
                let running = running(ports, circumstances, &key.0, window).await?;
                known.insert(key.clone(), running);
            }
            let others: Vec<u64> = known
                .get(&key)
                .into_iter()
                .flatten()
                .filter(|(id, _)| *id != instance.id)
                .map(|(_, calls)| *calls)
                .collect();
            if others.is_empty() {
                continue;
            }
            let busy = others.iter().filter(|calls| **calls > 0).count();
            let calls = others.iter().fold(0_u64, |sum, calls| sum.saturating_add(*calls));
            let found = SiblingUse { kinship: key.0, busy, running: others.len(), calls };
            return Ok((busy > 0).then_some(found));
        }
        Ok(None)
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
        found.extend(running.map(|it| {
            let answers_version_1 = it.options.http_tokens != HttpTokens::Required
                && it.options.http_endpoint != Switch::Disabled;
            (it.id, answers_version_1)
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
    let calls = |id: &InstanceId| counted.get(id).map_or(0, |it| it.sum(today, window));
    Ok(found.into_keys().map(|id| (id.clone(), calls(&id))).collect())
}
