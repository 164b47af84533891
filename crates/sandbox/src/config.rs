//! What a sandbox is started with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::ClockMode;
use crate::ec2::InstanceStateName;

/// Settings of a sandbox. `Config::default()` is a quiet AWS: manual clock, no throttling, nothing
/// delayed but what takes time on AWS too.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The same seed gives the same ids and the same chaos for the same order of calls.
    pub seed: u64,
    /// The source of time.
    pub clock: ClockMode,
    /// Whether request token buckets are enforced.
    pub throttling: bool,
    /// The account of an access key the sandbox does not know.
    pub home_account: String,
    /// The Regions that `DescribeRegions` lists.
    pub regions: Vec<String>,
    /// Delay added to every answer, in real time: the network to AWS.
    pub latency: Duration,
    /// How EC2 behaves where its documentation leaves a choice.
    pub ec2: Ec2Config,
    /// Whether Automation takes `Key=ParameterValues` inside a `TargetLocation`. AWS documents
    /// both.
    pub parameter_values_in_locations: bool,
    /// How CloudTrail renders `responseElements` and `requestParameters` above 100 KB.
    pub omitted: OmittedField,
    /// Whether this AWS has no thread and no port of its own. It works only inside `Sandbox::block_on`, and is called through
    /// `Sandbox::direct`. The same seed and the same acts then give the same calls in the same order.
    pub driven: bool,
    /// How many published events `Sandbox::events` keeps, the newest; subscribers get all.
    pub keep_events: usize,
    /// How many calls `Sandbox::calls` keeps, the newest.
    pub keep_calls: usize,
}

/// Behaviour of EC2 that AWS does not promise, so that both sides can be tested.
#[derive(Debug, Clone)]
pub struct Ec2Config {
    /// A launched instance is unknown to every other call for this long.
    pub visible_after: Duration,
    /// From `pending` to `running`, `stopping` to `stopped`, `shutting-down` to `terminated`.
    pub transition: Duration,
    /// From metadata options `pending` to `applied`.
    pub metadata_applied_after: Duration,
    /// How long a terminated instance is still described.
    pub terminated_for: Duration,
    /// States in which `ModifyInstanceMetadataOptions` is refused with `IncorrectInstanceState`.
    /// AWS documents running and stopped only; add `Pending` to test the careful reading.
    pub modify_refused_in: Vec<InstanceStateName>,
    /// Whether `HttpTokens` without `HttpEndpoint=enabled` in the same request is refused.
    pub tokens_need_endpoint: bool,
    /// Whether instances may be launched from image ids nobody registered.
    pub any_image: bool,
    /// How many versions `DescribeLaunchTemplateVersions` returns at most, whatever `MaxResults`
    /// asks for.
    pub versions_per_page: usize,
}

/// How a field looks that CloudTrail left out for its size. AWS does not document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OmittedField {
    /// `"responseElements": null`
    Null,
    /// No such key.
    Missing,
}

/// 2026-11-01T10:00:00Z: where a manual clock starts by default.
pub const DEFAULT_START: Timestamp = Timestamp::constant(1_793_527_200, 0);

/// The Regions enabled by default in the `aws` partition.
pub const DEFAULT_REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            seed: 1,
            clock: ClockMode::Manual(DEFAULT_START),
            throttling: false,
            home_account: "111122223333".to_owned(),
            regions: DEFAULT_REGIONS.map(str::to_owned).to_vec(),
            latency: Duration::ZERO,
            ec2: Ec2Config::default(),
            parameter_values_in_locations: true,
            omitted: OmittedField::Null,
            driven: false,
            keep_events: 100_000,
            keep_calls: 1_000_000,
        }
    }
}

impl Default for Ec2Config {
    fn default() -> Self {
        Self {
            visible_after: Duration::ZERO,
            transition: Duration::from_secs(5),
            metadata_applied_after: Duration::from_secs(2),
            terminated_for: Duration::from_secs(60 * 60),
            modify_refused_in: vec![InstanceStateName::ShuttingDown, InstanceStateName::Terminated],
            tokens_need_endpoint: true,
            any_image: false,
            versions_per_page: 200,
        }
    }
}
