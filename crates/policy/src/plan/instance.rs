//! What v2only does about an instance.

use std::fmt;

use crate::instance::{HttpTokens, MetadataOptions, Switch};
use crate::option::{MetadataOption, Switches};
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
        /// New states of the options that are on or off; `true` is enabled.
        switches: Switches<Option<bool>>,
    },
    /// `HttpEndpoint=disabled` and nothing else.
    DisableEndpoint,
}

impl fmt::Display for InstanceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DisableEndpoint => f.write_str("HttpEndpoint=disabled"),
            Self::RequireTokens { hop_limit, switches } => {
                f.write_str("HttpTokens=required")?;
                if let Some(hops) = hop_limit {
                    write!(f, " HttpPutResponseHopLimit={}", hops.get())?;
                }
                for (option, enable) in switches.iter() {
                    if let Some(word) = enable.map(Switch::on).and_then(Switch::word) {
                        write!(f, " {}={word}", option.as_str())?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl InstanceChange {
    /// The change that closes IMDSv1 and sets nothing else.
    pub const TOKENS: Self = Self::RequireTokens { hop_limit: None, switches: Switches::all(None) };

    /// The hop limit of a change of tokens and hop limit alone; `None` for every other change.
    pub fn tokens_and_hop_limit(self) -> Option<Option<HopLimit>> {
        match self {
            Self::RequireTokens { hop_limit, switches } if switches == Switches::all(None) => Some(hop_limit),
            Self::RequireTokens { .. } | Self::DisableEndpoint => None,
        }
    }

    /// The options, in AWS's spelling, that are described otherwise than this change asks for. An option that was
    /// asked for and not described is one of them.
    pub fn unmet_by(&self, options: &MetadataOptions) -> Vec<&'static str> {
        let (hop_limit, switches) = match self {
            Self::DisableEndpoint => {
                let unmet = options.http_endpoint != Switch::Disabled;
                return unmet.then_some(MetadataOption::HttpEndpoint.as_str()).into_iter().collect();
            }
            Self::RequireTokens { hop_limit, switches } => (hop_limit, switches),
        };
        let is_unmet = |option: &MetadataOption| match option {
            MetadataOption::HttpTokens => options.http_tokens != HttpTokens::Required,
            MetadataOption::HttpEndpoint => false,
            MetadataOption::HopLimit => hop_limit.is_some_and(|hops| options.hop_limit != Some(hops.get())),
            MetadataOption::Switch(option) => {
                switches[*option].is_some_and(|enable| options.switches[*option] != Switch::on(enable))
            }
        };
        MetadataOption::all().filter(is_unmet).map(MetadataOption::as_str).collect()
    }

    /// This change as one change for each option beside the tokens.
    pub fn side_options(self) -> Vec<(MetadataOption, Self)> {
        let Self::RequireTokens { hop_limit, switches } = self else { return Vec::new() };
        let none = Switches::all(None);
        let hop_limit = hop_limit.map(|hops| {
            (MetadataOption::HopLimit, Self::RequireTokens { hop_limit: Some(hops), switches: none })
        });
        let switches = switches.iter().filter_map(|(option, enable)| {
            let switches = none.with(option, Some((*enable)?));
            Some((MetadataOption::Switch(option), Self::RequireTokens { hop_limit: None, switches }))
        });
        hop_limit.into_iter().chain(switches).collect()
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
        match change {
            InstanceChange::DisableEndpoint => self.http_endpoint = Some(Switch::Disabled),
            InstanceChange::RequireTokens { hop_limit, switches } => {
                self.http_tokens = Some(HttpTokens::Required);
                self.hop_limit = hop_limit.map(HopLimit::get).or(self.hop_limit);
                self.switches =
                    Switches::each(|option| switches[option].map(Switch::on).or(self.switches[option]));
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::option::SwitchOption::{self, Ipv6Endpoint, MetadataTags};
    use rstest::rstest;

    /// IPv6 off and tags on.
    fn switches<T: Copy>(off: T, on: T) -> Switches<T> {
        Switches::all(off).with(MetadataTags, on)
    }

    fn asked() -> InstanceChange {
        InstanceChange::RequireTokens { hop_limit: None, switches: switches(Some(false), Some(true)) }
    }

    fn met() -> MetadataOptions {
        MetadataOptions {
            http_tokens: HttpTokens::Required,
            http_endpoint: Switch::Enabled,
            hop_limit: Some(2),
            switches: switches(Switch::Disabled, Switch::Enabled),
            pending: true,
        }
    }

    fn met_but(option: SwitchOption, is: Switch) -> MetadataOptions {
        let met = met();
        MetadataOptions { switches: met.switches.with(option, is), ..met }
    }

    #[rstest]
    #[case::every_option(met(), true)]
    #[case::tokens_ignored(MetadataOptions { http_tokens: HttpTokens::Optional, ..met() }, false)]
    #[case::ipv6_ignored(met_but(Ipv6Endpoint, Switch::Enabled), false)]
    #[case::ipv6_not_described(met_but(Ipv6Endpoint, Switch::Unknown), false)]
    #[case::tags_ignored(met_but(MetadataTags, Switch::Disabled), false)]
    #[case::tags_not_described(met_but(MetadataTags, Switch::Unknown), false)]
    #[case::hop_limit_not_asked_for(MetadataOptions { hop_limit: None, ..met() }, true)]
    fn a_change_is_met_only_by_every_option_it_asks_for(#[case] is: MetadataOptions, #[case] met: bool) {
        assert_eq!(asked().is_met_by(&is), met);
    }

    #[test]
    fn a_hop_limit_that_was_asked_for_and_not_described_is_not_met() {
        let change =
            InstanceChange::RequireTokens { hop_limit: HopLimit::new(2).ok(), switches: Switches::all(None) };
        assert!(change.is_met_by(&met()));
        assert!(!change.is_met_by(&MetadataOptions { hop_limit: Some(1), ..met() }));
        assert!(!change.is_met_by(&MetadataOptions { hop_limit: None, ..met() }));
    }

    #[test]
    fn a_disabled_endpoint_is_described_as_disabled() {
        let disabled = MetadataOptions { http_endpoint: Switch::Disabled, ..met() };
        assert!(InstanceChange::DisableEndpoint.is_met_by(&disabled));
        assert!(!InstanceChange::DisableEndpoint.is_met_by(&met()));
    }
}
