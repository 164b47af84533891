//! Auto Scaling: groups and launch configurations, as far as they say what instances are launched from.
//!
//! Not simulated: scaling. A group launches nothing here; tests launch for it by
//! [`crate::Actor::AutoScaling`].

mod create_auto_scaling_group;
mod create_launch_configuration;
mod describe_auto_scaling_groups;
mod describe_launch_configurations;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::call::{Answer, Call};
use crate::ec2::paging::Page;
use crate::error::AwsError;
use crate::identity::Place;
use crate::params::Params;
use crate::shape::Shape;
use crate::throttle::Limit;
use crate::world::World;

/// All of Auto Scaling.
#[derive(Debug, Default)]
pub(crate) struct State {
    places: BTreeMap<Place, Region>,
}

/// One account in one Region, by name, which is the order of pages.
#[derive(Debug, Default)]
struct Region {
    groups: BTreeMap<String, Group>,
    configurations: BTreeMap<String, Configuration>,
}

/// A group.
#[derive(Debug, Clone)]
struct Group {
    name: String,
    arn: String,
    source: Source,
    sizes: (i64, i64),
    zones: Vec<String>,
    created: Timestamp,
}

/// What a group launches from.
#[derive(Debug, Clone)]
enum Source {
    Configuration(String),
    Template(Specification),
    /// The first, and what single instance types have instead.
    Mixed(Specification, Vec<(String, Option<Specification>)>),
}

/// A launch template and a version, as the group names it.
#[derive(Debug, Clone)]
struct Specification {
    id: String,
    name: String,
    version: Option<String>,
}

/// A launch configuration; it never changes.
#[derive(Debug, Clone)]
struct Configuration {
    name: String,
    arn: String,
    image: String,
    kind: String,
    tokens: Option<&'static str>,
    hop_limit: Option<i64>,
    endpoint: Option<&'static str>,
    created: Timestamp,
}

impl State {
    fn at(&mut self, place: &Place) -> &mut Region {
        self.places.entry(place.clone()).or_default()
    }

    fn peek(&self, place: &Place) -> Option<&Region> {
        self.places.get(place)
    }
}

impl Specification {
    /// Reads `LaunchTemplateId` or `LaunchTemplateName`, and `Version`; the template must exist.
    fn read(world: &World, place: &Place, params: &Params) -> Result<Self, AwsError> {
        let (id, name) = (params.text("LaunchTemplateId"), params.text("LaunchTemplateName"));
        if id.is_some() == name.is_some() {
            return Err(validation(
                "Valid requests must contain either launchTemplateId or LaunchTemplateName",
            ));
        }
        let version = params.text("Version").map(str::to_owned);
        let found = crate::ec2::template_named(world, place, id, name);
        let (id, name) = found.ok_or_else(|| {
            validation(
                "You must use a valid fully-formed launch template. The specified launch template does not exist.",
            )
        })?;
        Ok(Self { id, name, version })
    }

    fn shape(&self) -> Shape {
        Shape::map()
            .with("LaunchTemplateId", &self.id)
            .with("LaunchTemplateName", &self.name)
            .with_some("Version", self.version.as_deref())
    }
}

pub(crate) fn answer(world: &mut World, call: &Call) -> Result<Answer, AwsError> {
    let shape = match call.action.as_str() {
        "CreateAutoScalingGroup" => create_auto_scaling_group::answer(world, call),
        "CreateLaunchConfiguration" => create_launch_configuration::answer(world, call),
        "DescribeAutoScalingGroups" => describe_auto_scaling_groups::answer(world, call),
        "DescribeLaunchConfigurations" => describe_launch_configurations::answer(world, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of autoscaling"))),
    }?;
    Ok(Answer::Xml(shape))
}

/// AWS publishes no rates for Auto Scaling; these are the sandbox's own.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "DescribeAutoScalingGroups" => vec![Limit::requests("DescribeAutoScalingGroups", 100.0, 20.0)],
        "DescribeLaunchConfigurations" => vec![Limit::requests("DescribeLaunchConfigurations", 100.0, 20.0)],
        _ => vec![Limit::requests("autoscaling mutating", 50.0, 5.0)],
    }
}

fn validation(message: &str) -> AwsError {
    AwsError::client("ValidationError", message)
}

/// `MaxRecords` (50 unless asked for, 100 at most) and `NextToken`.
fn page(params: &Params) -> Result<Page, AwsError> {
    let size = params.int("MaxRecords")?.unwrap_or(50);
    if !(1..=100).contains(&size) {
        return Err(validation("MaxRecords must be between 1 and 100"));
    }
    Page::of_size(params, usize::try_from(size).ok())
}

/// The texts of `<name>.member.N`.
fn members(params: &Params, name: &str) -> Vec<String> {
    params.structure(name).map(|it| it.texts("member")).unwrap_or_default()
}
