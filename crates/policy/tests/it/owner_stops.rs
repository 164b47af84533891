//! A notebook that its owner stops after a start is not started: who started it, and what is known of that.

use v2only_policy::history::Became::{Closed, Started};
use v2only_policy::{Note, NotebookStatus, Plan, Wait};

use crate::notebooks::{FINE_WAIT, START_FINE, UNMARK_FINE, it};
use crate::words::*;

const MARKED: &str = "2026-11-20T11:00:00Z";

#[test]
fn a_start_that_was_announced_and_is_recorded_makes_a_stop_the_owners() {
    let announced = || it().stopped().starting(at(MARKED));
    let recorded = |at: &str| seen().recorded(&[("2026-11-20T10:58:00Z", Closed), (at, Started)]);
    for (shows, started, expected) in [
        ("right after the mark", "2026-11-20T11:00:01Z", UNMARK_FINE),
        ("in the same second", MARKED, UNMARK_FINE),
        ("later, by its owner", "2026-11-20T11:50:00Z", UNMARK_FINE),
        ("by another function, right before the mark", "2026-11-20T10:59:30Z", UNMARK_FINE),
        ("before we stopped it", "2026-11-20T10:59:29Z", START_FINE),
    ] {
        check(shows, announced(), enforce(), recorded(started), expected);
    }
    check(
        "none is recorded: AWS did not accept it",
        announced(),
        enforce(),
        seen().recorded(&[]),
        START_FINE,
    );
}

#[test]
fn whether_a_start_was_recorded_is_asked_once_it_can_be_known() {
    let decide = |minutes, moment: Moment| {
        it().stopped().starting(minutes_ago(minutes)).decide(&enforce().policy(), &moment).unwrap()
    };
    let young = decide(14, seen());
    assert_eq!(young.plan, Plan::Wait(Wait::StartRecord { due: Some(minutes_ago(-1)) }));
    assert!(!young.plan.asks_for_starts());
    assert_eq!(decide(14, seen().recorded(&[])), young, "an answer that comes too early is none");
    assert!(decide(15, seen()).plan.asks_for_starts());
    assert!(!decide(15, seen().recorded(&[])).plan.asks_for_starts());
}

#[test]
fn without_an_answer_a_notebook_that_may_have_been_started_waits_for_a_day() {
    let decide = |minutes| {
        let it = it().stopped().starting(minutes_ago(minutes));
        it.decide(&enforce().policy(), &seen().history_unreadable("denied")).unwrap()
    };
    let waits = decide(24 * 60 - 1);
    assert_eq!(waits.plan, Plan::Wait(Wait::StartRecord { due: None }));
    assert_eq!(waits.notes, [Note::HistoryNotRead("denied".to_owned())]);
    assert_eq!(told(&decide(24 * 60)), format!("{UNMARK_FINE}; left-stopped; history-not-read"));
}

/// Its owner may have started and stopped it while every event about it was late. No function takes that long from its mark to
/// its start.
#[test]
fn a_mark_that_is_older_than_the_records_is_checked_as_well() {
    let marked = || it().stopped().marked(at(MARKED));
    check("its owner started it", marked(), enforce(), seen().recorded(&[(MARKED, Started)]), UNMARK_FINE);
    check(
        "its owner started it before we marked it",
        marked(),
        enforce(),
        seen().recorded(&[("2026-11-20T10:59:59Z", Started)]),
        START_FINE,
    );
    check("young: nobody asks", it().stopped().marked(minutes_ago(14)), enforce(), seen(), START_FINE);
    assert!(marked().decide(&enforce().policy(), &seen()).unwrap().plan.asks_for_starts());
    check(
        "no answer: we have started nothing",
        marked(),
        enforce(),
        seen().history_unreadable("denied"),
        &format!("{START_FINE}; history-not-read"),
    );
}

#[test]
fn a_notebook_that_stops_after_our_start_is_marked_as_started() {
    use v2only_policy::Notebook;
    let started = format!("; remember {}", Notebook::started_mark(now()));
    let announced = || it().starting(minutes_ago(3));
    check("ours, on its way", announced().is(NotebookStatus::Pending), enforce(), seen(), FINE_WAIT);
    check(
        "its owner stops it again",
        announced().is(NotebookStatus::Stopping),
        enforce(),
        seen(),
        &format!("{FINE_WAIT}{started}"),
    );
    check("running", announced(), enforce(), seen(), UNMARK_FINE);
}
