//! The report: one file that asks for nothing from outside, made from a run.
//!
//! Everything is readable without the script, which only sorts and filters. The template escapes what it is given;
//! the content policy of the page names style and script by their hashes, so that nothing else of either kind could run.

pub(crate) mod earlier;

mod exemptions;
mod roll_out;
mod trend;

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::Offset;
use sha2::{Digest as _, Sha256};
use v2only_enforcer::{Disposition, Failure, Outcome, ResourceId};
use v2only_policy::cause::{Launched, RootCause, Setter};
use v2only_policy::usage::Usage;
use v2only_policy::{LaunchTemplateId, Mode, Place};

use self::earlier::Earlier;
use self::exemptions::{Exemptions, exemptions};
use self::roll_out::{Step, steps};
use self::trend::{Trend, trend};
use super::findings::Background;
use super::findings_v1::Run;
use super::items::Item;
use super::plain;
use crate::problem::sentence;
use crate::talk::{count, some};

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
    postures: Vec<Posture>,
    postures_left_out: usize,
    clean_places: usize,
    causes: Vec<Cause>,
    causes_words: String,
    causes_name_groups: bool,
    gate: Vec<Gate>,
    busy: Vec<Busy>,
    findings: Vec<Row>,
    findings_left_out: usize,
    exemptions: Exemptions,
    calls: String,
}

/// What `enforce` did.
struct Changed {
    words: String,
    failed: Vec<Row>,
}

/// Something that could not be read.
struct Unread {
    place: String,
    what: &'static str,
    why: String,
    hint: &'static str,
}

/// One account and Region.
struct Posture {
    account: String,
    region: String,
    version_1: usize,
    /// Of the most in one place, in percent.
    share: usize,
    violations: usize,
    exempt: usize,
    held: usize,
    would_change: usize,
    read: bool,
}

/// What would mend several at once.
struct Cause {
    words: String,
    /// What people call it.
    name: String,
    place: String,
    instances: usize,
    share: usize,
    groups: String,
}

/// What the usage gate found, and how often.
struct Gate {
    words: &'static str,
    then: &'static str,
    instances: usize,
}

/// An instance that still uses version 1.
struct Busy {
    id: String,
    name: String,
    place: String,
    calls: String,
    share: usize,
}

/// One finding.
struct Row {
    id: String,
    name: String,
    kind: &'static str,
    place: String,
    why: Vec<String>,
    next: String,
    cause: String,
}

/// Makes the page.
pub(crate) fn render(
    run: &Run<'_>,
    items: &[Item<'_>],
    background: Background<'_>,
) -> Result<String, askama::Error> {
    let report = report(run, items, background);
    let now = Earlier {
        time: run.now,
        version_1: report.version_1,
        violations: report.violations,
        places: report.places,
        whole: report.unread.is_empty(),
    };
    let steps = steps(items, &report, background);
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
    page.render()
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

fn report(run: &Run<'_>, items: &[Item<'_>], background: Background<'_>) -> Report {
    let unread = unread(run);
    let postures = postures(run, items);
    let version_1: usize = postures.iter().map(|it| it.version_1).sum();
    let telling = |it: &Posture| it.violations + it.exempt + it.version_1 > 0 || !it.read;
    let clean_places = postures.iter().filter(|it| !telling(it)).count();
    let scope = scope(run);
    let violating: Vec<&Item<'_>> = items.iter().filter(|it| it.violates()).collect();
    let busy: Vec<Busy> = busy(&violating);
    let causes = causes(items);
    Report {
        command: run.command,
        version: env!("CARGO_PKG_VERSION"),
        time: moment(run.now),
        machine_time: run.now.to_string(),
        mode: match background.policy.rules.mode {
            Mode::Observe => "observe",
            Mode::Enforce => "enforce",
        },
        headline: headline(items, unread.is_empty()),
        standfirst: standfirst(&postures, &scope),
        scope,
        places: run.places.len(),
        version_1,
        violations: violating.len(),
        exempt: run.totals.exempt,
        held_by_gate: violating.iter().filter(|it| it.record.hold == Some("usage-gate")).count(),
        would_change: run.totals.would_change,
        changed: changed(run, items),
        also_unread: also_unread(run),
        unread,
        postures_left_out: postures.iter().filter(|it| telling(it)).count().saturating_sub(ROWS),
        postures: postures.into_iter().filter(telling).take(ROWS).collect(),
        clean_places,
        causes_words: causes_words(&causes),
        causes_name_groups: causes.iter().any(|it| !it.groups.is_empty()),
        causes,
        gate: gate(&violating),
        busy,
        findings: violating.iter().take(ROWS).map(|it| row(it)).collect(),
        findings_left_out: violating.len().saturating_sub(ROWS),
        exemptions: exemptions(items, run, background),
        calls: super::summary::spent(run.calls),
    }
}

/// The answer to the first question.
fn headline(items: &[Item<'_>], whole: bool) -> String {
    let of = |kind: &str| {
        items.iter().filter(|it| it.record.resource.kind() == kind && it.answers_version_1()).count()
    };
    let parts = [(of("instance"), "instance"), (of("notebook"), "notebook")];
    let total: usize = parts.iter().map(|(number, _)| number).sum();
    let named: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| format!("{} {noun}{}", grouped(*number), if *number == 1 { "" } else { "s" }))
        .collect();
    let least = if whole { "" } else { "At least " };
    match total {
        0 if whole => "Nothing answers IMDSv1 any more".to_owned(),
        0 => "Nothing that could be read answers IMDSv1".to_owned(),
        1 => format!("{least}{} still answers IMDSv1", named.join(" and ")),
        _ => format!("{least}{} still answer IMDSv1", named.join(" and ")),
    }
}

/// Where most of them are.
fn standfirst(postures: &[Posture], scope: &str) -> String {
    let total: usize = postures.iter().map(|it| it.version_1).sum();
    let mut most: Vec<&Posture> = postures.iter().filter(|it| it.version_1 > 0).collect();
    most.sort_by_key(|it| std::cmp::Reverse(it.version_1));
    match most.as_slice() {
        [] => format!("Looked in {scope}."),
        [only] => format!("In account {}, {}. Looked in {scope}.", only.account, only.region),
        [first, ..] => format!(
            "In {} places, {} of {} in account {}, {}. Looked in {scope}.",
            most.len(),
            grouped(first.version_1),
            grouped(total),
            first.account,
            first.region
        ),
    }
}

fn scope(run: &Run<'_>) -> String {
    let mut accounts: Vec<&str> = run.places.iter().map(|(place, _)| place.account.as_str()).collect();
    let mut regions: Vec<&str> = run.places.iter().map(|(place, _)| place.region.as_str()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    regions.sort_unstable();
    regions.dedup();
    format!("{} and {}", count(accounts.len(), "account"), count(regions.len(), "Region"))
}

fn postures(run: &Run<'_>, items: &[Item<'_>]) -> Vec<Posture> {
    let empty = |read: bool, place: &Place| Posture {
        account: place.account.to_string(),
        region: place.region.to_string(),
        version_1: 0,
        share: 0,
        violations: 0,
        exempt: 0,
        held: 0,
        would_change: 0,
        read,
    };
    let mut all: BTreeMap<&Place, Posture> = BTreeMap::new();
    for (place, failure) in run.places {
        let read = failure.is_none();
        all.entry(*place).or_insert_with(|| empty(read, place)).read &= read;
    }
    for item in items {
        let place = &item.record.place;
        let posture = all.entry(place).or_insert_with(|| empty(true, place));
        posture.version_1 += usize::from(item.answers_version_1());
        posture.violations += usize::from(item.violates());
        posture.exempt += usize::from(item.exemption().is_some());
        let waits = item.violates() && item.record.outcome == Outcome::Held;
        posture.held += usize::from(waits && item.record.hold.is_some());
        posture.would_change += usize::from(waits && item.record.hold.is_none());
    }
    let most = all.values().map(|it| it.version_1).max().unwrap_or(0);
    let mut all: Vec<Posture> = all.into_values().collect();
    for it in &mut all {
        it.share = percent(it.version_1, most);
    }
    all.sort_by_key(|it| std::cmp::Reverse((it.version_1, it.violations, !it.read)));
    all
}

fn causes(items: &[Item<'_>]) -> Vec<Cause> {
    let named = |it: &Item<'_>| match (&it.record.resource, it.name()) {
        (ResourceId::TemplateVersion(id, _), Some(name)) => {
            Some(((it.record.place.clone(), id.clone()), plain(name)))
        }
        _ => None,
    };
    let names: BTreeMap<(Place, LaunchTemplateId), String> = items.iter().filter_map(named).collect();
    let mut by_cause: BTreeMap<(&Place, String), (usize, Vec<String>, String)> = BTreeMap::new();
    for item in items.iter().filter(|it| it.violates()) {
        let Some(cause) = item.cause else { continue };
        let place = &item.record.place;
        let (number, groups, name) = by_cause.entry((place, cause_words(cause))).or_default();
        *number += 1;
        if let Some(group) = cause.group.as_ref().filter(|it| !groups.contains(it)) {
            groups.push(plain(group));
        }
        if let (Setter::Source | Setter::Elsewhere, Launched::Template(id, _)) =
            (cause.http_tokens, &cause.from)
            && let Some(known) = names.get(&(place.clone(), id.clone()))
        {
            known.clone_into(name);
        }
    }
    let most = by_cause.values().map(|(number, ..)| *number).max().unwrap_or(0);
    let mut causes: Vec<Cause> = by_cause
        .into_iter()
        .map(|((place, words), (instances, groups, name))| Cause {
            words,
            name,
            place: place.to_string(),
            instances,
            share: percent(instances, most),
            groups: some(&groups, 3),
        })
        .collect();
    causes.sort_by_key(|it| std::cmp::Reverse(it.instances));
    causes.truncate(ROWS);
    causes
}

/// A cause as the page names it: what it says is what the page is about.
fn cause_words(cause: &RootCause) -> String {
    let words = cause.words();
    sentence_case(&plain(words.strip_suffix(" says so").unwrap_or(&words)))
}

/// What mending the first cause comes to.
fn causes_words(causes: &[Cause]) -> String {
    let total: usize = causes.iter().map(|it| it.instances).sum();
    match causes {
        [] => String::new(),
        [first, ..] => format!(
            "{} of {} come from {}.",
            grouped(first.instances),
            count(total, "violating instance"),
            if first.name.is_empty() {
                "the cause at the top".to_owned()
            } else {
                format!("launch template {}", first.name)
            }
        ),
    }
}

/// What evidence the gate had of those that it holds.
fn gate(violating: &[&Item<'_>]) -> Vec<Gate> {
    let number =
        |wanted: fn(Usage) -> bool| violating.iter().filter(|it| it.usage().is_some_and(wanted)).count();
    [
        Gate {
            words: "still use IMDSv1",
            then: "Update their software first; each call is one that would have failed.",
            instances: number(|it| matches!(it, Usage::Busy { .. })),
        },
        Gate {
            words: "have no data on some day",
            then: "No data is not zero: wait until they have run through the whole window.",
            instances: number(|it| matches!(it, Usage::Gaps { .. } | Usage::Quiet { .. })),
        },
        Gate {
            words: "have data of which CloudWatch gave only a part",
            then: "Run the scan again.",
            instances: number(|it| matches!(it, Usage::Partial)),
        },
        Gate {
            words: "have not been asked about",
            then: "Grant `cloudwatch:GetMetricData` to the role that reads.",
            instances: number(|it| matches!(it, Usage::NotRead)),
        },
    ]
    .into_iter()
    .filter(|it| it.instances > 0)
    .collect()
}

fn busy(violating: &[&Item<'_>]) -> Vec<Busy> {
    let mut calling: Vec<(u64, &Item<'_>)> = violating
        .iter()
        .filter_map(|it| match it.usage() {
            Some(Usage::Busy { calls }) => Some((calls, *it)),
            _ => None,
        })
        .collect();
    calling.sort_by_key(|(calls, _)| std::cmp::Reverse(*calls));
    let most = calling.first().map_or(0, |(calls, _)| *calls);
    let shown = calling.into_iter().take(ROWS);
    shown
        .map(|(calls, it)| Busy {
            id: plain(&it.record.resource.to_string()),
            name: it.name().map(plain).unwrap_or_default(),
            place: it.record.place.to_string(),
            calls: grouped(usize::try_from(calls).unwrap_or(usize::MAX)),
            share: percent(usize::try_from(calls).unwrap_or(usize::MAX), usize::try_from(most).unwrap_or(1)),
        })
        .collect()
}

fn row(item: &Item<'_>) -> Row {
    let record = item.record;
    let held = item.held_because().map(|it| format!("Held: {it}"));
    let next = match (&record.outcome, held, &record.step) {
        (Outcome::Failed(failure), ..) => format!("Failed: {}", sentence(failure)),
        (_, Some(held), _) => held,
        (Outcome::Advanced, None, Some(step)) => format!("On its way: {step}"),
        (_, None, Some(step)) => format!("`enforce` would do: {step}"),
        (_, None, None) => "Between two states".to_owned(),
    };
    Row {
        id: plain(&record.resource.to_string()),
        name: item.name().map(plain).unwrap_or_default(),
        kind: kind(record.resource.kind()),
        place: record.place.to_string(),
        why: item.findings().iter().map(|it| sentence_case(&plain(&it.to_string()))).collect(),
        next: plain(&next),
        cause: item.cause.map(cause_words).unwrap_or_default(),
    }
}

fn changed(run: &Run<'_>, items: &[Item<'_>]) -> Option<Changed> {
    if run.command != "enforce" {
        return None;
    }
    let failed = |it: &&Item<'_>| matches!(&it.record.outcome, Outcome::Failed(failure) if failure.disposition() != Disposition::Done);
    let mut words = format!("{} made compliant", count(run.totals.fixed, "resource"));
    if run.totals.advanced > 0 {
        words.push_str(&format!(", {} on their way", run.totals.advanced));
    }
    if run.totals.failed > 0 {
        words.push_str(&format!(", {} failed", run.totals.failed));
    }
    if let Some(journal) = &run.journal {
        words.push_str(&format!(". The state before is in {journal}"));
    }
    Some(Changed { words, failed: items.iter().filter(failed).take(ROWS).map(row).collect() })
}

fn unread(run: &Run<'_>) -> Vec<Unread> {
    let broken = run.places.iter().filter_map(|(place, failure)| Some((*place, (*failure)?)));
    broken.map(|(place, failure)| one_unread(place, "", failure)).collect()
}

/// What is missing besides, and hides no violation.
fn also_unread(run: &Run<'_>) -> Vec<Unread> {
    let usage = run
        .seen
        .iter()
        .filter_map(|it| Some(one_unread(&it.place, "Use of IMDSv1", it.usage_unread.as_ref()?)));
    let causes =
        run.seen.iter().filter_map(|it| Some(one_unread(&it.place, "Causes", it.untraced.as_ref()?)));
    usage.chain(causes).collect()
}

fn one_unread(place: &Place, what: &'static str, failure: &Failure) -> Unread {
    let why = plain(&sentence(failure));
    Unread { place: place.to_string(), what, why, hint: failure.hint().unwrap_or_default() }
}

/// A kind of resource, for people.
fn kind(code: &'static str) -> &'static str {
    match code {
        "instance" => "Instance",
        "notebook" => "Notebook",
        "launch-template" => "Launch template",
        "launch-configuration" => "Launch configuration",
        "image" => "Image",
        "account-default" => "Account default",
        other => other,
    }
}

fn percent(part: usize, whole: usize) -> usize {
    if whole == 0 { 0 } else { part.saturating_mul(100).div_ceil(whole) }
}

/// `20 November 2026`, in UTC.
fn day(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%-d %B %Y").to_string()
}

fn moment(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// `12 345`, with narrow blanks that do not break.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let numbers = [0, 12, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "12", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]);
    }

    /// The digest that the specification of content policies gives as its example.
    #[test]
    fn a_text_is_named_by_its_hash() {
        assert_eq!(hash("alert('Hello, world.');"), "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }
}
