//! Postures as the published shapes write them.

use serde::Serialize;
use v2only_enforcer::record::Posture;
use v2only_policy::instance::{HttpTokens, MetadataOptions, Switch};
use v2only_policy::notebook::{MinimumVersion, NotebookStatus};

/// The metadata options of an instance; `null` is what AWS did not describe.
#[derive(Debug, Serialize)]
pub(crate) struct OptionsV1 {
    http_tokens: Option<&'static str>,
    http_endpoint: Option<&'static str>,
    hop_limit: Option<u8>,
    ipv6_endpoint: Option<&'static str>,
    metadata_tags: Option<&'static str>,
}

impl From<&MetadataOptions> for OptionsV1 {
    fn from(it: &MetadataOptions) -> Self {
        Self {
            http_tokens: match it.http_tokens {
                HttpTokens::Required => Some("required"),
                HttpTokens::Optional => Some("optional"),
                HttpTokens::Unknown => None,
            },
            http_endpoint: switch(it.http_endpoint),
            hop_limit: it.hop_limit,
            ipv6_endpoint: switch(it.ipv6_endpoint),
            metadata_tags: switch(it.metadata_tags),
        }
    }
}

const fn switch(it: Switch) -> Option<&'static str> {
    match it {
        Switch::Enabled => Some("enabled"),
        Switch::Disabled => Some("disabled"),
        Switch::Unknown => None,
    }
}

/// The minimum version of a notebook.
pub(crate) const fn minimum_version(it: MinimumVersion) -> Option<&'static str> {
    match it {
        MinimumVersion::One => Some("1"),
        MinimumVersion::Two => Some("2"),
        MinimumVersion::Unknown => None,
    }
}

/// The status of a notebook, in AWS's words.
pub(crate) const fn status(it: NotebookStatus) -> Option<&'static str> {
    match it {
        NotebookStatus::Pending => Some("Pending"),
        NotebookStatus::InService => Some("InService"),
        NotebookStatus::Stopping => Some("Stopping"),
        NotebookStatus::Stopped => Some("Stopped"),
        NotebookStatus::Failed => Some("Failed"),
        NotebookStatus::Updating => Some("Updating"),
        NotebookStatus::Gone => Some("Deleting"),
        NotebookStatus::Unknown => None,
    }
}

/// The part of a resource that is judged.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum PostureV1 {
    /// Of an instance.
    Instance(OptionsV1),
    /// Of a notebook.
    Notebook { minimum_version: Option<&'static str>, status: Option<&'static str> },
}

impl From<&Posture> for PostureV1 {
    fn from(it: &Posture) -> Self {
        match it {
            Posture::Options(options) => Self::Instance(options.into()),
            Posture::Notebook { minimum_version: version, status: word } => {
                Self::Notebook { minimum_version: minimum_version(*version), status: status(*word) }
            }
        }
    }
}
