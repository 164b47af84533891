//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html>
//!
//! `ImdsSupport` has one value, `v2.0`, and no way back.

use serde_json::json;

use super::{image, images};
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

const NOT_SIMULATED: [&str; 9] = [
    "Attribute",
    "LaunchPermission",
    "OperationType",
    "OrganizationArn",
    "OrganizationalUnitArn",
    "ProductCode",
    "UserGroup",
    "UserId",
    "Value",
];

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let id = params.required("ImageId")?.to_owned();
    let imds = params.structure("ImdsSupport").and_then(|it| it.text("Value"));
    let description = params.structure("Description").and_then(|it| it.text("Value"));
    trail.request(match (imds, description) {
        (Some(value), _) => {
            json!({ "imageId": id, "imdsSupport": { "value": value }, "attributeType": "imdsSupport" })
        }
        (None, Some(value)) => {
            json!({ "imageId": id, "description": { "value": value }, "attributeType": "description" })
        }
        (None, None) => json!({ "imageId": id }),
    });
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &NOT_SIMULATED)?;
    if imds.is_some() == description.is_some() {
        let message = "Exactly one attribute must be specified";
        return Err(AwsError::client("InvalidParameterCombination", message));
    }
    if let Some(other) = imds.filter(|value| *value != "v2.0") {
        let message = format!("Value ( {other} ) for parameter imdsSupport is invalid. Valid value: v2.0");
        return Err(AwsError::invalid_value(message));
    }
    let own = world.ec2.peek(&call.place).is_some_and(|region| region.images.contains_key(&id));
    if !own {
        let public = images::visible(world, &call.place).iter().any(|it| it.id == id);
        return Err(if public {
            AwsError::client("AuthFailure", format!("Not authorized for image:{id}")).with_status(401)
        } else {
            image::not_found(&id)
        });
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    if let Some(image) = world.ec2.at(&call.place).images.get_mut(&id) {
        image.imds_v2 |= imds.is_some();
        if let Some(description) = description {
            image.description = Some(description.to_owned());
        }
    }
    let answer = Shape::map().with("return", true);
    trail.flat_response(call, &answer);
    Ok(answer)
}
