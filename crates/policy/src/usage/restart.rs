//! The last start of an instance as evidence: software calls IMDSv1 mostly at a start, and a window without a start shows
//! nothing of those calls.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::ids::{InstanceId, Region};
use crate::moment::first_day;

/// How long after a start CloudWatch may not show the calls of that start yet.
const SETTLING: SignedDuration = SignedDuration::from_hours(1);

/// Where the last start of an instance lies, as seen from the usage window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LastStart {
    /// In the window, and long enough ago: its calls are counted.
    InWindow(Timestamp),
    /// Less than an hour ago: CloudWatch may not show its calls yet.
    TooRecent(Timestamp),
    /// Before the window: its calls are not in the window.
    BeforeWindow(Timestamp),
    /// AWS did not describe it.
    Unknown,
}

impl LastStart {
    /// Places the start of an instance (`LaunchTime` of EC2) in a window of this many whole days before today.
    pub fn of(started_at: Option<Timestamp>, now: Timestamp, window: u16) -> Self {
        let Some(at) = started_at else { return Self::Unknown };
        let utc = |at| jiff::tz::Offset::UTC.to_datetime(at).date();
        if utc(at) < first_day(utc(now), window) {
            Self::BeforeWindow(at)
        } else if now.duration_since(at) < SETTLING {
            Self::TooRecent(at)
        } else {
            Self::InWindow(at)
        }
    }

    /// Whether the calls of the start are in the window.
    pub const fn is_in_window(self) -> bool {
        matches!(self, Self::InWindow(_))
    }
}

/// A quiet instance whose last start is not in the window.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NotRestarted {
    /// The last start.
    pub last_start: LastStart,
    /// Length of the window in days, besides today.
    pub window: u16,
    /// The instance.
    pub instance: InstanceId,
    /// Its Region.
    pub region: Region,
    /// Its Auto Scaling group, which replaces an instance that somebody stops.
    pub group: Option<String>,
}

impl fmt::Display for NotRestarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = if self.window == 1 { "day" } else { "days" };
        write!(f, "made no IMDSv1 call in the window of {} {days}, but ", self.window)?;
        match self.last_start {
            LastStart::TooRecent(at) => {
                let from = at.checked_add(SETTLING).unwrap_or(at);
                return write!(
                    f,
                    "was last started at {at}, less than 1 hour ago, and CloudWatch shows calls late; run v2only \
                     again after {from}"
                );
            }
            LastStart::BeforeWindow(at) | LastStart::InWindow(at) => {
                write!(f, "was last started at {at}, before that window: calls at a start would not show")?;
            }
            LastStart::Unknown => f.write_str("AWS did not describe when it was last started")?,
        }
        let Self { region, instance, .. } = self;
        match &self.group {
            Some(group) => write!(
                f,
                "; replace it with `aws autoscaling start-instance-refresh --region {region} \
                 --auto-scaling-group-name {group}`"
            ),
            None => write!(
                f,
                "; run `aws ec2 stop-instances --region {region} --instance-ids {instance}`, then `aws ec2 \
                 start-instances --region {region} --instance-ids {instance}` (a reboot does not count), and v2only \
                 again 1 hour later"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOW: &str = "2026-11-20T12:00:00Z";

    #[rstest]
    #[case::first_second_of_the_window("2026-11-06T00:00:00Z", "in")]
    #[case::a_second_before("2026-11-05T23:59:59Z", "before")]
    #[case::an_hour_ago("2026-11-20T11:00:00Z", "in")]
    #[case::a_moment_ago("2026-11-20T11:00:01Z", "recent")]
    #[case::ahead_of_our_clock("2026-11-20T12:00:30Z", "recent")]
    fn a_start_counts_inside_the_window_once_cloudwatch_shows_its_calls(
        #[case] started: &str,
        #[case] expected: &str,
    ) {
        let at: Timestamp = started.parse().unwrap();
        let expected = match expected {
            "in" => LastStart::InWindow(at),
            "before" => LastStart::BeforeWindow(at),
            _ => LastStart::TooRecent(at),
        };
        assert_eq!(LastStart::of(Some(at), NOW.parse().unwrap(), 14), expected);
    }

    #[test]
    fn a_start_that_is_not_described_is_no_evidence() {
        assert_eq!(LastStart::of(None, NOW.parse().unwrap(), 14), LastStart::Unknown);
    }
}
