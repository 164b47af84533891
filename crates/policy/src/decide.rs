//! Facts, policy and a moment in; verdict, notes and plan out.
//!
//! The order is the same for every resource: is it gone; do the rules find anything; does an exemption
//! excuse it; what would be done; may it be done now; and last of all the mode.

mod account_defaults;
mod image;
mod instance;
mod launch_configuration;
mod launch_template;
mod notebook;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

pub use account_defaults::decide_account_defaults;
pub use image::decide_image;
pub use instance::{compliant_anywhere, decide_instance, quiet_days};
pub use launch_configuration::decide_launch_configuration;
pub use launch_template::decide_launch_template;
pub use notebook::decide_notebook;

use crate::Tags;
use crate::decision::Decision;
use crate::drift::{Moments, REVERTED_TAG, to_second};
use crate::exemption::{self, Void};
use crate::finding::Finding;
use crate::ids::{OuId, Place};
use crate::plan::Hold;
use crate::scope::{Scope, ScopeError};
use crate::settings::{DriftRule, Policy};
use crate::usage::Usage;
use crate::verdict::{Note, Verdict};

/// For how long an event is news: EventBridge tries to deliver for 24 hours.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

/// What brought us here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It was just launched: nothing can depend on version 1 yet. Told of long after, it counts as seen.
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

    /// Whether an event of that moment still tells of something new. One that was kept in a queue, an archive
    /// or a file for longer tells of something that software may have come to depend on.
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
    let answer = exemption::ask(&policy.exemptions, scope, today)?;
    Ok(match answer.in_force {
        Some(by) => {
            let invalid = answer.void.into_iter().filter(|it| matches!(it, Void::Invalid(_)));
            (Verdict::Exempt { by, findings }, invalid.map(Note::VoidExemption).collect())
        }
        None => (Verdict::Violation(findings), answer.void.into_iter().map(Note::VoidExemption).collect()),
    })
}

/// What the drift rule says of a violating resource: a reason to leave it, and what to remember.
fn drift(tags: &Tags, rule: &DriftRule, circumstances: &Circumstances<'_>) -> (Option<Hold>, Tags) {
    let reversions = Moments::read(tags, rule, circumstances.now);
    let flipped_at = circumstances.flipped_at();
    // Whoever brings no word of a flip finds the one that was remembered last, and not corrected yet.
    let times = reversions.besides(flipped_at.or(reversions.last()));
    let corrected = usize::from(rule.contested_after);
    let contested = (times >= corrected).then_some(Hold::Contested { times, hours: rule.window_hours });
    let remember = flipped_at.filter(|_| times <= corrected).and_then(|at| reversions.remembering(at));
    (contested, remember.map(|value| (REVERTED_TAG.to_owned(), value)).into_iter().collect())
}
