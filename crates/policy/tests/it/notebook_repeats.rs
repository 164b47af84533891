//! Notebooks that are updated in vain, and those that somebody turns back.

use jiff::{SignedDuration, Timestamp};
use v2only_policy::history::Became::{Closed, Open};
use v2only_policy::notebook::UPDATED_TAG;
use v2only_policy::{Notebook, NotebookStatus, Plan};

use crate::notebooks::{FINE, START, START_FINE, STOP, UNMARK, UPDATE, WAIT, held, it};
use crate::words::*;

#[test]
fn updates_that_have_no_effect() {
    let (a, b, c) = (minutes_ago(30), minutes_ago(20), minutes_ago(10));
    let no_effect = || held("update-had-no-effect");
    let tried = |moments: &[Timestamp]| it().v1_allowed().stopped().updated(moments);
    check("one", tried(&[a]), enforce().contested_after(3), seen(), UPDATE);
    check("two", tried(&[a, b]), enforce().contested_after(3), seen(), UPDATE);
    check("three", tried(&[a, b, c]), enforce().contested_after(3), seen(), &no_effect());
    check(
        "version not described",
        tried(&[a, b, c]).version_unknown(),
        enforce().contested_after(3),
        seen(),
        &no_effect(),
    );
    check("failed", tried(&[a, b, c]).failed("no space"), enforce().contested_after(3), seen(), &no_effect());
    check(
        "failed on the way: no start was tried",
        tried(&[a, b, c]).failed("no space").marked(hours_ago(1)),
        enforce().contested_after(3),
        seen(),
        &no_effect(),
    );
    check(
        "in the end they had one",
        it().stopped().updated(&[a, b, c]),
        enforce().contested_after(3),
        seen(),
        FINE,
    );
    check(
        "a day after the first",
        tried(&[hours_ago(24), b, c]),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
    check(
        "just before that",
        tried(&[minutes_ago(24 * 60 - 1), b, c]),
        enforce().contested_after(3),
        seen(),
        &no_effect(),
    );
    check(
        "between two states",
        tried(&[a, b, c]).is(NotebookStatus::Updating),
        enforce().contested_after(3),
        seen(),
        WAIT,
    );
    let ran = || tried(&[a, b, c]).marked(minutes_ago(10));
    let may_stop = || enforce().contested_after(3).in_service(open_window());
    check("what ran is started as it is", ran(), may_stop(), seen(), START);
    check("and not stopped again", ran().is(NotebookStatus::InService), may_stop(), seen(), UNMARK);
    check(
        "nor is it stopped for what has no effect",
        tried(&[a, b, c]).is(NotebookStatus::InService),
        may_stop(),
        seen(),
        &no_effect(),
    );
    check("on Amazon Linux 2 it cannot be started", ran().al2(), may_stop(), seen(), &no_effect());
    check("likewise observed", ran().al2(), observe().contested_after(3), seen(), &no_effect());
    check(
        "likewise with the version set, and the platform not",
        it().stopped().al2().marked(hours_ago(1)).updated(&[a, b, c]),
        enforce().contested_after(3),
        seen(),
        "compliant (minimum IMDS version is 2) → hold: update-had-no-effect",
    );
    check(
        "observed: the more telling reason stays",
        tried(&[a, b, c]),
        observe().contested_after(3),
        seen(),
        &no_effect(),
    );
    check(
        "rubbish counts for nothing",
        tried(&[a, b]).tag(UPDATED_TAG, "3 yes -"),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
}

/// That somebody could turn it back shows that the updates before had their effect.
#[test]
fn updates_before_a_flip_are_not_counted() {
    let (a, b, c) = (minutes_ago(30), minutes_ago(20), minutes_ago(10));
    let tried = || it().v1_allowed().stopped().updated(&[a, b, c]);
    let no_effect = || held("update-had-no-effect");
    check(
        "turned back just now",
        tried(),
        enforce().contested_after(3),
        flipped(now()),
        &format!("{UPDATE}; remember {}", now()),
    );
    check(
        "turned back since, as remembered",
        tried().reverted(&[minutes_ago(5)]),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
    let (closed, opened) = (minutes_ago(30).to_string(), minutes_ago(5).to_string());
    check(
        "turned back since, as CloudTrail recorded",
        tried(),
        enforce().contested_after(3),
        seen().recorded(&[(&closed, Closed), (&opened, Open)]),
        UPDATE,
    );
    check(
        "updated since, as CloudTrail recorded, and nobody turned it back",
        tried(),
        enforce().contested_after(3),
        seen().recorded(&[(&closed, Closed)]),
        &no_effect(),
    );
    check(
        "turned back before the last",
        tried().reverted(&[minutes_ago(15)]),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
    check(
        "turned back before all three",
        tried().reverted(&[minutes_ago(31)]),
        enforce().contested_after(3),
        seen(),
        &no_effect(),
    );
    check(
        "that flip, told late",
        tried(),
        enforce().contested_after(3),
        flipped(minutes_ago(31)),
        &no_effect(),
    );
    check(
        "running, and may be stopped for it",
        tried().is(NotebookStatus::InService).reverted(&[minutes_ago(5)]),
        enforce().contested_after(3).in_service(open_window()),
        seen(),
        STOP,
    );
}

#[test]
fn the_memory_of_updates_fits_into_a_tag() {
    let mut it = it();
    assert_eq!(it.remembering_update(now()), Some(now().to_string()));
    for minutes in (0..30).rev() {
        let value = it.remembering_update(minutes_ago(minutes)).unwrap();
        it = it.tag(UPDATED_TAG, &value);
    }
    assert_eq!(it.tags[UPDATED_TAG], in_a_row(&[minutes_ago(2), minutes_ago(1), now()]));
    assert_eq!(it.remembering_update(now()), None, "the same update again");
    let tomorrow = now() + SignedDuration::from_hours(30);
    assert_eq!(it.remembering_update(tomorrow), Some(tomorrow.to_string()), "yesterday's are forgotten");
}

#[test]
fn a_hold_says_how_often_and_why() {
    let why = |notebook: Notebook| match notebook
        .decide(&enforce().contested_after(3).policy(), &seen())
        .unwrap()
        .plan
    {
        Plan::Hold { why, .. } => why.to_string(),
        other => panic!("{other:?}"),
    };
    let tried = it().v1_allowed().stopped().updated(&[minutes_ago(30), minutes_ago(20), minutes_ago(10)]);
    assert_eq!(why(tried.clone()), "updated 3 times, and still described as before");
    assert_eq!(why(tried.failed("no space")), "updated 3 times without effect: no space");
}

#[test]
fn turned_back() {
    let (a, b, c, d) = (hours_ago(4), hours_ago(3), hours_ago(2), hours_ago(1));
    let updating = || it().v1_allowed().is(NotebookStatus::Updating);
    check(
        "seen while it is being updated",
        updating(),
        enforce().contested_after(3),
        flipped(a),
        &format!("{WAIT}; remember {a}"),
    );
    check(
        "and then stopped",
        it().v1_allowed().stopped().reverted(&[a]),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
    check(
        "the third, and then stopped",
        it().v1_allowed().stopped().reverted(&[a, b, c]),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
    check(
        "the fourth",
        updating().reverted(&[a, b, c]),
        enforce().contested_after(3),
        flipped(d),
        &held(&format!("contested; remember {a} {b} {c} {d}")),
    );
    check(
        "and then stopped",
        it().v1_allowed().stopped().reverted(&[a, b, c, d]),
        enforce().contested_after(3),
        seen(),
        &held("contested"),
    );
    check(
        "contested halfway: what ran is started",
        it().v1_allowed().stopped().marked(minutes_ago(3)).reverted(&[a, b, c, d]),
        enforce().contested_after(3),
        seen(),
        START,
    );
    check("observed", updating(), observe().contested_after(3), flipped(a), WAIT);
    check(
        "running again, and left",
        it().v1_allowed(),
        enforce().contested_after(3),
        flipped(a),
        &held("in-service"),
    );
    check(
        "stopped at once",
        it().v1_allowed().stopped(),
        enforce().contested_after(3),
        flipped(a),
        &format!("{UPDATE}; remember {a}"),
    );
}

/// Events come in any order: our own steps may have repaired it before the flip's record comes in.
#[test]
fn turned_back_and_repaired_before_it_was_told() {
    let (a, b, c, d, e) = (hours_ago(5), hours_ago(4), hours_ago(3), hours_ago(2), hours_ago(1));
    let remembered = |moments: &[Timestamp]| format!("{FINE}; remember {}", in_a_row(moments));
    check("the first", it().stopped(), enforce().contested_after(3), flipped(a), &remembered(&[a]));
    check("running again", it(), enforce().contested_after(3), flipped(a), &remembered(&[a]));
    check("told again", it().stopped().reverted(&[a]), enforce().contested_after(3), flipped(a), FINE);
    check(
        "told again, twice later",
        it().reverted(&[a, b, c]),
        enforce().contested_after(3),
        flipped(a),
        FINE,
    );
    check("the second", it().reverted(&[a]), enforce().contested_after(3), flipped(b), &remembered(&[a, b]));
    check(
        "the third",
        it().reverted(&[a, b]),
        enforce().contested_after(3),
        flipped(c),
        &remembered(&[a, b, c]),
    );
    check(
        "once too often",
        it().reverted(&[a, b, c]),
        enforce().contested_after(3),
        flipped(d),
        &remembered(&[a, b, c, d]),
    );
    check("no further one", it().reverted(&[a, b, c, d]), enforce().contested_after(3), flipped(e), FINE);
    check("observed", it().stopped(), observe().contested_after(3), flipped(a), FINE);
    check(
        "on its way: remembered, and the way is gone on",
        it().stopped().marked(minutes_ago(3)),
        enforce().contested_after(3),
        flipped(a),
        &format!("{START_FINE}; remember {a}"),
    );
    check(
        "turned back three times that way, the next one is contested",
        it().v1_allowed().stopped().reverted(&[a, b, c]),
        enforce().contested_after(3),
        flipped(d),
        &held(&format!("contested; remember {}", in_a_row(&[a, b, c, d]))),
    );
    check(
        "exempt: it was not corrected, and is not counted",
        it().v1_allowed().exempt_until("2027-01-31"),
        enforce().contested_after(3),
        flipped(a),
        "exempt by tag through 2027-01-31 [minimum-version] → nothing",
    );
    check("gone", it().is(NotebookStatus::Gone), enforce().contested_after(3), flipped(a), "gone → nothing");
}
