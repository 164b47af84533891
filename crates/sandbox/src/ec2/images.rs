//! The images that an account sees.

use super::image::{AMAZON, AMAZON_LINUX_2, AMAZON_LINUX_2023, Image, not_found};
use super::tags::Tags;
use crate::error::AwsError;
use crate::identity::Place;
use crate::world::World;

/// All images an account sees in a Region: its own and the public ones.
pub(super) fn visible(world: &World, place: &Place) -> Vec<Image> {
    let mut images = public(AMAZON_LINUX_2, "amzn2-ami-hvm-2.0-x86_64-gp2", false);
    images.extend(public(AMAZON_LINUX_2023, "al2023-ami-2023-kernel-6.1-x86_64", true));
    for (at, region) in world.ec2.places().filter(|(at, _)| at.region == place.region) {
        images.extend(region.images.values().filter(|it| it.public || at.account == place.account).cloned());
    }
    images
}

fn public(id: &str, name: &str, imds_v2: bool) -> Vec<Image> {
    vec![Image {
        id: id.to_owned(),
        name: name.to_owned(),
        owner: AMAZON.to_owned(),
        public: true,
        created: crate::config::DEFAULT_START,
        description: None,
        architecture: "x86_64".to_owned(),
        root_device: "/dev/xvda".to_owned(),
        imds_v2,
        tags: Tags::new(),
    }]
}

/// Whether instances of an image are IMDSv2 only unless the launch or the account decides
/// otherwise.
pub(super) fn supports_v2_only(world: &World, place: &Place, id: &str) -> Result<bool, AwsError> {
    if let Some(image) = visible(world, place).into_iter().find(|it| it.id == id) {
        return Ok(image.imds_v2);
    }
    if !id.starts_with("ami-") {
        let message = format!("Invalid id: \"{id}\" (expecting \"ami-...\")");
        return Err(AwsError::client("InvalidAMIID.Malformed", message));
    }
    if world.config.ec2.any_image {
        return Ok(false);
    }
    Err(not_found(id))
}
