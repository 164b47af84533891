//! `HttpTokens` must be `required`. The purpose of this product, and the only rule without a choice.

use super::about::{About, EXISTING_INSTANCES, IMDSV2_CONTROLS, Severity, WHY_V1};
use crate::finding::OptionFinding;
use crate::instance::{HttpTokens, MetadataOptions};
use crate::settings::InstanceRules;

pub(super) const ABOUT: About = About {
    id: "http-tokens",
    title: "Instance metadata requires IMDSv2",
    why: WHY_V1,
    remediation: "Set HttpTokens to required once no software on the instance calls IMDSv1.",
    severity: Severity::High,
    aws_page: EXISTING_INSTANCES,
    controls: IMDSV2_CONTROLS,
};

/// Finds an instance that answers IMDSv1, or whose `HttpTokens` was not described.
pub const fn judge(options: &MetadataOptions, _: &InstanceRules) -> Option<OptionFinding> {
    match options.http_tokens {
        HttpTokens::Required => None,
        HttpTokens::Optional => Some(OptionFinding::TokensOptional),
        HttpTokens::Unknown => Some(OptionFinding::TokensUnknown),
    }
}
