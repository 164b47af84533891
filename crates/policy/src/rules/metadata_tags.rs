//! `InstanceMetadataTags`: kept unless the document has an opinion.

use super::switch_to;
use crate::instance::MetadataOptions;
use crate::settings::InstanceRules;
use crate::verdict::Finding;

/// The rule's id.
pub const ID: &str = "metadata-tags";

/// Finds tags in instance metadata that are not as the document says.
pub fn judge(options: &MetadataOptions, rules: &InstanceRules) -> Option<Finding> {
    switch_to(options.metadata_tags, rules.metadata_tags).map(|enable| Finding::MetadataTags { enable })
}
