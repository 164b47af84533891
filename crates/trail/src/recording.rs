//! Everything that was read, counted as it was read: the memory grows with the groups, not with the records.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use v2only_events::{Malformed, recorded_call, recorded_launch};
use v2only_policy::InstanceId;

use crate::delivery::{self, Deliveries, DeliveryKey};
use crate::group::{self, GroupKey, LaunchGroup};
use crate::row;

/// How many unreadable records are kept with their reason.
const KEPT_REASONS: usize = 10;

/// Recorded launches and credentials, counted.
#[derive(Debug, Default)]
pub struct Recording {
    /// The launches, by group.
    pub groups: BTreeMap<GroupKey, LaunchGroup>,
    /// The callers with credentials from the metadata service. Those that only ever used IMDSv2 are kept too.
    pub deliveries: BTreeMap<DeliveryKey, Deliveries>,
    /// How many records were read.
    pub records: u64,
    /// How many launches were counted, each once.
    pub launches: u64,
    /// How many records were copies of a launch that was counted already.
    pub copies: u64,
    /// How many records could not be read. They are not clean.
    pub unreadable: u64,
    /// Why, for the first of them.
    pub reasons: Vec<Malformed>,
    /// The oldest and the newest launch.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Hashes of the ids and times of the launches.
    known: HashSet<u64>,
    hasher: RandomState,
}

/// What every record that counts here has in its text.
const WORDS: [&str; 4] = ["RunInstances", "ec2RoleDelivery", "ec2roledelivery", "RUNINSTANCES"];

impl Recording {
    /// Whether the text of a record can matter. Most records of a trail do not, and are not read any further.
    pub fn can_matter(text: &str) -> bool {
        WORDS.iter().any(|it| text.contains(it))
    }

    /// Counts one record, of any kind; a row of CloudTrail Lake or Athena is a record, too.
    pub fn add(&mut self, record: Value) {
        self.records += 1;
        if let Err(malformed) = row::record(record).and_then(|record| self.read(&record)) {
            self.add_unreadable(malformed);
        }
    }

    /// Counts a record that was read far enough to know that it does not matter.
    pub const fn add_other(&mut self) {
        self.records += 1;
    }

    /// Counts a record, or a part of a file, that could not be read.
    pub fn add_unreadable(&mut self, malformed: Malformed) {
        self.unreadable += 1;
        if self.reasons.len() < KEPT_REASONS {
            self.reasons.push(malformed);
        }
    }

    /// The calls with credentials that were delivered to an IMDSv1 call, by instance and UTC day, wherever the calls went. A call
    /// whose record has no time counts as one of `today`.
    pub fn delivered_by_v1(&self, today: Date) -> BTreeMap<InstanceId, BTreeMap<Date, u64>> {
        let mut all: BTreeMap<InstanceId, BTreeMap<Date, u64>> = BTreeMap::new();
        for (key, deliveries) in &self.deliveries {
            let Some(id) = key.instance.clone().filter(|_| deliveries.v1_calls > 0) else { continue };
            let days = all.entry(id).or_default();
            for (day, calls) in &deliveries.v1_days {
                *days.entry(*day).or_default() += calls;
            }
            let dated: u64 = deliveries.v1_days.values().sum();
            if dated < deliveries.v1_calls {
                *days.entry(today).or_default() += deliveries.v1_calls - dated;
            }
        }
        all
    }

    /// The roles whose latest credentials an IMDSv1 call got, with the number of such calls.
    pub fn roles_with_v1_credentials(&self) -> BTreeMap<&str, u64> {
        let mut roles = BTreeMap::new();
        for (key, deliveries) in self.deliveries.iter().filter(|(_, it)| it.v1_calls > 0 && !it.is_fixed()) {
            *roles.entry(key.role.as_str()).or_default() += deliveries.v1_calls;
        }
        roles
    }

    /// Takes over what was counted in another account and Region.
    pub fn absorb(&mut self, other: Self) {
        self.groups.extend(other.groups);
        self.deliveries.extend(other.deliveries);
        self.records += other.records;
        self.launches += other.launches;
        self.copies += other.copies;
        self.unreadable += other.unreadable;
        let room = KEPT_REASONS.saturating_sub(self.reasons.len());
        self.reasons.extend(other.reasons.into_iter().take(room));
        for at in other.span.into_iter().flat_map(|(from, until)| [from, until]) {
            self.widen(at);
        }
    }

    fn widen(&mut self, at: Timestamp) {
        self.span = Some(self.span.map_or((at, at), |(from, until)| (from.min(at), until.max(at))));
    }

    fn read(&mut self, record: &Value) -> Result<(), Malformed> {
        let Some(call) = recorded_call(record)? else { return Ok(()) };
        delivery::add(&mut self.deliveries, &call);
        let Some(launch) = recorded_launch(record)? else { return Ok(()) };
        if !self.known.insert(self.hasher.hash_one((&call.event_id, &call.request_id, call.time))) {
            self.copies += 1;
            return Ok(());
        }
        self.launches += 1;
        if let Some(at) = call.time {
            self.widen(at);
        }
        group::add(&mut self.groups, &launch);
        Ok(())
    }
}
