//! `HttpTokens` must be `required`. The point of it all, and the only rule without a choice.

use crate::instance::{HttpTokens, MetadataOptions};
use crate::settings::InstanceRules;
use crate::verdict::Finding;

/// The rule's id.
pub const ID: &str = "http-tokens";

/// Finds an instance that answers version 1, or of which nothing was described.
pub const fn judge(options: &MetadataOptions, _: &InstanceRules) -> Option<Finding> {
    match options.http_tokens {
        HttpTokens::Required => None,
        HttpTokens::Optional => Some(Finding::TokensOptional),
        HttpTokens::Unknown => Some(Finding::TokensUnknown),
    }
}
