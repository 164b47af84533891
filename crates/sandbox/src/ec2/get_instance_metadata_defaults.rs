//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetInstanceMetadataDefaults.html>

use super::metadata::{HttpTokens, MetadataDefaults, Toggle};
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let none = MetadataDefaults::default();
    let defaults = world.ec2.peek(&call.place).map_or(&none, |region| &region.defaults);
    let by = if defaults.managed_by_policy.is_some() { "declarative-policy" } else { "account" };
    let level = Shape::map()
        .with_some("httpTokens", defaults.http_tokens.map(HttpTokens::as_str))
        .with_some("httpPutResponseHopLimit", defaults.hop_limit)
        .with_some("httpEndpoint", defaults.http_endpoint.map(Toggle::as_str))
        .with_some("instanceMetadataTags", defaults.instance_metadata_tags.map(Toggle::as_str))
        .with("managedBy", by)
        .with_some("managedExceptionMessage", defaults.managed_by_policy.as_deref())
        .with_some("httpTokensEnforced", defaults.http_tokens_enforced.map(Toggle::as_str));
    Ok(Shape::map().with("accountLevel", level))
}
