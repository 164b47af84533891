//! Metadata options, in requests and in responses. A word that is not known is kept as unknown: it was
//! said, so it is not the same as silence, and nothing may be concluded from it.

use v2only_policy::{HttpTokens, Switch};

use crate::RequestedOptions;
use crate::json::Node;

/// The options in a request.
pub(crate) fn requested(options: &Node<'_>) -> RequestedOptions {
    RequestedOptions {
        http_tokens: tokens(options),
        http_endpoint: switch(&options.field("httpEndpoint")),
        hop_limit: hop_limit(options),
        ipv6_endpoint: switch(&options.field("httpProtocolIpv6")),
        metadata_tags: switch(&options.field("instanceMetadataTags")),
        ..RequestedOptions::default()
    }
}

/// `httpTokens`.
pub(crate) fn tokens(options: &Node<'_>) -> Option<HttpTokens> {
    let node = options.field("httpTokens");
    if node.is_absent() {
        return None;
    }
    Some(match node.text().as_deref() {
        Some("required") => HttpTokens::Required,
        Some("optional") => HttpTokens::Optional,
        _ => HttpTokens::Unknown,
    })
}

/// An option that is `enabled` or `disabled`.
pub(crate) fn switch(node: &Node<'_>) -> Option<Switch> {
    if node.is_absent() {
        return None;
    }
    Some(match node.text().as_deref() {
        Some("enabled") => Switch::Enabled,
        Some("disabled") => Switch::Disabled,
        _ => Switch::Unknown,
    })
}

/// `httpPutResponseHopLimit`.
pub(crate) fn hop_limit(options: &Node<'_>) -> Option<u8> {
    options.field("httpPutResponseHopLimit").number()
}
