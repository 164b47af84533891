//! The published shape of the functions' metrics: one JSON object for each invocation.

use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_enforcer::Counts;

/// The metrics line, in CloudWatch's embedded metric format: CloudWatch turns the line into metrics without a call.
///
/// Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
pub fn metrics_line(counts: &Counts, function: &str, now: Timestamp) -> Value {
    let metrics = metrics(counts);
    let mut line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "v2only",
                "Dimensions": [["Function"]],
                "Metrics": metrics
                    .iter()
                    .map(|(name, _)| json!({"Name": name, "Unit": "Count"}))
                    .collect::<Vec<_>>(),
            }],
        },
        "Function": function,
    });
    if let Some(object) = line.as_object_mut() {
        object.extend(metrics.into_iter().map(|(name, count)| (name.to_owned(), json!(count))));
    }
    line
}

fn metrics(counts: &Counts) -> Vec<(&'static str, u64)> {
    let mut metrics = vec![
        ("Judged", counts.judged),
        ("Fixed", counts.fixed),
        ("Held", counts.held),
        ("Contested", counts.contested),
        ("Retried", counts.retried),
        ("Failed", counts.failed),
        ("Malformed", counts.malformed),
        ("Ignored", counts.ignored),
    ];
    if let Some(it) = counts.sweep {
        metrics.extend([
            ("Unswept", it.unswept),
            ("OldestViolationHours", it.oldest_violation_hours),
            ("ExemptionsExpired", it.expired),
            ("ExemptionsExpiring", it.expiring),
            ("ExemptionsStale", it.stale),
        ]);
    }
    metrics
}
