//! `HttpPutResponseHopLimit`: kept unless the document has an opinion.

use crate::instance::MetadataOptions;
use crate::settings::{HopLimitRule, InstanceRules};
use crate::verdict::Finding;

/// The rule's id.
pub const ID: &str = "hop-limit";

/// Finds a hop limit above the maximum, or other than the exact one. One that was not described is found
/// wherever the document has an opinion.
pub fn judge(options: &MetadataOptions, rules: &InstanceRules) -> Option<Finding> {
    let is = options.hop_limit;
    match rules.hop_limit {
        HopLimitRule::Keep => None,
        HopLimitRule::Max(max) if is.is_some_and(|is| is <= max.get()) => None,
        HopLimitRule::Exactly(exactly) if is == Some(exactly.get()) => None,
        HopLimitRule::Max(max) => Some(Finding::HopLimitAbove { is, max }),
        HopLimitRule::Exactly(exactly) => Some(Finding::HopLimitOther { is, exactly }),
    }
}
