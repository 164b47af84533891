//! What the role of `doctor` is granted.

use crate::settings::Settings;
use crate::statement::Statement;

/// Reads an installation, in the account of the functions and in members. Of the pieces only those of ours, where
/// AWS lets one say so.
pub(super) fn doctor(settings: &Settings) -> Vec<Statement> {
    let names = &settings.names;
    let rules = settings.arn("events", &format!("rule/{}", names.rules));
    let on_our_bus = settings.arn("events", &format!("rule/v2only-events/{}", names.rules));
    let bus = settings.arn("events", "event-bus/v2only-events");
    let parameters = settings.arn("ssm", &format!("parameter/{}", names.parameters));
    let members = [&names.ec2_enforcer, &names.notebook_enforcer].map(|it| it.arn(settings.partition));
    // Those of the organization, and those that AWS made.
    let policies = ["*:policy/o-*/service_control_policy/p-*", "*:policy/service_control_policy/p-*"]
        .map(|it| format!("arn:{}:organizations::{it}", settings.partition.as_str()));
    vec![
        Statement::allow("SeeTrails", ["cloudtrail:DescribeTrails"], ["*"]),
        Statement::allow(
            "SeeWhatTrailsRecord",
            ["cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus"],
            [settings.arn("cloudtrail", "trail/*")],
        ),
        Statement::allow(
            "SeeRules",
            ["events:DescribeEventBus", "events:DescribeRule", "events:ListTargetsByRule"],
            [rules, on_our_bus, bus],
        ),
        Statement::allow(
            "SeeQueues",
            ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"],
            [settings.arn("sqs", &names.functions)],
        ),
        Statement::allow(
            "SeeFunctions",
            ["lambda:GetFunction"],
            [settings.arn("lambda", &format!("function:{}", names.functions))],
        ),
        // Which function they are of is no resource to AWS.
        Statement::allow("SeeMappings", ["lambda:ListEventSourceMappings"], ["*"]),
        Statement::allow(
            "SeeSchedules",
            ["scheduler:GetSchedule"],
            [settings.arn("scheduler", &format!("schedule/default/{}", names.functions))],
        ),
        Statement::allow("ReadTheDocument", ["ssm:GetParameter"], [parameters]),
        Statement::allow("SeeDefaults", ["ec2:DescribeRegions", "ec2:GetInstanceMetadataDefaults"], ["*"]),
        Statement::allow(
            "SeeTheOrganization",
            [
                "organizations:ListAccounts",
                "organizations:ListParents",
                "organizations:ListPoliciesForTarget",
            ],
            ["*"],
        ),
        Statement::allow("ReadPolicies", ["organizations:DescribePolicy"], policies),
        Statement::allow("EnterMemberAccounts", ["sts:AssumeRole"], members),
    ]
}
