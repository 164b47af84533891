//! How notebooks behave where AWS's documents state nothing or contradict each other.

use std::time::Duration;

/// What a new notebook gets that does not say which IMDS version it wants. The API reference says
/// 1, the developer guide says 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultVersion {
    /// "1": both versions are allowed.
    #[default]
    One,
    /// "2"
    Two,
    /// Nothing: `DescribeNotebookInstance` leaves the block out.
    Absent,
}

/// When an accepted update can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateVisible {
    /// In the first describe, while the status is `Updating`.
    #[default]
    AtOnce,
    /// When the status is `Stopped` again; an update that fails is never seen.
    AtTheEnd,
}

/// Where a notebook whose instance type does not run on Amazon Linux 2023 is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnsupportedType {
    /// The update to that platform is refused.
    #[default]
    AtUpdate,
    /// The update is accepted and every later start is refused.
    AtStart,
}

/// Settings of all notebooks of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotebookSettings {
    /// `Pending` to `InService`.
    pub starting: Duration,
    /// `Stopping` to `Stopped`.
    pub stopping: Duration,
    /// `Updating` to `Stopped`.
    pub updating: Duration,
    /// `Deleting` to gone.
    pub deleting: Duration,
    /// The IMDS version of a new notebook that does not say.
    pub default_version: DefaultVersion,
    /// When an update can be seen.
    pub update_visible: UpdateVisible,
    /// Where an unsupported instance type is refused.
    pub unsupported_type: UnsupportedType,
    /// How many equal state-change events each change sends; AWS may send several.
    pub notices: u32,
}

impl Default for NotebookSettings {
    fn default() -> Self {
        Self {
            starting: Duration::from_secs(120),
            stopping: Duration::from_secs(60),
            updating: Duration::from_secs(20),
            deleting: Duration::from_secs(30),
            default_version: DefaultVersion::default(),
            update_visible: UpdateVisible::default(),
            unsupported_type: UnsupportedType::default(),
            notices: 1,
        }
    }
}
