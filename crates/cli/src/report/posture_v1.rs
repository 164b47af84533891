//! Postures as the published shapes write them.

use serde::{Serialize, Serializer};
use v2only_enforcer::record::Posture;
use v2only_policy::instance::{MetadataOptions, Switch};
use v2only_policy::notebook::MinimumVersion;
use v2only_policy::{ImdsSupport, StatedOptions, Switches};

/// The metadata options of an instance; `null` is what AWS did not describe.
#[derive(Debug, Serialize)]
pub(crate) struct OptionsV1 {
    pub(crate) http_tokens: Option<&'static str>,
    pub(crate) http_endpoint: Option<&'static str>,
    pub(crate) hop_limit: Option<u8>,
    #[serde(flatten)]
    pub(crate) switches: SwitchesV1<Option<&'static str>>,
}

/// The options that are on or off, under their keys.
#[derive(Debug)]
pub(crate) struct SwitchesV1<T>(pub(crate) Switches<T>);

impl<T: Serialize> Serialize for SwitchesV1<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(option, value)| (option.key(), value)))
    }
}

impl From<&MetadataOptions> for OptionsV1 {
    fn from(it: &MetadataOptions) -> Self {
        Self {
            http_tokens: it.http_tokens.word(),
            http_endpoint: it.http_endpoint.word(),
            hop_limit: it.hop_limit,
            switches: SwitchesV1(it.switches.map(Switch::word)),
        }
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

/// The part of a resource that is judged.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum PostureV1 {
    /// Of an instance.
    Instance(OptionsV1),
    /// Of a notebook.
    Notebook { minimum_version: Option<&'static str>, status: Option<&'static str> },
    /// What a launch would get.
    Launch {
        #[serde(flatten)]
        options: OptionsV1,
        decided_by: DecidedByV1,
    },
    /// Of the account defaults; `null` is no preference.
    Defaults {
        #[serde(flatten)]
        options: OptionsV1,
        http_tokens_enforced: Option<&'static str>,
    },
    /// Of an image.
    Image { imds_support: Option<&'static str> },
}

/// Who decides each option: `source`, `account-default`, `image` or `nobody`.
#[derive(Debug, Serialize)]
pub(crate) struct DecidedByV1 {
    http_tokens: &'static str,
    http_endpoint: &'static str,
    hop_limit: &'static str,
    #[serde(flatten)]
    switches: SwitchesV1<&'static str>,
}

impl From<&StatedOptions> for OptionsV1 {
    fn from(it: &StatedOptions) -> Self {
        Self::from(&it.over(MetadataOptions::UNKNOWN))
    }
}

impl From<&Posture> for PostureV1 {
    fn from(it: &Posture) -> Self {
        match it {
            Posture::Options(options) => Self::Instance(options.into()),
            Posture::Notebook { minimum_version: version, status } => {
                Self::Notebook { minimum_version: minimum_version(*version), status: status.code() }
            }
            Posture::Launch(it) => Self::Launch {
                options: (&it.options()).into(),
                decided_by: DecidedByV1 {
                    http_tokens: it.http_tokens.by.code(),
                    http_endpoint: it.http_endpoint.by.code(),
                    hop_limit: it.hop_limit.by.code(),
                    switches: SwitchesV1(it.switches.map(|switch| switch.by.code())),
                },
            },
            Posture::Defaults { options, enforced } => {
                Self::Defaults { options: options.into(), http_tokens_enforced: enforced.word() }
            }
            Posture::Image(support) => {
                Self::Image { imds_support: (*support == ImdsSupport::V2).then_some("v2.0") }
            }
        }
    }
}
