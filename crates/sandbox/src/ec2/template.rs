//! Launch templates and their versions.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::metadata::MetadataRequest;
use super::tags::{self, Tags};
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;

/// How a request names a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TemplateRef {
    Id(String),
    Name(String),
}

/// A version of a launch template, as a launch names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    pub(super) template: TemplateRef,
    pub(super) version: Option<String>,
}

/// A launch template.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) created_by: String,
    pub(super) default: i64,
    pub(super) versions: BTreeMap<i64, Version>,
    pub(super) tags: Tags,
    pub(super) client_token: Option<String>,
    /// The service principal that manages the template, if it is a managed one.
    pub(super) operator: Option<String>,
}

/// One version; it never changes.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) number: i64,
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    pub(super) created_by: String,
    pub(super) client_token: Option<String>,
    pub(super) data: TemplateData,
}

/// A volume that launches attach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BlockDevice {
    name: String,
    snapshot: Option<String>,
    size: Option<i64>,
    kind: Option<String>,
    encrypted: Option<bool>,
    delete_on_termination: Option<bool>,
}

impl BlockDevice {
    fn read(params: &Params) -> Result<Self, AwsError> {
        let name = params.required("DeviceName")?.to_owned();
        let none = Params::default();
        let ebs = params.structure("Ebs").unwrap_or(&none);
        Ok(Self {
            name,
            snapshot: ebs.text("SnapshotId").map(str::to_owned),
            size: ebs.int("VolumeSize")?,
            kind: ebs.text("VolumeType").map(str::to_owned),
            encrypted: ebs.flag("Encrypted")?,
            delete_on_termination: ebs.flag("DeleteOnTermination")?,
        })
    }

    fn shape(&self) -> Shape {
        let ebs = Shape::map()
            .with_some("encrypted", self.encrypted)
            .with_some("deleteOnTermination", self.delete_on_termination)
            .with_some("snapshotId", self.snapshot.as_deref())
            .with_some("volumeSize", self.size)
            .with_some("volumeType", self.kind.as_deref());
        Shape::map().with("deviceName", &self.name).with("ebs", ebs)
    }

    /// As a version made from this one has it: snapshots are not taken over unless they are given
    /// again.
    fn inherited(&self) -> Self {
        Self { snapshot: None, ..self.clone() }
    }
}

/// The launch parameters of a version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TemplateData {
    pub(super) image: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) key_name: Option<String>,
    pub(super) user_data: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) monitoring: Option<bool>,
    pub(super) ebs_optimized: Option<bool>,
    pub(super) metadata: MetadataRequest,
    pub(super) devices: Vec<BlockDevice>,
    /// By resource type.
    pub(super) tags: BTreeMap<String, Tags>,
}

/// Members of `LaunchTemplateData` that AWS knows and the sandbox does not.
const TAGGABLE: [&str; 4] = ["instance", "volume", "network-interface", "spot-instances-request"];

impl TemplateRef {
    /// Reads `LaunchTemplateId` or `LaunchTemplateName`; one of them, not both.
    pub(super) fn read(params: &Params) -> Result<Self, AwsError> {
        match (params.text("LaunchTemplateId"), params.text("LaunchTemplateName")) {
            (Some(id), None) => Ok(Self::Id(id.to_owned())),
            (None, Some(name)) => Ok(Self::Name(name.to_owned())),
            (None, None) => Err(AwsError::client(
                "MissingParameter",
                "Either a launch template ID or a launch template name must be specified in the request.",
            )),
            (Some(_), Some(_)) => Err(AwsError::client(
                "InvalidParameterCombination",
                "Either a launch template ID or a launch template name must be specified, not both.",
            )),
        }
    }
}

impl Template {
    pub(super) fn latest(&self) -> i64 {
        self.versions.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// The version that `$Latest`, `$Default` or a number stands for.
    pub(super) fn version(&self, wanted: &str) -> Result<&Version, AwsError> {
        let number = match wanted {
            "$Latest" => self.latest(),
            "$Default" => self.default,
            other => other.parse().map_err(|_| {
                let message = format!(
                    "Invalid launch template version '{other}': either '$Default', '$Latest', or a numeric \
                     version are allowed."
                );
                AwsError::client("InvalidLaunchTemplateVersion.Malformed", message)
            })?,
        };
        self.versions.get(&number).ok_or_else(|| {
            let message =
                format!("Could not find launch template version {number} for launch template {}.", self.id);
            AwsError::client("InvalidLaunchTemplateId.VersionNotFound", message)
        })
    }

    /// `launchTemplate` of an answer.
    pub(super) fn shape(&self) -> Shape {
        Shape::map()
            .with("launchTemplateId", &self.id)
            .with("launchTemplateName", &self.name)
            .with("createTime", self.created)
            .with("createdBy", &self.created_by)
            .with("defaultVersionNumber", self.default)
            .with("latestVersionNumber", self.latest())
            .with_some("tagSet", tags::shape(&self.tags))
            .with("operator", self.operator_shape())
    }

    fn operator_shape(&self) -> Shape {
        Shape::map().with("managed", self.operator.is_some()).with_some("principal", self.operator.as_deref())
    }

    /// The refusal of a change by anybody but the service that manages the template.
    pub(super) fn check_not_managed(&self) -> Result<(), AwsError> {
        let Some(operator) = &self.operator else { return Ok(()) };
        let message = format!(
            "The launch template '{}' is managed by {operator} and can't be modified by you.",
            self.id
        );
        Err(AwsError::client("OperationNotPermitted", message))
    }

    /// `launchTemplateVersion` of an answer.
    pub(super) fn version_shape(&self, version: &Version) -> Shape {
        Shape::map()
            .with("launchTemplateId", &self.id)
            .with("launchTemplateName", &self.name)
            .with("versionNumber", version.number)
            .with_some("versionDescription", version.description.as_deref())
            .with("createTime", version.created)
            .with("createdBy", &version.created_by)
            .with("defaultVersion", version.number == self.default)
            .with("launchTemplateData", version.data.shape())
            .with("operator", self.operator_shape())
    }
}

impl TemplateData {
    /// Reads the members of `LaunchTemplateData`.
    pub(super) fn read(params: &Params) -> Result<Self, AwsError> {
        let text = |name: &str| params.text(name).map(str::to_owned);
        let mut tags = BTreeMap::new();
        for item in params.structures("TagSpecification") {
            let kind = item.required("ResourceType")?;
            if !TAGGABLE.contains(&kind) {
                let message = format!("'{kind}' is not a valid taggable resource type");
                return Err(AwsError::invalid_value(message));
            }
            tags.insert(kind.to_owned(), tags::read(item)?);
        }
        let metadata = params.structure("MetadataOptions").map(MetadataRequest::read).transpose()?;
        let profile = params.structure("IamInstanceProfile");
        Ok(Self {
            image: text("ImageId"),
            kind: text("InstanceType"),
            key_name: text("KeyName"),
            user_data: text("UserData"),
            profile: profile.and_then(|it| it.text("Arn").or_else(|| it.text("Name"))).map(str::to_owned),
            groups: params.texts("SecurityGroupId"),
            monitoring: params.structure("Monitoring").map(|it| it.flag("Enabled")).transpose()?.flatten(),
            ebs_optimized: params.flag("EbsOptimized")?,
            metadata: metadata.unwrap_or_default(),
            devices: params
                .structures("BlockDeviceMapping")
                .into_iter()
                .map(BlockDevice::read)
                .collect::<Result<_, _>>()?,
            tags,
        })
    }

    /// These data; a member that is not set is taken from the source version. A member that is
    /// given replaces the complete member of the source.
    pub(super) fn inherit(self, source: &Self) -> Self {
        let silent = self.metadata == MetadataRequest::default();
        Self {
            image: self.image.or_else(|| source.image.clone()),
            kind: self.kind.or_else(|| source.kind.clone()),
            key_name: self.key_name.or_else(|| source.key_name.clone()),
            user_data: self.user_data.or_else(|| source.user_data.clone()),
            profile: self.profile.or_else(|| source.profile.clone()),
            groups: if self.groups.is_empty() { source.groups.clone() } else { self.groups },
            monitoring: self.monitoring.or(source.monitoring),
            ebs_optimized: self.ebs_optimized.or(source.ebs_optimized),
            metadata: if silent { source.metadata } else { self.metadata },
            devices: if self.devices.is_empty() {
                source.devices.iter().map(BlockDevice::inherited).collect()
            } else {
                self.devices
            },
            tags: if self.tags.is_empty() { source.tags.clone() } else { self.tags },
        }
    }

    pub(super) fn instance_tags(&self) -> Tags {
        self.tags.get("instance").cloned().unwrap_or_default()
    }

    fn shape(&self) -> Shape {
        let groups = Shape::list(self.groups.iter().map(Shape::from));
        let devices = Shape::list(self.devices.iter().map(BlockDevice::shape));
        let tagged = self.tags.iter().map(|(kind, tags)| {
            Shape::map().with("resourceType", kind).with_some("tagSet", tags::shape(tags))
        });
        let profile =
            |it: &String| Shape::map().with(if it.starts_with("arn:") { "arn" } else { "name" }, it);
        Shape::map()
            .with_some("ebsOptimized", self.ebs_optimized)
            .with_some("iamInstanceProfile", self.profile.as_ref().map(profile))
            .with_some("imageId", self.image.as_deref())
            .with_some("instanceType", self.kind.as_deref())
            .with_some("keyName", self.key_name.as_deref())
            .with_some("monitoring", self.monitoring.map(|it| Shape::map().with("enabled", it)))
            .with_some("userData", self.user_data.as_deref())
            .with_some("tagSpecificationSet", (!self.tags.is_empty()).then(|| Shape::list(tagged)))
            .with_some("securityGroupIdSet", (!self.groups.is_empty()).then_some(groups))
            .with_some("blockDeviceMappingSet", (!self.devices.is_empty()).then_some(devices))
            .with_some("metadataOptions", self.metadata.shape())
    }
}

pub(super) fn id_not_found(id: &str) -> AwsError {
    let message = format!("The specified launch template, with template ID {id}, does not exist.");
    AwsError::client("InvalidLaunchTemplateId.NotFound", message)
}

pub(super) fn name_not_found(name: &str) -> AwsError {
    let message = format!("The specified launch template, with template name {name}, does not exist.");
    AwsError::client("InvalidLaunchTemplateName.NotFoundException", message)
}
