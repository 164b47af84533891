//! `HttpPutResponseHopLimit`: kept unless the document sets it.

use super::about::{About, EXISTING_INSTANCES, Severity, WHY_HOPS};
use crate::finding::OptionFinding;
use crate::instance::MetadataOptions;
use crate::settings::{HopLimitRule, InstanceRules};

pub(super) const ABOUT: About = About {
    id: "hop-limit",
    title: "The hop limit of instance metadata is within the policy",
    why: WHY_HOPS,
    remediation: "Set HttpPutResponseHopLimit to the value that the policy document allows.",
    severity: Severity::Medium,
    aws_page: EXISTING_INSTANCES,
    controls: &[],
};

/// Finds a hop limit above the maximum, or other than the exact one. A hop limit that was not described is a finding
/// wherever the document sets one.
pub fn judge(options: &MetadataOptions, rules: &InstanceRules) -> Option<OptionFinding> {
    let is = options.hop_limit;
    match rules.hop_limit {
        HopLimitRule::Keep => None,
        HopLimitRule::Max(max) if is.is_some_and(|is| is <= max.get()) => None,
        HopLimitRule::Exactly(exactly) if is == Some(exactly.get()) => None,
        HopLimitRule::Max(max) => Some(OptionFinding::HopLimitAbove { is, max }),
        HopLimitRule::Exactly(exactly) => Some(OptionFinding::HopLimitOther { is, exactly }),
    }
}
