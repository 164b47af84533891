//! What a run comes to, in numbers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::{Disposition, Failure, Kind, Outcome, Record, ResourceId};
use v2only_policy::{Hold, Place, Verdict};

use crate::run::found::Findings;
use crate::run::regions::perhaps_misspelt;
use crate::run::spool;
use crate::run::survey::LocationSurvey;
use crate::term::messages::{Talk, count};
use crate::term::problem::sentence;

/// The numbers of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Resources that violated the policy when they were read.
    pub(crate) violations: usize,
    /// Resources that would, and are exempt.
    pub(crate) exempt: usize,
    /// Those that `enforce` would change.
    pub(crate) would_change: usize,
    /// Those that are held, by the word for why.
    pub(crate) held: BTreeMap<&'static str, usize>,
    /// Those of the held that were left because the run ended before their wave.
    pub(crate) wave_stopped: usize,
    /// What would let held resources be changed.
    pub(crate) advice: BTreeSet<&'static str>,
    /// Those between two states.
    pub(crate) waiting: usize,
    /// Those made compliant.
    pub(crate) fixed: usize,
    /// Those on their way.
    pub(crate) advanced: usize,
    /// Whether notebooks are among them.
    pub(crate) notebooks_advanced: bool,
    /// Those that could not be changed.
    pub(crate) failed: usize,
    /// Those that leave something to do.
    pub(crate) remaining: usize,
}

impl Totals {
    /// Counts one record.
    pub(crate) fn add(&mut self, record: &Record) {
        self.violations += usize::from(record.is_violation());
        self.exempt += usize::from(matches!(record.verdict(), Some(Verdict::Exempt { .. })));
        self.remaining += usize::from(record.leaves_violation());
        match &record.outcome {
            Outcome::Held => match record.hold() {
                Some(why) => {
                    *self.held.entry(why.code()).or_default() += 1;
                    self.wave_stopped += usize::from(matches!(why, Hold::WaveStopped { .. }));
                    self.advice.extend(advice(why));
                }
                None => self.would_change += 1,
            },
            Outcome::Waiting => self.waiting += 1,
            Outcome::Fixed => self.fixed += 1,
            Outcome::Advanced => {
                self.advanced += 1;
                self.notebooks_advanced |= matches!(record.resource, ResourceId::Notebook(_));
            }
            Outcome::Failed(failure) if failure.disposition() == Disposition::Done => {}
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Left | Outcome::Unmarked | Outcome::NotJudged(_) => {}
        }
    }

    /// The numbers in words, those that are zero left out.
    pub(crate) fn in_words(&self) -> String {
        let mut parts = vec![count(self.violations, "violation")];
        let mut add = |number: usize, word: &str| {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        };
        add(self.fixed, "fixed");
        add(self.advanced, "on their way");
        add(self.failed, "failed");
        add(self.would_change, "to be changed by `enforce`");
        add(self.waiting, "between two states");
        for (why, number) in &self.held {
            add(*number, &format!("held ({why})"));
        }
        add(self.exempt, "exempt");
        parts.join(", ")
    }
}

/// What would let a held resource be changed, where something would.
fn advice(hold: &Hold) -> Option<&'static str> {
    match hold {
        Hold::Observe => {
            Some("set `mode: enforce` in the policy document, at the top or in the override that holds here")
        }
        Hold::UsageGate(_) => Some(
            "these instances existed already, and lose IMDSv1 only after `MetadataNoToken` had data on every day of \
             `instances.usage_gate.quiet_days` and was zero; `v2only readiness` shows who still uses it, and \
             `instances.usage_gate.applies_to: none` in the policy document enforces without evidence",
        ),
        Hold::NotRestarted(_) => Some(
            "software calls IMDSv1 mostly at a start, so these instances lose IMDSv1 only after a start inside the window: \
             start them again as each reason says, let a longer `instances.usage_gate.quiet_days` reach their last start \
             (`v2only readiness` shows LAST START), or set `instances.usage_gate.require_restart: false`",
        ),
        Hold::SiblingsUseV1(_) | Hold::SiblingsNotRead(_) => Some(
            "new launches wait while running instances of the same group, launch template or image use IMDSv1 \
             (`instances.usage_gate.applies_to: siblings`); `v2only readiness` shows them",
        ),
        Hold::UntilStopped => {
            Some("stop these notebooks and run again, or let the policy document name a `notebooks.window`")
        }
        Hold::TemplatesReportOnly | Hold::ImagesReportOnly => Some(
            "set `launch_templates.fix: new-version` in the policy document to have launch templates fixed; \
             `images.fix: mark-v2` marks images, which nobody can undo",
        ),
        Hold::SsmAutomation => Some(
            "the runbooks of Systems Manager can require tokens and set the hop limit, and nothing else: let the policy \
             document say `instances.remediate_with: api` for these instances",
        ),
        Hold::Irreversible => {
            Some("add `--accept-irreversible` to mark images as well; nobody can undo that")
        }
        Hold::OutsideWindow => Some("run again inside the maintenance window of the policy document"),
        Hold::AmazonLinux2 => Some(
            "set `notebooks.upgrade_platform: true` in the policy document to move them to Amazon Linux 2023",
        ),
        Hold::Managed(_)
        | Hold::OwnedBy(_)
        | Hold::Contested { .. }
        | Hold::ChangeHadNoEffect
        | Hold::OptionImpossible(_)
        | Hold::EndpointUnknown
        | Hold::ReportOnly
        | Hold::AmazonLinux1
        | Hold::InstanceType(_)
        | Hold::PlatformUnknown(_)
        | Hold::StatusUnknown
        | Hold::UpdateHadNoEffect { .. }
        | Hold::RestartFailed(_)
        | Hold::DeclarativePolicy(_)
        | Hold::Enforcement(_)
        | Hold::SurfaceReportOnly { .. }
        | Hold::Immutable { .. }
        | Hold::Pinned { .. }
        | Hold::OpenLaunches { .. }
        | Hold::LatestInUse { .. }
        | Hold::LatestUnclear(_)
        | Hold::ChangedSince
        | Hold::WaveStopped { .. } => None,
    }
}

/// An account and Region, and why it could not be read completely, if so.
pub(crate) type LocationResult<'a> = (&'a Place, Option<&'a Failure>);

/// Says what was read; with `--verbose`, with which calls.
pub(crate) fn read(talk: &mut Talk<'_>, places: &[LocationResult<'_>], calls: &BTreeMap<&'static str, u64>) {
    let accounts: BTreeSet<&str> = places.iter().map(|(place, _)| place.account.as_str()).collect();
    let regions: BTreeSet<&str> = places.iter().map(|(place, _)| place.region.as_str()).collect();
    let whose = match accounts.first() {
        Some(only) if accounts.len() == 1 => format!("account {only}"),
        _ => count(accounts.len(), "account"),
    };
    let unread = places.iter().filter(|(_, failure)| failure.is_some()).count();
    let but = if unread == 0 { String::new() } else { format!("; {unread} of {} incomplete", places.len()) };
    talk.say(&format!("read {} in {whose} with {}{but}", count(regions.len(), "Region"), number_of(calls)));
    talk.detail(&by_action(calls));
}

/// How many calls were made; with `--verbose`, which.
pub(crate) fn spent(talk: &mut Talk<'_>, calls: &BTreeMap<&'static str, u64>) {
    talk.say(&number_of(calls));
    talk.detail(&by_action(calls));
}

/// `12 API calls`.
fn number_of(calls: &BTreeMap<&'static str, u64>) -> String {
    let total: u64 = calls.values().sum();
    count(usize::try_from(total).unwrap_or(usize::MAX), "API call")
}

fn by_action(calls: &BTreeMap<&'static str, u64>) -> String {
    let each: Vec<String> = calls.iter().map(|(action, times)| format!("{action} {times}")).collect();
    each.join(", ")
}

/// How many calls were made, and which.
pub(crate) fn calls_in_words(calls: &BTreeMap<&'static str, u64>) -> String {
    format!("{}: {}", number_of(calls), by_action(calls))
}

/// What lets evidence of version-1 use be read.
const GRANT_USAGE: &str = "grant `cloudwatch:GetMetricData` to the role, as `policies/iam/role-scanner.json` does, \
     and see whether an SCP denies it";

/// Reports where evidence of IMDSv1 use could not be read. The list of violations is complete all the same: only the
/// gate stays shut.
pub(crate) fn usage_unread(talk: &mut Talk<'_>, seen: &[LocationSurvey]) {
    let unread: Vec<_> = seen.iter().filter_map(|it| Some((&it.place, it.usage_unread.as_ref()?))).collect();
    for (place, failure) in &unread {
        talk.note(&format!(
            "whether instances in {place} still use IMDSv1 could not be read, so the usage gate holds them: {}",
            sentence(failure)
        ));
    }
    if unread.iter().any(|(_, it)| it.kind == Kind::Denied) {
        talk.hint(GRANT_USAGE);
    }
}

/// Reports where the causes of violations could not be traced. The list of violations is complete all the same.
pub(crate) fn untraced(talk: &mut Talk<'_>, seen: &[LocationSurvey]) {
    for (place, failure) in seen.iter().filter_map(|it| Some((&it.place, it.untraced.as_ref()?))) {
        talk.note(&format!("causes were not traced in {place}: {}", sentence(failure)));
    }
}

/// What lets the roles of instance profiles be read.
const GRANT_ROLES: &str = "grant `iam:GetAccountAuthorizationDetails` to the role, as `policies/iam/role-scanner.json` does, \
     and see whether an SCP denies it";

/// Reports where it is unknown which instance profiles are administrators', once. The list of violations is complete all the
/// same; only their order is not.
pub(crate) fn profiles_unread(talk: &mut Talk<'_>, seen: &[LocationSurvey]) {
    let unread: Vec<_> =
        seen.iter().filter_map(|it| Some((&it.place.account, it.profiles_unread.as_ref()?))).collect();
    let Some((first, failure)) = unread.first() else { return };
    let accounts: BTreeSet<_> = unread.iter().map(|(account, _)| account).collect();
    let whose = match accounts.len() {
        1 => format!("account {first}"),
        several => format!("{several} accounts, such as {first}"),
    };
    let why = sentence(failure);
    talk.note(&format!("whether an instance profile is an administrator's is not known in {whose}: {why}"));
    if unread.iter().any(|(_, failure)| failure.kind == Kind::Denied) {
        talk.hint(GRANT_ROLES);
    }
}

/// What lets CloudTrail be asked.
const GRANT_LOOK_UPS: &str = "grant `cloudtrail:LookupEvents` to the role, as `policies/iam/role-scanner.json` does, and \
     see whether an SCP denies it";

/// Reports where CloudTrail could not be asked who launched what, once for each reason. The list of violations is complete
/// all the same.
pub(crate) fn launchers_unread(talk: &mut Talk<'_>, seen: &[LocationSurvey]) {
    let mut denied = false;
    for it in seen {
        let mut told: Vec<String> = Vec::new();
        for launcher in it.launchers.values() {
            let Launcher::Unread(failure) = launcher else { continue };
            denied |= failure.kind == Kind::Denied;
            // Without AWS's id of the request, which differs each time.
            let why = sentence(failure);
            if !told.contains(&why) {
                talk.note(&format!("who launched instances in {} could not be read: {why}", it.place));
                told.push(why);
            }
        }
    }
    if denied {
        talk.hint(GRANT_LOOK_UPS);
    }
}

/// Names what could not be read or changed, each hint once.
pub(crate) fn incomplete(talk: &mut Talk<'_>, places: &[LocationResult<'_>], records: &[Record]) {
    let mut names = Names::default();
    places.iter().for_each(|it| names.place(talk, it));
    records.iter().for_each(|it| names.record(talk, it));
    names.hint(talk);
}

/// The same, of findings.
pub(crate) fn incomplete_findings(
    talk: &mut Talk<'_>,
    places: &[LocationResult<'_>],
    findings: Findings<'_>,
) -> spool::Result<()> {
    let mut names = Names::default();
    places.iter().for_each(|it| names.place(talk, it));
    findings.each(|item| {
        names.record(talk, item.record);
        spool::Result::Ok(())
    })?;
    names.hint(talk);
    Ok(())
}

/// What would help with what was named so far.
#[derive(Default)]
struct Names(Vec<Cow<'static, str>>);

impl Names {
    fn place(&mut self, talk: &mut Talk<'_>, (place, failure): &LocationResult<'_>) {
        if let Some(failure) = failure {
            talk.error(&format!("{place} could not be read completely: {}", sentence(failure)));
            match perhaps_misspelt(&place.region).filter(|_| failure.kind == Kind::Unreachable) {
                Some(hint) => self.keep(hint.into()),
                None => self.keep_of(failure),
            }
        }
    }

    fn record(&mut self, talk: &mut Talk<'_>, record: &Record) {
        if let Outcome::Failed(failure) = &record.outcome
            && record.outcome.is_failure()
        {
            talk.error(&format!("{} in {}: {}", record.resource, record.place, sentence(failure)));
            self.keep_of(failure);
        }
    }

    fn keep_of(&mut self, failure: &Failure) {
        if let Some(hint) = failure.hint() {
            self.keep(hint.into());
        }
    }

    fn keep(&mut self, hint: Cow<'static, str>) {
        if !self.0.contains(&hint) {
            self.0.push(hint);
        }
    }

    fn hint(self, talk: &mut Talk<'_>) {
        self.0.into_iter().for_each(|it| talk.hint(&it));
    }
}
