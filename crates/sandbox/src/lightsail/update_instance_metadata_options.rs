//! <https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_UpdateInstanceMetadataOptions.html>
//!
//! As documented, an option that the request leaves out keeps its value, except `httpTokens`: "if the
//! parameter is not specified in the request, the default state is optional". A request that changes
//! the hop limit alone therefore turns IMDSv1 on again.

use serde_json::{Value, json};

use super::instance::Options;
use super::operation::succeeded;
use crate::call::Call;
use crate::clock::later;
use crate::ec2::{HttpTokens, Toggle};
use crate::error::AwsError;
use crate::members::Members;
use crate::trail::Trail;
use crate::world::World;

/// The one Region where Lightsail has an IPv6 endpoint of the metadata service.
const IPV6_REGION: &str = "eu-north-1";

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Members<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(call.json()?.clone());
    let known = ["instanceName", "httpTokens", "httpEndpoint", "httpPutResponseHopLimit", "httpProtocolIpv6"];
    input.only(&call.action, &known)?;
    let name = input.required("instanceName")?;
    let tokens = input.one_of("httpTokens", &["optional", "required"])?;
    let endpoint = switch(input, "httpEndpoint")?;
    let hop_limit = input.number("httpPutResponseHopLimit", 1..=64)?;
    let ipv6 = switch(input, "httpProtocolIpv6")?;
    if ipv6.is_some() && call.place.region != IPV6_REGION {
        return Err(input.refusal(format!("httpProtocolIpv6 is available in {IPV6_REGION} only")));
    }
    let applied_at = later(world.now(), world.config.ec2.metadata_applied_after);
    let instance = world.lightsail.find(&call.place, name)?;
    let now = instance.options;
    instance.options = Options {
        tokens: if tokens == Some("required") { HttpTokens::Required } else { HttpTokens::Optional },
        endpoint: endpoint.unwrap_or(now.endpoint),
        hop_limit: hop_limit.unwrap_or(now.hop_limit),
        ipv6: ipv6.unwrap_or(now.ipv6),
    };
    if instance.running {
        instance.applied_at = applied_at;
    }
    let instance = instance.clone();
    let answer = json!({ "operation": succeeded(world, call, "UpdateInstanceMetadataOptions", &instance) });
    trail.response(answer.clone());
    Ok(answer)
}

fn switch(input: &Members<'_>, name: &str) -> Result<Option<Toggle>, AwsError> {
    let word = input.one_of(name, &["enabled", "disabled"])?;
    Ok(word.map(|word| if word == "enabled" { Toggle::Enabled } else { Toggle::Disabled }))
}
