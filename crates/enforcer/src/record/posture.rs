//! The options of a resource, before and after a change.

use std::fmt;

use serde::{Deserialize, Serialize};
use v2only_policy::instance::{HttpTokens, MetadataOptions, Switch};
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus};
use v2only_policy::{AccountDefaults, EffectiveOptions, ImdsSupport, StatedOptions, Subject};

/// The options of a resource that rules judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Posture {
    /// Of an instance.
    Options(MetadataOptions),
    /// Of a notebook.
    Notebook {
        /// Its minimum IMDS version.
        minimum_version: MinimumVersion,
        /// Its status.
        status: NotebookStatus,
    },
    /// What a launch would get, and who decides it.
    Launch(EffectiveOptions),
    /// Of the account defaults.
    Defaults {
        /// What the account says.
        options: StatedOptions,
        /// Whether tokens are enforced.
        enforced: Switch,
    },
    /// Of an image.
    Image(ImdsSupport),
}

impl From<&AccountDefaults> for Posture {
    fn from(it: &AccountDefaults) -> Self {
        Self::Defaults { options: it.options, enforced: it.enforced }
    }
}

impl From<&Notebook> for Posture {
    fn from(it: &Notebook) -> Self {
        Self::Notebook { minimum_version: it.minimum_version, status: it.status }
    }
}

impl From<&Subject> for Posture {
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::Instance(instance) => Self::Options(instance.options),
            Subject::Notebook(notebook) => Self::from(notebook),
            Subject::AccountDefaults(defaults) => Self::from(defaults),
            Subject::TemplateVersion { effective, .. }
            | Subject::LaunchConfiguration { effective, .. }
            | Subject::Consumer { effective, .. } => Self::Launch(*effective),
            Subject::Image(image) => Self::Image(image.imds_support),
            Subject::Surface(surface) => Self::Options(surface.described()),
        }
    }
}

impl fmt::Display for Posture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(options) if options.http_endpoint == Switch::Disabled => {
                f.write_str("endpoint disabled")
            }
            Self::Options(options) => {
                f.write_str(tokens(options.http_tokens))?;
                options.hop_limit.map_or(Ok(()), |hops| write!(f, ", hop {hops}"))
            }
            Self::Notebook { minimum_version, status } => {
                f.write_str(match minimum_version {
                    MinimumVersion::One => "version 1",
                    MinimumVersion::Two => "version 2",
                    MinimumVersion::Unknown => "version not described",
                })?;
                write!(f, ", {status}")
            }
            Self::Launch(it) if it.http_endpoint.is == Switch::Disabled => {
                write!(f, "endpoint disabled ({})", it.http_endpoint.by)
            }
            Self::Launch(it) => {
                write!(f, "{} ({})", tokens(it.http_tokens.is), it.http_tokens.by)?;
                it.hop_limit.is.map_or(Ok(()), |hops| write!(f, ", hop {hops} ({})", it.hop_limit.by))
            }
            Self::Defaults { options, enforced } => {
                f.write_str(options.http_tokens.map_or("no preference", tokens))?;
                options.hop_limit.map_or(Ok(()), |hops| write!(f, ", hop {hops}"))?;
                f.write_str(if *enforced == Switch::Enabled { ", enforced" } else { "" })
            }
            Self::Image(support) => f.write_str(match support {
                ImdsSupport::V2 => "ImdsSupport v2.0",
                ImdsSupport::Unmarked => "no ImdsSupport",
                ImdsSupport::Unknown => "not described",
            }),
        }
    }
}

const fn tokens(is: HttpTokens) -> &'static str {
    match is {
        HttpTokens::Required => "required",
        HttpTokens::Optional => "optional",
        HttpTokens::Unknown => "not described",
    }
}
