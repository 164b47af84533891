//! EC2 Fleets and Spot Fleet requests.

use super::client::{Aws, aws};
use crate::AMAZON_LINUX_2;

fn template(aws: &Aws) -> String {
    let image = ("LaunchTemplateData.ImageId", AMAZON_LINUX_2);
    aws.ec2("CreateLaunchTemplate", &[("LaunchTemplateName", "web"), image]).ok().text("launchTemplateId")
}

const CAPACITY: (&str, &str) = ("TargetCapacitySpecification.TotalTargetCapacity", "4");

#[test]
fn a_fleet_names_its_template_as_it_was_asked_to() {
    let aws = aws();
    let id = template(&aws);
    let of = "LaunchTemplateConfigs.1.LaunchTemplateSpecification.";
    let (name, version) = (format!("{of}LaunchTemplateId"), format!("{of}Version"));
    let request = [
        CAPACITY,
        (&name, &id),
        (&version, "1"),
        ("LaunchTemplateConfigs.1.Overrides.1.InstanceType", "m7g.large"),
        ("LaunchTemplateConfigs.1.Overrides.2.InstanceType", "m6g.large"),
        ("TagSpecification.1.ResourceType", "fleet"),
        ("TagSpecification.1.Tag.1.Key", "team"),
    ];
    let fleet = aws.ec2("CreateFleet", &request).ok().text("fleetId");
    assert!(fleet.starts_with("fleet-"), "{fleet}");
    let described = aws.ec2("DescribeFleets", &[("FleetId.1", &fleet)]).ok();
    assert_eq!(described.text("launchTemplateId"), id);
    assert_eq!((described.text("version"), described.text("type")), ("1".to_owned(), "maintain".to_owned()));
    assert_eq!(described.texts("instanceType"), ["m7g.large", "m6g.large"]);
    assert_eq!(described.text("key"), "team");
    assert_eq!(aws.ec2("DescribeFleets", &[("FleetId.1", "fleet-x")]).code(), "InvalidFleetId.NotFound");
    let missing = [CAPACITY, (&name, &id), (&version, "7")];
    assert_eq!(aws.ec2("CreateFleet", &missing).code(), "InvalidLaunchTemplateId.VersionNotFound");
    let instant = [CAPACITY, (&name, &id), (&version, "1"), ("Type", "instant")];
    assert_eq!(aws.ec2("CreateFleet", &instant).code(), "NotSimulated");
}

#[test]
fn a_spot_fleet_launches_from_specifications_or_from_templates() {
    let aws = aws();
    let id = template(&aws);
    let (role, capacity) = (
        ("SpotFleetRequestConfig.IamFleetRole", "arn:aws:iam::111122223333:role/fleet"),
        ("SpotFleetRequestConfig.TargetCapacity", "2"),
    );
    let inline = [
        ("SpotFleetRequestConfig.LaunchSpecifications.1.ImageId", AMAZON_LINUX_2),
        ("SpotFleetRequestConfig.LaunchSpecifications.1.InstanceType", "c7g.large"),
    ];
    let of = "SpotFleetRequestConfig.LaunchTemplateConfigs.1.LaunchTemplateSpecification.";
    let (name, version) = (format!("{of}LaunchTemplateId"), format!("{of}Version"));
    let by_template = [(name.as_str(), id.as_str()), (&version, "$Latest")];
    let first = aws.ec2("RequestSpotFleet", &[&[role, capacity], &inline[..]].concat()).ok();
    aws.ec2("RequestSpotFleet", &[&[role, capacity], &by_template[..]].concat()).ok();
    let page = aws.ec2("DescribeSpotFleetRequests", &[("MaxResults", "1")]).ok();
    assert_eq!(page.text("spotFleetRequestId"), first.text("spotFleetRequestId"));
    assert_eq!(page.text("imageId"), AMAZON_LINUX_2);
    assert!(page.texts("launchTemplateId").is_empty());
    let token = page.text("nextToken");
    let page = aws.ec2("DescribeSpotFleetRequests", &[("MaxResults", "1"), ("NextToken", &token)]).ok();
    assert_eq!((page.text("launchTemplateId"), page.text("version")), (id.clone(), "$Latest".to_owned()));
    assert!(page.texts("nextToken").is_empty());
    for wrong in [[&[role, capacity], &inline[..], &by_template[..]].concat(), vec![role, capacity]] {
        assert_eq!(aws.ec2("RequestSpotFleet", &wrong).code(), "InvalidSpotFleetRequestConfig");
    }
    let metadata = ("SpotFleetRequestConfig.LaunchSpecifications.1.MetadataOptions.HttpTokens", "required");
    let refused = aws.ec2("RequestSpotFleet", &[&[role, capacity, metadata], &inline[..]].concat());
    assert_ne!(refused.status, 200, "inline specifications cannot state tokens");
}
