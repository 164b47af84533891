//! Findings into Security Hub: those of this scan are sent, those that it did not meet any more are closed, and exemptions
//! are mirrored in the findings of AWS's own controls.
//!
//! A finding is closed only where everything was read, and only for the kinds that were read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use v2only_enforcer::ports::{
    ControlFinding, ImportFindings, KnownFinding, ReadControls, ReadFindings, UpdateFindings,
};
use v2only_enforcer::scan::Kinds;
use v2only_policy::{Place, ResourceKind};

use crate::report::asff;
use crate::report::asff::{GENERATOR, Known};
use crate::report::item::Item;
use crate::run::controls::{self, Exempt};
use crate::run::found::Findings;
use crate::run::regions::LOCATIONS_AT_ONCE;
use crate::run::spool::values::Values;
use crate::run::spool::{self, Slot};
use crate::run::survey::LocationSurvey;
use crate::term::messages::Progress;
use crate::term::problem::sentence;

/// Security Hub takes at most this many findings in one call.
const BATCH: usize = 100;

/// What came of an import.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    /// Everything that was sent, in a temporary file.
    sent: Values,
    /// How many of them close something.
    pub(crate) closed: usize,
    /// How many findings of AWS's own controls were suppressed, and how many are not any more.
    mirrored: Mirrored,
    /// What Security Hub refused, or could not be asked, by account and Region.
    pub(crate) failures: Vec<String>,
}

impl Imported {
    /// The document, as `--output asff` prints it.
    pub(crate) fn document(&self) -> impl Serialize {
        asff::Document { findings: &self.sent }
    }

    /// In one sentence.
    pub(crate) fn in_words(&self) -> String {
        let sent = crate::term::messages::count(self.sent.len(), "finding");
        let mut text =
            format!("sent {sent} to Security Hub, {} of them to close what is clean now", self.closed);
        let Mirrored { suppressed, taken_back } = self.mirrored;
        if suppressed + taken_back > 0 {
            text.push_str(&format!(
                "; suppressed {suppressed} of AWS's own controls for exempt resources, and took back {taken_back}"
            ));
        }
        text
    }
}

/// What became of findings of AWS's own controls.
#[derive(Debug, Default, Clone, Copy)]
struct Mirrored {
    suppressed: usize,
    taken_back: usize,
}

/// Sends each finding to Security Hub in the account and Region of its resource.
///
/// # Errors
/// What was found cannot be read again, or what was sent cannot be kept.
pub(crate) async fn import(
    hub: &(impl ReadFindings + ImportFindings + ReadControls + UpdateFindings),
    findings: Findings<'_>,
    kinds: Kinds,
    now: Timestamp,
    progress: &Progress,
) -> spool::Result<Imported> {
    let mut imported = Imported::default();
    let sent = &imported.sent;
    let at_one_place = async |(number, seen): (usize, &LocationSurvey)| {
        let place = &seen.place;
        let _shown = progress.begin(format!("importing into Security Hub of {place}"));
        let complete = if seen.failure.is_none() { kinds } else { Kinds::None };
        let mut one = One { hub, place, now, sent, batch: Vec::new(), came: ImportResult::default() };
        one.import(findings, findings.estate.at(number), complete).await?;
        spool::Result::Ok(one.came)
    };
    let places = findings.estate.seen.iter().enumerate();
    let all: Vec<spool::Result<ImportResult>> =
        futures_util::stream::iter(places).map(at_one_place).buffered(LOCATIONS_AT_ONCE).collect().await;
    for it in all {
        let it = it?;
        imported.sent.extend(it.findings);
        imported.closed += it.closed;
        imported.mirrored.suppressed += it.mirrored.suppressed;
        imported.mirrored.taken_back += it.mirrored.taken_back;
        imported.failures.extend(it.failures);
    }
    Ok(imported)
}

/// The result of one account and Region.
#[derive(Debug, Default)]
struct ImportResult {
    findings: Vec<Slot>,
    closed: usize,
    mirrored: Mirrored,
    failures: Vec<String>,
}

/// One account and Region.
struct One<'a, H> {
    hub: &'a H,
    place: &'a Place,
    now: Timestamp,
    sent: &'a Values,
    /// What is to be sent next.
    batch: Vec<Value>,
    came: ImportResult,
}

impl<H: ReadFindings + ImportFindings + ReadControls + UpdateFindings> One<'_, H> {
    async fn import(
        &mut self,
        findings: Findings<'_>,
        numbers: Range<usize>,
        complete: Kinds,
    ) -> spool::Result<()> {
        let known = match self.hub.active_findings(self.place, GENERATOR).await {
            Ok(known) => known,
            Err(failure) => {
                let why = format!("Security Hub of {}: {}", self.place, sentence(&failure));
                self.came.failures.push(why);
                return Ok(());
            }
        };
        let created: Known = known.iter().map(|it| (it.id.clone(), it.created_at.clone())).collect();
        let mut unmet: BTreeSet<&str> = known.iter().map(|it| it.id.as_str()).collect();
        let mut exempt = Exempt::default();
        for number in numbers {
            let mut made = Vec::new();
            findings.one(number, &mut |item: &Item<'_>| {
                exempt.add(item);
                made = asff::findings(item, self.now, &created);
                spool::Result::Ok(())
            })?;
            for it in made {
                it.get("Id").and_then(Value::as_str).map(|id| unmet.remove(id));
                self.add(it).await?;
            }
        }
        let over = known.iter().filter(|it| unmet.contains(it.id.as_str()));
        for it in over.filter(|it| was_looked_for(it, self.place, complete)) {
            self.came.closed += 1;
            self.add(asff::closed(it, self.place, self.now)).await?;
        }
        self.send().await;
        self.mirror(&exempt, complete).await;
        Ok(())
    }

    /// Suppresses findings of AWS's own controls about exempt resources, and takes back what is not exempt any more.
    async fn mirror(&mut self, exempt: &Exempt, complete: Kinds) {
        let controls: Vec<&str> = controls::controls().map(|it| it.id).collect();
        let known = match self.hub.control_findings(self.place, &controls).await {
            Ok(known) => known,
            Err(failure) => {
                let why =
                    format!("AWS's own controls in Security Hub of {}: {}", self.place, sentence(&failure));
                self.came.failures.push(why);
                return;
            }
        };
        // A call sets one status and one note.
        let mut alike: BTreeMap<(&str, String), Vec<&ControlFinding>> = BTreeMap::new();
        for it in exempt.updates(&known, complete) {
            alike.entry((it.status, it.note)).or_default().push(it.finding);
        }
        for ((status, note), findings) in &alike {
            for some in findings.chunks(BATCH) {
                self.update(status, note, some).await;
            }
        }
    }

    async fn update(&mut self, status: &str, note: &str, findings: &[&ControlFinding]) {
        let place = self.place;
        let refused = match self.hub.set_workflow(place, findings, status, (note, controls::AUTHOR)).await {
            Ok(refused) => refused,
            Err(failure) => {
                let why = format!("AWS's own controls in Security Hub of {place}: {}", sentence(&failure));
                self.came.failures.push(why);
                return;
            }
        };
        let done = findings.len().saturating_sub(refused.len());
        let mirrored = &mut self.came.mirrored;
        let number =
            if status == controls::SUPPRESSED { &mut mirrored.suppressed } else { &mut mirrored.taken_back };
        *number += done;
        let named =
            refused.iter().map(|it| format!("finding {} in {place}: {}: {}", it.id, it.code, it.message));
        self.came.failures.extend(named);
    }

    async fn add(&mut self, finding: Value) -> spool::Result<()> {
        self.came.findings.push(self.sent.put(&finding)?);
        self.batch.push(finding);
        if self.batch.len() == BATCH {
            self.send().await;
        }
        Ok(())
    }

    async fn send(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return;
        }
        let place = self.place;
        let failures = &mut self.came.failures;
        match self.hub.import_findings(place, &json!({ "Findings": batch })).await {
            Ok(refused) => failures.extend(
                refused.iter().map(|it| format!("finding {} in {place}: {}: {}", it.id, it.code, it.message)),
            ),
            Err(failure) => failures.push(format!("Security Hub of {place}: {}", sentence(&failure))),
        }
    }
}

/// Whether a finding is one that this scan would have met again, were it still true.
fn was_looked_for(it: &KnownFinding, place: &Place, complete: Kinds) -> bool {
    let partition = place.region.partition().as_str();
    let ours = format!("v2only/{partition}/{}/{}/", place.account, place.region);
    let word = it.id.strip_prefix(&ours).and_then(|rest| rest.split('/').next());
    word.and_then(ResourceKind::of).is_some_and(|kind| complete.contains(kind))
}
