//! `InstanceMetadataTags`: kept unless the document sets it.

use super::about::{About, EXISTING_INSTANCES, Severity, WHY_OPTION};
use crate::finding::OptionFinding;
use crate::instance::MetadataOptions;
use crate::settings::InstanceRules;

pub(super) const ABOUT: About = About {
    id: "metadata-tags",
    title: "Tags in instance metadata are as the policy says",
    why: WHY_OPTION,
    remediation: "Set InstanceMetadataTags to the state that the policy document requires.",
    severity: Severity::Low,
    aws_page: EXISTING_INSTANCES,
};

/// Finds instance tags in metadata that are not as the document says.
pub fn judge(options: &MetadataOptions, rules: &InstanceRules) -> Option<OptionFinding> {
    rules
        .metadata_tags
        .differs_from(options.metadata_tags)
        .map(|enable| OptionFinding::MetadataTags { enable })
}
