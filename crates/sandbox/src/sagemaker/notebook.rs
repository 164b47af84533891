//! A notebook instance as SageMaker keeps it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::platform::Platform;
use crate::identity::Place;

/// Where a notebook is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Being started.
    Pending,
    /// Running.
    InService,
    /// Being stopped.
    Stopping,
    /// Stopped; the volume is kept.
    Stopped,
    /// A start or an update failed.
    Failed,
    /// Being deleted.
    Deleting,
    /// Being updated.
    Updating,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::InService,
        Self::Stopping,
        Self::Stopped,
        Self::Failed,
        Self::Deleting,
        Self::Updating,
    ];

    /// As the API writes it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InService => "InService",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Failed => "Failed",
            Self::Deleting => "Deleting",
            Self::Updating => "Updating",
        }
    }

    pub(super) fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.id() == id)
    }
}

/// A notebook instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Notebook {
    /// Account and Region.
    pub place: Place,
    /// The name as it was given; the ARN has it in lower case.
    pub name: String,
    /// Where it is in its life.
    pub status: Status,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// The platform.
    pub platform: Platform,
    /// "1", "2", or nothing for a notebook older than the field.
    pub minimum_version: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
    /// What only the owner cares about.
    pub attributes: Attributes,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// The network interface of the running instance.
    pub network_interface: Option<String>,
    /// How often it entered `InService`.
    pub starts: u32,
    /// Attributes of an update that is not yet to be seen.
    pub(super) pending: Option<Box<(Attributes, Platform, Option<String>)>>,
    /// The status it will stay in instead of moving on.
    pub(super) hang_in: Option<Status>,
    /// Why the next start will fail.
    pub(super) fail_start: Option<String>,
    /// Why the next update will fail.
    pub(super) fail_update: Option<String>,
    /// Counts the changes of status; a timer of an earlier status does nothing.
    pub(super) generation: u64,
}

/// Attributes that are kept and shown, without an effect of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// For example `ml.t3.medium`.
    pub instance_type: String,
    /// The role of the notebook.
    pub role_arn: String,
    /// The customer's subnet.
    pub subnet: Option<String>,
    /// Security groups in that subnet.
    pub security_groups: Vec<String>,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: Option<String>,
    /// The key of the volume.
    pub kms_key: Option<String>,
    /// The lifecycle configuration, by name.
    pub lifecycle_config: Option<String>,
    /// `Enabled` or `Disabled`.
    pub direct_internet: String,
    /// `Enabled` or `Disabled`.
    pub root_access: String,
    /// The volume.
    pub volume_gb: u64,
    /// The default code repository.
    pub default_repository: Option<String>,
    /// Further code repositories.
    pub additional_repositories: Vec<String>,
}

impl Notebook {
    pub(super) fn new(place: Place, name: &str, attributes: Attributes, now: Timestamp) -> Self {
        Self {
            place,
            name: name.to_owned(),
            status: Status::Pending,
            failure_reason: None,
            platform: Platform::default_at(now),
            minimum_version: None,
            created: now,
            modified: now,
            attributes,
            tags: BTreeMap::new(),
            network_interface: None,
            starts: 0,
            pending: None,
            hang_in: None,
            fail_start: None,
            fail_update: None,
            generation: 0,
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        arn(&self.place, &self.name)
    }

    pub(super) fn key(&self) -> Key {
        key(&self.place, &self.name)
    }
}

impl Attributes {
    pub(super) fn new(instance_type: &str, role_arn: &str) -> Self {
        Self {
            instance_type: instance_type.to_owned(),
            role_arn: role_arn.to_owned(),
            subnet: None,
            security_groups: Vec::new(),
            ip_address_type: None,
            kms_key: None,
            lifecycle_config: None,
            direct_internet: "Enabled".to_owned(),
            root_access: "Enabled".to_owned(),
            volume_gb: 5,
            default_repository: None,
            additional_repositories: Vec::new(),
        }
    }
}

pub(super) fn key(place: &Place, name: &str) -> Key {
    (place.clone(), name.to_lowercase())
}

pub(super) fn arn(place: &Place, name: &str) -> String {
    place.arn("sagemaker", &format!("notebook-instance/{}", name.to_lowercase()))
}

/// Account and Region, and the name in lower case: names that differ in case only share an ARN.
pub(super) type Key = (Place, String);
