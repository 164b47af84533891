//! An instance, and how answers and CloudTrail records show it.

use jiff::Timestamp;

use super::metadata::MetadataOptions;
use super::quirks::OptionQuirks;
use super::tags::{self, Tags};
use crate::identity::Place;
use crate::ids::unique_of;
use crate::shape::Shape;

/// The state of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceStateName {
    /// Being started.
    Pending,
    /// Running.
    Running,
    /// Being terminated.
    ShuttingDown,
    /// Gone, still described for an hour.
    Terminated,
    /// Being stopped.
    Stopping,
    /// Stopped.
    Stopped,
}

impl InstanceStateName {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// The number that goes with the name.
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    /// `instanceState`, `currentState` and `previousState` of answers.
    pub(super) fn shape(self) -> Shape {
        Shape::map().with("code", self.code()).with("name", self.as_str())
    }
}

/// Everything about one instance.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) reservation: String,
    pub(super) launch_index: i64,
    pub(super) image: String,
    pub(super) kind: String,
    pub(super) key_name: Option<String>,
    pub(super) state: InstanceStateName,
    /// Changes with every transition, so that a late timer can tell that it is late.
    pub(super) transition: u64,
    /// Changes at each start.
    pub(super) launch_time: Timestamp,
    /// When the root volume and the primary interface were attached: the original launch.
    pub(super) created: Timestamp,
    pub(super) visible_from: Timestamp,
    pub(super) metadata: MetadataOptions,
    pub(super) metadata_applied: bool,
    pub(super) metadata_change: u64,
    pub(super) tags: Tags,
    pub(super) client_token: Option<String>,
    /// The service principal that manages the instance, if it is a managed one.
    pub(super) operator: Option<String>,
    pub(super) hidden: bool,
    pub(super) profile: Option<String>,
    pub(super) subnet: String,
    pub(super) groups: Vec<String>,
    pub(super) monitoring: bool,
    pub(super) ebs_optimized: bool,
    /// The Spot request, if it is a Spot instance.
    pub(super) spot: Option<String>,
    pub(super) requester: Option<String>,
    /// Seventeen digits that the ids of its volume and interface are made from.
    pub(super) serial: String,
}

impl Instance {
    /// One member of `instancesSet`. At launch the volume is not attached yet, and the interface is
    /// only attaching.
    pub(super) fn shape(&self, place: &Place, at_launch: bool, quirks: &OptionQuirks) -> Shape {
        let address = self.address();
        let dns = format!("ip-{}.{}", address.replace('.', "-"), dns_suffix(&place.region));
        let gone = self.state == InstanceStateName::Terminated;
        let mut shape = Shape::map()
            .with("instanceId", &self.id)
            .with("imageId", &self.image)
            .with("instanceState", self.state.shape())
            .with("privateDnsName", if gone { "" } else { &dns });
        if !at_launch {
            shape = shape.with("dnsName", "").with("reason", "");
        }
        shape = shape
            .with("operator", self.operator_shape())
            .with_some("keyName", self.key_name.as_deref())
            .with("amiLaunchIndex", self.launch_index)
            .with("productCodes", Shape::list([]))
            .with("instanceType", &self.kind)
            .with("launchTime", self.launch_time)
            .with("placement", placement(place))
            .with(
                "monitoring",
                Shape::map().with("state", if self.monitoring { "enabled" } else { "disabled" }),
            );
        if !gone {
            shape = shape
                .with("subnetId", &self.subnet)
                .with("vpcId", vpc(place))
                .with("privateIpAddress", &address);
        }
        if self.state == InstanceStateName::Pending {
            shape =
                shape.with("stateReason", Shape::map().with("code", "pending").with("message", "pending"));
        }
        shape
            .with("architecture", "x86_64")
            .with("rootDeviceType", "ebs")
            .with("rootDeviceName", "/dev/xvda")
            .with("blockDeviceMapping", Shape::list(self.volume().filter(|_| !at_launch && !gone)))
            .with("virtualizationType", "hvm")
            .with("hypervisor", "xen")
            .with_some("tagSet", tags::shape(&self.tags))
            .with_some("clientToken", self.client_token.as_deref())
            .with("groupSet", self.group_set())
            .with("sourceDestCheck", true)
            .with("networkInterfaceSet", Shape::list((!gone).then(|| self.interface(place, at_launch, &dns))))
            .with_some("iamInstanceProfile", self.profile.as_deref().map(profile))
            .with("ebsOptimized", self.ebs_optimized)
            .with("enaSupport", true)
            .with("cpuOptions", Shape::map().with("coreCount", 1).with("threadsPerCore", 2))
            .with(
                "capacityReservationSpecification",
                Shape::map().with("capacityReservationPreference", "open"),
            )
            .with("hibernationOptions", Shape::map().with("configured", false))
            .with("enclaveOptions", Shape::map().with("enabled", false))
            .with("metadataOptions", self.metadata.shape(self.metadata_applied, quirks))
            .with(
                "maintenanceOptions",
                Shape::map().with("autoRecovery", "default").with("rebootMigration", "default"),
            )
            .with("currentInstanceBootMode", "legacy-bios")
            .with(
                "privateDnsNameOptions",
                Shape::map()
                    .with("hostnameType", "ip-name")
                    .with("enableResourceNameDnsARecord", false)
                    .with("enableResourceNameDnsAAAARecord", false),
            )
            .with_some("instanceLifecycle", self.spot.as_ref().map(|_| "spot"))
            .with_some("spotInstanceRequestId", self.spot.as_deref())
    }

    pub(super) fn group_set(&self) -> Shape {
        Shape::list(
            self.groups.iter().map(|id| Shape::map().with("groupId", id).with("groupName", "default")),
        )
    }

    /// An address in 10.0.0.0/8 that belongs to the instance for ever.
    fn address(&self) -> String {
        let number = u32::from_str_radix(self.serial.get(..6).unwrap_or("0"), 16).unwrap_or(0);
        format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)
    }

    fn operator_shape(&self) -> Shape {
        Shape::map()
            .with("managed", self.operator.is_some())
            .with_some("principal", self.operator.as_deref())
            .with_some("hiddenByDefault", self.operator.is_some().then_some(self.hidden))
    }

    fn volume(&self) -> Option<Shape> {
        let ebs = Shape::map()
            .with("volumeId", format!("vol-{}", self.serial))
            .with("status", "attached")
            .with("attachTime", self.created)
            .with("deleteOnTermination", true);
        Some(Shape::map().with("deviceName", "/dev/xvda").with("ebs", ebs))
    }

    fn interface(&self, place: &Place, at_launch: bool, dns: &str) -> Shape {
        let address = self.address();
        let private =
            Shape::map().with("privateIpAddress", &address).with("privateDnsName", dns).with("primary", true);
        Shape::map()
            .with("networkInterfaceId", format!("eni-{}", self.serial))
            .with("subnetId", &self.subnet)
            .with("vpcId", vpc(place))
            .with("ownerId", &place.account)
            .with("operator", self.operator_shape())
            .with("status", "in-use")
            .with("macAddress", mac(&self.serial))
            .with("privateIpAddress", &address)
            .with("privateDnsName", dns)
            .with("sourceDestCheck", true)
            .with("interfaceType", "interface")
            .with("groupSet", self.group_set())
            .with(
                "attachment",
                Shape::map()
                    .with("attachmentId", format!("eni-attach-{}", self.serial))
                    .with("deviceIndex", 0)
                    .with("networkCardIndex", 0)
                    .with("status", if at_launch { "attaching" } else { "attached" })
                    .with("attachTime", self.created)
                    .with("deleteOnTermination", true),
            )
            .with("privateIpAddressesSet", Shape::OddList(vec![private]))
            .with("ipv6AddressesSet", Shape::list([]))
            .with("tagSet", Shape::list([]))
    }
}

fn placement(place: &Place) -> Shape {
    Shape::map().with("availabilityZone", format!("{}a", place.region)).with("tenancy", "default")
}

fn vpc(place: &Place) -> String {
    let digits = unique_of("", &format!("{}{}", place.account, place.region));
    format!("vpc-0{}", hex_of(&digits))
}

/// Sixteen hexadecimal digits that stand for a text.
fn hex_of(text: &str) -> String {
    text.bytes().take(16).map(|byte| char::from_digit(u32::from(byte) % 16, 16).unwrap_or('0')).collect()
}

fn mac(serial: &str) -> String {
    let digits: Vec<char> = serial.chars().take(10).collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
    std::iter::once("02".to_owned()).chain(pairs).collect::<Vec<_>>().join(":")
}

fn profile(arn: &str) -> Shape {
    Shape::map().with("arn", arn).with("id", unique_of("AIPA", arn))
}

fn dns_suffix(region: &str) -> String {
    if region == "us-east-1" { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") }
}
