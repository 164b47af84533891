//! The rules: one file each, one option each.
//!
//! A rule for instances is a function from what was described and what the document says to a finding, or
//! to nothing. Each looks at its own option only, so their order does not matter. To add one, follow
//! "Adding a rule" in `CONTRIBUTING.md`.

pub mod hop_limit;
pub mod http_endpoint;
pub mod http_tokens;
pub mod ipv6_endpoint;
pub mod metadata_tags;
pub mod minimum_version;

use crate::instance::{MetadataOptions, Switch};
use crate::settings::{InstanceRules, SwitchRule};
use crate::verdict::Finding;

/// The rule for the account default of `HttpTokens`.
pub const DEFAULT_TOKENS: &str = "account-default-tokens";
/// The rule for the account default of the hop limit.
pub const DEFAULT_HOP_LIMIT: &str = "account-default-hop-limit";
/// The rule for `HttpTokensEnforced`.
pub const TOKENS_ENFORCED: &str = "http-tokens-enforced";
/// The rule for `ImdsSupport` of images.
pub const IMAGE_SUPPORT: &str = "image-imds-support";
/// The rule for what `$Latest` of a launch template means after a run that ended early.
pub const LATEST_DISPLACED: &str = "latest-displaced";

/// A rule for the options of an instance whose endpoint is not disabled.
pub type InstanceRule = fn(&MetadataOptions, &InstanceRules) -> Option<Finding>;

/// Every rule for instances, by its id.
pub const INSTANCE_RULES: [(&str, InstanceRule); 5] = [
    (http_tokens::ID, http_tokens::judge),
    (http_endpoint::ID, http_endpoint::judge),
    (hop_limit::ID, hop_limit::judge),
    (ipv6_endpoint::ID, ipv6_endpoint::judge),
    (metadata_tags::ID, metadata_tags::judge),
];

/// What a switch must become, if the document has an opinion and it is not so already.
fn switch_to(is: Switch, rule: SwitchRule) -> Option<bool> {
    match (rule, is) {
        (SwitchRule::Keep, _)
        | (SwitchRule::Enabled, Switch::Enabled)
        | (SwitchRule::Disabled, Switch::Disabled) => None,
        (SwitchRule::Enabled, _) => Some(true),
        (SwitchRule::Disabled, _) => Some(false),
    }
}
