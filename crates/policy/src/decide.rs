//! Facts, policy and a moment in; verdict, notes and plan out.
//!
//! The order is the same for every resource: is it gone; do the rules find anything; does an exemption
//! excuse it; what would be done; may it be done now; and last of all the mode.

mod account_defaults;
mod consumer;
mod image;
mod instance;
mod launch_configuration;
mod launch_template;
mod notebook;
mod surface;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

pub use account_defaults::decide_account_defaults;
pub use consumer::decide_consumer;
pub use image::decide_image;
pub use instance::{compliant_anywhere, decide_instance, usage_gate};
pub use launch_configuration::decide_launch_configuration;
pub use launch_template::decide_launch_template;
pub use notebook::decide_notebook;
pub use surface::{decide_surface, surface_usage_window};

use crate::Tags;
use crate::decision::Decision;
use crate::drift::{Moments, REVERTED_TAG, to_second};
use crate::exemption::{self, Void};
use crate::finding::Finding;
use crate::history::History;
use crate::ids::{OuId, Place};
use crate::plan::{Hold, Plan, Wait};
use crate::scope::{Scope, ScopeError};
use crate::settings::{DriftRule, Policy, WhenContested};
use crate::usage::{Siblings, Usage};
use crate::verdict::{Note, Verdict};

/// For how long an event is news: EventBridge tries to deliver for 24 hours.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

/// What brought us here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It was just launched: nothing can depend on IMDSv1 yet. An old launch event counts as `Seen`.
    Launch,
    /// Somebody asked for version 1 at this moment, on something that exists. Long ago, it counts as seen.
    Drift(Timestamp),
    /// Anything else: it was started, changed state, or was listed.
    Seen,
}

/// Everything besides the resource and the policy that a decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Where the resource lives.
    pub place: &'a Place,
    /// The organizational units above its account; `None` = not known.
    pub ous: Option<&'a [OuId]>,
    /// Now.
    pub now: Timestamp,
    /// What brought us here.
    pub occasion: Occasion,
    /// Evidence of version-1 use.
    pub usage: Usage,
    /// Evidence of version-1 use on instances of the same group, launch template or image.
    pub siblings: Siblings<'a>,
    /// Evidence of earlier states.
    pub history: History<'a>,
}

impl Circumstances<'_> {
    /// Today in UTC.
    pub fn today(&self) -> Date {
        jiff::tz::Offset::UTC.to_datetime(self.now).date()
    }

    /// When it was turned back, if that is what brought us here.
    fn flipped_at(&self) -> Option<Timestamp> {
        match self.occasion {
            Occasion::Drift(at) => Some(to_second(at)),
            Occasion::Launch | Occasion::Seen => None,
        }
    }

    fn scope<'s>(&'s self, resource: &'s str, tags: &'s Tags) -> Scope<'s> {
        Scope { place: self.place, ous: self.ous, resource, tags }
    }

    /// Whether an event of that moment is still news. Software may have come to depend on the change that an
    /// older event reports, for example from a queue, an archive or a file.
    fn is_news(&self, at: Timestamp) -> bool {
        self.now.duration_since(at) <= NEWS
    }

    /// Whether something of this age was created at most `minutes` ago. An unknown age is not new.
    fn is_fresh(&self, created_at: Option<Timestamp>, minutes: u32) -> bool {
        created_at
            .is_some_and(|at| self.now.duration_since(at) <= SignedDuration::from_mins(i64::from(minutes)))
    }
}

/// Sums findings up to a verdict, with the exemptions that bear on it.
fn excuse(
    findings: Vec<Finding>,
    policy: &Policy,
    scope: &Scope<'_>,
    today: Date,
) -> Result<(Verdict, Vec<Note>), ScopeError> {
    let answer = exemption::ask(&policy.exemptions, policy.exemptions_by_tag, scope, today)?;
    Ok(match answer.in_force {
        Some(by) => {
            let invalid = answer.void.into_iter().filter(|it| matches!(it, Void::Invalid(_)));
            (Verdict::Exempt { by, findings }, invalid.map(Note::VoidExemption).collect())
        }
        None => (Verdict::Violation(findings), answer.void.into_iter().map(Note::VoidExemption).collect()),
    })
}

/// What is known of drift on one resource.
struct Drift {
    /// Whether the resource is known to have been v2-only.
    was_closed: bool,
    /// Why a violating resource stays untouched.
    hold: Option<Hold>,
    /// Until when a contested resource waits for its correction.
    pause: Option<Timestamp>,
    /// That the resource is contested.
    note: Option<Note>,
    /// What to remember, whether the resource violates the policy or not.
    remember: Tags,
}

impl Drift {
    fn of(tags: &Tags, rule: &DriftRule, circumstances: &Circumstances<'_>) -> Self {
        let now = circumstances.now;
        let tag = Moments::read(tags, rule, now);
        let recorded = circumstances.history.recorded();
        let known = recorded.map_or_else(|| tag.clone(), |it| tag.clone().and_recorded(it, rule, now));
        let ever = Moments::in_tag(tags, REVERTED_TAG, SignedDuration::MAX, now);
        let was_closed = !ever.is_empty() || recorded.is_some_and(|it| it.was_closed());
        let flipped_at = circumstances.flipped_at();
        let after = usize::from(rule.contested_after);
        let hours = rule.window_hours;
        let (times, until, counts) = match rule.when_contested {
            // A decision without an event finds the flip that is known last, and not corrected yet.
            WhenContested::Report => {
                let times = known.besides(flipped_at.or(known.last()));
                (times, None, times <= after)
            }
            WhenContested::KeepClosing => {
                let flips = known.and(flipped_at).counted(rule.contested_after);
                let counts = flips.last >= flipped_at;
                (flips.number.saturating_sub(1), flips.correct_at(rule.contested_after), counts)
            }
        };
        let is_contested = times >= after;
        let hold = match rule.when_contested {
            WhenContested::Report if is_contested => Some(Hold::Contested { times, hours }),
            WhenContested::Report | WhenContested::KeepClosing => None,
        };
        let by = recorded.and_then(|it| it.reversions().last()).and_then(|it| it.by.clone());
        let note = (is_contested && hold.is_none()).then_some(Note::Contested { times, hours, by });
        let value = flipped_at.filter(|_| counts).and_then(|at| tag.remembering(at));
        Self {
            was_closed,
            hold,
            pause: until.filter(|until| is_contested && now < *until),
            note,
            remember: value.map(|value| (REVERTED_TAG.to_owned(), value)).into_iter().collect(),
        }
    }

    /// The plan, put off until the pause of a contested resource ends.
    fn paused(&self, plan: Plan) -> Plan {
        match (plan, self.pause) {
            (Plan::Act(then), Some(until)) => Plan::Wait(Wait::Contested { until, then }),
            (plan, _) => plan,
        }
    }
}
