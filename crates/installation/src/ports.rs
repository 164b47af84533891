//! How an installation is read from AWS, piece by piece. Nothing here writes.
//!
//! A piece that does not exist is `None` and not a failure: the port does not know whether it should exist.

use std::collections::BTreeMap;
use std::future::Future;

use v2only_enforcer::ports::Answer;
use v2only_policy::{AccountId, Place};

/// A trail of CloudTrail, as it is seen from one Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// Its ARN.
    pub arn: String,
    /// The Region it was made in, which alone can change it.
    pub home: String,
    /// Whether it records every Region.
    pub multi_region: bool,
}

/// What a trail records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selectors {
    /// The older selectors.
    Basic(Vec<BasicSelector>),
    /// The newer ones. AWS has one kind or the other on a trail.
    Advanced(Vec<AdvancedSelector>),
}

/// An `EventSelector`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BasicSelector {
    /// `All`, `ReadOnly` or `WriteOnly`.
    pub read_write: String,
    /// Whether calls of the control plane are recorded.
    pub management: bool,
    /// Data events by type, repeated when the selector is written anew.
    pub data: Vec<(String, Vec<String>)>,
    /// Sources whose management events are left out.
    pub excluded: Vec<String>,
}

/// An `AdvancedEventSelector`: all of its fields must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AdvancedSelector {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its conditions.
    pub fields: Vec<FieldSelector>,
}

/// A condition of an [`AdvancedSelector`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSelector {
    /// For example `readOnly`.
    pub field: String,
    /// Operators with their values: `Equals`, `NotEquals`, `StartsWith` and so on; none of them is empty.
    pub operators: BTreeMap<&'static str, Vec<String>>,
}

/// A rule of EventBridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its event pattern.
    pub pattern: Option<String>,
    /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub state: String,
}

/// A target of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id within the rule.
    pub id: String,
    /// What gets the events.
    pub arn: String,
    /// The role that sends them, where another account gets them.
    pub role: Option<String>,
    /// The queue for what could not be delivered.
    pub dead_letters: Option<String>,
    /// Whether something else than the event as it came is sent.
    pub reshapes: bool,
}

/// A queue of SQS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Where it is.
    pub url: String,
    /// All of its attributes, by AWS's names.
    pub attributes: BTreeMap<String, String>,
}

/// A function of Lambda.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Function {
    /// Its ARN.
    pub arn: String,
    /// What starts it.
    pub runtime: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Seconds that an invocation may take.
    pub timeout: i32,
    /// The role it runs under.
    pub role: String,
    /// SHA-256 of its zip, in base 64.
    pub code_sha256: String,
    /// `Active`, or what keeps it from being invoked.
    pub state: String,
    /// The reason for that state, if AWS gives one.
    pub state_reason: Option<String>,
    /// `Successful`, or what became of the last change.
    pub last_update: String,
    /// Its environment; `None` if AWS could not decrypt it.
    pub environment: Option<BTreeMap<String, String>>,
    /// Invocations at once that are reserved for it; zero stops it.
    pub reserved: Option<i32>,
    /// The stack that made it, where AWS shows its tags.
    pub stack: Option<String>,
}

/// What moves events from a queue into a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Its id.
    pub uuid: String,
    /// The ARN of the queue.
    pub source: String,
    /// `Enabled`, or something else.
    pub state: String,
    /// Whether single failed messages go back to the queue, instead of the complete batch.
    pub reports_failures: bool,
    /// Whether it has a filter: Lambda deletes what does not pass.
    pub filters: bool,
}

/// A schedule of EventBridge Scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    /// What it starts.
    pub target: String,
    /// When: `rate(6 hours)`, or `cron(…)`.
    pub expression: String,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its text.
    pub value: String,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
}

/// A service control policy where it is attached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The root, organizational unit or account it is attached to.
    pub target: String,
    /// Its text.
    pub text: String,
}

/// Reads an installation, besides what [`v2only_enforcer::ports::SourceReader`] reads. `policies/iam/role-doctor.json`
/// has the permissions.
pub trait ReadInstallation {
    /// Whether this build links the SDKs that reading an installation needs.
    fn is_linked(&self) -> bool {
        true
    }

    /// The trails that record a Region, those of the organization and of other Regions included.
    fn trails(&self, place: &Place) -> impl Future<Output = Answer<Vec<Trail>>> + Send;

    /// Whether a trail is recording.
    fn is_logging(&self, place: &Place, arn: &str) -> impl Future<Output = Answer<bool>> + Send;

    /// What it records.
    fn selectors(&self, place: &Place, arn: &str) -> impl Future<Output = Answer<Selectors>> + Send;

    /// A rule of a bus.
    fn rule(&self, place: &Place, bus: &str, name: &str)
    -> impl Future<Output = Answer<Option<Rule>>> + Send;

    /// Its targets.
    fn targets(
        &self,
        place: &Place,
        bus: &str,
        rule: &str,
    ) -> impl Future<Output = Answer<Vec<Target>>> + Send;

    /// The policy of a bus, empty if it has none; `None` if there is no such bus.
    fn bus_policy(&self, place: &Place, name: &str) -> impl Future<Output = Answer<Option<String>>> + Send;

    /// A queue by its name.
    fn queue(&self, place: &Place, name: &str) -> impl Future<Output = Answer<Option<Queue>>> + Send;

    /// A function by its name.
    fn function(&self, place: &Place, name: &str) -> impl Future<Output = Answer<Option<Function>>> + Send;

    /// What feeds it.
    fn mappings(&self, place: &Place, function: &str) -> impl Future<Output = Answer<Vec<Mapping>>> + Send;

    /// A schedule of the default group.
    fn schedule(&self, place: &Place, name: &str) -> impl Future<Output = Answer<Option<Schedule>>> + Send;

    /// A parameter by its name.
    fn parameter_at(
        &self,
        place: &Place,
        name: &str,
    ) -> impl Future<Output = Answer<Option<Parameter>>> + Send;

    /// Enters, and leaves again.
    fn enter(
        &self,
        place: &Place,
        role: &str,
        external_id: Option<&str>,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// The service control policies above an account, those of the account itself included.
    fn controls(&self, account: &AccountId) -> impl Future<Output = Answer<Vec<Control>>> + Send;
}
