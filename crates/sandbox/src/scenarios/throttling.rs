//! Token buckets.

use super::client::{Aws, OTHER, aws_with};
use crate::MemberAccount;

fn throttled() -> Aws {
    aws_with(|config| config.throttling = true)
}

fn require(aws: &Aws, id: &str) -> u16 {
    let parameters = [("InstanceId", id), ("HttpTokens", "required"), ("HttpEndpoint", "enabled")];
    aws.ec2("ModifyInstanceMetadataOptions", &parameters).status
}

#[test]
fn a_hundred_changes_at_once_and_then_five_a_second() {
    let aws = throttled();
    let id = aws.running();
    assert!((0..100).all(|_| require(&aws, &id) == 200));
    let refused =
        aws.ec2("ModifyInstanceMetadataOptions", &[("InstanceId", &id), ("HttpEndpoint", "enabled")]);
    assert_eq!((refused.status, refused.code().as_str()), (503, "RequestLimitExceeded"));
    aws.wait(2);
    let statuses: Vec<u16> = (0..12).map(|_| require(&aws, &id)).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10);
}

#[test]
fn buckets_are_per_account_region_and_api() {
    let aws = throttled();
    let defaults =
        |aws: &Aws| aws.ec2("ModifyInstanceMetadataDefaults", &[("HttpTokens", "required")]).status;
    assert_eq!([defaults(&aws), defaults(&aws), defaults(&aws)], [200, 200, 503]);
    aws.ec2("GetInstanceMetadataDefaults", &[]).ok();
    let aws = aws.in_region("us-east-1");
    assert_eq!(defaults(&aws), 200);
    let aws = aws.in_region("eu-central-1").called_from(OTHER);
    assert_eq!(defaults(&aws), 200);
}

#[test]
fn launches_draw_on_requests_and_on_instances() {
    let aws = throttled();
    let thousand = [("MinCount", "1000"), ("MaxCount", "1000")];
    aws.launch(&thousand).ok();
    assert_eq!(aws.launch(&[]).code(), "RequestLimitExceeded", "no instances left in the bucket");
    aws.wait(1);
    aws.launch(&[]).ok();
    let aws = aws.in_region("us-east-1");
    let statuses: Vec<u16> = (0..6).map(|_| aws.launch(&[]).status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 503]);
}

#[test]
fn describing_everything_is_dearer() {
    let aws = throttled();
    let count = |parameters: &[(&str, &str)]| {
        (0..200).take_while(|_| aws.ec2("DescribeInstances", parameters).status == 200).count()
    };
    assert_eq!(count(&[]), 50);
    assert_eq!(count(&[("MaxResults", "1000")]), 100);
}

#[test]
fn organizations_says_it_in_its_own_words() {
    let aws = throttled();
    let organization =
        crate::Organization::managed_by(aws.account).account(MemberAccount::new(OTHER, "shop"));
    aws.sandbox.set_organization(organization);
    let ask = || aws.json("organizations", "AWSOrganizationsV20161128.ListRoots", &serde_json::json!({}));
    assert_eq!([ask().status, ask().status], [200, 200]);
    assert_eq!(ask().code(), "TooManyRequestsException");
    aws.sandbox.set_throttling(false);
    ask().ok();
}
