//! Metadata options, in requests and in responses. A word that is not known is kept as unknown: it was
//! said, so it is not the same as silence, and nothing may be concluded from it.

use v2only_policy::{HttpTokens, Switch, Switches};

use crate::RequestedOptions;
use crate::json::Node;

/// The options in a request.
pub(crate) fn requested(options: &Node<'_>) -> RequestedOptions {
    RequestedOptions {
        http_tokens: tokens(options),
        http_endpoint: switch(&options.field("httpEndpoint")),
        hop_limit: hop_limit(options),
        switches: switches(options),
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

/// The options that are on or off. CloudTrail writes the name of the request parameter with a small first letter.
pub(crate) fn switches(options: &Node<'_>) -> Switches<Option<Switch>> {
    Switches::each(|option| {
        let (first, rest) = option.as_str().split_at(1);
        switch(&options.field(&format!("{}{rest}", first.to_ascii_lowercase())))
    })
}

/// `httpPutResponseHopLimit`.
pub(crate) fn hop_limit(options: &Node<'_>) -> Option<u8> {
    options.field("httpPutResponseHopLimit").number()
}
