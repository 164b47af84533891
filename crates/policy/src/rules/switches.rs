//! The options that are on or off: kept unless the document sets them.

use super::about::{About, EXISTING_INSTANCES, Severity, WHY_OPTION};
use crate::Tags;
use crate::finding::OptionFinding;
use crate::instance::MetadataOptions;
use crate::option::SwitchOption;
use crate::settings::InstanceRules;

pub(super) const IPV6_ENDPOINT: About = About {
    id: "ipv6-endpoint",
    title: "The IPv6 endpoint of instance metadata is as the policy says",
    why: WHY_OPTION,
    remediation: "Set HttpProtocolIpv6 to the state that the policy document requires.",
    severity: Severity::Low,
    aws_page: EXISTING_INSTANCES,
    controls: &[],
};

pub(super) const METADATA_TAGS: About = About {
    id: "metadata-tags",
    title: "Tags in instance metadata are as the policy says",
    why: WHY_OPTION,
    remediation: "Set InstanceMetadataTags to the state that the policy document requires.",
    severity: Severity::Low,
    aws_page: EXISTING_INSTANCES,
    controls: &[],
};

/// Keys that the metadata service uses itself.
const RESERVED: [&str; 3] = [".", "..", "_index"];

/// The first tag key that the metadata service cannot show. AWS refuses `InstanceMetadataTags=enabled` for an instance
/// with such a key.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html>
pub fn unfit_key(tags: &Tags) -> Option<&str> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_+=,.@:".contains(letter);
    let unfit = |key: &&str| !key.chars().all(fits) || RESERVED.contains(key);
    tags.keys().map(String::as_str).find(unfit)
}

/// Families of instance types that run on Xen. All others, and every bare-metal type, are built on the Nitro System.
const XEN: [&str; 26] = [
    "c1", "c3", "c4", "cc2", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hs1", "i2", "i3", "m1", "m2", "m3",
    "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

/// Whether AWS refuses `HttpProtocolIpv6=enabled` for an instance type, because the IPv6 endpoint needs the Nitro System.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html#instance-hypervisor-type>
pub fn refuses_ipv6(instance_type: &str) -> bool {
    let family = instance_type.split('.').next().unwrap_or_default();
    XEN.contains(&family) && !instance_type.ends_with(".metal")
}

/// Finds an option that is not as the document says.
pub(super) fn judge(
    option: SwitchOption,
    options: &MetadataOptions,
    rules: &InstanceRules,
) -> Option<OptionFinding> {
    rules.switches[option]
        .differs_from(options.switches[option])
        .map(|enable| OptionFinding::Switch { option, enable })
}
