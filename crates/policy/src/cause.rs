//! Where an instance has its options from: the root cause of what is wrong with it.
//!
//! Said from what the sources say now. Where that cannot explain an option (the launch request named it, or
//! it was changed since, or the source was), the cause is said to be elsewhere.

use std::fmt;

use crate::instance::{HttpTokens, MetadataOptions};
use crate::source::{AccountDefaults, ImdsSupport, StatedOptions};
use crate::{ImageId, LaunchTemplateId};

/// What an instance was launched from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Launched {
    /// A version of a launch template, which AWS notes in the tags of the instance.
    Template(LaunchTemplateId, u64),
    /// The launch configuration of its Auto Scaling group.
    Configuration(String),
    /// A request that named neither.
    Directly,
}

impl fmt::Display for Launched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(id, version) => write!(f, "launch template {id} version {version}"),
            Self::Configuration(name) => write!(f, "launch configuration {name}"),
            Self::Directly => f.write_str("the launch request"),
        }
    }
}

/// Who set an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Setter {
    /// What it was launched from.
    Source,
    /// The account default.
    AccountDefault,
    /// The image.
    Image,
    /// No source that can be seen: the default of AWS when no source sets the option.
    Nobody,
    /// The launch request, or a change since.
    Elsewhere,
    /// A source that could have set it is not described any more.
    Unknown,
}

impl Setter {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::AccountDefault => "account-default",
            Self::Image => "image",
            Self::Nobody => "nobody",
            Self::Elsewhere => "elsewhere",
            Self::Unknown => "unknown",
        }
    }
}

/// All that is known of how an instance came to be.
#[derive(Debug, Clone, Copy)]
pub struct Lineage<'a> {
    /// What it was launched from.
    pub from: &'a Launched,
    /// What that says; `None` if it is not described any more.
    pub says: Option<&'a StatedOptions>,
    /// The account defaults, as they are now.
    pub defaults: &'a AccountDefaults,
    /// What its image says.
    pub image: ImdsSupport,
}

/// Who set what is wrong with an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RootCause {
    /// What it was launched from.
    pub from: Launched,
    /// Its Auto Scaling group.
    pub group: Option<String>,
    /// Its image.
    pub image: Option<ImageId>,
    /// Who set `HttpTokens`.
    pub http_tokens: Setter,
    /// Who set the hop limit.
    pub hop_limit: Setter,
}

impl RootCause {
    /// Traces the options of one instance.
    pub fn trace(
        options: &MetadataOptions,
        lineage: &Lineage<'_>,
        group: Option<String>,
        image: Option<ImageId>,
    ) -> Self {
        let account = &lineage.defaults.options;
        let tokens = Traced {
            is: options.http_tokens,
            source: lineage.says.map(|it| it.http_tokens),
            account: account.http_tokens,
            image: HttpTokens::Required,
            nobody: HttpTokens::Optional,
        };
        let hops = Traced {
            is: options.hop_limit,
            source: lineage.says.map(|it| it.hop_limit.map(Some)),
            account: account.hop_limit.map(Some),
            image: Some(2),
            nobody: Some(1),
        };
        Self {
            from: lineage.from.clone(),
            group,
            image,
            http_tokens: tokens.setter(lineage),
            hop_limit: hops.setter(lineage),
        }
    }

    /// The fix for the source, so that what it launches next is right. Instances that run keep their options.
    /// Nothing where the cause is not known.
    pub fn remedy(&self) -> Option<String> {
        Some(match (self.http_tokens, &self.from) {
            (Setter::Source, Launched::Template(id, _)) => {
                format!("a new version of {id} that requires tokens (`launch_templates.fix: new-version`)")
            }
            (Setter::Source, Launched::Configuration(name)) => {
                format!("a launch template in place of {name}: launch configurations cannot be changed")
            }
            (Setter::AccountDefault | Setter::Nobody, _) => {
                "an account default that requires tokens (`account_defaults.http_tokens: required`)"
                    .to_owned()
            }
            (Setter::Source | Setter::Elsewhere, _) => {
                "the caller that launched or changed it: the request has to say HttpTokens=required"
                    .to_owned()
            }
            (Setter::Image, _) => "another image, or a launch that says HttpTokens=required".to_owned(),
            (Setter::Unknown, _) => return None,
        })
    }

    /// What to fix, as one group of many instances.
    pub fn words(&self) -> String {
        let image = self.image.as_ref().map_or_else(|| "an image without id".to_owned(), ToString::to_string);
        match (self.http_tokens, &self.from) {
            (Setter::Source, from) => format!("{from} says so"),
            (Setter::AccountDefault, _) => "the account default says so".to_owned(),
            (Setter::Image, _) => format!("image {image} says so"),
            (Setter::Nobody, Launched::Directly) => {
                format!("the launch request, or nobody: account default and {image} are silent")
            }
            (Setter::Nobody, from) => {
                format!("not set: {from}, account default and {image} set no tokens")
            }
            (Setter::Elsewhere, Launched::Directly) => "the launch request, or a change since".to_owned(),
            (Setter::Elsewhere, from) => format!("the launch request or a change since, not {from}"),
            (Setter::Unknown, Launched::Directly) => format!("not known: {image} is not described any more"),
            (Setter::Unknown, from) => format!("not known: {from} or {image} is not described any more"),
        }
    }
}

/// One option: as it is, and as each source would have set it.
struct Traced<T> {
    is: T,
    /// `None`: not described any more.
    source: Option<Option<T>>,
    account: Option<T>,
    image: T,
    nobody: T,
}

impl<T: PartialEq> Traced<T> {
    fn setter(&self, lineage: &Lineage<'_>) -> Setter {
        let (said, by) = match (&self.source, &self.account, lineage.image) {
            (None, ..) => return Setter::Unknown,
            (Some(Some(said)), ..) => (said, Setter::Source),
            (Some(None), Some(said), _) => (said, Setter::AccountDefault),
            (Some(None), None, ImdsSupport::V2) => (&self.image, Setter::Image),
            (Some(None), None, ImdsSupport::Unmarked) => (&self.nobody, Setter::Nobody),
            (Some(None), None, ImdsSupport::Unknown) => return Setter::Unknown,
        };
        if *said == self.is { by } else { Setter::Elsewhere }
    }
}
