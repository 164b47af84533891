//! The AWS SDKs behind the ports of `v2only-enforcer`.
//!
//! Read in this order: [`call`] lists every call this product makes, with its permission and its request
//! rate; [`settings`] is the environment, validated; [`connect`] turns a place into credentials and
//! clients; [`classify`] turns SDK errors into failures; [`ec2`], [`sources`], [`launch_templates`],
//! [`autoscaling`], [`cloudtrail`], [`cloudwatch`], [`sagemaker`], `securityhub`, [`organizations`], [`sqs`], [`ssm`] and `surfaces` are the ports, and [`restore`]
//! those that can loosen; `installation` reads an installation for `doctor`. `left_out` answers for the SDKs that this build
//! does not link.
//!
//! Knows: SDK types, endpoints, credentials, request rates, the environment.
//! Must never know: verdicts, modes, exemptions, exit codes.
//! Nothing outside this crate may depend on an `aws-sdk-*` crate; `deny.toml` holds that wall.

pub mod call;
pub mod settings;

pub mod classify;
pub mod connect;
pub mod pace;

pub mod autoscaling;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod ec2;
pub mod fleets;
pub mod launch_templates;
mod options;
pub mod organizations;
pub mod restore;
pub mod sagemaker;
#[cfg(feature = "securityhub")]
pub mod securityhub;
pub mod sources;
pub mod sqs;
pub mod ssm;
mod surfaces;

#[cfg(feature = "operator")]
pub mod automation;
#[cfg(feature = "operator")]
pub mod run_command;

#[cfg(feature = "launcher")]
pub mod launcher;

mod left_out;

#[cfg(feature = "installation")]
pub mod installation;

pub use call::{Call, CallLog};
pub use connect::Aws;
pub use settings::{Settings, SettingsError};
