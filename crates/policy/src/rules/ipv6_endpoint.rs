//! `HttpProtocolIpv6`: kept unless the document has an opinion.

use super::switch_to;
use crate::instance::MetadataOptions;
use crate::settings::InstanceRules;
use crate::verdict::Finding;

/// The rule's id.
pub const ID: &str = "ipv6-endpoint";

/// Finds an IPv6 endpoint that is not as the document says.
pub fn judge(options: &MetadataOptions, rules: &InstanceRules) -> Option<Finding> {
    switch_to(options.ipv6_endpoint, rules.ipv6_endpoint).map(|enable| Finding::Ipv6Endpoint { enable })
}
