//! Everything outside of the process: AWS, the clock, the terminal, standard input.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use v2only_enforcer::ports::{
    Answer, DeliveredByV1, ImportFindings, InstanceWriter, LookUpLaunches, NotebookWriter, PostponeMessages,
    ReadControls, ReadFindings, ReadInventory, ReadParameter, ReadSoftware, RunAutomation, RunTrace,
    SourceWriter, TightenSurface, UpdateFindings,
};
use v2only_enforcer::rollback::Restorer;
use v2only_installation::ports::ReadInstallation;
use v2only_policy::{AccountId, Place, Region};

use crate::term::problem::Problem;

pub use v2only_enforcer::ports::{DescribeInstances, ReadRoles, ReadSurfaces, Readable};

/// What a command asks of the outside.
pub trait World: Sync {
    /// AWS.
    type Aws: Cloud;

    /// Prepares to reach AWS; makes no call.
    ///
    /// # Errors
    /// The environment cannot be used.
    fn connect(&self, access: Access<'_>) -> impl Future<Output = Result<Self::Aws, Problem>>;

    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, how_long: Duration) -> impl Future<Output = ()>;

    /// Ends when a person interrupts the run. From the first call on, an interrupt does not end the process; a second one
    /// does.
    fn interrupted(&self) -> impl Future<Output = ()>;

    /// What a person sees and types on.
    fn terminal(&self) -> Terminal;

    /// The policy document that is meant where none is named: that of the environment, or of the current folder.
    fn policy(&self) -> Option<PathBuf>;

    /// All of standard input.
    ///
    /// # Errors
    /// It cannot be read, or is not text.
    fn read_stdin(&self) -> io::Result<String>;

    /// One line of standard input, the answer to a question.
    ///
    /// # Errors
    /// It cannot be read.
    fn read_line(&self) -> io::Result<String>;
}

/// How AWS is to be reached.
#[derive(Debug, Clone, Default)]
pub struct Access<'a> {
    /// A profile of the shared configuration files.
    pub profile: Option<&'a str>,
    /// The Region to start from.
    pub region: Option<Region>,
    /// How other accounts are entered; `None` leaves it to the environment.
    pub members: Option<Members>,
}

/// How other accounts are entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// The role in each of them.
    pub role: String,
    /// What its trust policy asks for.
    pub external_id: Option<String>,
    /// Those that may be entered. Those of the organization may be once they were listed.
    pub accounts: Vec<AccountId>,
}

/// What a person sees and types on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminal {
    /// Whether somebody can answer a question.
    pub stdin: bool,
    /// Whether somebody watches standard error.
    pub stderr: bool,
    /// The columns of standard output; `None` if that is not a terminal, and nothing is wrapped.
    pub width: Option<u16>,
}

/// AWS as the commands use it: the ports, and what only a person at a terminal asks.
pub trait Cloud:
    Readable
    + DescribeInstances
    + LookUpLaunches
    + InstanceWriter
    + NotebookWriter
    + SourceWriter
    + ReadSurfaces
    + ReadInventory
    + ReadRoles
    + TightenSurface
    + Restorer
    + ReadParameter
    + PostponeMessages
    + RunAutomation
    + RunTrace
    + ReadSoftware
    + ReadFindings
    + ImportFindings
    + ReadControls
    + UpdateFindings
    + ReadInstallation
{
    /// The Region to start from, if flags, environment or profile name one.
    fn home_region(&self) -> Option<Region>;

    /// The account that the credentials belong to.
    fn account(&self) -> impl Future<Output = Answer<AccountId>>;

    /// The active accounts of the organization. From then on they may be entered.
    fn organization(&self) -> impl Future<Output = Answer<Vec<AccountId>>>;

    /// The name of an account, once the organization was listed.
    fn account_name(&self, account: &AccountId) -> Option<String>;

    /// The management account, once the organization was listed. No SCP applies to it.
    fn management_account(&self) -> Option<AccountId>;

    /// Takes recorded calls as evidence of the usage gate, beside the metrics.
    fn add_delivered_by_v1(&mut self, delivered: DeliveredByV1);

    /// The Regions enabled in an account.
    fn regions(&self, from: &Place) -> impl Future<Output = Answer<Vec<Region>>>;

    /// How often each action was called so far.
    fn calls(&self) -> BTreeMap<&'static str, u64>;
}
