//! Every notebook that there can be, under every policy that there can be: the points of the grid.

use v2only_policy::notebook::RESTART_TAG;
use v2only_policy::settings::InService;
use v2only_policy::{MinimumVersion, Notebook, NotebookStatus, Platform, Policy};

use crate::words::*;

/// One point of the grid, in words of its own: the invariants never ask the code under test.
#[derive(Debug, Clone)]
pub struct Case {
    pub status: NotebookStatus,
    pub version: MinimumVersion,
    pub platform: Platform,
    pub type_runs_al2023: bool,
    pub age: Age,
    pub in_service: Running,
    pub mark: Mark,
    pub regime: Regime,
    pub upgrade: bool,
    pub flips: Flips,
    pub tries: Tries,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Age {
    Fresh,
    Old,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Running {
    Wait,
    WindowOpen,
    WindowShut,
    Report,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    None,
    Believable,
    Starting,
    Started,
    Stale,
    Unreadable,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Regime {
    Enforce,
    Observe,
    ExemptByTag,
    ExemptByDocument,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Flips {
    None,
    /// The event that brought us says that it was turned back just now.
    Now,
    /// Turned back once too often, as remembered.
    Contested,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tries {
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
    pub fn notebook(&self) -> Notebook {
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

    pub fn policy(&self) -> Policy {
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

    pub fn moment(&self) -> Moment {
        if self.flips == Flips::Now { flipped(now()) } else { seen() }
    }

    pub fn exempt(&self) -> bool {
        matches!(self.regime, Regime::ExemptByTag | Regime::ExemptByDocument)
    }

    pub fn is_v2(&self) -> bool {
        self.version == MinimumVersion::Two
    }

    /// Whether it waits for our start: CloudTrail recorded none.
    pub fn waits(&self) -> bool {
        matches!(self.mark, Mark::Believable | Mark::Starting)
    }

    pub fn settled(&self) -> bool {
        matches!(self.status, NotebookStatus::InService | NotebookStatus::Stopped | NotebookStatus::Failed)
    }

    /// Whether it ran before we stopped it and now waits to be started, which AWS would refuse as it is.
    pub fn stranded(&self) -> bool {
        self.status == NotebookStatus::Stopped
            && self.waits()
            && self.platform == Platform::AmazonLinux2
            && self.type_runs_al2023
    }

    /// Whether updates have had no effect. A flip of just now says that they had.
    pub fn exhausted(&self) -> bool {
        self.tries == Tries::Spent && self.flips != Flips::Now
    }

    /// Whether the policy forbids to fix it.
    pub fn barred(&self) -> bool {
        self.exempt() || self.regime == Regime::Observe || self.flips == Flips::Contested
    }

    /// Whether it could be started again after a stop.
    pub fn restartable(&self) -> bool {
        match self.platform {
            Platform::AmazonLinux2023 => true,
            Platform::AmazonLinux2 => self.upgrade && self.type_runs_al2023,
            Platform::AmazonLinux1 | Platform::Unknown(_) => false,
        }
    }
}

pub fn every_case() -> impl Iterator<Item = Case> {
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
