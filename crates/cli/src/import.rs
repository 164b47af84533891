//! Findings into Security Hub: those of this scan are sent, those that it did not meet any more are closed.
//!
//! What is not listed is clean only where everything was read, and only of the kinds that were looked for: nothing else
//! is closed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_enforcer::ports::{ImportFindings, KnownFinding, ReadFindings};
use v2only_enforcer::scan::Kinds;
use v2only_policy::Place;

use crate::output::asff::{self, GENERATOR, Known};
use crate::output::items::Item;
use crate::problem::sentence;
use crate::survey::AT_ONCE;
use crate::talk::Progress;

/// Security Hub takes at most this many findings in one call.
const BATCH: usize = 100;

/// What came of an import.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    /// What was sent, of every place, as it was sent.
    pub(crate) findings: Vec<Value>,
    /// How many of them close something.
    pub(crate) closed: usize,
    /// What Security Hub did not take, or could not be asked, by place.
    pub(crate) failures: Vec<String>,
}

impl Imported {
    /// The document, as `--output asff` prints it.
    pub(crate) fn document(&self) -> Value {
        json!({ "Findings": self.findings })
    }

    /// In one sentence.
    pub(crate) fn in_words(&self) -> String {
        let sent = crate::talk::count(self.findings.len(), "finding");
        format!("sent {sent} to Security Hub, {} of them to close what is clean now", self.closed)
    }
}

/// Sends the findings of each place into its own account and Region. `whole` are the places that were read completely.
pub(crate) async fn import(
    hub: &(impl ReadFindings + ImportFindings),
    items: &[Item<'_>],
    places: &[(&Place, bool)],
    kinds: Kinds,
    now: Timestamp,
    progress: &Progress,
) -> Imported {
    let mut by_place: BTreeMap<&Place, Vec<&Item<'_>>> = BTreeMap::new();
    for it in items {
        by_place.entry(&it.record.place).or_default().push(it);
    }
    let at_one_place = async |(place, whole): &(&Place, bool)| {
        let _shown = progress.begin(format!("importing into Security Hub of {place}"));
        let here = by_place.get(place).map_or(&[][..], Vec::as_slice);
        let complete = if *whole { kinds } else { Kinds::NONE };
        one(hub, here, place, complete, now).await
    };
    let all: Vec<Imported> =
        futures_util::stream::iter(places).map(at_one_place).buffered(AT_ONCE).collect().await;
    let mut imported = Imported::default();
    for it in all {
        imported.findings.extend(it.findings);
        imported.closed += it.closed;
        imported.failures.extend(it.failures);
    }
    imported
}

async fn one(
    hub: &(impl ReadFindings + ImportFindings),
    items: &[&Item<'_>],
    place: &Place,
    complete: Kinds,
    now: Timestamp,
) -> Imported {
    let mut imported = Imported::default();
    let known = match hub.active_findings(place, GENERATOR).await {
        Ok(known) => known,
        Err(failure) => {
            imported.failures.push(format!("Security Hub of {place}: {}", sentence(&failure)));
            return imported;
        }
    };
    let created: Known = known.iter().map(|it| (it.id.clone(), it.created_at.clone())).collect();
    imported.findings = items.iter().flat_map(|it| asff::findings(it, now, &created)).collect();
    let seen: BTreeSet<&str> =
        imported.findings.iter().filter_map(|it| it.get("Id").and_then(Value::as_str)).collect();
    let over: Vec<Value> = known
        .iter()
        .filter(|it| !seen.contains(it.id.as_str()) && was_looked_for(it, place, complete))
        .map(|it| asff::closed(it, place, now))
        .collect();
    imported.closed = over.len();
    imported.findings.extend(over);
    for batch in imported.findings.chunks(BATCH) {
        match hub.import_findings(place, &json!({ "Findings": batch })).await {
            Ok(refused) => imported.failures.extend(
                refused.iter().map(|it| format!("finding {} in {place}: {}: {}", it.id, it.code, it.message)),
            ),
            Err(failure) => {
                imported.failures.push(format!("Security Hub of {place}: {}", sentence(&failure)))
            }
        }
    }
    imported
}

/// Whether a finding is one that this scan would have met again, were it still true.
fn was_looked_for(it: &KnownFinding, place: &Place, complete: Kinds) -> bool {
    let partition = place.region.partition().as_str();
    let ours = format!("v2only/{partition}/{}/{}/", place.account, place.region);
    match it.id.strip_prefix(&ours).and_then(|rest| rest.split('/').next()) {
        Some("instance") => complete.instances,
        Some("notebook") => complete.notebooks,
        Some("launch-template") => complete.launch_templates,
        Some("launch-configuration") => complete.launch_configurations,
        Some("image") => complete.images,
        Some("account-default") => complete.account_defaults,
        _ => false,
    }
}
