//! Recorded launches: log files of CloudTrail, and what tools write around records.

use serde_json::Value;
use v2only_trail::{LaunchGroup, Recording, read_records};

use crate::corpus;
use crate::marks::harmless;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = corpus::files(&["crates/events/fixtures"], &[".json"]);
    let details =
        seeds.iter().filter_map(|seed| serde_json::from_slice::<Value>(seed).ok()?.get("detail").cloned());
    let records: Vec<Value> = details.filter(|detail| detail.get("eventName").is_some()).collect();
    let lines: Vec<String> = records.iter().take(4).map(ToString::to_string).collect();
    let looked_up: Vec<Value> =
        lines.iter().map(|line| serde_json::json!({ "CloudTrailEvent": line })).collect();
    seeds.push(
        serde_json::json!({ "Records": records.get(..4).unwrap_or_default() }).to_string().into_bytes(),
    );
    seeds.push(serde_json::json!({ "Events": looked_up }).to_string().into_bytes());
    seeds.push(lines.join("\n").into_bytes());
    seeds
}

/// Every launch counts once, however often it is read; what is no JSON is counted as unreadable.
pub(crate) fn run(bytes: &[u8]) {
    let mut once = Recording::default();
    read_records(bytes, &mut once);
    let counted = once.launches + once.copies;
    assert!(counted <= once.records, "{counted} launches in {} records", once.records);
    assert_eq!(once.unreadable > 0, !once.reasons.is_empty());
    for reason in &once.reasons {
        harmless(&reason.to_string());
    }
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<serde::de::IgnoredAny>();
    let (mut read, mut broken) = (0_u64, false);
    for value in values {
        read += 1;
        broken |= value.is_err();
    }
    assert!(!(broken || read == 0) || once.unreadable > 0, "a text that is no JSON is clean");
    let groups: u64 = once.groups.values().map(all).sum();
    assert_eq!(groups, once.launches, "a launch is in no group, or in two");
    let (launches, copies, unreadable) = (once.launches, once.copies, once.unreadable);
    read_records(bytes, &mut once);
    assert_eq!(once.launches, launches, "a copy counts as a launch");
    assert_eq!(once.copies, copies + launches + copies);
    assert_eq!(once.unreadable, 2 * unreadable);
}

/// Every launch of a group: successful, refused, failed, or a dry run.
fn all(group: &LaunchGroup) -> u64 {
    let dry_runs: u64 = group.dry_runs.values().map(|tally| tally.launches).sum();
    group.launches() + group.refused_by_enforcement + group.failed + dry_runs
}
