//! What is known of the earlier states of a resource.
//!
//! The tag [`crate::drift::REVERTED_TAG`] is the quick memory, and every principal that may write tags can
//! erase it. AWS keeps the management events of the last 90 days, and nobody can erase those. Both together
//! say whether a resource was v2-only before, and how often IMDSv1 was turned back on.

use jiff::Timestamp;

use crate::moment::to_second;

/// A recorded change of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedChange {
    /// When it was made.
    pub at: Timestamp,
    /// Who made it, in words.
    pub by: Option<String>,
    /// What became of the resource.
    pub became: Became,
}

/// What became of a resource by a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// No IMDSv1: tokens were required, or the endpoint was disabled.
    Closed,
    /// IMDSv1 was asked for on a resource that existed.
    Open,
    /// The resource was created with IMDSv1.
    CreatedOpen,
    /// The notebook was started, with the options that it had.
    Started,
}

/// A moment at which IMDSv1 was turned back on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversion {
    /// When, in whole seconds.
    pub at: Timestamp,
    /// Who did it, in words.
    pub by: Option<String>,
}

/// What the recorded changes of one resource come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    reversions: Vec<Reversion>,
    was_closed: bool,
    started_at: Option<Timestamp>,
}

impl Recorded {
    /// Sums up changes in any order. Of several requests for IMDSv1 in a row, the first one counts.
    pub fn of(changes: impl IntoIterator<Item = RecordedChange>) -> Self {
        let mut changes: Vec<RecordedChange> = changes.into_iter().collect();
        changes.sort_by_key(|change| change.at);
        let mut recorded = Self::default();
        let mut is_open = false;
        for RecordedChange { at, by, became } in changes {
            match became {
                Became::Closed => recorded.was_closed = true,
                Became::Open if !is_open => recorded.reversions.push(Reversion { at: to_second(at), by }),
                Became::Open | Became::CreatedOpen => {}
                Became::Started => {
                    recorded.started_at = Some(at);
                    continue;
                }
            }
            is_open = became != Became::Closed;
        }
        recorded
    }

    /// Whether a state without IMDSv1 was recorded.
    pub const fn was_closed(&self) -> bool {
        self.was_closed
    }

    /// When the notebook was started last, by anybody.
    pub const fn started_at(&self) -> Option<Timestamp> {
        self.started_at
    }

    /// When IMDSv1 was turned back on, the oldest first.
    pub fn reversions(&self) -> &[Reversion] {
        &self.reversions
    }
}

/// What is known from the event history of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum History<'a> {
    /// Nobody asked CloudTrail.
    #[default]
    NotRead,
    /// CloudTrail did not answer, or not completely, and why.
    Unreadable(&'a str),
    /// What CloudTrail recorded of the resource.
    Read(&'a Recorded),
}

impl<'a> History<'a> {
    /// What is recorded, where the history was read.
    pub const fn recorded(self) -> Option<&'a Recorded> {
        match self {
            Self::Read(recorded) => Some(recorded),
            Self::NotRead | Self::Unreadable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(at: &str, became: Became) -> RecordedChange {
        RecordedChange { at: at.parse().unwrap(), by: Some("alice".to_owned()), became }
    }

    #[test]
    fn only_the_first_of_several_requests_for_imdsv1_in_a_row_counts() {
        let recorded = Recorded::of([
            change("2026-11-20T10:00:00Z", Became::Open),
            change("2026-11-20T08:00:00Z", Became::Closed),
            change("2026-11-20T09:00:00.4Z", Became::Open),
        ]);
        assert!(recorded.was_closed());
        let at: Vec<String> = recorded.reversions().iter().map(|it| it.at.to_string()).collect();
        assert_eq!(at, ["2026-11-20T09:00:00Z"]);
    }

    #[test]
    fn a_start_changes_nothing_but_the_moment_of_the_last_start() {
        let recorded = Recorded::of([
            change("2026-11-20T09:00:00Z", Became::Open),
            change("2026-11-20T12:00:00Z", Became::Started),
            change("2026-11-20T10:00:00Z", Became::Started),
            change("2026-11-20T11:00:00Z", Became::Open),
        ]);
        assert_eq!(recorded.started_at(), Some("2026-11-20T12:00:00Z".parse().unwrap()));
        assert_eq!(recorded.reversions().len(), 1, "the second request for IMDSv1 in a row does not count");
    }

    #[test]
    fn an_instance_that_never_was_closed_has_no_reversion() {
        let changes = [
            change("2026-11-20T08:00:00Z", Became::CreatedOpen),
            change("2026-11-20T09:00:00Z", Became::Open),
        ];
        assert_eq!(Recorded::of(changes), Recorded::default());
    }
}
