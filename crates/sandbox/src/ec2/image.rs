//! Images and their `ImdsSupport`.

use jiff::Timestamp;

use super::tags::{self, Tags};
use crate::error::AwsError;
use crate::shape::Shape;

/// A public image of Amazon Linux 2, in every Region: `ImdsSupport` is not set.
pub const AMAZON_LINUX_2: &str = "ami-0a1b2c3d4e5f60002";
/// A public image of Amazon Linux 2023, in every Region: IMDSv2 only.
pub const AMAZON_LINUX_2023: &str = "ami-0a1b2c3d4e5f62023";
/// Amazon's account.
pub(super) const AMAZON: &str = "137112412989";

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

pub(super) fn not_found(id: &str) -> AwsError {
    AwsError::client("InvalidAMIID.NotFound", format!("The image id '[{id}]' does not exist"))
}
