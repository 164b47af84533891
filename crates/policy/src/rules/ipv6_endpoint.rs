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

/// Families of instance types that run on Xen. All others, and every bare-metal type, are built on the Nitro System.
const XEN: [&str; 26] = [
    "c1", "c3", "c4", "cc2", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hs1", "i2", "i3", "m1", "m2", "m3",
    "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

/// Whether AWS refuses `HttpProtocolIpv6=enabled` for an instance type, because the IPv6 endpoint needs the Nitro System.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html#instance-hypervisor-type>
pub fn is_refused_for(instance_type: &str) -> bool {
    let family = instance_type.split('.').next().unwrap_or_default();
    XEN.contains(&family) && !instance_type.ends_with(".metal")
}

/// Finds an IPv6 endpoint that is not as the document says.
pub fn judge(options: &MetadataOptions, rules: &InstanceRules) -> Option<OptionFinding> {
    rules
        .ipv6_endpoint
        .differs_from(options.ipv6_endpoint)
        .map(|enable| OptionFinding::Ipv6Endpoint { enable })
}
