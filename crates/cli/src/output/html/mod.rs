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

use std::io;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use v2only_enforcer::scan::Kinds;
use v2only_policy::Mode;

use self::causes::{Cause, Causes, causes_words};
use self::earlier::Earlier;
use self::exemptions::{Exemptions, Met};
use self::first::{First, Rows};
use self::gate::{Busy, Evidence, Gate};
use self::places::{Answering, Posture, Postures, headline, scope, standfirst};
use self::roll_out::{Left, Step, steps};
use self::rows::{Changed, Row, Unread, also_unread, changed, row, unread};
use self::trend::{Trend, trend};
use self::words::moment;
use super::findings::Background;
use super::findings_v1::Run;
use super::items::Item;
use crate::problem::{Problem, Stop};

const STYLE: &str = include_str!("../../../templates/report.css");
const SCRIPT: &str = include_str!("../../../templates/report.js");

/// How many rows a table has at most. A page with more would be no use to anybody; how many are left out is said.
const ROWS: usize = 500;

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
    steps: Vec<Step>,
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
    /// Whether every kind of resource was looked at.
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

/// Makes the page. Findings are gone through once, and none is kept but those that are shown.
pub(crate) fn render(run: &Run<'_>, background: Background<'_>) -> Result<String, Stop> {
    let mut told = Told::none(run, background);
    run.findings.each(|it| {
        told.add(it);
        io::Result::Ok(())
    })?;
    let (report, left) = told.report(run, background);
    let now = Earlier {
        time: run.now,
        version_1: report.version_1,
        violations: report.violations,
        places: report.places,
        whole: report.unread.is_empty(),
    };
    let steps = steps(&left, &report, background);
    let page = Page {
        next: next(&steps, report.unread.is_empty()),
        style: STYLE,
        script: SCRIPT,
        style_hash: hash(STYLE),
        script_hash: hash(SCRIPT),
        steps,
        trend: trend(background.earlier, now),
        report,
    };
    Ok(page.render().map_err(|it| Problem::internal(format!("cannot write the report: {it}")))?)
}

/// The first open step. Where something could not be read, that comes first, and the one after it is told of.
fn next(steps: &[Step], whole: bool) -> Next {
    let skipped = usize::from(!whole);
    let step = steps.iter().skip(skipped).find(|it| it.is_open());
    let (title, words) = step.map_or_else(
        || ("keep watching".to_owned(), "Every step of the roll-out that a scan can see is done.".to_owned()),
        |it| (it.title.to_owned(), it.words.clone()),
    );
    let title = if whole { format!("Next: {title}") } else { format!("Next: read the rest. Then: {title}") };
    Next { title, words }
}

/// As a content policy names a text.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// What the page needs to know of the findings.
struct Told<'a> {
    postures: Postures,
    answering: Answering,
    violations: usize,
    held_by_gate: usize,
    evidence: Evidence,
    causes: Causes,
    findings: First<(), Row>,
    failed: First<(), Row>,
    exemptions: Met<'a>,
    left: Left,
}

impl<'a> Told<'a> {
    fn none(run: &Run<'_>, background: Background<'a>) -> Self {
        Self {
            postures: Postures::of(run),
            answering: Answering::default(),
            violations: 0,
            held_by_gate: 0,
            evidence: Evidence::default(),
            causes: Causes::default(),
            findings: First::default(),
            failed: First::default(),
            exemptions: Met::none(run, background.policy),
            left: Left::default(),
        }
    }

    fn add(&mut self, it: &Item<'_>) {
        self.postures.add(it);
        self.answering.add(it);
        self.causes.add(it);
        self.exemptions.add(it);
        if it.record.outcome.is_failure() {
            self.failed.add((), row(it));
        }
        if it.violates() {
            self.violations += 1;
            self.held_by_gate += usize::from(it.usage().is_some());
            self.evidence.add(it);
            self.left.add(it);
            self.findings.add((), row(it));
        }
    }

    fn report(self, run: &Run<'_>, background: Background<'_>) -> (Report, Left) {
        let unread = unread(run);
        let postures = self.postures.told();
        let version_1: usize = postures.iter().map(|it| it.version_1).sum();
        let telling = |it: &Posture| it.violations + it.exempt + it.version_1 > 0 || !it.read;
        let clean_places = postures.iter().filter(|it| !telling(it)).count();
        let scope = scope(run);
        let (causes, explained) = self.causes.told();
        let (gate, busy) = self.evidence.told();
        let report = Report {
            command: run.command,
            version: env!("CARGO_PKG_VERSION"),
            time: moment(run.now),
            machine_time: run.now.to_string(),
            mode: match background.policy.rules.mode {
                Mode::Observe => "observe",
                Mode::Enforce => "enforce",
            },
            headline: headline(&self.answering, unread.is_empty(), background.kinds),
            everything: background.kinds == Kinds::ALL,
            standfirst: standfirst(&postures, &scope),
            scope,
            places: run.places.len(),
            version_1,
            violations: self.violations,
            exempt: run.totals.exempt,
            held_by_gate: self.held_by_gate,
            would_change: run.totals.would_change,
            changed: changed(run, self.failed.rows()),
            also_unread: also_unread(run),
            unread,
            postures: Rows::of(postures.into_iter().filter(telling).collect()),
            clean_places,
            causes_words: causes_words(&causes.rows, explained),
            causes_name_groups: causes.rows.iter().any(|it| !it.groups.is_empty()),
            causes,
            gate,
            busy,
            findings: self.findings.rows(),
            exemptions: self.exemptions.told(run),
            calls: super::summary::spent(run.calls),
        };
        (report, self.left)
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
