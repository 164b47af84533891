//! The report: one file that asks for nothing from outside, made from a run.
//!
//! Everything is readable without the script, which only sorts and filters. The template escapes what it is given;
//! the content policy of the page names style and script by their hashes, so that nothing else of either kind could run.

pub(crate) mod earlier;

mod causes;
mod exemptions;
mod first;
mod gate;
mod places;
mod roll_out;
mod rows;
mod trend;
mod words;

use std::cmp::Reverse;
use std::io::Write;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use v2only_policy::Mode;
use v2only_policy::rollout::OpenResources;

use self::causes::{Cause, causes_words, rows_of};
use self::earlier::Earlier;
use self::exemptions::{ExemptionUse, Exemptions};
use self::first::{First, Rows};
use self::gate::{Busy, Evidence, Gate};
use self::places::{Posture, Postures, scope, standfirst};
use self::roll_out::{StepView, steps};
use self::rows::{Changed, Row, Unread, also_unread, changed, row, unread};
use self::trend::{Trend, trend};
use self::words::moment;
use crate::args::shared::Shared;
use crate::report::causes::Causes;
use crate::report::exposure::Exposure;
use crate::report::headline::{Answering, headline};
use crate::report::item::Item;
use crate::report::roll_out as rollout;
use crate::report::sink::{Head, Sink, Tail};
use crate::term::problem::{Problem, Stop};

/// The style of every page.
pub(crate) const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The page.
#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    style: &'static str,
    script: &'static str,
    style_hash: String,
    script_hash: String,
    report: Report,
    next: Next,
    steps: Vec<StepView>,
    trend: Option<Trend>,
}

/// What to do now.
struct Next {
    title: String,
    words: String,
}

/// What the page says, ready to be put into words and rows.
struct Report {
    command: &'static str,
    version: &'static str,
    time: String,
    machine_time: String,
    mode: &'static str,
    /// Accounts and Regions in words.
    scope: String,
    headline: String,
    /// Whether the run read every kind of resource.
    everything: bool,
    standfirst: String,
    places: usize,
    version_1: usize,
    violations: usize,
    exempt: usize,
    held_by_gate: usize,
    would_change: usize,
    changed: Option<Changed>,
    unread: Vec<Unread>,
    also_unread: Vec<Unread>,
    postures: Rows<Posture>,
    clean_places: usize,
    causes: Rows<Cause>,
    causes_words: String,
    causes_name_groups: bool,
    gate: Vec<Gate>,
    busy: Rows<Busy>,
    findings: Rows<Row>,
    exemptions: Exemptions,
    calls: String,
}

/// The page. It keeps only the findings that it shows.
pub(crate) struct Html<'a> {
    head: Head<'a>,
    earlier: &'a [Earlier],
    shared: &'a Shared,
    content: Content<'a>,
    out: &'a mut dyn Write,
}

impl<'a> Html<'a> {
    pub(crate) fn new(
        head: Head<'a>,
        earlier: &'a [Earlier],
        shared: &'a Shared,
        out: &'a mut dyn Write,
    ) -> Self {
        Self { head, earlier, shared, content: Content::none(head), out }
    }
}

impl Sink for Html<'_> {
    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        self.content.add(item);
        Ok(())
    }

    fn end(&mut self, tail: &Tail<'_>) -> Result<(), Stop> {
        let content = std::mem::replace(&mut self.content, Content::none(self.head));
        let (report, open) = content.report(self.head, tail);
        let complete = report.unread.is_empty();
        let now = Earlier {
            time: self.head.now,
            version_1: report.version_1,
            violations: report.violations,
            places: report.places,
            whole: complete,
        };
        let Head { scope, policy, .. } = self.head;
        let facts = rollout::facts(
            (report.places, report.unread.len()),
            scope.complete_kinds(),
            policy,
            open,
            None,
            None,
        );
        let steps = steps(&facts, self.shared);
        let page = Page {
            next: next(&steps, complete),
            style: STYLE,
            script: SCRIPT,
            style_hash: hash(STYLE),
            script_hash: hash(SCRIPT),
            steps,
            trend: trend(self.earlier, now),
            report,
        };
        let text = page.render();
        let text = text.map_err(|error| Problem::internal(format!("cannot write the report: {error}")))?;
        Ok(self.out.write_all(text.as_bytes())?)
    }
}

/// The first open step. Where something could not be read, reading it comes first, and the step after it is named too.
fn next(steps: &[StepView], whole: bool) -> Next {
    let skipped = usize::from(!whole);
    let step = steps.iter().skip(skipped).find(|it| it.is_open());
    let (title, words) = step.map_or_else(
        || ("keep watching".to_owned(), "Every step of the roll-out that a scan can see is done.".to_owned()),
        |it| (it.title.to_owned(), it.words.clone()),
    );
    let title = if whole { format!("Next: {title}") } else { format!("Next: read the rest. Then: {title}") };
    Next { title, words }
}

/// The hash by which a content policy names a style or a script.
pub(crate) fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// What the page needs to know of the findings.
struct Content<'a> {
    postures: Postures,
    answering: Answering,
    violations: usize,
    held_by_gate: usize,
    evidence: Evidence,
    causes: Causes,
    now: Timestamp,
    findings: First<Reverse<Exposure>, Row>,
    failed: First<(), Row>,
    exemptions: ExemptionUse<'a>,
    open: OpenResources,
}

impl<'a> Content<'a> {
    fn none(head: Head<'a>) -> Self {
        Self {
            postures: Postures::default(),
            answering: Answering::default(),
            violations: 0,
            held_by_gate: 0,
            evidence: Evidence::default(),
            causes: Causes::default(),
            now: head.now,
            findings: First::default(),
            failed: First::default(),
            exemptions: ExemptionUse::none(head),
            open: OpenResources::default(),
        }
    }

    fn add(&mut self, it: &Item<'_>) {
        self.postures.add(it);
        self.answering.add(it);
        self.causes.add(it);
        self.exemptions.add(it);
        if it.record.outcome.is_failure() {
            self.failed.add((), row(it, Exposure::of(it, self.now)));
        }
        if it.violates() {
            self.violations += 1;
            self.held_by_gate += usize::from(it.usage().is_some());
            self.evidence.add(it);
            rollout::add(&mut self.open, it);
            let exposure = Exposure::of(it, self.now);
            self.findings.add(Reverse(exposure), row(it, exposure));
        }
    }

    fn report(self, head: Head<'_>, tail: &Tail<'_>) -> (Report, OpenResources) {
        let unread = unread(tail);
        let postures = self.postures.told(tail, head.accounts);
        let version_1: usize = postures.iter().map(|it| it.version_1).sum();
        let telling = |it: &Posture| it.violations + it.exempt + it.version_1 > 0 || !it.read;
        let clean_places = postures.iter().filter(|it| !telling(it)).count();
        let scope = scope(head);
        let (causes, explained) = rows_of(self.causes, head.accounts);
        let (gate, busy) = self.evidence.told();
        let report = Report {
            command: head.command,
            version: env!("CARGO_PKG_VERSION"),
            time: moment(head.now),
            machine_time: head.now.to_string(),
            mode: match head.policy.rules.mode {
                Mode::Observe => "observe",
                Mode::Enforce => "enforce",
            },
            headline: headline(&self.answering, unread.is_empty(), head.scope),
            everything: head.scope.is_everything(),
            standfirst: standfirst(&postures, &scope),
            scope,
            places: tail.surveys.len(),
            version_1,
            violations: self.violations,
            exempt: tail.totals.exempt,
            held_by_gate: self.held_by_gate,
            would_change: tail.totals.would_change,
            changed: changed(head, tail, self.failed.rows()),
            also_unread: also_unread(tail),
            unread,
            postures: Rows::of(postures.into_iter().filter(telling).collect()),
            clean_places,
            causes_words: causes_words(&causes.rows, explained),
            causes_name_groups: causes.rows.iter().any(|it| !it.groups.is_empty()),
            causes,
            gate,
            busy,
            findings: self.findings.rows(),
            exemptions: self.exemptions.told(tail),
            calls: crate::report::totals::calls_in_words(tail.calls),
        };
        (report, self.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest that the specification of content policies gives as its example.
    #[test]
    fn a_text_is_named_by_its_hash() {
        assert_eq!(hash("alert('Hello, world.');"), "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }
}
