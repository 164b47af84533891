//! Every notebook there can be, under every policy there can be: what must hold for all of them.

use std::collections::BTreeSet;

use v2only_policy::drift::REVERTED_TAG;
use v2only_policy::notebook::RESTART_TAG;
use v2only_policy::{Decision, Mode, Note, NotebookStatus, NotebookStep, Plan, Platform, Step, Verdict};

use crate::notebook_cases::{Age, Case, Flips, Mark, Regime, Running, every_case};
use crate::words::*;

type Invariant = fn(&Case, &Decision) -> bool;

/// Whether `decision` is to do this.
fn does(decision: &Decision, step: fn(&NotebookStep) -> bool) -> bool {
    matches!(&decision.plan, Plan::Act(Step::Notebook(it)) if step(it))
}

fn held(decision: &Decision, code: &str) -> bool {
    matches!(&decision.plan, Plan::Hold { why, .. } if why.code() == code)
}

fn remembers(decision: &Decision, tag: &str) -> bool {
    decision.remember.contains_key(tag)
}

const STOP: fn(&NotebookStep) -> bool = |it| *it == NotebookStep::Stop;
const UPDATE: fn(&NotebookStep) -> bool = |it| matches!(it, NotebookStep::Update { .. });
const UPGRADE: fn(&NotebookStep) -> bool = |it| *it == NotebookStep::Update { upgrade_platform: true };
const START: fn(&NotebookStep) -> bool = |it| *it == NotebookStep::Start;
const UNMARK: fn(&NotebookStep) -> bool = |it| *it == NotebookStep::Unmark;

const INVARIANTS: [(&str, Invariant); 32] = [
    // what is never done
    ("only a running notebook is stopped", |case, decision| {
        !does(decision, STOP) || case.status == NotebookStatus::InService
    }),
    ("a version-2 notebook is not stopped", |case, decision| !does(decision, STOP) || !case.is_v2()),
    ("Amazon Linux 1 is not stopped", |case, decision| {
        !does(decision, STOP) || case.platform != Platform::AmazonLinux1
    }),
    ("an unknown platform is not stopped", |case, decision| {
        !does(decision, STOP) || !matches!(case.platform, Platform::Unknown(_))
    }),
    ("Amazon Linux 2 is not stopped without opt-in", |case, decision| {
        !does(decision, STOP) || case.platform != Platform::AmazonLinux2 || case.upgrade
    }),
    ("nothing is stopped that could not be started again", |case, decision| {
        !does(decision, STOP) || case.restartable()
    }),
    ("what is not new is stopped only inside a window", |case, decision| {
        !does(decision, STOP) || case.age == Age::Fresh || case.in_service == Running::WindowOpen
    }),
    ("only a stopped or failed notebook is updated", |case, decision| {
        !does(decision, UPDATE) || matches!(case.status, NotebookStatus::Stopped | NotebookStatus::Failed)
    }),
    ("a version-2 notebook is not updated, unless it could not be started otherwise", |case, decision| {
        !does(decision, UPDATE) || !case.is_v2() || case.stranded()
    }),
    ("nothing is updated, or stopped for it, once updates have had no effect", |case, decision| {
        !case.exhausted() || !(does(decision, UPDATE) || does(decision, STOP))
    }),
    ("a platform is upgraded only from 2, where AWS offers it", |case, decision| {
        !does(decision, UPGRADE) || (case.platform == Platform::AmazonLinux2 && case.type_runs_al2023)
    }),
    (
        "a platform is upgraded only with opt-in, which holds for what was stopped under it",
        |case, decision| !does(decision, UPGRADE) || case.upgrade || case.waits(),
    ),
    ("started is only what is stopped, and marked within a day", |case, decision| {
        !does(decision, START) || (case.status == NotebookStatus::Stopped && case.waits())
    }),
    ("what its owner stopped after our start is not started", |case, decision| {
        case.mark != Mark::Started || !does(decision, START)
    }),
    ("unmarked is only what is marked and settled", |case, decision| {
        !does(decision, UNMARK) || (case.mark != Mark::None && case.settled())
    }),
    ("an unmarked one is not taken for one that was stopped by us", |case, decision| {
        !does(decision, UNMARK) || case.status != NotebookStatus::Stopped || !case.waits()
    }),
    ("Amazon Linux 2 is not started where it can be upgraded", |case, decision| {
        !does(decision, START) || !case.stranded()
    }),
    ("what is observed, exempt or contested is not stopped", |case, decision| {
        !case.barred() || !does(decision, STOP)
    }),
    ("what is observed, exempt or contested is updated only so that it can be started", |case, decision| {
        !case.barred() || !does(decision, UPDATE) || (case.stranded() && does(decision, UPGRADE))
    }),
    ("observing remembers no flip", |case, decision| {
        case.regime != Regime::Observe || !remembers(decision, REVERTED_TAG)
    }),
    (
        "a start is written into a mark that waits for ours, while its owner starts or stops it",
        |case, decision| {
            let by_its_owner = case.status == NotebookStatus::Pending && case.mark == Mark::Believable
                || case.status == NotebookStatus::Stopping && case.is_v2() && case.waits();
            remembers(decision, RESTART_TAG) == by_its_owner
        },
    ),
    ("what is between two states is not touched", |case, decision| {
        case.settled() || !matches!(decision.plan, Plan::Act(_))
    }),
    ("remembered is only what was turned back and is not exempt", |case, decision| {
        let counted = matches!(decision.verdict, Verdict::Violation(_) | Verdict::Compliant(_));
        !remembers(decision, REVERTED_TAG) || (case.flips == Flips::Now && counted)
    }),
    // what is always done
    ("gone is gone", |case, decision| {
        (case.status == NotebookStatus::Gone) == (decision.verdict == Verdict::Gone)
            && (decision.verdict != Verdict::Gone || decision.plan == Plan::Nothing)
    }),
    ("every violation ends in an act, a wait or a hold", |_, decision| {
        !matches!(decision.verdict, Verdict::Violation(_)) || decision.plan != Plan::Nothing
    }),
    ("whatever allows version 1 and is not exempt is a violation", |case, decision| {
        let violates = !case.is_v2() && !case.exempt() && case.status != NotebookStatus::Gone;
        violates == matches!(decision.verdict, Verdict::Violation(_))
    }),
    ("what we stopped and need not or may not update is started", |case, decision| {
        let done = case.is_v2() || case.barred() || case.exhausted();
        let due = case.status == NotebookStatus::Stopped && case.waits() && done;
        !due || case.stranded() || does(decision, START)
    }),
    (
        "what we stopped and AWS would not start is upgraded, whatever the policy says, or spoken of",
        |case, decision| {
            !case.stranded()
                || if case.exhausted() {
                    held(decision, "update-had-no-effect")
                } else {
                    does(decision, UPGRADE)
                }
        },
    ),
    ("a stopped or failed violation is updated at once", |case, decision| {
        let due = matches!(case.status, NotebookStatus::Stopped | NotebookStatus::Failed)
            && !case.is_v2()
            && case.regime == Regime::Enforce
            && case.flips != Flips::Contested
            && !case.exhausted();
        !due || does(decision, UPDATE)
    }),
    ("a flip found corrected already is remembered", |case, decision| {
        let due = case.flips == Flips::Now
            && case.is_v2()
            && case.regime != Regime::Observe
            && case.status != NotebookStatus::Gone;
        !due || remembers(decision, REVERTED_TAG)
    }),
    ("what we left stopped is noted, and nothing else is", |case, decision| {
        let stopped = matches!(case.status, NotebookStatus::Stopped | NotebookStatus::Failed);
        let left = stopped && matches!(case.mark, Mark::Stale | Mark::Unreadable);
        left == decision.notes.contains(&Note::LeftStopped)
    }),
    (
        "a mark does not outlive the way: running, it is taken off or the way is gone again",
        |case, decision| {
            let due = case.status == NotebookStatus::InService && case.mark != Mark::None;
            !due || does(decision, UNMARK) || does(decision, STOP)
        },
    ),
];

#[test]
fn the_whole_grid() {
    let mut broken: Vec<String> = Vec::new();
    let (mut cases, mut told_lines) = (0_u32, BTreeSet::new());
    for case in every_case() {
        cases += 1;
        let mut decision = case.notebook().decide(&case.policy(), &case.moment()).unwrap();
        if decision.plan.asks_for_starts() {
            let moment = case.moment().recorded(&[]);
            decision = case.notebook().decide(&case.policy(), &moment).unwrap();
        }
        for (name, holds) in INVARIANTS {
            if !holds(&case, &decision) && broken.len() < 5 {
                broken.push(format!("{name}: {case:?} → {}", told(&decision)));
            }
        }
        told_lines.insert(told(&decision));
    }
    assert_eq!(cases, 497_664);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    // The grid reaches every state that a notebook can have, so no invariant holds for want of cases.
    for word in [
        "act: mark as running",
        "act: minimum IMDS version=2",
        "and platform=",
        "act: start",
        "act: remove",
        "→ wait",
        "→ nothing",
        "gone",
        "exempt by tag",
        "exempt by exemptions[0]",
        "; remember ",
        "hold: observe-mode",
        "hold: contested",
        "hold: in-service",
        "hold: outside-window",
        "hold: report-only",
        "hold: amazon-linux-1",
        "hold: amazon-linux-2",
        "hold: instance-type",
        "hold: platform-unknown",
        "hold: status-unknown",
        "hold: restart-failed",
        "hold: update-had-no-effect",
        "; left-stopped",
    ] {
        assert!(told_lines.iter().any(|line| line.contains(word)), "nothing in the grid is told `{word}`");
    }
}

/// Observing shows what enforcing would do, and differs in nothing else.
#[test]
fn observing_and_enforcing_see_the_same() {
    for case in every_case().filter(|case| case.regime == Regime::Enforce && case.mark == Mark::None) {
        let enforced = case.notebook().decide(&case.policy(), &case.moment()).unwrap();
        let watching = Case { regime: Regime::Observe, ..case.clone() };
        let observed = watching.notebook().decide(&watching.policy(), &watching.moment()).unwrap();
        assert_eq!(enforced.verdict, observed.verdict, "{case:?}");
        assert_eq!(enforced.notes, observed.notes, "{case:?}");
        assert_eq!(enforced.plan.under(Mode::Observe), observed.plan, "{case:?}");
    }
}
