//! A SageMaker notebook instance as `DescribeNotebookInstance` described it.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::drift::{Moments, to_second};
use crate::{NotebookName, Tags};

/// Tag that remembers "this notebook was running before we stopped it". Its value is when we marked it; right before we start
/// the notebook, `starting` and when; once somebody else is known to have started it, `started` and when.
pub const RESTART_TAG: &str = "v2only:restart";

/// What the value of [`RESTART_TAG`] begins with from right before our start on.
const STARTING: &str = "starting ";

/// What the value of [`RESTART_TAG`] begins with once the notebook was started again.
const STARTED: &str = "started ";

/// Tag that remembers when AWS last accepted an update of a notebook from us. It is never taken off: what it
/// says is forgotten by itself.
pub const UPDATED_TAG: &str = "v2only:updated";

/// How often an update is tried within [`UPDATE_TRIES_HOURS`]. Each try ends with an event, and without a
/// bound an update that never takes effect would be tried for ever. What AWS refuses is no try.
pub const UPDATE_TRIES: usize = 3;

/// See [`UPDATE_TRIES`].
pub const UPDATE_TRIES_HOURS: i64 = 24;

/// How long a restart mark is believed. One that is older was left behind by something that went wrong, and
/// starting a notebook its owner has meanwhile stopped would be worse than leaving it.
pub const RESTART_MARK_HOURS: i64 = 24;

/// For how many minutes the function that wrote a restart mark may still make the stop that the mark announces: a function for
/// events runs for one minute.
pub const STOP_FOLLOWS_MINUTES: i64 = 2;

/// After how many minutes a call that CloudTrail's event history does not have counts as not made. CloudTrail delivers an event
/// after 5 minutes on average, and guarantees no time.
pub const RECORDED_AFTER_MINUTES: i64 = 15;

/// How many seconds before the moment in a mark a start still counts as one after it: two functions may write the mark and
/// start the notebook one right after the other. No notebook starts, stops and is updated as fast as this.
pub const SIDE_BY_SIDE_SECONDS: i64 = 30;

/// What a restart mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartMark {
    /// We stopped the notebook, or are about to, and will start it again.
    ToStart,
    /// We are about to start the notebook again, or did.
    Starting,
    /// We started the notebook again. A later stop is the owner's.
    Started,
}

/// `MinimumInstanceMetadataServiceVersion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MinimumVersion {
    /// "1": both versions are answered.
    One,
    /// "2": version 2 only.
    Two,
    /// Not described, as for old notebooks, or a word this release does not know. Judged like "1".
    Unknown,
}

/// Status of a notebook instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NotebookStatus {
    /// Being created or started.
    Pending,
    /// Running.
    InService,
    /// Being stopped.
    Stopping,
    /// Stopped; the only status besides `Failed` in which it can be updated.
    Stopped,
    /// Could not be created, started or updated.
    Failed,
    /// Being updated; it will be `Stopped` again afterwards.
    Updating,
    /// Being deleted, or deleted: nothing left to protect.
    Gone,
    /// A word this release does not know; nothing is done to it.
    Unknown,
}

impl NotebookStatus {
    /// The status in AWS's spelling; `None` if this release does not know it.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Pending => Some("Pending"),
            Self::InService => Some("InService"),
            Self::Stopping => Some("Stopping"),
            Self::Stopped => Some("Stopped"),
            Self::Failed => Some("Failed"),
            Self::Updating => Some("Updating"),
            Self::Gone => Some("Deleting"),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for NotebookStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().unwrap_or("Unknown"))
    }
}

/// The operating system below a notebook, by its `PlatformIdentifier`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Platform {
    /// `notebook-al1-v1`. Cannot be upgraded, and cannot be started once stopped.
    AmazonLinux1,
    /// `notebook-al2-v1` to `-v3`. Since 2026-07-01 it cannot be started once stopped, unless it is moved to
    /// Amazon Linux 2023 in between.
    AmazonLinux2,
    /// `notebook-al2023-v1`.
    AmazonLinux2023,
    /// Not described, or unknown to this release. Never stopped by us.
    Unknown(String),
}

impl Platform {
    /// Reads a `PlatformIdentifier`.
    pub fn from_identifier(identifier: Option<&str>) -> Self {
        match identifier {
            Some(text) if text.starts_with("notebook-al2023-") => Self::AmazonLinux2023,
            Some(text) if text.starts_with("notebook-al2-") => Self::AmazonLinux2,
            Some(text) if text.starts_with("notebook-al1-") => Self::AmazonLinux1,
            other => Self::Unknown(other.unwrap_or_default().to_owned()),
        }
    }
}

/// The platform that version-2 notebooks are moved to where the policy opted in.
pub const AL2023_PLATFORM: &str = "notebook-al2023-v1";

/// Instance families on which AWS does not offer Amazon Linux 2023 notebooks.
const FAMILIES_WITHOUT_AL2023: [&str; 5] = ["ml.p2.", "ml.p3.", "ml.p3dn.", "ml.inf1.", "ml.g3."];

/// What is known of one notebook instance.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Notebook {
    /// Its name, case kept.
    pub name: NotebookName,
    /// Its ARN, by which it is tagged.
    pub arn: String,
    /// Its status.
    pub status: NotebookStatus,
    /// The minimum IMDS version.
    pub minimum_version: MinimumVersion,
    /// Its operating system.
    pub platform: Platform,
    /// Its instance type, for example `ml.t3.medium`.
    pub instance_type: String,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Why it is `Failed`.
    pub failure_reason: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Notebook {
    /// Whether AWS offers Amazon Linux 2023 on its instance type.
    pub fn can_run_al2023(&self) -> bool {
        !FAMILIES_WITHOUT_AL2023.iter().any(|family| self.instance_type.starts_with(family))
    }

    /// What its restart mark says, if it carries one that can still be believed.
    pub fn restart_mark(&self, now: Timestamp) -> Option<RestartMark> {
        let (mark, at) = self.mark_and_moment()?;
        (-1..RESTART_MARK_HOURS).contains(&now.duration_since(at).as_hours()).then_some(mark)
    }

    /// What its restart mark of any age says, and since when.
    pub(crate) fn mark_and_moment(&self) -> Option<(RestartMark, Timestamp)> {
        let text = self.tags.get(RESTART_TAG)?;
        let said = |prefix: &str, mark| text.strip_prefix(prefix).map(|at| (mark, at));
        let (mark, at) = said(STARTED, RestartMark::Started)
            .or_else(|| said(STARTING, RestartMark::Starting))
            .unwrap_or((RestartMark::ToStart, text));
        Some((mark, at.parse().ok()?))
    }

    /// Until when the stop that its mark announces may still follow, if it may.
    pub fn stop_may_follow_until(&self, now: Timestamp) -> Option<Timestamp> {
        let (mark, at) = self.mark_and_moment()?;
        let until = at.checked_add(SignedDuration::from_mins(STOP_FOLLOWS_MINUTES)).ok()?;
        (mark == RestartMark::ToStart && now < until).then_some(until)
    }

    /// Whether we stopped it and are not known to have started it again, as far as its mark can still be believed.
    pub fn marked_for_restart(&self, now: Timestamp) -> bool {
        matches!(self.restart_mark(now), Some(RestartMark::ToStart | RestartMark::Starting))
    }

    /// Whether its mark, of any age, says that it was started again.
    pub fn was_started_again(&self) -> bool {
        self.tags.get(RESTART_TAG).is_some_and(|text| text.starts_with(STARTED))
    }

    /// The value of [`RESTART_TAG`] that announces our start.
    pub fn starting_mark(now: Timestamp) -> String {
        format!("{STARTING}{}", to_second(now))
    }

    /// The value of [`RESTART_TAG`] that remembers a start.
    pub fn started_mark(now: Timestamp) -> String {
        format!("{STARTED}{}", to_second(now))
    }

    /// When AWS accepted an update from us of late.
    pub fn updates(&self, now: Timestamp) -> Moments {
        Moments::in_tag(&self.tags, UPDATED_TAG, SignedDuration::from_hours(UPDATE_TRIES_HOURS), now)
    }

    /// The value of [`UPDATED_TAG`] that remembers an update accepted now; `None` if it does already. No more
    /// are kept than are counted, so that the value always fits into a tag.
    pub fn remembering_update(&self, now: Timestamp) -> Option<String> {
        self.updates(now).latest(UPDATE_TRIES - 1).remembering(now)
    }

    /// Whether it carries a restart mark of any age, believable or not.
    pub fn carries_restart_mark(&self) -> bool {
        self.tags.contains_key(RESTART_TAG)
    }
}
