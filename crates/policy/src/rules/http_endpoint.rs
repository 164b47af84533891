//! `HttpEndpoint` must be `disabled`, where the document asks for no metadata service at all.

use crate::instance::MetadataOptions;
use crate::settings::{EndpointRule, InstanceRules};
use crate::verdict::Finding;

/// The rule's id.
pub const ID: &str = "http-endpoint";

/// Finds an enabled endpoint where the document wants none.
pub const fn judge(_: &MetadataOptions, rules: &InstanceRules) -> Option<Finding> {
    match rules.http_endpoint {
        EndpointRule::Keep => None,
        // Rules are asked about instances with an answering endpoint only.
        EndpointRule::Disabled => Some(Finding::EndpointEnabled),
    }
}
