//! The registry of rules: one file each for the rules that judge metadata options and notebooks.
//!
//! A rule for instances is a function from the described options and the document's requirement to a finding, or to
//! nothing. Each reads its own option only, so their order does not matter. To add a rule, follow "Adding a rule" in
//! `CONTRIBUTING.md`.

mod about;
pub mod hop_limit;
pub mod http_endpoint;
pub mod http_tokens;
pub mod minimum_version;
mod sources;
pub mod switches;

use strum::VariantArray as _;

pub use about::{About, Control, Severity};

use crate::finding::{OptionFinding, Rule};
use crate::instance::MetadataOptions;
use crate::option::MetadataOption;
use crate::settings::InstanceRules;

impl Rule {
    /// Every rule.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// What a report says about this rule.
    pub const fn about(self) -> &'static About {
        match self {
            Self::HttpTokens => &http_tokens::ABOUT,
            Self::HttpEndpoint => &http_endpoint::ABOUT,
            Self::HopLimit => &hop_limit::ABOUT,
            Self::Ipv6Endpoint => &switches::IPV6_ENDPOINT,
            Self::MetadataTags => &switches::METADATA_TAGS,
            Self::MinimumVersion => &minimum_version::ABOUT,
            Self::DefaultTokens => &sources::DEFAULT_TOKENS,
            Self::DefaultHopLimit => &sources::DEFAULT_HOP_LIMIT,
            Self::DefaultEndpoint => &sources::DEFAULT_ENDPOINT,
            Self::DefaultMetadataTags => &sources::DEFAULT_METADATA_TAGS,
            Self::TokensEnforced => &sources::TOKENS_ENFORCED,
            Self::ImageSupport => &sources::IMAGE_SUPPORT,
            Self::LatestDisplaced => &sources::LATEST_DISPLACED,
        }
    }

    /// The published id.
    pub const fn id(self) -> &'static str {
        self.about().id
    }
}

/// What the rule for one option finds in the options of an instance whose endpoint is not disabled.
pub fn judge(
    option: MetadataOption,
    options: &MetadataOptions,
    rules: &InstanceRules,
) -> Option<OptionFinding> {
    match option {
        MetadataOption::HttpTokens => http_tokens::judge(options, rules),
        MetadataOption::HttpEndpoint => http_endpoint::judge(options, rules),
        MetadataOption::HopLimit => hop_limit::judge(options, rules),
        MetadataOption::Switch(option) => switches::judge(option, options, rules),
    }
}

/// What the rules for all options find.
pub fn judge_options<'a>(
    options: &'a MetadataOptions,
    rules: &'a InstanceRules,
) -> impl Iterator<Item = OptionFinding> + 'a {
    MetadataOption::all().filter_map(|option| judge(option, options, rules))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_fit_into_an_address() {
        let ids: std::collections::BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        assert!(
            ids.iter()
                .all(|id| id.bytes().all(|it| it == b'-' || it.is_ascii_lowercase() || it.is_ascii_digit()))
        );
    }

    #[test]
    fn a_control_of_security_hub_checks_one_kind() {
        let control = |kind| Rule::HttpTokens.about().control(kind).map(|control| control.id);
        assert_eq!(control(Some(crate::ResourceKind::Instance)), Some("EC2.8"));
        assert_eq!(control(Some(crate::ResourceKind::Notebook)), None);
        assert_eq!(control(None), None);
    }

    /// Security Hub cuts off, or refuses, longer texts.
    #[test]
    fn texts_fit_into_every_format() {
        for rule in Rule::ALL {
            let About { title, why, remediation, aws_page, .. } = rule.about();
            assert!(title.len() <= 256 && why.len() <= 512 && remediation.len() <= 512, "{rule:?}");
            assert!(!aws_page.contains(' '), "{rule:?}");
            for it in rule.about().controls {
                assert!(it.requirements.len() <= 32 && it.source.starts_with("https://"), "{rule:?}");
                assert!(it.requirements.iter().all(|it| it.len() <= 64), "{rule:?}");
            }
        }
    }
}
