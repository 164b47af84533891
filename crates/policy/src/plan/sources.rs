//! What is to be done about a source of launches, as data.
//!
//! INVARIANT (only tighten): none of these states `HttpTokens` = `optional`, takes that preference away, or switches an
//! endpoint on.

use std::fmt;

use super::instance::InstanceChange;
use crate::instance::{HttpTokens, Switch};
use crate::option::SwitchOption;
use crate::preference::{Disabled, Preference};
use crate::settings::HopLimit;
use crate::source::AccountDefaults;

/// A change of the account defaults, in one call: enforcement without a default of `required` would make
/// launches fail that set nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DefaultsChange {
    /// Set `HttpTokens` to `required`.
    pub require_tokens: bool,
    /// Set or clear the default hop limit.
    pub hop_limit: Option<Preference<HopLimit>>,
    /// Set the default for `HttpEndpoint` to `disabled`, or clear one that is `enabled`.
    pub http_endpoint: Option<Preference<Disabled>>,
    /// Set or clear the default for `InstanceMetadataTags`; `true` is enabled.
    pub metadata_tags: Option<Preference<bool>>,
    /// Set `HttpTokensEnforced` to `enabled`; only together with `require_tokens`.
    pub enforce: bool,
}

impl DefaultsChange {
    /// The defaults after this change.
    #[must_use]
    pub fn applied_to(self, defaults: &AccountDefaults) -> AccountDefaults {
        let mut after = defaults.clone();
        let options = &mut after.options;
        if self.require_tokens {
            options.http_tokens = Some(HttpTokens::Required);
        }
        if let Some(hops) = self.hop_limit {
            options.hop_limit = hops.map(HopLimit::get);
        }
        if let Some(endpoint) = self.http_endpoint {
            options.http_endpoint = endpoint.map(|Disabled| Switch::Disabled);
        }
        if let Some(tags) = self.metadata_tags {
            options.switches[SwitchOption::MetadataTags] = tags.map(Switch::on);
        }
        if self.enforce {
            after.enforced = Switch::Enabled;
        }
        after
    }
}

impl fmt::Display for DefaultsChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        if self.require_tokens {
            words.push("HttpTokens=required".to_owned());
        }
        let none = || "no-preference".to_owned();
        if let Some(hops) = self.hop_limit {
            let hops = hops.map(|it| it.get().to_string()).unwrap_or_else(none);
            words.push(format!("HttpPutResponseHopLimit={hops}"));
        }
        if let Some(endpoint) = self.http_endpoint {
            let state = endpoint.map(|Disabled| "disabled".to_owned()).unwrap_or_else(none);
            words.push(format!("HttpEndpoint={state}"));
        }
        if let Some(tags) = self.metadata_tags {
            let state = tags.map(|enable| if enable { "enabled" } else { "disabled" }.to_owned());
            words.push(format!("InstanceMetadataTags={}", state.unwrap_or_else(none)));
        }
        if self.enforce {
            words.push("HttpTokensEnforced=enabled".to_owned());
        }
        write!(f, "account default {}", words.join(" "))
    }
}

/// A new version of a launch template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TemplateChange {
    /// The version that it repeats, but for its metadata options.
    pub from: u64,
    /// What becomes different. `HttpEndpoint` stays as it was said, or unsaid. `None`: it is repeated as it is, so that
    /// `$Latest` means again what it did before a run ended early.
    pub change: Option<InstanceChange>,
    /// This version was made for it by a run that ended early; it is compared instead of made.
    pub made: Option<u64>,
    /// Make it `$Default`, because the other one was.
    pub make_default: bool,
    /// Repeat this version afterwards as it is, so that `$Latest` goes on meaning the same.
    pub then_repeat: Option<u64>,
}

impl fmt::Display for TemplateChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(change) = self.change else {
            return write!(f, "version {} again, so that it is $Latest", self.from);
        };
        match self.made {
            Some(made) => write!(f, "version {made}, which is version {} with {change}", self.from)?,
            None => write!(f, "new version from version {} with {change}", self.from)?,
        }
        if self.make_default {
            f.write_str(", made the default")?;
        }
        match self.then_repeat {
            Some(latest) => write!(f, "; then version {latest} again, so that it stays $Latest"),
            None => Ok(()),
        }
    }
}

/// A change of an Auto Scaling group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum GroupChange {
    /// Name the fixed version of a launch template wherever the group names a violating one by number.
    NameFixedVersions,
}

impl fmt::Display for GroupChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameFixedVersions => f.write_str(
                "the version with HttpTokens=required in place of the one that is named by number",
            ),
        }
    }
}

/// A change of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ImageChange {
    /// Set `ImdsSupport` to `v2.0`. Nobody can undo it.
    MarkV2,
}

impl fmt::Display for ImageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MarkV2 => f.write_str("ImdsSupport=v2.0 (irreversible)"),
        }
    }
}
