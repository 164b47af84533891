//! `HttpProtocolIpv6`: kept unless the document sets it.

use super::about::{About, EXISTING_INSTANCES, Severity, WHY_OPTION};
use crate::finding::OptionFinding;
use crate::instance::MetadataOptions;
use crate::settings::InstanceRules;

pub(super) const ABOUT: About = About {
    id: "ipv6-endpoint",
    title: "The IPv6 endpoint of instance metadata is as the policy says",
    why: WHY_OPTION,
    remediation: "Set HttpProtocolIpv6 to the state that the policy document requires.",
    severity: Severity::Low,
    aws_page: EXISTING_INSTANCES,
};

/// Finds an IPv6 endpoint that is not as the document says.
pub fn judge(options: &MetadataOptions, rules: &InstanceRules) -> Option<OptionFinding> {
    rules
        .ipv6_endpoint
        .differs_from(options.ipv6_endpoint)
        .map(|enable| OptionFinding::Ipv6Endpoint { enable })
}
