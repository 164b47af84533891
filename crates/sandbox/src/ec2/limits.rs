//! EC2's request token buckets.
//!
//! <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>

use crate::call::{Body, Call};
use crate::throttle::Limit;

/// The buckets a call draws from.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    let count = |name: &str| count(call, name);
    match call.action.as_str() {
        "RunInstances" => vec![
            Limit::requests("RunInstances", 5.0, 2.0),
            Limit {
                bucket: "RunInstances resources",
                size: 1000.0,
                per_second: 2.0,
                cost: count("MaxCount"),
            },
        ],
        "StartInstances" => vec![
            Limit::requests("StartInstances", 5.0, 2.0),
            Limit {
                bucket: "StartInstances resources",
                size: 1000.0,
                per_second: 2.0,
                cost: count("InstanceId"),
            },
        ],
        "StopInstances" => vec![
            Limit::requests("mutating", 50.0, 5.0),
            Limit {
                bucket: "StopInstances resources",
                size: 1000.0,
                per_second: 20.0,
                cost: count("InstanceId"),
            },
        ],
        "TerminateInstances" => vec![
            Limit::requests("TerminateInstances", 100.0, 5.0),
            Limit {
                bucket: "TerminateInstances resources",
                size: 1000.0,
                per_second: 20.0,
                cost: count("InstanceId"),
            },
        ],
        "ModifyInstanceMetadataOptions" => vec![Limit::requests("ModifyInstanceMetadataOptions", 100.0, 5.0)],
        "ModifyInstanceMetadataDefaults" => vec![Limit::requests("ModifyInstanceMetadataDefaults", 2.0, 2.0)],
        "ModifyImageAttribute" => vec![Limit::requests("ModifyImageAttribute", 100.0, 5.0)],
        "CreateLaunchTemplateVersion" => vec![Limit::requests("CreateLaunchTemplateVersion", 100.0, 5.0)],
        "ModifyLaunchTemplate" => vec![Limit::requests("ModifyLaunchTemplate", 100.0, 5.0)],
        "CreateTags" => vec![Limit::requests("CreateTags", 100.0, 10.0)],
        "DescribeInstances" if unbounded(call) => {
            vec![Limit::requests("unfiltered DescribeInstances", 50.0, 10.0)]
        }
        "DescribeInstances" => vec![Limit::requests("DescribeInstances", 100.0, 20.0)],
        "DescribeImages" => vec![Limit::requests("DescribeImages", 100.0, 20.0)],
        "DescribeLaunchTemplates" => vec![Limit::requests("DescribeLaunchTemplates", 100.0, 20.0)],
        "DescribeLaunchTemplateVersions" => {
            vec![Limit::requests("DescribeLaunchTemplateVersions", 100.0, 20.0)]
        }
        "DescribeFleets" | "DescribeSpotFleetRequests" => vec![Limit::requests("fleets", 100.0, 20.0)],
        "DescribeTags" => vec![Limit::requests("DescribeTags", 100.0, 20.0)],
        "DescribeRegions" => vec![Limit::requests("DescribeRegions", 100.0, 20.0)],
        "GetInstanceMetadataDefaults" => vec![Limit::requests("GetInstanceMetadataDefaults", 100.0, 20.0)],
        _ => vec![Limit::requests("mutating", 50.0, 5.0)],
    }
}

/// How many resources a call is about: the number in a parameter, or the length of a list.
fn count(call: &Call, name: &str) -> f64 {
    let Body::Query(params) = &call.body else { return 1.0 };
    let listed = u32::try_from(params.count(name)).unwrap_or(u32::MAX);
    params.number(name).unwrap_or(listed).into()
}

/// A DescribeInstances that names nothing, filters nothing and does not page.
fn unbounded(call: &Call) -> bool {
    let Body::Query(params) = &call.body else { return false };
    ["InstanceId", "Filter", "MaxResults", "NextToken"]
        .iter()
        .all(|name| params.count(name) == 0 && params.number(name).is_none())
}
