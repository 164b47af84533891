//! Every notebook there can be, under every policy there can be: what must hold for all of them.

use std::collections::BTreeSet;

use v2only_policy::drift::REVERTED_TAG;
use v2only_policy::notebook::RESTART_TAG;
use v2only_policy::settings::InService;
use v2only_policy::{
    Decision, MinimumVersion, Mode, Note, Notebook, NotebookStatus, NotebookStep, Plan, Platform, Policy,
    Step, Verdict,
};

use crate::words::*;

/// One point of the grid, in words of its own: the invariants below never ask the code under test.
#[derive(Debug, Clone)]
struct Case {
    status: NotebookStatus,
    version: MinimumVersion,
    platform: Platform,
    type_runs_al2023: bool,
    age: Age,
    in_service: Running,
    mark: Mark,
    regime: Regime,
    upgrade: bool,
    flips: Flips,
    tries: Tries,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Age {
    Fresh,
    Old,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Running {
    Wait,
    WindowOpen,
    WindowShut,
    Report,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    None,
    Believable,
    Starting,
    Started,
    Stale,
    Unreadable,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Regime {
    Enforce,
    Observe,
    ExemptByTag,
    ExemptByDocument,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Flips {
    None,
    /// The event that brought us says that it was turned back just now.
    Now,
    /// Turned back once too often, as remembered.
    Contested,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Tries {
    None,
    /// AWS accepted as many updates as are tried, after any flip that is remembered.
    Spent,
}

const STATUSES: [NotebookStatus; 8] = [
    NotebookStatus::Pending,
    NotebookStatus::InService,
    NotebookStatus::Stopping,
    NotebookStatus::Stopped,
    NotebookStatus::Failed,
    NotebookStatus::Updating,
    NotebookStatus::Gone,
    NotebookStatus::Unknown,
];
const VERSIONS: [MinimumVersion; 3] = [MinimumVersion::One, MinimumVersion::Two, MinimumVersion::Unknown];
const AGES: [Age; 3] = [Age::Fresh, Age::Old, Age::Unknown];
const RUNNING: [Running; 4] = [Running::Wait, Running::WindowOpen, Running::WindowShut, Running::Report];
const MARKS: [Mark; 6] =
    [Mark::None, Mark::Believable, Mark::Starting, Mark::Started, Mark::Stale, Mark::Unreadable];
const REGIMES: [Regime; 4] =
    [Regime::Enforce, Regime::Observe, Regime::ExemptByTag, Regime::ExemptByDocument];
const FLIPS: [Flips; 3] = [Flips::None, Flips::Now, Flips::Contested];
const TRIES: [Tries; 2] = [Tries::None, Tries::Spent];

fn platforms() -> [(Platform, bool); 6] {
    [
        (Platform::AmazonLinux1, true),
        (Platform::AmazonLinux2, true),
        (Platform::AmazonLinux2, false),
        (Platform::AmazonLinux2023, true),
        (Platform::Unknown("notebook-al2026-v1".to_owned()), true),
        (Platform::Unknown(String::new()), true),
    ]
}

impl Case {
    fn notebook(&self) -> Notebook {
        let mut it = notebook("analysis")
            .is(self.status)
            .platform(self.platform.clone())
            .on(if self.type_runs_al2023 { "ml.t3.medium" } else { "ml.p3.2xlarge" });
        it.minimum_version = self.version;
        it.created_at = match self.age {
            Age::Fresh => Some(minutes_ago(5)),
            Age::Old => Some(hours_ago(1000)),
            Age::Unknown => None,
        };
        if self.flips == Flips::Contested {
            it = it.reverted(&[hours_ago(4), hours_ago(3), hours_ago(2), hours_ago(1)]);
        }
        if self.tries == Tries::Spent {
            it = it.updated(&[minutes_ago(30), minutes_ago(20), minutes_ago(10)]);
        }
        if self.regime == Regime::ExemptByTag {
            it = it.exempt_until("2026-11-20");
        }
        match self.mark {
            Mark::None => it,
            Mark::Believable => it.marked(hours_ago(23)),
            Mark::Starting => it.starting(hours_ago(23)),
            Mark::Started => it.tag(RESTART_TAG, &Notebook::started_mark(hours_ago(23))),
            Mark::Stale => it.marked(hours_ago(25)),
            Mark::Unreadable => it.tag(RESTART_TAG, "yes"),
        }
    }

    fn policy(&self) -> Policy {
        let rules = if self.regime == Regime::Observe {
            observe().contested_after(3)
        } else {
            enforce().contested_after(3)
        };
        let rules = rules.in_service(match self.in_service {
            Running::Wait => InService::Wait,
            Running::WindowOpen => open_window(),
            Running::WindowShut => shut_window(),
            Running::Report => InService::Report,
        });
        let rules = if self.upgrade { rules.upgrade_platform() } else { rules };
        match self.regime {
            Regime::ExemptByDocument => rules.with(&[exemption(resources("analysis"), "2026-11-20")]),
            Regime::Enforce | Regime::Observe | Regime::ExemptByTag => rules.policy(),
        }
    }

    fn moment(&self) -> Moment {
        if self.flips == Flips::Now { flipped(now()) } else { seen() }
    }

    fn exempt(&self) -> bool {
        matches!(self.regime, Regime::ExemptByTag | Regime::ExemptByDocument)
    }

    fn is_v2(&self) -> bool {
        self.version == MinimumVersion::Two
    }

    /// Whether it waits for our start: CloudTrail recorded none.
    fn waits(&self) -> bool {
        matches!(self.mark, Mark::Believable | Mark::Starting)
    }

    fn settled(&self) -> bool {
        matches!(self.status, NotebookStatus::InService | NotebookStatus::Stopped | NotebookStatus::Failed)
    }

    /// Whether it ran before we stopped it and now waits to be started, which AWS would refuse as it is.
    fn stranded(&self) -> bool {
        self.status == NotebookStatus::Stopped
            && self.waits()
            && self.platform == Platform::AmazonLinux2
            && self.type_runs_al2023
    }

    /// Whether updates have had no effect. A flip of just now says that they had.
    fn exhausted(&self) -> bool {
        self.tries == Tries::Spent && self.flips != Flips::Now
    }

    /// Whether the policy forbids to fix it.
    fn barred(&self) -> bool {
        self.exempt() || self.regime == Regime::Observe || self.flips == Flips::Contested
    }

    /// Whether it could be started again after a stop.
    fn restartable(&self) -> bool {
        match self.platform {
            Platform::AmazonLinux2023 => true,
            Platform::AmazonLinux2 => self.upgrade && self.type_runs_al2023,
            Platform::AmazonLinux1 | Platform::Unknown(_) => false,
        }
    }
}

fn every_case() -> impl Iterator<Item = Case> {
    STATUSES.into_iter().flat_map(|status| {
        VERSIONS.into_iter().flat_map(move |version| {
            platforms().into_iter().flat_map(move |(platform, type_runs_al2023)| {
                let case = Case {
                    status,
                    version,
                    platform,
                    type_runs_al2023,
                    age: Age::Old,
                    in_service: Running::Wait,
                    mark: Mark::None,
                    regime: Regime::Enforce,
                    upgrade: false,
                    flips: Flips::None,
                    tries: Tries::None,
                };
                with_policies(case)
            })
        })
    })
}

fn with_policies(case: Case) -> impl Iterator<Item = Case> {
    let mut cases = vec![case];
    cases = each(cases, &AGES, |case, age| case.age = age);
    cases = each(cases, &RUNNING, |case, in_service| case.in_service = in_service);
    cases = each(cases, &MARKS, |case, mark| case.mark = mark);
    cases = each(cases, &REGIMES, |case, regime| case.regime = regime);
    cases = each(cases, &[false, true], |case, upgrade| case.upgrade = upgrade);
    cases = each(cases, &TRIES, |case, tries| case.tries = tries);
    each(cases, &FLIPS, |case, flips| case.flips = flips).into_iter()
}

fn each<T: Copy>(cases: Vec<Case>, values: &[T], set: impl Fn(&mut Case, T)) -> Vec<Case> {
    let mut all = Vec::with_capacity(cases.len() * values.len());
    for case in cases {
        for value in values {
            let mut case = case.clone();
            set(&mut case, *value);
            all.push(case);
        }
    }
    all
}

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
