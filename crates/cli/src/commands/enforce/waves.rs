//! Which waves are asked for, and what is said of them.

use std::time::Duration;

use v2only_enforcer::waves::{Change, FEW, Portion, Rollout, Stage, Wave, waves};

use crate::run::found::Estate;
use crate::run::spool;
use crate::term::messages::count;

/// The canary, unless another one is typed.
const CANARY: Portion = Portion::Percent(5);
/// Each wave after it.
const WAVE: Portion = Portion::Percent(50);
/// EC2 publishes every five minutes, and CloudWatch shows it some minutes later.
const SOAK: Duration = Duration::from_secs(10 * 60);
/// How many changes may fail.
const MAX_ERRORS: Portion = Portion::Percent(10);
/// How many instances may still call IMDSv1.
const MAX_REJECTING: Portion = Portion::Number(0);

/// What is typed of waves.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Flags {
    /// How many instances and notebooks are changed first, at least 1: a number or a share, spread over accounts,
    /// Regions and causes [default: 5%; up to 20 are changed in one wave]
    #[arg(long, value_name = "N|N%", help_heading = "Waves")]
    canary: Option<Portion>,

    /// How many of the others are changed in each wave after that [default: 50%]
    #[arg(long, value_name = "N|N%", help_heading = "Waves")]
    wave: Option<Portion>,

    /// How long to wait between waves, such as `90s` or `1h`, for CloudWatch to show whether instances that lost IMDSv1
    /// still call it; `0s` does not wait for evidence [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = soak, help_heading = "Waves")]
    soak: Option<Duration>,

    /// Leave the rest once more changes than these have failed: a number, or a share of all [default: 10%, with more
    /// than one wave]
    #[arg(long, value_name = "N|N%", help_heading = "Waves")]
    max_errors: Option<Portion>,

    /// Leave the rest once more of the instances that lost IMDSv1 still call it [default: 0]
    #[arg(long, value_name = "N|N%", help_heading = "Waves")]
    max_rejecting: Option<Portion>,
}

/// Reads a time such as `90s`, `10m` or `1h 30m`.
fn soak(text: &str) -> Result<Duration, String> {
    let read = text.parse::<jiff::SignedDuration>().ok().and_then(|it| Duration::try_from(it).ok());
    read.ok_or_else(|| "expected a time such as 90s, 10m, 1h or 0s".to_owned())
}

/// How a run goes about its changes.
#[derive(Debug)]
pub(super) struct Course {
    /// All changes, by account and Region: the numbers of their resources.
    pub(super) changes: Vec<usize>,
    /// Which of them are made together, in this order.
    pub(super) waves: Vec<Wave>,
    /// The bounds, if there are any.
    pub(super) rollout: Option<Rollout>,
    /// How long to wait between waves.
    pub(super) soak: Duration,
}

impl Flags {
    /// The course of these changes.
    pub(super) fn course(&self, estate: &Estate) -> spool::Result<Course> {
        let acting = || estate.entries().iter().enumerate().filter(|(_, it)| it.acts);
        let changes: Vec<usize> = acting().map(|(number, _)| number).collect();
        let mut subjects: Vec<Change<'_>> = Vec::with_capacity(changes.len());
        for (_, it) in acting() {
            let place = &estate.seen(it)?.place;
            subjects.push(Change { place, source: it.source, cause: estate.cause_words(it) });
        }
        let rollout = self.rollout(subjects.iter().filter(|it| !it.source).count());
        let waves = waves(&subjects, rollout.as_ref());
        Ok(Course { changes, waves, rollout, soak: self.soak.unwrap_or(SOAK) })
    }

    /// The bounds for so many changes of instances and notebooks. A handful is changed at once unless somebody asks.
    fn rollout(&self, changes: usize) -> Option<Rollout> {
        let spread = changes > FEW || self.canary.is_some() || self.wave.is_some() || self.soak.is_some();
        let bounded = self.max_errors.is_some() || self.max_rejecting.is_some();
        (spread || bounded).then(|| Rollout {
            canary: self.canary.unwrap_or(if spread { CANARY } else { Portion::Percent(100) }),
            wave: self.wave.unwrap_or(WAVE),
            max_errors: self.max_errors.unwrap_or(MAX_ERRORS),
            max_rejecting: self.max_rejecting.unwrap_or(MAX_REJECTING),
        })
    }
}

impl Course {
    /// The waves in one sentence, if there are several.
    pub(super) fn words(&self) -> Option<String> {
        let rollout = self.rollout?;
        let sizes: Vec<String> = self
            .waves
            .iter()
            .filter(|it| it.stage != Stage::Sources)
            .map(|it| it.members.len().to_string())
            .collect();
        let (last, first) = sizes.split_last().filter(|(_, first)| !first.is_empty())?;
        let first = match first {
            [first @ .., other] if first.len() > SHOWN => {
                let shown: Vec<&str> = first.iter().take(SHOWN).map(String::as_str).collect();
                format!("{}, ... {other}", shown.join(", "))
            }
            all => all.join(", "),
        };
        let wait = if self.soak.is_zero() {
            "without a wait".to_owned()
        } else {
            format!("{} apart", time(self.soak))
        };
        Some(format!(
            "in {} of {first} and {last} instances and notebooks, {wait}; ends once more than {} of them still call \
             IMDSv1, or more than {} of {} fail",
            count(sizes.len(), "wave"),
            rollout.max_rejecting,
            rollout.max_errors,
            count(self.changes.len(), "change"),
        ))
    }
}

/// How many sizes of waves are named.
const SHOWN: usize = 5;

/// `10m`, `1h 30m`.
pub(super) fn time(it: Duration) -> String {
    jiff::SignedDuration::try_from(it).map_or_else(|_| format!("{}s", it.as_secs()), |it| format!("{it:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_in_the_same_way() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("10m", 600), ("1h 30m", 5400), ("1h30m", 5400)] {
            assert_eq!(soak(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "10", "-5m", "soon"] {
            assert!(soak(text).is_err(), "{text}");
        }
        assert_eq!(time(Duration::from_secs(600)), "10m");
        assert_eq!(time(Duration::ZERO), "0s");
    }
}
