//! Which options a launch would get, and who decides each.
//!
//! For each option by itself: the launch or its template, then the account default, then the image
//! (`HttpTokens` and the hop limit only), then the default of AWS. Source: Amazon EC2
//! User Guide, "Configure instance metadata options", order of precedence.

use std::fmt;

use crate::instance::{HttpTokens, MetadataOptions, Switch};
use crate::option::Switches;
use crate::source::{AccountDefaults, ImdsSupport, StatedOptions};

/// Who decides an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum By {
    /// The source itself: the template version or the launch configuration.
    Source,
    /// The default of the account in this Region.
    AccountDefault,
    /// The image.
    Image,
    /// Nobody: what AWS does then.
    Nobody,
}

impl By {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::AccountDefault => "account-default",
            Self::Image => "image",
            Self::Nobody => "nobody",
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "said here",
            Self::AccountDefault => "by account default",
            Self::Image => "by the image",
            Self::Nobody => "not set",
        })
    }
}

/// An option, and who decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Decided<T> {
    /// The option.
    pub is: T,
    /// Who decides it.
    pub by: By,
}

/// What a launch would get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EffectiveOptions {
    /// Whether version 1 would be answered.
    pub http_tokens: Decided<HttpTokens>,
    /// Whether the metadata service would answer at all.
    pub http_endpoint: Decided<Switch>,
    /// The hop limit; `None` where only an image that was not described could tell.
    pub hop_limit: Decided<Option<u8>>,
    /// The options that are on or off.
    pub switches: Switches<Decided<Switch>>,
}

impl EffectiveOptions {
    /// The options an instance would describe.
    pub fn options(&self) -> MetadataOptions {
        MetadataOptions {
            http_tokens: self.http_tokens.is,
            http_endpoint: self.http_endpoint.is,
            hop_limit: self.hop_limit.is,
            switches: self.switches.map(|switch| switch.is),
            pending: false,
        }
    }
}

/// What a launch from a source that sets nothing itself would get.
pub fn effective(source: &StatedOptions, defaults: &AccountDefaults, image: ImdsSupport) -> EffectiveOptions {
    let account = &defaults.options;
    EffectiveOptions {
        http_tokens: first(source.http_tokens, account.http_tokens).unwrap_or(match image {
            ImdsSupport::V2 => Decided { is: HttpTokens::Required, by: By::Image },
            ImdsSupport::Unmarked => Decided { is: HttpTokens::Optional, by: By::Nobody },
            ImdsSupport::Unknown => Decided { is: HttpTokens::Unknown, by: By::Image },
        }),
        http_endpoint: switch(source.http_endpoint, account.http_endpoint, Switch::Enabled),
        hop_limit: first(source.hop_limit.map(Some), account.hop_limit.map(Some)).unwrap_or(match image {
            ImdsSupport::V2 => Decided { is: Some(2), by: By::Image },
            ImdsSupport::Unmarked => Decided { is: Some(1), by: By::Nobody },
            ImdsSupport::Unknown => Decided { is: None, by: By::Image },
        }),
        switches: Switches::each(|option| {
            let default = account.switches[option].filter(|_| option.has_account_default());
            switch(source.switches[option], default, Switch::Disabled)
        }),
    }
}

fn first<T>(source: Option<T>, account: Option<T>) -> Option<Decided<T>> {
    match (source, account) {
        (Some(is), _) => Some(Decided { is, by: By::Source }),
        (None, Some(is)) => Some(Decided { is, by: By::AccountDefault }),
        (None, None) => None,
    }
}

fn switch(source: Option<Switch>, account: Option<Switch>, aws: Switch) -> Decided<Switch> {
    first(source, account).unwrap_or(Decided { is: aws, by: By::Nobody })
}
