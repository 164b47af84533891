//! Metadata options in the shapes of the Amazon EC2 API Reference: read, and set in requests.

use aws_sdk_ec2::operation::modify_instance_metadata_options::builders::ModifyInstanceMetadataOptionsFluentBuilder;
use aws_sdk_ec2::types as sdk;
use v2only_policy::{HttpTokens, MetadataOptions, StatedOptions, Switch, SwitchOption, Switches};

/// What AWS answers where nothing is preferred, if it does not leave the field out.
const NO_PREFERENCE: &str = "no-preference";
/// What stands for no preference where a number is asked for.
pub(crate) const NO_HOP_LIMIT: i32 = -1;

/// The options of an instance.
pub(crate) fn described(it: Option<&sdk::InstanceMetadataOptionsResponse>) -> MetadataOptions {
    let Some(it) = it else { return MetadataOptions::UNKNOWN };
    MetadataOptions {
        http_tokens: match it.http_tokens() {
            Some(sdk::HttpTokensState::Required) => HttpTokens::Required,
            Some(sdk::HttpTokensState::Optional) => HttpTokens::Optional,
            Some(_) | None => HttpTokens::Unknown,
        },
        http_endpoint: switch(it.http_endpoint().map(|it| it.as_str())),
        hop_limit: it.http_put_response_hop_limit().and_then(|it| u8::try_from(it).ok()),
        switches: Switches::each(|option| {
            switch(match option {
                SwitchOption::Ipv6Endpoint => it.http_protocol_ipv6().map(|it| it.as_str()),
                SwitchOption::MetadataTags => it.instance_metadata_tags().map(|it| it.as_str()),
            })
        }),
        pending: it.state() == Some(&sdk::InstanceMetadataOptionsState::Pending),
    }
}

/// The options that a launch template states.
pub(crate) fn of_template(it: Option<&sdk::LaunchTemplateInstanceMetadataOptions>) -> StatedOptions {
    let Some(it) = it else { return StatedOptions::default() };
    StatedOptions {
        http_tokens: tokens(it.http_tokens().map(|it| it.as_str())),
        http_endpoint: said(it.http_endpoint().map(|it| it.as_str())),
        hop_limit: it.http_put_response_hop_limit().and_then(hops),
        switches: Switches::each(|option| {
            said(match option {
                SwitchOption::Ipv6Endpoint => it.http_protocol_ipv6().map(|it| it.as_str()),
                SwitchOption::MetadataTags => it.instance_metadata_tags().map(|it| it.as_str()),
            })
        }),
    }
}

/// The defaults of an account.
pub(crate) fn of_account(it: &sdk::InstanceMetadataDefaultsResponse) -> StatedOptions {
    StatedOptions {
        http_tokens: tokens(it.http_tokens().map(|it| it.as_str())),
        http_endpoint: said(it.http_endpoint().map(|it| it.as_str())),
        hop_limit: it.http_put_response_hop_limit().and_then(hops),
        switches: Switches::each(|option| {
            said(match option {
                SwitchOption::Ipv6Endpoint => None,
                SwitchOption::MetadataTags => it.instance_metadata_tags().map(|it| it.as_str()),
            })
        }),
    }
}

/// Sets the switches that are known in the request for an instance.
pub(crate) fn set_switches(
    request: ModifyInstanceMetadataOptionsFluentBuilder,
    switches: Switches<Option<Switch>>,
) -> ModifyInstanceMetadataOptionsFluentBuilder {
    switches.iter().fold(request, |request, (option, is)| {
        let word = is.and_then(Switch::word);
        match option {
            SwitchOption::Ipv6Endpoint => request.set_http_protocol_ipv6(word.map(Into::into)),
            SwitchOption::MetadataTags => request.set_instance_metadata_tags(word.map(Into::into)),
        }
    })
}

/// The options of a new version of a launch template. What is not known is left out.
pub(crate) fn for_template(options: &StatedOptions) -> sdk::LaunchTemplateInstanceMetadataOptionsRequest {
    let request = sdk::LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .set_http_tokens(options.http_tokens.and_then(HttpTokens::word).map(Into::into))
        .set_http_endpoint(options.http_endpoint.and_then(Switch::word).map(Into::into))
        .set_http_put_response_hop_limit(options.hop_limit.map(i32::from));
    let request = options.switches.iter().fold(request, |request, (option, is)| {
        let word = is.and_then(Switch::word);
        match option {
            SwitchOption::Ipv6Endpoint => request.set_http_protocol_ipv6(word.map(Into::into)),
            SwitchOption::MetadataTags => request.set_instance_metadata_tags(word.map(Into::into)),
        }
    });
    request.build()
}

/// `HttpTokens` as a source states it.
pub(crate) fn tokens(word: Option<&str>) -> Option<HttpTokens> {
    match word? {
        NO_PREFERENCE => None,
        "required" => Some(HttpTokens::Required),
        "optional" => Some(HttpTokens::Optional),
        _ => Some(HttpTokens::Unknown),
    }
}

/// The word for an account default that is on or off, or not set.
pub(crate) fn default_state(is: Option<Switch>) -> &'static str {
    is.and_then(Switch::word).unwrap_or(NO_PREFERENCE)
}

/// An option that is on or off, as a source states it.
pub(crate) fn said(word: Option<&str>) -> Option<Switch> {
    word.filter(|it| *it != NO_PREFERENCE).map(|it| switch(Some(it)))
}

/// An option that is on or off, as an instance describes it.
pub(crate) fn switch(word: Option<&str>) -> Switch {
    match word {
        Some("enabled") => Switch::Enabled,
        Some("disabled") => Switch::Disabled,
        _ => Switch::Unknown,
    }
}

/// A hop limit as a source states it; -1 stands for no preference.
pub(crate) fn hops(number: i32) -> Option<u8> {
    u8::try_from(number).ok().filter(|it| *it > 0)
}
