//! Auto Scaling groups that `enforce` changes to name the fixed version of a launch template.

use serde_json::Value;
use v2only_sandbox::{Actor, AwsError, CallFilter, Effect, Fault, Sandbox};
use v2only_tests::stage::v1;
use v2only_tests::{HOME, REGION};

use crate::consumers::{RunResult, group, ran};
use crate::template_editors::{estate, exempt, mallory, rollback_in, run_in};

/// Groups are changed to name the fixed version.
const REPOINT: &str =
    "version: 1\nmode: enforce\nlaunch_templates: { fix: new-version, repoint_groups: true }\n";

/// A group on version 1 with a mixed instances policy: the base by number, an override by number and one without a template.
fn mixed_group(aws: &Sandbox) {
    let policy = "MixedInstancesPolicy.LaunchTemplate";
    let distribution = "MixedInstancesPolicy.InstancesDistribution";
    let members = [
        (format!("{policy}.LaunchTemplateSpecification.LaunchTemplateName"), "web"),
        (format!("{policy}.LaunchTemplateSpecification.Version"), "1"),
        (format!("{policy}.Overrides.member.1.InstanceType"), "m7g.large"),
        (format!("{policy}.Overrides.member.1.WeightedCapacity"), "3"),
        (format!("{policy}.Overrides.member.1.LaunchTemplateSpecification.LaunchTemplateName"), "web"),
        (format!("{policy}.Overrides.member.1.LaunchTemplateSpecification.Version"), "1"),
        (format!("{policy}.Overrides.member.2.InstanceType"), "m6g.large"),
        (format!("{distribution}.OnDemandBaseCapacity"), "2"),
        (format!("{distribution}.SpotAllocationStrategy"), "price-capacity-optimized"),
    ];
    let members: Vec<(&str, &str)> = members.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    group(aws, "web", &members);
}

fn pinned_group(aws: &Sandbox, version: &str) {
    group(aws, "web", &[("LaunchTemplate.LaunchTemplateName", "web"), ("LaunchTemplate.Version", version)]);
}

/// The groups as AWS describes them, as text.
fn groups_of(aws: &Sandbox) -> String {
    aws.answer_as(&mallory("autoscaling", "DescribeAutoScalingGroups", &[])).unwrap()
}

fn updates(aws: &Sandbox) -> usize {
    aws.calls().iter().filter(|it| it.action == "UpdateAutoScalingGroup").count()
}

#[test]
fn a_group_names_the_fixed_version_after_it_exists_and_a_second_run_is_clean() {
    let aws = estate();
    pinned_group(&aws, "1");
    let RunResult { found, said, code } = ran(&aws, "enforce", REPOINT, "auto-scaling-group");
    assert_eq!((found.len(), code), (1, Some(0)), "{found:?} {said}");
    assert_eq!(found[0]["outcome"], "fixed");
    assert!(groups_of(&aws).contains("<Version>2</Version>"), "{}", groups_of(&aws));
    assert!(!said.contains("update-auto-scaling-group"), "nothing is left to type: {said}");
    let RunResult { found, code, .. } = ran(&aws, "enforce", REPOINT, "auto-scaling-group");
    assert_eq!((found.len(), code, updates(&aws)), (0, Some(0), 1));
}

#[test]
fn everything_else_of_a_mixed_instances_policy_stays_and_rollback_restores_the_versions() {
    let aws = estate();
    mixed_group(&aws);
    let before = groups_of(&aws);
    let folder = tempfile::tempdir().unwrap();
    let kind = ["--kind", "launch-template"];
    let words = [&["enforce", "--yes", "--journal", "journal.ndjson"], &kind[..]].concat();
    let output = run_in(folder.path(), &aws, REPOINT, &words);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let after = groups_of(&aws);
    assert_eq!(after, before.replace("<Version>1</Version>", "<Version>2</Version>"));
    let back = rollback_in(folder.path(), &aws);
    assert_eq!(back.status.code(), Some(0), "{}", String::from_utf8_lossy(&back.stderr));
    assert_eq!(groups_of(&aws), before);
}

#[test]
fn rollback_leaves_a_group_that_somebody_pointed_elsewhere_since() {
    let aws = estate();
    pinned_group(&aws, "1");
    let folder = tempfile::tempdir().unwrap();
    let words = ["enforce", "--yes", "--journal", "journal.ndjson", "--kind", "launch-template"];
    assert_eq!(run_in(folder.path(), &aws, REPOINT, &words).status.code(), Some(0));
    let elsewhere = [
        ("AutoScalingGroupName", "web"),
        ("LaunchTemplate.LaunchTemplateName", "web"),
        ("LaunchTemplate.Version", "$Latest"),
    ];
    aws.call_as(&mallory("autoscaling", "UpdateAutoScalingGroup", &elsewhere)).unwrap();
    let back = rollback_in(folder.path(), &aws);
    let said = String::from_utf8_lossy(&back.stdout).into_owned() + &String::from_utf8_lossy(&back.stderr);
    assert_ne!(back.status.code(), Some(0), "{said}");
    assert!(said.contains("changed-since") || said.contains("somebody changed it since"), "{said}");
    assert!(groups_of(&aws).contains("<Version>$Latest</Version>"), "{}", groups_of(&aws));
}

#[test]
fn a_group_that_somebody_exempts_before_we_change_it_stays() {
    let aws = estate();
    pinned_group(&aws, "1");
    // The second description of the group is the one right before the change.
    aws.before_call(CallFilter::of("autoscaling", "DescribeAutoScalingGroups"), 2, |aws| {
        let day = v2only_tests::exemption_day();
        for (key, value) in [("v2only:exempt-until", &*day), ("v2only:exempt-reason", "migration")] {
            let tag = [
                ("Tags.member.1.ResourceId", "web"),
                ("Tags.member.1.ResourceType", "auto-scaling-group"),
                ("Tags.member.1.Key", key),
                ("Tags.member.1.Value", value),
                ("Tags.member.1.PropagateAtLaunch", "true"),
            ];
            aws.call_as(&mallory("autoscaling", "CreateOrUpdateTags", &tag)).unwrap();
        }
    });
    let RunResult { found, code, .. } = ran(&aws, "enforce", REPOINT, "auto-scaling-group");
    assert_eq!((&found[0]["hold"], code), (&"changed-since".into(), Some(10)), "{found:?}");
    assert!(groups_of(&aws).contains("<Version>1</Version>"), "{}", groups_of(&aws));
    assert_eq!(updates(&aws), 0);
}

/// The second description of the template is the one before its own change; the group is changed after that.
#[test]
fn a_group_keeps_the_version_of_a_template_that_somebody_exempts_meanwhile() {
    let aws = estate();
    pinned_group(&aws, "1");
    aws.before_call(CallFilter::of("ec2", "DescribeLaunchTemplates"), 2, exempt);
    let RunResult { found, code, .. } = ran(&aws, "enforce", REPOINT, "auto-scaling-group");
    assert_eq!((&found[0]["hold"], code), (&"changed-since".into(), Some(10)), "{found:?}");
    let created = aws.calls().iter().any(|it| it.action == "CreateLaunchTemplateVersion");
    assert!(!created, "an exempt template has no new version");
    assert_eq!(updates(&aws), 0);
}

#[test]
fn a_group_that_somebody_changes_meanwhile_stays_as_they_left_it() {
    let aws = estate();
    pinned_group(&aws, "1");
    // The second description of the group is the one right before the change.
    aws.before_call(CallFilter::of("autoscaling", "DescribeAutoScalingGroups"), 2, |aws| {
        let latest = [
            ("AutoScalingGroupName", "web"),
            ("LaunchTemplate.LaunchTemplateName", "web"),
            ("LaunchTemplate.Version", "$Latest"),
        ];
        aws.call_as(&mallory("autoscaling", "UpdateAutoScalingGroup", &latest)).unwrap();
    });
    let RunResult { found, code, .. } = ran(&aws, "enforce", REPOINT, "auto-scaling-group");
    assert_eq!((&found[0]["hold"], code), (&"changed-since".into(), Some(10)), "{found:?}");
    assert!(groups_of(&aws).contains("<Version>$Latest</Version>"), "{}", groups_of(&aws));
    assert_eq!(updates(&aws), 0);
}

/// What somebody does while AWS throttles the first change of a group, and what becomes of it.
fn throttled(act: impl FnOnce(&Sandbox) + Send + 'static) -> (Value, String, usize) {
    let aws = estate();
    pinned_group(&aws, "1");
    let error = AwsError::client("Throttling", "Rate exceeded").with_status(400);
    aws.inject(Fault::on("autoscaling", "UpdateAutoScalingGroup", Effect::ErrorBefore(error)).times(1));
    aws.before_call(CallFilter::of("autoscaling", "UpdateAutoScalingGroup"), 1, act);
    let found = ran(&aws, "enforce", REPOINT, "auto-scaling-group").found.remove(0);
    (found, groups_of(&aws), updates(&aws))
}

#[test]
fn a_group_whose_change_is_throttled_is_described_again_before_it_is_changed() {
    let (found, groups, updates) = throttled(|_| ());
    assert_eq!((&found["outcome"], updates), (&"fixed".into(), 2), "{found}");
    assert!(groups.contains("<Version>2</Version>"), "{groups}");
    let (found, groups, updates) = throttled(|aws| {
        let latest = [
            ("AutoScalingGroupName", "web"),
            ("LaunchTemplate.LaunchTemplateName", "web"),
            ("LaunchTemplate.Version", "$Latest"),
        ];
        aws.call_as(&mallory("autoscaling", "UpdateAutoScalingGroup", &latest)).unwrap();
    });
    assert_eq!((&found["hold"], updates), (&"changed-since".into(), 1), "{found}");
    assert!(groups.contains("<Version>$Latest</Version>"), "{groups}");
}

#[test]
fn a_change_of_a_group_whose_answer_is_lost_is_not_made_again() {
    let aws = estate();
    pinned_group(&aws, "1");
    aws.inject(Fault::on("autoscaling", "UpdateAutoScalingGroup", Effect::DropAfter).times(1));
    let RunResult { found, code, .. } = ran(&aws, "enforce", REPOINT, "auto-scaling-group");
    assert_eq!((&found[0]["outcome"], code), (&"fixed".into(), Some(0)), "{found:?}");
    assert_eq!(updates(&aws), 1);
}

#[test]
fn a_version_that_only_a_group_names_gets_a_fixed_version_and_latest_keeps_its_meaning() {
    let aws = estate();
    for number in ["2", "3"] {
        let source = [
            ("LaunchTemplateName", "web"),
            ("SourceVersion", "1"),
            ("LaunchTemplateData.InstanceType", if number == "2" { "t3.large" } else { "t3.micro" }),
            ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
        ];
        aws.call_as(&mallory("ec2", "CreateLaunchTemplateVersion", &source)).unwrap();
    }
    let default = [("LaunchTemplateName", "web"), ("SetDefaultVersion", "3")];
    aws.call_as(&mallory("ec2", "ModifyLaunchTemplate", &default)).unwrap();
    pinned_group(&aws, "1");
    let RunResult { found, code, said } = ran(&aws, "enforce", REPOINT, "auto-scaling-group");
    assert_eq!((&found[0]["outcome"], code), (&"fixed".into(), Some(0)), "{found:?} {said}");
    assert!(groups_of(&aws).contains("<Version>4</Version>"), "{}", groups_of(&aws));
    let versions = mallory(
        "ec2",
        "DescribeLaunchTemplateVersions",
        &[("LaunchTemplateName", "web"), ("LaunchTemplateVersion.1", "$Latest")],
    );
    let latest = aws.answer_as(&versions).unwrap();
    assert!(latest.contains("t3.micro"), "{latest}");
}

#[test]
fn a_refresh_is_proposed_only_for_a_group_that_has_instances() {
    for has_instances in [true, false] {
        let aws = estate();
        pinned_group(&aws, "1");
        if has_instances {
            aws.launch_as(HOME, REGION, &Actor::AutoScaling("web".to_owned()), v1()).unwrap();
        }
        let said = ran(&aws, "enforce", REPOINT, "auto-scaling-group").said;
        assert_eq!(said.contains("start-instance-refresh"), has_instances, "{said}");
    }
}

#[test]
fn a_denied_update_leaves_the_group_open_and_says_so() {
    let aws = estate();
    pinned_group(&aws, "1");
    let denied = AwsError { status: 403, ..AwsError::client("AccessDenied", "not granted") };
    aws.inject(Fault::on("autoscaling", "UpdateAutoScalingGroup", Effect::ErrorBefore(denied)));
    let RunResult { found, code, .. } = ran(&aws, "enforce", REPOINT, "auto-scaling-group");
    assert_eq!((&found[0]["outcome"], code), (&"failed".into(), Some(3)), "{found:?}");
}
