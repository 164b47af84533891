//! The entry point of `rollback`: restores what a journal recorded, and nothing else. The only way
//! to loosen anything, under a role of its own.
//!
//! What somebody changed since the journal was written is theirs, and left unless asked for. Repeating a
//! rollback is harmless: what is as it was before is left.

mod apply;
mod decide;
mod look;

use std::fmt;

use jiff::Timestamp;
use v2only_policy::notebook::{MinimumVersion, NotebookStatus};
use v2only_policy::source::{Consumer, VersionChoice};
use v2only_policy::{
    AccountDefaults, DefaultsChange, ImageId, InstanceChange, InstanceId, LaunchTemplateId, MetadataOptions,
    NotebookName, Place, StatedOptions, Surface, Switch,
};

use crate::failure::Failure;
use crate::record::{Posture, ResourceId};

pub use apply::{Exemption, restore};
pub use decide::{defaults, instance, named_versions, notebook, surface, template};
pub use look::{Restorer, look};

/// A change that was journalled, and the state before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Where.
    pub place: Place,
    /// What.
    pub what: What,
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An instance.
    Instance {
        /// Which one.
        id: InstanceId,
        /// Its options before.
        before: MetadataOptions,
        /// What was asked for.
        change: InstanceChange,
    },
    /// The minimum version of a notebook. Stops and starts are not recorded as something to take back.
    Notebook {
        /// Which one.
        name: NotebookName,
        /// Its minimum version before.
        before: MinimumVersion,
        /// What the journal says of when it was created: another notebook may have its name today.
        created: Created,
    },
    /// A launch template, from one of its versions.
    Template(TemplateLine),
    /// The account defaults.
    Defaults {
        /// As they were.
        before: AccountDefaults,
        /// What was asked for.
        change: DefaultsChange,
    },
    /// An image, which nobody can change back.
    Image(ImageId),
    /// An Auto Scaling group that names other versions since.
    Group(GroupLine),
    /// A surface outside of EC2, Auto Scaling and SageMaker, as it was.
    Surface(Surface),
}

/// When a journalled notebook was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// At this moment, as AWS described it.
    At(Timestamp),
    /// Before this moment, at which the change was journalled. Journals of earlier releases say no more.
    Before(Timestamp),
    /// The journal does not say.
    Unknown,
}

/// A new version of a launch template, as it was journalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateLine {
    /// Which template.
    pub id: LaunchTemplateId,
    /// The version that was repeated.
    pub from: u64,
    /// What that one says.
    pub says: StatedOptions,
    /// What the new one was to say otherwise; `None` where `$Latest` was only put right again.
    pub change: Option<InstanceChange>,
    /// Number of `$Default` before.
    pub default: u64,
    /// Number of `$Latest` before.
    pub latest: u64,
    /// Whether the new version was made `$Default`.
    pub made_default: bool,
}

/// An Auto Scaling group before it was changed, as it was journalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupLine {
    /// Its name, its ARN, and the launch templates that it named.
    pub group: Consumer,
    /// The versions that it was to name the fixed ones of, with their launch templates.
    pub open: Vec<(LaunchTemplateId, u64)>,
}

impl Recorded {
    /// The resource.
    pub fn resource(&self) -> ResourceId {
        match &self.what {
            What::Instance { id, .. } => ResourceId::Instance(id.clone()),
            What::Notebook { name, .. } => ResourceId::Notebook(name.clone()),
            What::Template(it) => ResourceId::TemplateVersion(it.id.clone(), it.from),
            What::Defaults { .. } => ResourceId::AccountDefault,
            What::Image(id) => ResourceId::Image(id.clone()),
            What::Group(it) => ResourceId::Consumer(it.group.kind, it.group.id.clone()),
            What::Surface(it) => ResourceId::Surface(it.kind, it.id.clone()),
        }
    }
}

/// What restoring takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// All five options of an instance, in one call.
    Options(MetadataOptions),
    /// Minimum version 1 of a notebook.
    Version1,
    /// A launch template.
    Template {
        /// Make this version `$Default`.
        default: Option<u64>,
        /// Repeat this version, so that `$Latest` says again what it said. Nothing is deleted: a group may
        /// name the version by its number.
        latest: Option<u64>,
    },
    /// Those of the account defaults that were changed.
    Defaults(DefaultsStep),
    /// The versions that an Auto Scaling group names.
    Group {
        /// The group as it is now.
        now: Consumer,
        /// A version for each of its launch templates, in their order.
        versions: Vec<VersionChoice>,
    },
    /// The options of a surface.
    Surface {
        /// The surface as it is now.
        now: Surface,
        /// The options as they were.
        options: StatedOptions,
    },
}

/// Account defaults to be restored; `None` is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DefaultsStep {
    /// `HttpTokens`; the inner `None` is "no-preference".
    pub http_tokens: Option<Option<v2only_policy::HttpTokens>>,
    /// The hop limit; the inner `None` is -1, no preference.
    pub hop_limit: Option<Option<u8>>,
    /// `HttpEndpoint`; the inner `None` is "no-preference".
    pub http_endpoint: Option<Option<Switch>>,
    /// `InstanceMetadataTags`; the inner `None` is "no-preference".
    pub metadata_tags: Option<Option<Switch>>,
    /// Whether `HttpTokensEnforced` is to be switched off.
    pub stop_enforcing: bool,
}

/// What follows from a journalled change and the state now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restoration {
    /// It is as it was before.
    AsBefore,
    /// It does not exist any more.
    Gone,
    /// It is left, for this reason.
    Held(Held),
    /// It is to be restored.
    Restore(Step),
}

/// Why something is not restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Somebody changed it since.
    ChangedSince,
    /// A resource of the same name was created since.
    Recreated,
    /// The journal does not say how this option was.
    NotRecorded(&'static str),
    /// AWS lets nobody undo it.
    Irreversible,
    /// A notebook can only be updated while it is stopped.
    NotStopped(NotebookStatus),
    /// A declarative policy of the organization decides.
    DeclarativePolicy,
}

impl Held {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ChangedSince => "changed-since",
            Self::Recreated => "recreated",
            Self::NotRecorded(_) => "not-recorded",
            Self::Irreversible => "irreversible",
            Self::NotStopped(_) => "not-stopped",
            Self::DeclarativePolicy => "declarative-policy",
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChangedSince => {
                f.write_str("it is neither as it was nor as it was left; somebody changed it since")
            }
            Self::Recreated => f.write_str(
                "it is another resource: one of this name was created after the journal was written",
            ),
            Self::NotRecorded(option) => write!(f, "the journal does not say what {option} was"),
            Self::Irreversible => f.write_str("`ImdsSupport=v2.0` cannot be undone; register the image anew"),
            Self::NotStopped(status) => {
                write!(f, "the notebook is {status}, and only a stopped one can be updated")
            }
            Self::DeclarativePolicy => {
                f.write_str("a declarative policy of the organization owns the account defaults")
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(options) => write!(f, "{}", Posture::Options(*options)),
            Self::Surface { options, .. } if options.http_tokens.is_none() => {
                f.write_str("HttpTokens not set")
            }
            Self::Surface { options, .. } => {
                write!(f, "{}", Posture::Options(options.over(MetadataOptions::UNKNOWN)))
            }
            Self::Version1 => f.write_str("minimum version 1"),
            Self::Template { default, latest } => {
                let mut words = Vec::new();
                words.extend(default.map(|it| format!("version {it} made the default")));
                words.extend(latest.map(|it| format!("version {it} again as $Latest")));
                f.write_str(&words.join(", "))
            }
            Self::Group { now, versions } => {
                let changed = now.templates.iter().zip(versions).filter(|(it, back)| it.version != **back);
                let words: Vec<String> =
                    changed.map(|(it, back)| format!("{back} of {}", it.template)).collect();
                write!(f, "{} named again", words.join(", "))
            }
            Self::Defaults(it) => {
                let mut words = Vec::new();
                if let Some(tokens) = it.http_tokens {
                    let word = tokens.map_or("no-preference", tokens_word);
                    words.push(format!("HttpTokens={word}"));
                }
                if let Some(hops) = it.hop_limit {
                    let hops = hops.map_or_else(|| "no preference".to_owned(), |it| it.to_string());
                    words.push(format!("HttpPutResponseHopLimit={hops}"));
                }
                let switches =
                    [("HttpEndpoint", it.http_endpoint), ("InstanceMetadataTags", it.metadata_tags)];
                for (option, state) in switches {
                    if let Some(state) = state {
                        let word = state.and_then(Switch::word).unwrap_or("no-preference");
                        words.push(format!("{option}={word}"));
                    }
                }
                if it.stop_enforcing {
                    words.push("HttpTokensEnforced=disabled".to_owned());
                }
                f.write_str(&words.join(" "))
            }
        }
    }
}

const fn tokens_word(it: v2only_policy::HttpTokens) -> &'static str {
    match it {
        v2only_policy::HttpTokens::Required => "required",
        v2only_policy::HttpTokens::Optional | v2only_policy::HttpTokens::Unknown => "optional",
    }
}

/// A journalled change, looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The change.
    pub recorded: Recorded,
    /// As AWS describes it now.
    pub now: Option<Posture>,
    /// What follows; a failure if it could not be described.
    pub restoration: Result<Restoration, Failure>,
}

impl Looked {
    /// Whether something would be changed.
    pub const fn acts(&self) -> bool {
        matches!(self.restoration, Ok(Restoration::Restore(_)))
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Nothing was done, because of what was seen.
    Left,
    /// It is as it was before.
    Restored,
    /// It should have been restored and was not, or not whole.
    Failed(Failure),
}

/// A journalled change with what came of restoring it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What was seen first.
    pub looked: Looked,
    /// What came of it.
    pub came: Came,
    /// As AWS describes it afterwards.
    pub after: Option<Posture>,
}

impl Told {
    /// Whether it is not as it was before, and should be.
    pub const fn is_open(&self) -> bool {
        match (&self.came, &self.looked.restoration) {
            (Came::Failed(_), _) | (_, Err(_) | Ok(Restoration::Held(_))) => true,
            (Came::Left | Came::Restored, Ok(_)) => false,
        }
    }
}
