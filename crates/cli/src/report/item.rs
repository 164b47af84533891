//! One resource of a run, with what its record alone does not say. What every format is made from.

use jiff::civil::Date;
use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::record::Posture;
use v2only_enforcer::{Disposition, Outcome, Record};
use v2only_policy::cause::RootCause;
use v2only_policy::exemption::{InForce, Origin, Void};
use v2only_policy::source::LaunchTemplate;
use v2only_policy::usage::Usage;
use v2only_policy::{
    Decision, Finding, Hold, HttpTokens, Judged, MinimumVersion, Note, Plan, ResourceKind, Subject, Switch,
    Tags, Verdict,
};

use crate::run::profiles::Rights;

/// One resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    /// What is recorded of it.
    pub(crate) record: &'a Record,
    /// What set its options, if that was traced.
    pub(crate) cause: Option<&'a RootCause>,
    /// Who launched it, if that was asked for.
    pub(crate) launcher: Option<&'a Launcher>,
    /// What its instance profile may do, if that was read.
    pub(crate) rights: Option<&'a Rights>,
    /// As it was found, if it was.
    pub(crate) judged: Option<&'a Judged>,
}

impl<'a> Item<'a> {
    /// A record without the resource that it is about.
    pub(crate) const fn alone(record: &'a Record) -> Self {
        Self { record, cause: None, launcher: None, rights: None, judged: None }
    }

    /// A record, with the resource as it was found.
    pub(crate) const fn of(record: &'a Record, judged: &'a Judged, cause: Option<&'a RootCause>) -> Self {
        Self { record, cause, launcher: None, rights: None, judged: Some(judged) }
    }

    /// What is or would be wrong with it.
    pub(crate) fn findings(&self) -> &'a [Finding] {
        self.record.verdict().map_or(&[], Verdict::findings)
    }

    /// The first finding of each rule.
    pub(crate) fn findings_by_rule(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for it in self.findings() {
            if !findings.iter().any(|known| known.rule() == it.rule()) {
                findings.push(*it);
            }
        }
        findings
    }

    /// What excuses it today.
    pub(crate) fn exemption(&self) -> Option<&'a InForce> {
        match self.record.verdict()? {
            Verdict::Exempt { by, .. } => Some(by),
            Verdict::Compliant(_) | Verdict::Violation(_) | Verdict::Gone => None,
        }
    }

    fn void_exemption<T>(&self, pick: impl Fn(&'a Void) -> Option<T>) -> Option<T> {
        self.record.decision.as_ref()?.notes.iter().find_map(|note| match note {
            Note::VoidExemption(void) => pick(void),
            Note::OptionsPending
            | Note::LeftStopped
            | Note::EnforcementWaits(_)
            | Note::OptionUnknown(_)
            | Note::OptionImpossible(_)
            | Note::Pinned { .. }
            | Note::OpenLaunches(_)
            | Note::Contested { .. }
            | Note::ExemptByTemplate(_)
            | Note::TemplateNotRead(_)
            | Note::HistoryNotRead(_)
            | Note::ContainerHost(_) => None,
        })
    }

    /// An exemption that matches it and is expired.
    pub(crate) fn expired(&self) -> Option<(&'a Origin, Date)> {
        self.void_exemption(|void| match void {
            Void::Expired { origin, until } => Some((origin, *until)),
            Void::Invalid(_) => None,
        })
    }

    /// Why its exemption tag is invalid.
    pub(crate) fn invalid_exemption(&self) -> Option<String> {
        self.void_exemption(|void| match void {
            Void::Invalid(why) => Some(why.to_string()),
            Void::Expired { .. } => None,
        })
    }

    /// The evidence on which the usage gate holds it.
    pub(crate) fn usage(&self) -> Option<Usage> {
        match self.record.hold()? {
            Hold::UsageGate(usage) => Some(*usage),
            _ => None,
        }
    }

    /// What came of it, as published: what `enforce` would change is `planned`.
    pub(crate) const fn outcome(&self) -> &'static str {
        match (&self.record.outcome, &self.record.decision) {
            (Outcome::Held, Some(Decision { plan: Plan::Act(_), .. })) => "planned",
            (outcome, _) => outcome.code(),
        }
    }

    /// Why the usage gate holds it, if that is not for its own calls.
    pub(crate) fn gate_hold(&self) -> Option<&'a Hold> {
        self.record.hold().filter(|hold| {
            matches!(hold, Hold::NotRestarted(_) | Hold::SiblingsUseV1(_) | Hold::SiblingsNotRead(_))
        })
    }

    /// Why it is held, in words.
    pub(crate) fn held_because(&self) -> Option<String> {
        self.record.hold().map(ToString::to_string)
    }

    /// Its tags.
    pub(crate) fn tags(&self) -> Option<&'a Tags> {
        self.judged?.subject.tags()
    }

    /// What people call it.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.judged?.subject.name()
    }

    /// The launch template, of one of its versions.
    pub(crate) const fn template(&self) -> Option<&'a LaunchTemplate> {
        match self.judged {
            Some(Judged { subject: Subject::TemplateVersion { template, .. }, .. }) => Some(template),
            _ => None,
        }
    }

    /// As it is now, as far as that is known.
    pub(crate) fn posture(&self) -> Option<&'a Posture> {
        self.record.after.as_ref().or(self.record.before.as_ref())
    }

    /// Whether something runs, or can be started, that answers version 1. What was not described does.
    pub(crate) fn answers_version_1(&self) -> bool {
        match self.posture() {
            Some(Posture::Options(it)) if self.is_instance() => {
                it.http_endpoint != Switch::Disabled && it.http_tokens != HttpTokens::Required
            }
            Some(Posture::Notebook { minimum_version, .. }) => *minimum_version != MinimumVersion::Two,
            _ => false,
        }
    }

    /// Whether the resource answers metadata requests itself.
    fn is_instance(&self) -> bool {
        self.record.resource.in_registry().is_some_and(ResourceKind::is_instance)
    }

    /// Whether it violates the policy after this run.
    pub(crate) fn violates(&self) -> bool {
        self.record.is_violation() && !self.is_fixed() && !self.is_gone()
    }

    /// Whether this run made it compliant.
    pub(crate) fn is_fixed(&self) -> bool {
        self.record.outcome == Outcome::Fixed
    }

    /// Whether it went away meanwhile.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(&self.record.outcome, Outcome::Failed(it) if it.disposition() == Disposition::Done)
    }
}
