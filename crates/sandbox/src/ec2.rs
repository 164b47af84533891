//! EC2: instances and their metadata options, images, launch templates, tags, account defaults.
//!
//! Not simulated: permissions, capacity, networks, volumes. Subnets, security groups and volumes
//! are made up where an answer has to name one.

mod admin;
mod filters;
mod fleet;
mod image;
mod images;
mod instance;
mod launch;
mod launch_spec;
mod metadata;
pub(crate) mod paging;
mod quirks;
mod side_options;
mod state;
mod tags;
mod template;
mod templates;
mod transitions;

mod create_fleet;
mod create_launch_template;
mod create_launch_template_version;
mod create_tags;
mod delete_tags;
mod describe_fleets;
mod describe_images;
mod describe_instances;
mod describe_launch_template_versions;
mod describe_launch_templates;
mod describe_regions;
mod describe_spot_fleet_requests;
mod describe_tags;
mod get_instance_metadata_defaults;
mod groups;
mod limits;
mod modify_image_attribute;
mod modify_instance_metadata_defaults;
mod modify_instance_metadata_options;
mod modify_launch_template;
mod register_image;
mod request_spot_fleet;
mod run_instances;
mod start_instances;
mod stop_instances;
mod terminate_instances;

pub(crate) use admin::launch_as;
pub use admin::{Actor, Caller, InstanceView};
pub(crate) use groups::{instances_of, recorded};
pub use image::{AMAZON_LINUX_2, AMAZON_LINUX_2023};
pub use instance::InstanceStateName;
pub use launch_spec::LaunchSpec;
pub(crate) use limits::limits;
pub use metadata::{HttpTokens, MetadataDefaults, MetadataOptions, MetadataRequest, Toggle};
pub use quirks::{OptionQuirks, SideOption, UnknownOption};
pub(crate) use state::State;
pub use template::TemplateVersion;
pub(crate) use templates::{has_version, template_named};

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::trail::Trail;
use crate::world::World;

pub(crate) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let shape = match call.action.as_str() {
        "CreateFleet" => create_fleet::answer(world, call, trail),
        "CreateLaunchTemplate" => create_launch_template::answer(world, call, trail),
        "CreateLaunchTemplateVersion" => create_launch_template_version::answer(world, call, trail),
        "CreateTags" => create_tags::answer(world, call, trail),
        "DeleteTags" => delete_tags::answer(world, call, trail),
        "DescribeFleets" => describe_fleets::answer(world, call),
        "DescribeImages" => describe_images::answer(world, call),
        "DescribeInstances" => describe_instances::answer(world, call),
        "DescribeLaunchTemplateVersions" => describe_launch_template_versions::answer(world, call),
        "DescribeLaunchTemplates" => describe_launch_templates::answer(world, call),
        "DescribeRegions" => describe_regions::answer(world, call),
        "DescribeSpotFleetRequests" => describe_spot_fleet_requests::answer(world, call),
        "DescribeTags" => describe_tags::answer(world, call),
        "GetInstanceMetadataDefaults" => get_instance_metadata_defaults::answer(world, call),
        "ModifyImageAttribute" => modify_image_attribute::answer(world, call, trail),
        "ModifyInstanceMetadataDefaults" => modify_instance_metadata_defaults::answer(world, call, trail),
        "ModifyInstanceMetadataOptions" => modify_instance_metadata_options::answer(world, call, trail),
        "ModifyLaunchTemplate" => modify_launch_template::answer(world, call, trail),
        "RegisterImage" => register_image::answer(world, call, trail),
        "RequestSpotFleet" => request_spot_fleet::answer(world, call, trail),
        "RunInstances" => run_instances::answer(world, call, trail),
        "StartInstances" => start_instances::answer(world, call, trail),
        "StopInstances" => stop_instances::answer(world, call, trail),
        "TerminateInstances" => terminate_instances::answer(world, call, trail),
        other => Err(AwsError::not_simulated(format!("operation {other} of ec2"))),
    }?;
    Ok(Answer::Xml(shape))
}
