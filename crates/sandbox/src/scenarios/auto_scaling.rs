//! Groups: what they launch from, and their tags.

use super::client::{Aws, Reply, aws};
use crate::AMAZON_LINUX_2;

fn template(aws: &Aws, name: &str) -> String {
    let image = ("LaunchTemplateData.ImageId", AMAZON_LINUX_2);
    aws.ec2("CreateLaunchTemplate", &[("LaunchTemplateName", name), image]).ok().text("launchTemplateId")
}

fn create(aws: &Aws, parameters: &[(&str, &str)]) -> Reply {
    let group = [("AutoScalingGroupName", "web"), ("MinSize", "0"), ("MaxSize", "2")];
    aws.autoscaling("CreateAutoScalingGroup", &[&group, parameters].concat())
}

fn update(aws: &Aws, parameters: &[(&str, &str)]) -> Reply {
    let group = [("AutoScalingGroupName", "web")];
    aws.autoscaling("UpdateAutoScalingGroup", &[&group, parameters].concat())
}

fn described(aws: &Aws) -> Reply {
    aws.autoscaling("DescribeAutoScalingGroups", &[]).ok()
}

#[test]
fn a_group_keeps_the_number_it_is_pinned_to_until_it_is_updated() {
    let aws = aws();
    let id = template(&aws, "web");
    create(&aws, &[("LaunchTemplate.LaunchTemplateId", &id), ("LaunchTemplate.Version", "1")]).ok();
    let image = ("LaunchTemplateData.ImageId", AMAZON_LINUX_2);
    aws.ec2("CreateLaunchTemplateVersion", &[("LaunchTemplateId", &id), image]).ok();
    aws.ec2("ModifyLaunchTemplate", &[("LaunchTemplateId", &id), ("SetDefaultVersion", "2")]).ok();
    assert_eq!(described(&aws).text("Version"), "1");
    update(&aws, &[("LaunchTemplate.LaunchTemplateId", &id), ("LaunchTemplate.Version", "$Default")]).ok();
    assert_eq!(described(&aws).text("Version"), "$Default");
    let record = aws.last_record();
    assert_eq!(record["eventName"], "UpdateAutoScalingGroup");
    assert_eq!(record["requestParameters"]["launchTemplate"]["version"], "$Default");
}

#[test]
fn an_update_keeps_what_it_does_not_name() {
    let aws = aws();
    let (web, spot) = (template(&aws, "web"), template(&aws, "spot"));
    let first = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId";
    let second = "MixedInstancesPolicy.LaunchTemplate.Overrides.member.1";
    let (kind, own) =
        (format!("{second}.InstanceType"), format!("{second}.LaunchTemplateSpecification.LaunchTemplateId"));
    create(&aws, &[(first, &web), (&kind, "m7g.large"), (&own, &spot)]).ok();
    update(&aws, &[("MaxSize", "5")]).ok();
    let group = described(&aws);
    assert_eq!(group.texts("LaunchTemplateId"), [web.clone(), spot]);
    assert_eq!((group.text("MinSize"), group.text("MaxSize")), ("0".to_owned(), "5".to_owned()));
    update(&aws, &[("LaunchTemplate.LaunchTemplateId", &web)]).ok();
    assert!(described(&aws).texts("MixedInstancesPolicy").is_empty(), "the other source replaces it");
}

#[test]
fn wrong_updates_are_refused() {
    let aws = aws();
    assert_eq!(update(&aws, &[("MaxSize", "5")]).code(), "ValidationError");
    let id = template(&aws, "web");
    create(&aws, &[("LaunchTemplate.LaunchTemplateId", &id)]).ok();
    assert_eq!(update(&aws, &[("MinSize", "9")]).code(), "ValidationError");
    assert_eq!(update(&aws, &[("LaunchTemplate.LaunchTemplateId", "lt-gone")]).code(), "ValidationError");
    let both = [("LaunchTemplate.LaunchTemplateId", id.as_str()), ("LaunchConfigurationName", "old")];
    assert_eq!(update(&aws, &both).code(), "ValidationError");
}

#[test]
fn groups_have_tags() {
    let aws = aws();
    let id = template(&aws, "web");
    let own = [
        ("LaunchTemplate.LaunchTemplateId", id.as_str()),
        ("Tags.member.1.Key", "eks:cluster-name"),
        ("Tags.member.1.Value", "prod"),
        ("Tags.member.1.PropagateAtLaunch", "true"),
    ];
    create(&aws, &own).ok();
    let tag = |group: &str| {
        let tag = [("Tags.member.1.ResourceId", group), ("Tags.member.1.Key", "team")];
        aws.autoscaling("CreateOrUpdateTags", &[&tag[..], &[("Tags.member.1.Value", "blue")]].concat())
    };
    tag("web").ok();
    assert_eq!(tag("gone").code(), "ValidationError");
    let group = described(&aws);
    assert_eq!(group.texts("Key"), ["eks:cluster-name", "team"]);
    assert_eq!(group.texts("PropagateAtLaunch"), ["true", "false"]);
}
