//! Drift: version 1 turned back on, once, a few times, and once too often.

use jiff::Timestamp;
use v2only_policy::drift::REVERTED_TAG;
use v2only_policy::history::Became::{Closed, CreatedOpen, Open};
use v2only_policy::{Instance, Note, Plan, Rules};

use crate::words::*;

const ACT: &str = "violation [http-tokens] → act: HttpTokens=required";
const CONTESTED: &str = "violation [http-tokens] → hold: contested, would HttpTokens=required";

/// Contested drift is reported, and forgotten after a day.
fn reporting() -> Rules {
    enforce().contested_after(3)
}

fn observing() -> Rules {
    observe().contested_after(3)
}

fn it() -> Instance {
    instance("i-0abc0123456789def").v1_allowed()
}

const A: &str = "2026-11-20T08:00:00Z";
const B: &str = "2026-11-20T09:00:00Z";
const C: &str = "2026-11-20T10:00:00Z";
const D: &str = "2026-11-20T11:00:00Z";
const E: &str = "2026-11-20T11:30:00Z";

fn moments(texts: &[&str]) -> Vec<Timestamp> {
    texts.iter().map(|text| at(text)).collect()
}

#[test]
fn three_flips_are_corrected_and_the_fourth_is_contested() {
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    check("the first", it(&[]), reporting(), flipped(at(A)), &format!("{ACT}; remember {A}"));
    check("the second", it(&[A]), reporting(), flipped(at(B)), &format!("{ACT}; remember {A} {B}"));
    check("the third", it(&[A, B]), reporting(), flipped(at(C)), &format!("{ACT}; remember {A} {B} {C}"));
    check(
        "the fourth is remembered, so that a later run knows",
        it(&[A, B, C]),
        reporting(),
        flipped(at(D)),
        &format!("{CONTESTED}; remember {A} {B} {C} {D}"),
    );
    check("the fifth adds nothing", it(&[A, B, C, D]), reporting(), flipped(at(E)), CONTESTED);
}

#[test]
fn the_same_flip_delivered_again() {
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    check("the first, remembered and not corrected yet", it(&[A]), reporting(), flipped(at(A)), ACT);
    check("the third likewise", it(&[A, B, C]), reporting(), flipped(at(C)), ACT);
    check("the fourth is contested again", it(&[A, B, C, D]), reporting(), flipped(at(D)), CONTESTED);
    check(
        "a fraction of a second makes no other flip",
        it(&[A, B, C]),
        reporting(),
        flipped(at("2026-11-20T10:00:00.7Z")),
        ACT,
    );
    check(
        "after the correction there is nothing to correct",
        instance("i-0abc0123456789def").reverted(&moments(&[A])),
        reporting(),
        flipped(at(A)),
        "compliant (HttpTokens is required) → nothing",
    );
}

/// It was started meanwhile, and corrected because it was seen: somebody who flips it like this again and again
/// must not go uncounted.
#[test]
fn a_flip_whose_record_comes_after_its_correction_is_counted() {
    let it = |texts: &[&str]| instance("i-0abc0123456789def").reverted(&moments(texts));
    let nothing = "compliant (HttpTokens is required) → nothing";
    check("the first", it(&[]), reporting(), flipped(at(A)), &format!("{nothing}; remember {A}"));
    check("the third", it(&[A, B]), reporting(), flipped(at(C)), &format!("{nothing}; remember {A} {B} {C}"));
    check("the fifth adds nothing", it(&[A, B, C, D]), reporting(), flipped(at(E)), nothing);
    check("observed", it(&[]), observing(), flipped(at(A)), nothing);
    check("of a service", it(&[]).managed_by("eks.amazonaws.com"), reporting(), flipped(at(A)), nothing);
}

#[test]
fn the_window_slides() {
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    let later = |then: &str| flipped(at(then)).on(at(then));
    check(
        "a second before the first flip leaves it",
        it(&[A, B, C]),
        reporting(),
        later("2026-11-21T07:59:59Z"),
        &format!("{CONTESTED}; remember {A} {B} {C} 2026-11-21T07:59:59Z"),
    );
    check(
        "as the first leaves it, the next is corrected, and the first forgotten",
        it(&[A, B, C]),
        reporting(),
        later("2026-11-21T08:00:00Z"),
        &format!("{ACT}; remember {B} {C} 2026-11-21T08:00:00Z"),
    );
    check(
        "days later all is forgotten",
        it(&[A, B, C, D]),
        reporting(),
        later("2026-11-25T08:00:00Z"),
        &format!("{ACT}; remember 2026-11-25T08:00:00Z"),
    );
    let [first, second] = ["2026-11-20T08:30:00Z", "2026-11-20T09:30:00Z"];
    let records = [
        ("2026-11-20T07:00:00Z", Closed),
        (A, Open),
        (first, Closed),
        (B, Open),
        (second, Closed),
        (C, Open),
    ];
    check(
        "recorded flips leave it as remembered flips do",
        it(&[]),
        reporting(),
        later("2026-11-21T08:00:00Z").recorded(&records),
        &format!("{ACT}; remember 2026-11-21T08:00:00Z"),
    );
}

#[test]
fn seen_by_a_sweep() {
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    let open = || reporting().no_gate();
    check("never flipped", it(&[]), open(), seen(), ACT);
    check("the first flip, not corrected yet", it(&[A]), open(), seen(), ACT);
    check("the third flip, not corrected yet: it still is to be", it(&[A, B, C]), open(), seen(), ACT);
    check("contested", it(&[A, B, C, D]), open(), seen(), CONTESTED);
    check(
        "contested, until the window slides",
        it(&[A, B, C, D]),
        open(),
        seen().on(at("2026-11-21T08:00:00Z")),
        ACT,
    );
    check("contested and observed", it(&[A, B, C, D]), observing().no_gate(), seen(), CONTESTED);
    check(
        "contested in time past: the gate does not shelter it",
        it(&[A, B, C, D]),
        reporting(),
        seen().on(at("2026-11-22T08:00:00Z")),
        ACT,
    );
}

#[test]
fn contested_after_one() {
    let rules = || reporting().no_gate().contested_after(1);
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    check("the first flip", it(&[]), rules(), flipped(at(A)), &format!("{ACT}; remember {A}"));
    check("swept before it was corrected", it(&[A]), rules(), seen(), ACT);
    check("the second", it(&[A]), rules(), flipped(at(B)), &format!("{CONTESTED}; remember {A} {B}"));
    check("swept", it(&[A, B]), rules(), seen(), CONTESTED);
}

#[test]
fn observing_remembers_nothing() {
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    let would = "violation [http-tokens] → hold: observe-mode, would HttpTokens=required";
    check("the first", it(&[]), observing(), flipped(at(A)), would);
    check("the fourth", it(&[A, B, C]), observing(), flipped(at(D)), CONTESTED);
}

#[test]
fn what_the_tag_cannot_mean() {
    let it = |value: &str| it().tag(REVERTED_TAG, value);
    check(
        "rubbish counts for nothing",
        it("yes 17 -"),
        reporting(),
        flipped(at(A)),
        &format!("{ACT}; remember {A}"),
    );
    check(
        "one moment written three times is one",
        it(&format!("{A} {A} {A}")),
        reporting(),
        flipped(at(B)),
        &format!("{ACT}; remember {A} {B}"),
    );
    check(
        "moments of the future were not written by us, and contest nothing",
        it("2099-01-01T00:00:00Z 2099-01-02T00:00:00Z 2099-01-03T00:00:00Z"),
        reporting(),
        flipped(at(A)),
        &format!("{ACT}; remember {A}"),
    );
    check(
        "a clock that is some minutes fast is believed",
        it("2026-11-20T12:05:00Z"),
        reporting(),
        flipped(at(A)),
        &format!("{ACT}; remember {A} 2026-11-20T12:05:00Z"),
    );
}

/// Between remembering a flip and correcting it the function was killed; the sweep must finish the job.
#[test]
fn a_flip_that_was_remembered_and_not_corrected_is_corrected_by_the_sweep() {
    for contested_after in 1..=10_u8 {
        let policy = reporting().no_gate().contested_after(contested_after).policy();
        let mut it = it();
        for flip in 0..i64::from(contested_after) {
            let then = hours_ago(12) + jiff::SignedDuration::from_mins(flip);
            it = it.v1_allowed();
            let first = it.decide(&policy, &flipped(then)).unwrap();
            it = it.tag(REVERTED_TAG, &first.remember[REVERTED_TAG]);
            let swept = it.decide(&policy, &seen()).unwrap();
            assert!(matches!(swept.plan, Plan::Act(_)), "flip {flip} of {contested_after}");
        }
        let then = hours_ago(11);
        let once_too_often = it.decide(&policy, &flipped(then)).unwrap();
        assert_eq!(once_too_often.plan.code(), "hold");
        let remembered = &once_too_often.remember[REVERTED_TAG];
        assert!(remembered.len() <= 256, "a tag value holds no more");
        let swept = it.tag(REVERTED_TAG, remembered).decide(&policy, &seen()).unwrap();
        assert_eq!(swept.plan.code(), "hold", "contested after {contested_after}");
    }
}

const GATE: &str = "violation [http-tokens] → hold: usage-gate, would HttpTokens=required";

/// Somebody opened it, and the event was lost, or came while the endpoint was disabled, or the tag was dropped.
#[test]
fn the_gate_shelters_only_what_never_was_v2_only() {
    let closed = [("2026-10-01T00:00:00Z", Closed), ("2026-11-01T00:00:00Z", Open)];
    check("nobody asked CloudTrail", it(), enforce(), seen(), GATE);
    check("nothing is recorded", it(), enforce(), seen().recorded(&[]), GATE);
    check(
        "created with IMDSv1",
        it(),
        enforce(),
        seen().recorded(&[("2026-10-01T00:00:00Z", CreatedOpen)]),
        GATE,
    );
    check("once v2-only", it(), enforce(), seen().recorded(&closed), ACT);
    check("once v2-only, and still used", it(), enforce(), seen().recorded(&closed).busy(9), ACT);
    check("an event that is days old", it(), enforce(), flipped(hours_ago(80)), GATE);
    check(
        "an event that is days old, of what was v2-only",
        it(),
        enforce(),
        flipped(hours_ago(80)).recorded(&closed),
        &format!("{ACT}; remember {}", hours_ago(80)),
    );
    check("corrected by us a month ago", it().reverted(&[hours_ago(700)]), enforce(), seen(), ACT);
    check(
        "a gate for all",
        it(),
        enforce().gate(v2only_policy::settings::GateScope::All, 14),
        seen().recorded(&closed),
        ACT,
    );
    check(
        "switching the endpoint off still wants evidence",
        it(),
        enforce().endpoint_off(),
        seen().recorded(&closed),
        "violation [http-tokens http-endpoint] → hold: usage-gate, would HttpEndpoint=disabled",
    );
}

/// Each flip is known from CloudTrail, and the tag is dropped each time.
#[test]
fn contested_drift_is_closed_after_a_pause_even_where_the_tag_was_dropped() {
    let flips = ["06:00:00", "07:00:00", "08:00:00", "09:00:00"].map(|time| format!("2026-11-20T{time}Z"));
    let closed = ["05:00:00", "06:10:00", "07:10:00", "08:10:00"].map(|time| format!("2026-11-20T{time}Z"));
    let mut changes = Vec::new();
    for (closed, flip) in closed.iter().zip(&flips) {
        changes.extend([(closed.as_str(), Closed), (flip.as_str(), Open)]);
    }
    let fourth = at(&flips[3]);
    let at_once = flipped(fourth).on(at("2026-11-20T09:00:20Z"));
    check(
        "the third is corrected at once",
        it(),
        enforce(),
        flipped(at(&flips[2])).on(at("2026-11-20T08:00:20Z")).recorded(&changes[..6]),
        &format!("{ACT}; remember {}", flips[2]),
    );
    check(
        "the fourth waits",
        it(),
        enforce(),
        at_once.clone().recorded(&changes),
        &format!("violation [http-tokens] → wait; contested; remember {}", flips[3]),
    );
    let decision = it().decide(&enforce().policy(), &at_once.recorded(&changes)).unwrap();
    let Plan::Wait(v2only_policy::Wait::Contested { until, .. }) = decision.plan else {
        panic!("{:?}", decision.plan)
    };
    assert_eq!(until, at("2026-11-20T09:01:00Z"));
    assert!(
        decision.notes.contains(&Note::Contested { times: 3, hours: 168, by: Some("mallory".to_owned()) }),
        "{:?}",
        decision.notes
    );
    check(
        "a minute later it is corrected",
        it().reverted(&[fourth]),
        enforce(),
        flipped(fourth).on(at("2026-11-20T09:01:00Z")).recorded(&changes),
        &format!("{ACT}; contested"),
    );
    check(
        "so it is by a sweep",
        it(),
        enforce(),
        seen().on(at("2026-11-20T09:01:00Z")).recorded(&changes),
        &format!("{ACT}; contested"),
    );
    check(
        "observed, nothing waits",
        it(),
        observe(),
        flipped(fourth).on(at("2026-11-20T09:00:20Z")).recorded(&changes),
        "violation [http-tokens] → hold: observe-mode, would HttpTokens=required; contested",
    );
}

/// Flips that lie a night apart.
#[test]
fn nightly_flips_are_contested_within_a_week() {
    let nights: Vec<Timestamp> =
        (1..=3).rev().map(|night| now() - jiff::SignedDuration::from_hours(24 * night)).collect();
    let rules = enforce().policy();
    let decision = it().reverted(&nights).decide(&rules, &flipped(now())).unwrap();
    assert_eq!(decision.plan.code(), "wait");
    let decision = it().reverted(&nights).decide(&rules, &flipped(now()).on(minutes_ago(-2))).unwrap();
    assert_eq!(decision.plan.code(), "act");
}

/// However often somebody flips, at most 45 minutes lie between a flip and its correction.
#[test]
fn no_flipping_keeps_version_1_open_for_longer_than_a_pause() {
    let rules = enforce().policy();
    let mut it = it();
    let mut open_since: Option<Timestamp> = None;
    for minute in 0..3 * 24 * 60 {
        let now = now() + jiff::SignedDuration::from_mins(minute);
        let since = *open_since.get_or_insert(now);
        let decision = it.decide(&rules, &flipped(now).on(now)).unwrap();
        for (key, value) in &decision.remember {
            assert!(value.len() <= 256);
            it = it.tag(key, value);
        }
        if matches!(decision.plan, Plan::Act(_)) {
            open_since = None;
        }
        assert!(now.duration_since(since).as_mins() <= 45, "open since {since}, and it is {now}");
    }
}
