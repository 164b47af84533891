//! Metadata options outside of EC2, Auto Scaling and SageMaker, the inventory of AWS Config, and roles of IAM. The feature
//! `surfaces` decides whether this build links the SDKs of these services; no released function does.

#[cfg(feature = "surfaces")]
mod answers;
#[cfg(feature = "surfaces")]
mod beanstalk;
#[cfg(feature = "surfaces")]
mod emr;
#[cfg(feature = "surfaces")]
mod image_builder;
#[cfg(feature = "surfaces")]
mod inventory;
#[cfg(feature = "surfaces")]
mod lightsail;
#[cfg(feature = "surfaces")]
mod roles;
#[cfg(feature = "surfaces")]
mod with_sdks;
#[cfg(not(feature = "surfaces"))]
mod without_sdks;
