//! Drift: version 1 turned back on, once, a few times, and once too often.

use jiff::Timestamp;
use v2only_policy::drift::REVERTED_TAG;
use v2only_policy::{Instance, Plan};

use crate::words::*;

const ACT: &str = "violation [http-tokens] → act: HttpTokens=required";
const CONTESTED: &str = "violation [http-tokens] → hold: contested, would HttpTokens=required";

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
    check("the first", it(&[]), enforce(), flipped(at(A)), &format!("{ACT}; remember {A}"));
    check("the second", it(&[A]), enforce(), flipped(at(B)), &format!("{ACT}; remember {A} {B}"));
    check("the third", it(&[A, B]), enforce(), flipped(at(C)), &format!("{ACT}; remember {A} {B} {C}"));
    check(
        "the fourth is remembered, so that a later run knows",
        it(&[A, B, C]),
        enforce(),
        flipped(at(D)),
        &format!("{CONTESTED}; remember {A} {B} {C} {D}"),
    );
    check("the fifth adds nothing", it(&[A, B, C, D]), enforce(), flipped(at(E)), CONTESTED);
}

#[test]
fn the_same_flip_delivered_again() {
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    check("the first, remembered and not corrected yet", it(&[A]), enforce(), flipped(at(A)), ACT);
    check("the third likewise", it(&[A, B, C]), enforce(), flipped(at(C)), ACT);
    check("the fourth is contested again", it(&[A, B, C, D]), enforce(), flipped(at(D)), CONTESTED);
    check(
        "a fraction of a second makes no other flip",
        it(&[A, B, C]),
        enforce(),
        flipped(at("2026-11-20T10:00:00.7Z")),
        ACT,
    );
    check(
        "after the correction there is nothing to correct",
        instance("i-0abc0123456789def").reverted(&moments(&[A])),
        enforce(),
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
    check("the first", it(&[]), enforce(), flipped(at(A)), &format!("{nothing}; remember {A}"));
    check("the third", it(&[A, B]), enforce(), flipped(at(C)), &format!("{nothing}; remember {A} {B} {C}"));
    check("the fifth adds nothing", it(&[A, B, C, D]), enforce(), flipped(at(E)), nothing);
    check("observed", it(&[]), observe(), flipped(at(A)), nothing);
    check("of a service", it(&[]).managed_by("eks.amazonaws.com"), enforce(), flipped(at(A)), nothing);
}

#[test]
fn the_window_slides() {
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    let later = |then: &str| flipped(at(then)).on(at(then));
    check(
        "a second before the first flip leaves it",
        it(&[A, B, C]),
        enforce(),
        later("2026-11-21T07:59:59Z"),
        &format!("{CONTESTED}; remember {A} {B} {C} 2026-11-21T07:59:59Z"),
    );
    check(
        "as the first leaves it, the next is corrected, and the first forgotten",
        it(&[A, B, C]),
        enforce(),
        later("2026-11-21T08:00:00Z"),
        &format!("{ACT}; remember {B} {C} 2026-11-21T08:00:00Z"),
    );
    check(
        "days later all is forgotten",
        it(&[A, B, C, D]),
        enforce(),
        later("2026-11-25T08:00:00Z"),
        &format!("{ACT}; remember 2026-11-25T08:00:00Z"),
    );
}

#[test]
fn seen_by_a_sweep() {
    let it = |texts: &[&str]| it().reverted(&moments(texts));
    let open = || enforce().no_gate();
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
    check("contested and observed", it(&[A, B, C, D]), observe().no_gate(), seen(), CONTESTED);
    check(
        "contested in time past, and existing: the gate binds again",
        it(&[A, B, C, D]),
        enforce(),
        seen().on(at("2026-11-22T08:00:00Z")),
        "violation [http-tokens] → hold: usage-gate, would HttpTokens=required",
    );
}

#[test]
fn contested_after_one() {
    let rules = || enforce().no_gate().contested_after(1);
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
    check("the first", it(&[]), observe(), flipped(at(A)), would);
    check("the fourth", it(&[A, B, C]), observe(), flipped(at(D)), CONTESTED);
}

#[test]
fn what_the_tag_cannot_mean() {
    let it = |value: &str| it().tag(REVERTED_TAG, value);
    check(
        "rubbish counts for nothing",
        it("yes 17 -"),
        enforce(),
        flipped(at(A)),
        &format!("{ACT}; remember {A}"),
    );
    check(
        "one moment written three times is one",
        it(&format!("{A} {A} {A}")),
        enforce(),
        flipped(at(B)),
        &format!("{ACT}; remember {A} {B}"),
    );
    check(
        "moments of the future were not written by us, and contest nothing",
        it("2099-01-01T00:00:00Z 2099-01-02T00:00:00Z 2099-01-03T00:00:00Z"),
        enforce(),
        flipped(at(A)),
        &format!("{ACT}; remember {A}"),
    );
    check(
        "a clock that is some minutes fast is believed",
        it("2026-11-20T12:05:00Z"),
        enforce(),
        flipped(at(A)),
        &format!("{ACT}; remember {A} 2026-11-20T12:05:00Z"),
    );
}

/// Between remembering a flip and correcting it the function was killed; the sweep must finish the job.
#[test]
fn a_flip_that_was_remembered_and_not_corrected_is_corrected_by_the_sweep() {
    for contested_after in 1..=10_u8 {
        let policy = enforce().no_gate().contested_after(contested_after).policy();
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
