//! `HttpEndpoint` must be `disabled` where the document allows no metadata service at all.

use super::about::{About, EXISTING_INSTANCES, Severity, WHY_OPTION};
use crate::finding::OptionFinding;
use crate::instance::MetadataOptions;
use crate::settings::{EndpointRule, InstanceRules};

pub(super) const ABOUT: About = About {
    id: "http-endpoint",
    title: "The instance metadata endpoint is as the policy says",
    why: WHY_OPTION,
    remediation: "Set HttpEndpoint to disabled.",
    severity: Severity::Low,
    aws_page: EXISTING_INSTANCES,
    controls: &[],
};

/// Finds an enabled endpoint where the document requires a disabled one.
pub const fn judge(_: &MetadataOptions, rules: &InstanceRules) -> Option<OptionFinding> {
    match rules.http_endpoint {
        EndpointRule::Keep => None,
        // Rules judge instances whose endpoint is not disabled only.
        EndpointRule::Disabled => Some(OptionFinding::EndpointEnabled),
    }
}
