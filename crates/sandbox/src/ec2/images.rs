//! Images, and what they say about the metadata service.

use jiff::Timestamp;

use super::tags::{self, Tags};
use crate::error::AwsError;
use crate::identity::Place;
use crate::shape::Shape;
use crate::world::World;

/// A public image of Amazon Linux 2, in every Region: says nothing about the metadata service.
pub const AMAZON_LINUX_2: &str = "ami-0a1b2c3d4e5f60002";
/// A public image of Amazon Linux 2023, in every Region: IMDSv2 only.
pub const AMAZON_LINUX_2023: &str = "ami-0a1b2c3d4e5f62023";
/// Amazon's account.
const AMAZON: &str = "137112412989";

/// An image.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) public: bool,
    pub(super) created: Timestamp,
    pub(super) description: Option<String>,
    pub(super) architecture: String,
    pub(super) root_device: String,
    /// `ImdsSupport` is `v2.0`. Once true it stays true.
    pub(super) imds_v2: bool,
    pub(super) tags: Tags,
}

impl Image {
    pub(super) fn shape(&self) -> Shape {
        Shape::map()
            .with("imageId", &self.id)
            .with("imageLocation", format!("{}/{}", self.owner, self.name))
            .with("imageState", "available")
            .with("imageOwnerId", &self.owner)
            .with("isPublic", self.public)
            .with("architecture", &self.architecture)
            .with("imageType", "machine")
            .with_some("imageOwnerAlias", (self.owner == AMAZON).then_some("amazon"))
            .with("name", &self.name)
            .with_some("description", self.description.as_deref())
            .with("rootDeviceType", "ebs")
            .with("rootDeviceName", &self.root_device)
            .with("blockDeviceMapping", Shape::list([]))
            .with("virtualizationType", "hvm")
            .with("hypervisor", "xen")
            .with("enaSupport", true)
            .with("creationDate", crate::clock::millis(self.created))
            .with("platformDetails", "Linux/UNIX")
            .with("usageOperation", "RunInstances")
            .with("productCodes", Shape::list([]))
            .with_some("tagSet", tags::shape(&self.tags))
            .with_some("imdsSupport", self.imds_v2.then_some("v2.0"))
    }
}

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

/// Whether instances of an image are IMDSv2 only unless told otherwise.
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

pub(super) fn not_found(id: &str) -> AwsError {
    AwsError::client("InvalidAMIID.NotFound", format!("The image id '[{id}]' does not exist"))
}
