//! The resources that an event names, and why.
//!
//! A trigger is a hint: it says which resource to describe, and what the record itself claims about it.

use v2only_policy::{
    HttpTokens, InstanceId, InstanceState, MinimumVersion, NotebookName, NotebookStatus, Place, Switch,
    Switches, Tags,
};

use crate::{Actor, EventName, Malformed};

/// An event that may have changed a resource this product looks after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The same for every delivery of the same event: CloudTrail's `eventID`, else the envelope's `id`.
    pub event_id: String,
    /// The account and Region it happened in.
    pub place: Place,
    /// When it happened; `None` if the record does not say so readably.
    pub time: Option<jiff::Timestamp>,
    /// What happened.
    pub event: EventName,
    /// Who did it, where the record says so.
    pub actor: Option<Actor>,
    /// The name of the EventBridge replay that delivered it again.
    pub replay: Option<String>,
    /// What it happened to.
    pub subject: Subject,
    /// Resources the event names unreadably, beside those in `subject`. They are to be reported; the sweep
    /// will find them.
    pub unreadable: Vec<Malformed>,
}

/// What an event happened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Instances were launched.
    Launched {
        /// Which ones, each once, and what the record says of each. Never empty.
        instances: Vec<Launched>,
        /// What the caller asked for.
        requested: RequestedOptions,
    },
    /// A launch that succeeded and whose record names no instance, or none readably: CloudTrail omits
    /// `responseElements` above 100 KB, which some 30 to 50 instances reach.
    LaunchedUnnamed {
        /// By which `DescribeInstances` can find the instances.
        client_token: Option<String>,
        /// How many there are at least: the caller's `minCount`, 1 if unknown.
        at_least: u32,
        /// What the caller asked for.
        requested: RequestedOptions,
    },
    /// Instances were started.
    Started {
        /// Which ones, each once. Never empty.
        ids: Vec<InstanceId>,
    },
    /// An instance is `running` or `stopped`: the back-stop behind every way to launch one.
    InstanceStateChanged {
        /// Which one.
        id: InstanceId,
        /// Its state.
        state: InstanceState,
        /// The state as AWS writes it.
        word: String,
    },
    /// A Spot request was fulfilled.
    SpotFulfilled {
        /// By which instance.
        id: InstanceId,
    },
    /// Somebody changed the metadata options of an instance.
    OptionsModified {
        /// The version of the template.
        id: InstanceId,
        /// To what.
        requested: RequestedOptions,
    },
    /// Somebody changed the metadata defaults of the account in this Region.
    DefaultsModified,
    /// A launch template, a version of one, or its default version is new. At least one of both is known.
    LaunchTemplateChanged {
        /// Its id.
        id: Option<String>,
        /// Its name.
        name: Option<String>,
    },
    /// An image is new.
    ImageChanged {
        /// Its id.
        id: String,
    },
    /// Something happened to a notebook instance.
    Notebook {
        /// To which one; the case is kept wherever the event keeps it.
        name: NotebookName,
        /// What.
        cause: NotebookCause,
    },
}

/// An instance as the record of its launch describes it. `None`: the record does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// Its id.
    pub id: InstanceId,
    /// Whether version 1 is answered.
    pub http_tokens: Option<HttpTokens>,
    /// Whether the metadata service answers at all.
    pub http_endpoint: Option<Switch>,
    /// The hop limit.
    pub hop_limit: Option<u8>,
    /// The options that are on or off.
    pub switches: Switches<Option<Switch>>,
    /// The service that manages it.
    pub managed_by: Option<String>,
    /// The image it was launched from.
    pub image: Option<String>,
    /// Its tags.
    pub tags: Option<Tags>,
}

impl Launched {
    /// An instance known only by its id.
    pub const fn unknown(id: InstanceId) -> Self {
        Self {
            id,
            http_tokens: None,
            http_endpoint: None,
            hop_limit: None,
            switches: Switches::all(None),
            managed_by: None,
            image: None,
            tags: None,
        }
    }
}

/// What a caller asked for. `None`: the caller did not ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestedOptions {
    /// Whether version 1 is answered.
    pub http_tokens: Option<HttpTokens>,
    /// Whether the metadata service answers at all.
    pub http_endpoint: Option<Switch>,
    /// The hop limit.
    pub hop_limit: Option<u8>,
    /// The options that are on or off.
    pub switches: Switches<Option<Switch>>,
    /// The id or name of the launch template.
    pub launch_template: Option<String>,
    /// The version of the launch template as the caller wrote it, for example `4` or `$Latest`.
    pub launch_template_version: Option<String>,
    /// Whether the caller gave the instances an exemption tag, beside those of the launch template.
    pub exemption_tag: bool,
    /// The image as the caller wrote it; `resolve:ssm:…` where it is kept in a parameter.
    pub image: Option<String>,
}

/// What happened to a notebook instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotebookCause {
    /// It was created, and is `Pending` for now.
    Created {
        /// What its creator asked for.
        minimum_version: Option<MinimumVersion>,
    },
    /// It was updated.
    Updated {
        /// What the caller asked for.
        minimum_version: Option<MinimumVersion>,
    },
    /// It was started, and is `Pending` for now.
    Started,
    /// Its status changed.
    StateChanged {
        /// To what.
        status: NotebookStatus,
        /// The status as AWS writes it.
        word: String,
        /// Its tags, where all of them can be read.
        tags: Option<Tags>,
    },
}
