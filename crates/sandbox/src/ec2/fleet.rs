//! EC2 Fleets and Spot Fleet requests: what they launch from. They launch nothing by themselves
//! here.

use jiff::Timestamp;

use super::tags::{self, Tags};
use super::template::TemplateRef;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;

/// An EC2 Fleet.
#[derive(Debug, Clone)]
pub(super) struct Fleet {
    pub(super) id: String,
    /// `maintain` or `request`.
    pub(super) kind: &'static str,
    pub(super) created: Timestamp,
    pub(super) capacity: i64,
    pub(super) configs: Vec<TemplateConfig>,
    pub(super) tags: Tags,
    pub(super) client_token: Option<String>,
}

/// A Spot Fleet request.
#[derive(Debug, Clone)]
pub(super) struct SpotFleet {
    pub(super) id: String,
    pub(super) created: Timestamp,
    pub(super) role: String,
    pub(super) capacity: i64,
    /// Inline launch specifications. They have no metadata options.
    pub(super) specifications: Vec<Override>,
    pub(super) configs: Vec<TemplateConfig>,
    pub(super) tags: Tags,
}

/// A launch template with the version as the fleet names it, and what the fleet overrides.
#[derive(Debug, Clone)]
pub(super) struct TemplateConfig {
    pub(super) template: TemplateRef,
    pub(super) version: String,
    pub(super) overrides: Vec<Override>,
}

/// Members of a launch that a fleet states itself.
#[derive(Debug, Clone)]
pub(super) struct Override {
    image: Option<String>,
    kind: Option<String>,
    subnet: Option<String>,
}

impl TemplateConfig {
    /// Reads `LaunchTemplateConfigs.N`.
    pub(super) fn read_all(params: &Params) -> Result<Vec<Self>, AwsError> {
        params.structures("LaunchTemplateConfigs").into_iter().map(Self::read).collect()
    }

    fn read(params: &Params) -> Result<Self, AwsError> {
        let named = params.structure("LaunchTemplateSpecification");
        let named = named.ok_or_else(|| AwsError::missing("LaunchTemplateSpecification"))?;
        Ok(Self {
            template: TemplateRef::read(named)?,
            version: named.required("Version")?.to_owned(),
            overrides: params.structures("Overrides").into_iter().map(Override::read).collect(),
        })
    }

    fn shape(&self) -> Shape {
        let (name, value) = match &self.template {
            TemplateRef::Id(id) => ("launchTemplateId", id),
            TemplateRef::Name(name) => ("launchTemplateName", name),
        };
        Shape::map()
            .with(
                "launchTemplateSpecification",
                Shape::map().with(name, value).with("version", &self.version),
            )
            .with("overrides", Shape::list(self.overrides.iter().map(Override::shape)))
    }
}

impl Override {
    pub(super) fn read(params: &Params) -> Self {
        let text = |name: &str| params.text(name).map(str::to_owned);
        Self { image: text("ImageId"), kind: text("InstanceType"), subnet: text("SubnetId") }
    }

    fn shape(&self) -> Shape {
        Shape::map()
            .with_some("imageId", self.image.as_deref())
            .with_some("instanceType", self.kind.as_deref())
            .with_some("subnetId", self.subnet.as_deref())
    }
}

impl Fleet {
    /// One member of `fleetSet`.
    pub(super) fn shape(&self) -> Shape {
        let capacity = Shape::map()
            .with("totalTargetCapacity", self.capacity)
            .with("onDemandTargetCapacity", 0)
            .with("spotTargetCapacity", 0)
            .with("defaultTargetCapacityType", "on-demand");
        Shape::map()
            .with("activityStatus", "fulfilled")
            .with("createTime", self.created)
            .with("fleetId", &self.id)
            .with("fleetState", "active")
            .with_some("clientToken", self.client_token.as_deref())
            .with("launchTemplateConfigs", Shape::list(self.configs.iter().map(TemplateConfig::shape)))
            .with("targetCapacitySpecification", capacity)
            .with("terminateInstancesWithExpiration", false)
            .with("type", self.kind)
            .with_some("tagSet", tags::shape(&self.tags))
    }
}

impl SpotFleet {
    /// One member of `spotFleetRequestConfigSet`.
    pub(super) fn shape(&self) -> Shape {
        let config = Shape::map()
            .with("iamFleetRole", &self.role)
            .with("targetCapacity", self.capacity)
            .with("type", "maintain")
            .with("launchSpecifications", Shape::list(self.specifications.iter().map(Override::shape)))
            .with("launchTemplateConfigs", Shape::list(self.configs.iter().map(TemplateConfig::shape)));
        Shape::map()
            .with("spotFleetRequestId", &self.id)
            .with("spotFleetRequestState", "active")
            .with("activityStatus", "fulfilled")
            .with("createTime", self.created)
            .with("spotFleetRequestConfig", config)
            .with_some("tagSet", tags::shape(&self.tags))
    }
}
