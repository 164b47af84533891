//! An embedded AWS: EC2, Auto Scaling, CloudWatch metrics, CloudTrail's event history, STS, roles of IAM,
//! Organizations, Systems Manager parameters, Security Hub findings, what Lightsail, Image Builder,
//! Elastic Beanstalk and EMR know of metadata options, and their events, on a loopback port, speaking
//! the real wire protocols with the documented semantics.
//!
//! ```
//! use v2only_sandbox::{Config, Sandbox};
//!
//! let aws = Sandbox::start(Config::default())?;
//! assert!(aws.endpoint().starts_with("http://127.0.0.1:"));
//! # Ok::<(), v2only_sandbox::StartError>(())
//! ```
//!
//! Knows: wire protocols, the semantics AWS documents, time, faults, chaos. Must never know:
//! policies, verdicts, plans, any other crate of this workspace. What is judged here must not come
//! from the judge.
//!
//! # How a call runs
//!
//! ```text
//! HTTP ─► protocol::read ─► who asks (identity, iam) ─► Fault before ─► others act ─► services::answer
//!                                                                            │
//!   response ◄─ protocol::write ◄─ Fault after ◄─ call log, hooks ◄──────────┤
//!                                                                            ▼
//!           token buckets ─► due timers ─► World::run: the operation ─► CloudTrail event ─► due timers
//! ```
//!
//! - **One world.** All state is in `world::World` behind one lock, one field per service
//!   (`world.ec2`, `world.sagemaker`, ...; each service defines its own `State: Default`). Take it with
//!   `core.world()` and never keep it across an `await`. Timers and operations already hold it.
//! - **An operation** is a function `(&mut World, &Call[, &mut Trail]) -> Result<Answer, AwsError>` in a
//!   file of its own that cites its API document. A service is one arm in `services::perform` through
//!   `core.run(call, |world, trail| ...)`.
//! - **Requests.** `call.params()` for query (a tree that knows what was read: end with
//!   `params.finish(action, &REAL_BUT_NOT_SIMULATED)?` before any effect), `call.json()` for JSON and CBOR.
//! - **Answers.** `Answer::Json(value)`, `Answer::Xml(Shape)`. Errors: `AwsError::client`,
//!   `::server`, `::not_simulated`, `.with_status`, `.with_header`; the protocol writes them.
//! - **Events.** An operation that changes something calls `trail.request(json)` as soon as it has read
//!   the request (from then on a failure leaves an event as well) and `trail.response(json)` at the end.
//!   Anything else (state changes) is `world.publish_notice(&place, source, detail_type, &arns, detail)`.
//! - **Time.** `world.now()`; `world.after(delay, |world| ...)` for what happens by itself;
//!   `core.sleep_until(time).await` for waiting callers, right for both clocks.
//! - **Identifiers** come from `world.ids` (`uuid()`, `hex(n)`, `resource("i")`), never from elsewhere:
//!   the same seed must give the same ids.
//! - **State by place.** `call.place` is the account and Region of a call; key state by it.
//! - **Handles for tests** are `impl Sandbox` blocks in the module of their service, through
//!   `self.core()`; background tasks run on `self.runtime()`.
//! - **Throttling.** A service may give `limits(call) -> Vec<Limit>`, see `services::limits`.

mod autoscaling;
mod bus;
mod call;
mod call_filter;
mod calls;
mod changes;
mod clock;
mod cloudtrail;
mod cloudwatch;
mod config;
mod configservice;
mod control;
mod core;
mod direct;
mod ec2;
mod elasticbeanstalk;
mod emr;
mod error;
mod faults;
mod iam;
mod identity;
mod ids;
mod imagebuilder;
mod interventions;
pub mod lambda;
mod lightsail;
mod members;
mod organizations;
mod others;
mod params;
mod protocol;
pub mod sagemaker;
mod sandbox;
mod securityhub;
mod server;
mod services;
mod setup;
mod shape;
pub mod sqs;
mod ssm;
mod start;
mod sts;
mod throttle;
mod trail;
mod world;

#[cfg(test)]
mod scenarios;

pub use bus::{Chaos, EventBus};
pub use call_filter::CallFilter;
pub use calls::CallRecord;
pub use changes::{Changes, Watcher};
pub use clock::{Clock, ClockMode};
pub use config::{Config, DEFAULT_REGIONS, DEFAULT_START, Ec2Config, OmittedField};
pub use direct::{DirectAnswer, DirectConnection, DirectSandbox};
pub use ec2::{
    AMAZON_LINUX_2, AMAZON_LINUX_2023, Actor, Caller, HttpTokens, InstanceStateName, InstanceView,
    LaunchSpec, MetadataDefaults, MetadataOptions, MetadataRequest, OptionQuirks, SideOption,
    TemplateVersion, Toggle, UnknownOption,
};
pub use error::{AwsError, StartError};
pub use faults::{Effect, Fault};
pub use identity::{Place, Principal};
pub use lightsail::LightsailInstance;
pub use organizations::{AccountState, MemberAccount, Organization, OrganizationalUnit};
pub use others::ActorCall;
pub use sandbox::Sandbox;
pub use setup::{SECRET_ACCESS_KEY, Setup};
pub use ssm::ManagedInstance;
