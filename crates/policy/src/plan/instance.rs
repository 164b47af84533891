//! What v2only does about an instance.

use std::fmt;

use crate::finding::SideOption;
use crate::instance::{HttpTokens, MetadataOptions, Switch};
use crate::settings::HopLimit;
use crate::source::StatedOptions;

/// A change of an instance's metadata options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum InstanceChange {
    /// `HttpTokens=required` and `HttpEndpoint=enabled` together, because AWS refuses the one without the
    /// other; only for instances described as enabled. The rest only where it changes.
    RequireTokens {
        /// New hop limit.
        hop_limit: Option<HopLimit>,
        /// New state of the IPv6 endpoint.
        ipv6_endpoint: Option<bool>,
        /// New state of tags in metadata.
        metadata_tags: Option<bool>,
    },
    /// `HttpEndpoint=disabled` and nothing else.
    DisableEndpoint,
}

impl fmt::Display for InstanceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DisableEndpoint => f.write_str("HttpEndpoint=disabled"),
            Self::RequireTokens { hop_limit, ipv6_endpoint, metadata_tags } => {
                f.write_str("HttpTokens=required")?;
                if let Some(hops) = hop_limit {
                    write!(f, " HttpPutResponseHopLimit={}", hops.get())?;
                }
                let word = |enable: &bool| if *enable { "enabled" } else { "disabled" };
                if let Some(enable) = ipv6_endpoint {
                    write!(f, " HttpProtocolIpv6={}", word(enable))?;
                }
                if let Some(enable) = metadata_tags {
                    write!(f, " InstanceMetadataTags={}", word(enable))?;
                }
                Ok(())
            }
        }
    }
}

impl InstanceChange {
    /// Requires tokens and changes no other option.
    pub const TOKENS_ONLY: Self =
        Self::RequireTokens { hop_limit: None, ipv6_endpoint: None, metadata_tags: None };

    /// The hop limit of a change of tokens and hop limit alone; `None` for every other change.
    pub const fn tokens_and_hop_limit(self) -> Option<Option<HopLimit>> {
        match self {
            Self::RequireTokens { hop_limit, ipv6_endpoint: None, metadata_tags: None } => Some(hop_limit),
            Self::RequireTokens { .. } | Self::DisableEndpoint => None,
        }
    }

    /// The options, in AWS's spelling, that are described otherwise than this change asks for. An option that was
    /// asked for and not described is one of them.
    pub fn unmet_by(&self, options: &MetadataOptions) -> Vec<&'static str> {
        let switch = |name, is: Switch, enable: Option<bool>| {
            let wanted = enable.map(|it| if it { Switch::Enabled } else { Switch::Disabled });
            wanted.is_some_and(|wanted| is != wanted).then_some(name)
        };
        match self {
            Self::DisableEndpoint => {
                switch("HttpEndpoint", options.http_endpoint, Some(false)).into_iter().collect()
            }
            Self::RequireTokens { hop_limit, ipv6_endpoint, metadata_tags } => [
                (options.http_tokens != HttpTokens::Required).then_some("HttpTokens"),
                hop_limit
                    .is_some_and(|hops| options.hop_limit != Some(hops.get()))
                    .then_some("HttpPutResponseHopLimit"),
                switch("HttpProtocolIpv6", options.ipv6_endpoint, *ipv6_endpoint),
                switch("InstanceMetadataTags", options.metadata_tags, *metadata_tags),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    /// The change that closes IMDSv1 and sets nothing else.
    pub const TOKENS: Self =
        Self::RequireTokens { hop_limit: None, ipv6_endpoint: None, metadata_tags: None };

    /// This change as one change for each option beside the tokens.
    pub fn side_options(self) -> Vec<(SideOption, Self)> {
        let Self::RequireTokens { hop_limit, ipv6_endpoint, metadata_tags } = self else { return Vec::new() };
        let only = |hop_limit, ipv6_endpoint, metadata_tags| Self::RequireTokens {
            hop_limit,
            ipv6_endpoint,
            metadata_tags,
        };
        [
            hop_limit.map(|it| (SideOption::HopLimit, only(Some(it), None, None))),
            ipv6_endpoint.map(|it| (SideOption::Ipv6Endpoint, only(None, Some(it), None))),
            metadata_tags.map(|it| (SideOption::MetadataTags, only(None, None, Some(it)))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether described options are as this change asks for.
    pub fn is_met_by(&self, options: &MetadataOptions) -> bool {
        self.unmet_by(options).is_empty()
    }
}

impl StatedOptions {
    /// These options with a change laid over them. An option that the change does not name stays as it is, stated or
    /// not. `HttpEndpoint` is never enabled.
    #[must_use]
    pub fn tightened(mut self, change: InstanceChange) -> Self {
        let switch = |enable| if enable { Switch::Enabled } else { Switch::Disabled };
        match change {
            InstanceChange::DisableEndpoint => self.http_endpoint = Some(Switch::Disabled),
            InstanceChange::RequireTokens { hop_limit, ipv6_endpoint, metadata_tags } => {
                self.http_tokens = Some(HttpTokens::Required);
                self.hop_limit = hop_limit.map(HopLimit::get).or(self.hop_limit);
                self.ipv6_endpoint = ipv6_endpoint.map(switch).or(self.ipv6_endpoint);
                self.metadata_tags = metadata_tags.map(switch).or(self.metadata_tags);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const ASKED: InstanceChange = InstanceChange::RequireTokens {
        hop_limit: None,
        ipv6_endpoint: Some(false),
        metadata_tags: Some(true),
    };
    const MET: MetadataOptions = MetadataOptions {
        http_tokens: HttpTokens::Required,
        http_endpoint: Switch::Enabled,
        hop_limit: Some(2),
        ipv6_endpoint: Switch::Disabled,
        metadata_tags: Switch::Enabled,
        pending: true,
    };

    #[rstest]
    #[case::every_option(MET, true)]
    #[case::tokens_ignored(MetadataOptions { http_tokens: HttpTokens::Optional, ..MET }, false)]
    #[case::ipv6_ignored(MetadataOptions { ipv6_endpoint: Switch::Enabled, ..MET }, false)]
    #[case::ipv6_not_described(MetadataOptions { ipv6_endpoint: Switch::Unknown, ..MET }, false)]
    #[case::tags_ignored(MetadataOptions { metadata_tags: Switch::Disabled, ..MET }, false)]
    #[case::tags_not_described(MetadataOptions { metadata_tags: Switch::Unknown, ..MET }, false)]
    #[case::hop_limit_not_asked_for(MetadataOptions { hop_limit: None, ..MET }, true)]
    fn a_change_is_met_only_by_every_option_it_asks_for(#[case] is: MetadataOptions, #[case] met: bool) {
        assert_eq!(ASKED.is_met_by(&is), met);
    }

    #[test]
    fn a_hop_limit_that_was_asked_for_and_not_described_is_not_met() {
        let change = InstanceChange::RequireTokens {
            hop_limit: HopLimit::new(2).ok(),
            ipv6_endpoint: None,
            metadata_tags: None,
        };
        assert!(change.is_met_by(&MET));
        assert!(!change.is_met_by(&MetadataOptions { hop_limit: Some(1), ..MET }));
        assert!(!change.is_met_by(&MetadataOptions { hop_limit: None, ..MET }));
    }

    #[test]
    fn a_disabled_endpoint_is_described_as_disabled() {
        let disabled = MetadataOptions { http_endpoint: Switch::Disabled, ..MET };
        assert!(InstanceChange::DisableEndpoint.is_met_by(&disabled));
        assert!(!InstanceChange::DisableEndpoint.is_met_by(&MET));
    }
}
