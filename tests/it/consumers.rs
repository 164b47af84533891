//! Auto Scaling groups, EC2 Fleets and Spot Fleet requests that launch another version of a launch template than the one that
//! `enforce` fixes.

use serde_json::Value;
use v2only_sandbox::{AMAZON_LINUX_2, CallFilter, Sandbox};

use crate::template_editors::{estate, mallory, run};

const FIX: &str = "version: 1\nmode: enforce\nlaunch_templates: { fix: new-version }\n";

const CAPACITY: (&str, &str) = ("TargetCapacitySpecification.TotalTargetCapacity", "2");
const CONFIG: &str = "LaunchTemplateConfigs.1.LaunchTemplateSpecification";

/// An EC2 Fleet on this version of the launch template `web`, with these overrides.
fn fleet(aws: &Sandbox, version: &str, overrides: &[(&str, &str)]) {
    let (template, number) = (format!("{CONFIG}.LaunchTemplateName"), format!("{CONFIG}.Version"));
    let parameters = [&[CAPACITY, (&*template, "web"), (&*number, version)], overrides].concat();
    aws.call_as(&mallory("ec2", "CreateFleet", &parameters)).unwrap();
}

/// A Spot Fleet request with these members of its configuration.
fn spot_fleet(aws: &Sandbox, members: &[(&str, &str)]) {
    let members = [("IamFleetRole", "arn:aws:iam::111122223333:role/fleet"), ("TargetCapacity", "2")]
        .iter()
        .chain(members)
        .map(|(key, value)| (format!("SpotFleetRequestConfig.{key}"), *value));
    let members: Vec<(String, &str)> = members.collect();
    let parameters: Vec<(&str, &str)> = members.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    aws.call_as(&mallory("ec2", "RequestSpotFleet", &parameters)).unwrap();
}

/// An Auto Scaling group with these members.
pub(crate) fn group(aws: &Sandbox, name: &str, members: &[(&str, &str)]) {
    let base = [
        ("AutoScalingGroupName", name),
        ("MinSize", "0"),
        ("MaxSize", "3"),
        ("AvailabilityZones.member.1", "eu-central-1a"),
    ];
    let parameters = [&base[..], members].concat();
    aws.call_as(&mallory("autoscaling", "CreateAutoScalingGroup", &parameters)).unwrap();
}

fn account_default_requires_tokens(aws: &Sandbox) {
    let parameters = [("HttpTokens", "required")];
    aws.call_as(&mallory("ec2", "ModifyInstanceMetadataDefaults", &parameters)).unwrap();
}

/// What was found of the resources of one kind, what was said beside it, and the exit code.
pub(crate) struct RunResult {
    pub(crate) found: Vec<Value>,
    pub(crate) said: String,
    pub(crate) code: Option<i32>,
}

pub(crate) fn ran(aws: &Sandbox, command: &str, policy: &str, kind: &str) -> RunResult {
    let words = match command {
        "enforce" => vec!["enforce", "--yes"],
        other => vec![other],
    };
    let output = run(aws, policy, &[&words[..], &["--kind", "launch-template", "--output", "json"]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let found = document["findings"].as_array().unwrap().iter().filter(|it| it["kind"] == kind);
    RunResult { found: found.cloned().collect(), said, code: output.status.code() }
}

#[test]
fn a_fleet_that_names_version_1_by_number_is_a_violation_with_the_command_that_changes_it() {
    let aws = estate();
    fleet(&aws, "1", &[]);
    for _ in 0..2 {
        let RunResult { found, said, code } = ran(&aws, "enforce", FIX, "ec2-fleet");
        assert_eq!((found.len(), code), (1, Some(10)), "{found:?}");
        assert_eq!((&found[0]["outcome"], &found[0]["hold"]), (&"held".into(), &"pinned".into()));
        assert!(found[0]["id"].as_str().unwrap().starts_with("fleet-"), "{found:?}");
        assert!(said.contains("`aws ec2 modify-fleet --fleet-id fleet-"), "{said}");
        assert!(said.contains(r#""LaunchTemplateName":"web","Version":"$Default""#), "{said}");
    }
}

#[test]
fn the_overrides_of_a_fleet_are_kept_by_the_commands() {
    let aws = estate();
    fleet(&aws, "1", &[("LaunchTemplateConfigs.1.Overrides.1.InstanceType", "m7g.large")]);
    let said = ran(&aws, "scan", FIX, "ec2-fleet").said;
    assert!(said.contains("aws ec2 describe-fleets --fleet-ids fleet-"), "{said}");
    assert!(said.contains("--launch-template-configs file://fleet-"), "{said}");
}

#[test]
fn a_fleet_that_follows_the_default_is_fixed_with_the_launch_template() {
    let aws = estate();
    fleet(&aws, "$Default", &[]);
    let RunResult { found, code, .. } = ran(&aws, "enforce", FIX, "ec2-fleet");
    assert_eq!((found.len(), code), (0, Some(0)), "{found:?}");
}

#[test]
fn an_override_with_an_image_that_requires_nothing_is_found_where_the_image_of_the_template_does() {
    let aws = estate();
    let silent = [
        ("LaunchTemplateName", "by-image"),
        ("LaunchTemplateData.ImageId", v2only_sandbox::AMAZON_LINUX_2023),
    ];
    aws.call_as(&mallory("ec2", "CreateLaunchTemplate", &silent)).unwrap();
    let (template, number) = (format!("{CONFIG}.LaunchTemplateName"), format!("{CONFIG}.Version"));
    let parameters = [
        CAPACITY,
        (&*template, "by-image"),
        (&*number, "$Default"),
        ("LaunchTemplateConfigs.1.Overrides.1.ImageId", AMAZON_LINUX_2),
    ];
    aws.call_as(&mallory("ec2", "CreateFleet", &parameters)).unwrap();
    let found = ran(&aws, "scan", FIX, "ec2-fleet").found;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["hold"], "override-image");
    account_default_requires_tokens(&aws);
    assert!(ran(&aws, "scan", FIX, "ec2-fleet").found.is_empty(), "the account default decides first");
}

#[test]
fn a_launch_specification_of_a_spot_fleet_cannot_state_tokens() {
    let aws = estate();
    spot_fleet(&aws, &[("LaunchSpecifications.1.ImageId", AMAZON_LINUX_2)]);
    let RunResult { found, code, .. } = ran(&aws, "scan", FIX, "spot-fleet");
    assert_eq!((found.len(), code), (1, Some(10)), "{found:?}");
    assert_eq!(found[0]["hold"], "inline-launch-specification");
    let reasons = found[0]["reasons"].to_string();
    assert!(reasons.contains("cannot state HttpTokens") && reasons.contains("cancel this one"), "{reasons}");
    account_default_requires_tokens(&aws);
    assert!(ran(&aws, "scan", FIX, "spot-fleet").found.is_empty(), "the account default decides");
}

#[test]
fn a_spot_fleet_that_names_version_1_by_number_gets_its_own_command() {
    let aws = estate();
    spot_fleet(
        &aws,
        &[(&format!("{CONFIG}.LaunchTemplateName"), "web"), (&format!("{CONFIG}.Version"), "1")],
    );
    let RunResult { found, said, .. } = ran(&aws, "scan", FIX, "spot-fleet");
    assert_eq!(found[0]["hold"], "pinned", "{found:?}");
    assert!(said.contains("aws ec2 modify-spot-fleet-request --spot-fleet-request-id sfr-"), "{said}");
}

#[test]
fn an_override_of_a_group_that_names_version_1_is_a_violation_of_that_group() {
    let aws = estate();
    let policy = "MixedInstancesPolicy.LaunchTemplate";
    let members = [
        (format!("{policy}.LaunchTemplateSpecification.LaunchTemplateName"), "web"),
        (format!("{policy}.LaunchTemplateSpecification.Version"), "$Default"),
        (format!("{policy}.Overrides.member.1.InstanceType"), "m7g.large"),
        (format!("{policy}.Overrides.member.1.LaunchTemplateSpecification.LaunchTemplateName"), "web"),
        (format!("{policy}.Overrides.member.1.LaunchTemplateSpecification.Version"), "1"),
    ];
    let members: Vec<(&str, &str)> = members.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    group(&aws, "mixed", &members);
    let RunResult { found, code, .. } = ran(&aws, "enforce", FIX, "auto-scaling-group");
    assert_eq!((found.len(), code), (1, Some(10)), "{found:?}");
    assert_eq!((&found[0]["id"], &found[0]["hold"]), (&"mixed".into(), &"pinned".into()));
}

#[test]
fn a_group_of_a_service_is_left_to_that_service() {
    let aws = estate();
    let members = [
        ("LaunchTemplate.LaunchTemplateName", "web"),
        ("LaunchTemplate.Version", "1"),
        ("Tags.member.1.Key", "eks:nodegroup-name"),
        ("Tags.member.1.Value", "workers"),
    ];
    group(&aws, "eks-workers", &members);
    let RunResult { found, said, .. } = ran(&aws, "scan", FIX, "auto-scaling-group");
    assert_eq!(found[0]["hold"], "owned", "{found:?}");
    assert!(found[0]["reasons"].to_string().contains("an EKS managed node group"), "{found:?}");
    assert!(!said.contains("update-auto-scaling-group"), "{said}");
}

#[test]
fn fleets_are_read_again_before_tokens_are_enforced_and_a_new_one_makes_enforcement_wait() {
    let aws = estate();
    // Version 1 says optional, and nothing launches from it any more.
    let required = [
        ("LaunchTemplateName", "web"),
        ("SourceVersion", "1"),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
    ];
    aws.call_as(&mallory("ec2", "CreateLaunchTemplateVersion", &required)).unwrap();
    let default = [("LaunchTemplateName", "web"), ("SetDefaultVersion", "2")];
    aws.call_as(&mallory("ec2", "ModifyLaunchTemplate", &default)).unwrap();
    // The second read is the one right before the change.
    aws.before_call(CallFilter::of("ec2", "DescribeFleets"), 2, |aws| fleet(aws, "1", &[]));
    let policy =
        "version: 1\nmode: enforce\naccount_defaults: { http_tokens: required, enforced: enabled }\n";
    let words = ["enforce", "--yes", "--kind", "account-default", "--output", "json"];
    let output = run(&aws, policy, &words);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = &document["findings"][0];
    assert_eq!((&found["outcome"], output.status.code()), (&"advanced".into(), Some(10)), "{found}");
    assert!(found["reasons"].to_string().contains("HttpTokensEnforced waits"), "{found}");
    let calls = aws.calls();
    let change = calls.iter().find(|it| it.action == "ModifyInstanceMetadataDefaults").unwrap();
    assert!(!format!("{change:?}").contains("HttpTokensEnforced"), "{change:?}");
}
