//! One resource of a run, with what its record alone does not say. What every format is made from.

use jiff::civil::Date;
use v2only_enforcer::enforce::CHANGED_SINCE;
use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::record::Posture;
use v2only_enforcer::scan::Judged;
use v2only_enforcer::sources::Source;
use v2only_enforcer::{Disposition, Outcome, Record};
use v2only_policy::cause::RootCause;
use v2only_policy::exemption::{InForce, Origin, Void};
use v2only_policy::source::LaunchTemplate;
use v2only_policy::usage::Usage;
use v2only_policy::{Decision, Finding, Hold, HttpTokens, MinimumVersion, Note, Plan, Switch, Tags, Verdict};

/// One resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    /// What is said of it.
    pub(crate) record: &'a Record,
    /// What set its options, if that was traced.
    pub(crate) cause: Option<&'a RootCause>,
    /// Who launched it, if that was asked for.
    pub(crate) launcher: Option<&'a Launcher>,
    /// As it was found, if it was.
    pub(crate) judged: Option<&'a Judged>,
}

/// The part of a decision that does not depend on what is decided about.
struct Decided<'a> {
    verdict: &'a Verdict,
    notes: &'a [Note],
    hold: Option<&'a Hold>,
}

impl<'a> Decided<'a> {
    const fn new<S>(it: &'a Decision<S>) -> Self {
        let hold = match &it.plan {
            Plan::Hold { why, .. } => Some(why),
            _ => None,
        };
        Self { verdict: &it.verdict, notes: it.notes.as_slice(), hold }
    }
}

impl<'a> Item<'a> {
    /// A record of which nothing else is known.
    pub(crate) const fn alone(record: &'a Record) -> Self {
        Self { record, cause: None, launcher: None, judged: None }
    }

    /// A record as it was found.
    pub(crate) const fn of(record: &'a Record, judged: &'a Judged, cause: Option<&'a RootCause>) -> Self {
        Self { record, cause, launcher: None, judged: Some(judged) }
    }

    fn decided(&self) -> Option<Decided<'a>> {
        Some(match self.judged? {
            Judged::Instance(_, it) => Decided::new(it),
            Judged::Notebook(_, it) => Decided::new(it),
            Judged::Source(it) => match &**it {
                Source::Defaults(_, it) => Decided::new(it),
                Source::Version(_, it) => Decided::new(&it.decision),
                Source::Configuration(_, _, it) => Decided::new(it),
                Source::Image(_, it) => Decided::new(it),
            },
        })
    }

    /// What is or would be wrong with it, each of it by its rule.
    pub(crate) fn findings(&self) -> &'a [Finding] {
        self.decided().map_or(&[], |it| it.verdict.findings())
    }

    /// What excuses it today.
    pub(crate) fn exemption(&self) -> Option<&'a InForce> {
        match self.decided()?.verdict {
            Verdict::Exempt { by, .. } => Some(by),
            _ => None,
        }
    }

    /// An exemption that means it and is over.
    pub(crate) fn expired(&self) -> Option<(&'a Origin, Date)> {
        self.decided()?.notes.iter().find_map(|it| match it {
            Note::VoidExemption(Void::Expired { origin, until }) => Some((origin, *until)),
            _ => None,
        })
    }

    /// What an exemption tag says that exempts nobody.
    pub(crate) fn invalid_exemption(&self) -> Option<String> {
        self.decided()?.notes.iter().find_map(|it| match it {
            Note::VoidExemption(Void::Invalid(why)) => Some(why.to_string()),
            _ => None,
        })
    }

    /// The evidence on which the usage gate holds it.
    pub(crate) fn usage(&self) -> Option<Usage> {
        match self.decided()?.hold? {
            Hold::UsageGate(usage) => Some(*usage),
            _ => None,
        }
    }

    /// Why it is held, in words.
    pub(crate) fn held_because(&self) -> Option<String> {
        if self.record.hold == Some(CHANGED_SINCE) {
            return self.record.reasons.last().cloned();
        }
        self.decided()?.hold.map(ToString::to_string)
    }

    /// Its tags.
    pub(crate) fn tags(&self) -> Option<&'a Tags> {
        match self.judged? {
            Judged::Instance(it, _) => Some(&it.tags),
            Judged::Notebook(it, _) => Some(&it.tags),
            Judged::Source(it) => match &**it {
                Source::Version(it, _) => Some(&it.tags),
                Source::Image(it, _) => Some(&it.tags),
                Source::Defaults(..) | Source::Configuration(..) => None,
            },
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> Option<&'a str> {
        let named = match self.judged {
            Some(Judged::Source(it)) => match &**it {
                Source::Version(it, _) => Some(it.name.as_str()),
                Source::Image(it, _) => Some(it.name.as_str()),
                Source::Defaults(..) | Source::Configuration(..) => None,
            },
            _ => None,
        };
        let tag = self.tags().and_then(|it| it.get("Name")).map(String::as_str);
        named.or(tag).filter(|it| !it.is_empty())
    }

    /// The launch template, of one of its versions.
    pub(crate) fn template(&self) -> Option<&'a LaunchTemplate> {
        match self.judged? {
            Judged::Source(it) => match &**it {
                Source::Version(it, _) => Some(it),
                _ => None,
            },
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
            Some(Posture::Options(it)) => {
                it.http_endpoint != Switch::Disabled && it.http_tokens != HttpTokens::Required
            }
            Some(Posture::Notebook { minimum_version, .. }) => *minimum_version != MinimumVersion::Two,
            _ => false,
        }
    }

    /// Whether it violates the policy after this run.
    pub(crate) fn violates(&self) -> bool {
        self.record.verdict == Some("violation") && !self.is_mended() && !self.is_gone()
    }

    /// Whether this run made it compliant.
    pub(crate) fn is_mended(&self) -> bool {
        self.record.outcome == Outcome::Fixed
    }

    /// Whether it went away meanwhile.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(&self.record.outcome, Outcome::Failed(it) if it.disposition() == Disposition::Done)
    }
}
