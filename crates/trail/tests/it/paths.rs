//! Records of every path end in the right group.

use rstest::rstest;
use serde_json::{Value, json};
use v2only_trail::{GroupKey, GroupState, LaunchGroup, LaunchPath, Recording};

const ROLE: &str = "arn:aws:iam::111122223333:role/Deploy";

/// A recorded launch of one instance that answers IMDSv1.
pub fn record(id: &str, user_agent: &str, service: Option<&str>, tags: &[(&str, &str)]) -> Value {
    let role = match service {
        Some("autoscaling") => {
            "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        }
        _ => ROLE,
    };
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({
        "eventVersion": "1.11", "eventID": id, "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances",
        "eventTime": "2026-11-01T10:00:00Z", "awsRegion": "eu-central-1", "recipientAccountId": "111122223333",
        "eventType": "AwsApiCall", "userAgent": user_agent, "sourceIPAddress": "203.0.113.10",
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Deploy/alice",
            "accountId": "111122223333", "invokedBy": service.map(|it| format!("{it}.amazonaws.com")),
            "sessionContext": { "sessionIssuer": { "type": "Role", "arn": role, "userName": "Deploy" } },
        },
        "requestParameters": { "instancesSet": { "items": [{ "imageId": "ami-0a0a0a0a0a0a0a0a0", "minCount": 1 }] } },
        "responseElements": { "instancesSet": { "items": [{
            "instanceId": "i-0aaaaaaaaaaaaaaaa", "imageId": "ami-0a0a0a0a0a0a0a0a0", "tagSet": { "items": tags },
            "metadataOptions": {
                "state": "pending", "httpTokens": "optional", "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled",
            },
        }] } },
        "requestID": format!("request-{id}"),
    })
}

pub fn counted(records: impl IntoIterator<Item = Value>) -> Recording {
    let mut recording = Recording::default();
    records.into_iter().for_each(|it| recording.add(it));
    assert_eq!(recording.reasons, [], "every record is readable");
    recording
}

fn only(recording: &Recording) -> (&GroupKey, &LaunchGroup) {
    assert_eq!(recording.groups.len(), 1, "{:#?}", recording.groups.keys());
    recording.groups.iter().next().unwrap()
}

const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.9.0 (+https://www.terraform.io) terraform-provider-aws/6.1.0 \
                         aws-sdk-go-v2/1.36";

#[rstest]
#[case::console("AWS Internal", None, &[], LaunchPath::Console)]
#[case::console_of_2020("console.ec2.amazonaws.com", None, &[], LaunchPath::Console)]
#[case::console_in_a_browser("Mozilla/5.0 (X11)", None, &[], LaunchPath::Console)]
#[case::console_by_service("signin.amazonaws.com", Some("signin"), &[], LaunchPath::Console)]
#[case::cli("aws-cli/2.31.0 md/awscrt#0.27 exec-env/CloudShell", None, &[], LaunchPath::Cli)]
#[case::sdk("Boto3/1.40.0 md/Botocore#1.40.0", None, &[], LaunchPath::Sdk)]
#[case::terraform(TERRAFORM, None, &[], LaunchPath::Terraform)]
#[case::packer("APN/1.0 HashiCorp/1.0 Packer/1.11.0 aws-sdk-go/1.44", None, &[], LaunchPath::Packer)]
#[case::stack("cloudformation.amazonaws.com", Some("cloudformation"), &[], LaunchPath::CloudFormation)]
#[case::group("autoscaling.amazonaws.com", Some("autoscaling"), &[("aws:autoscaling:groupName", "web")], LaunchPath::AutoScaling)]
#[case::nodes("", Some("autoscaling"), &[("aws:autoscaling:groupName", "eks-1"), ("eks:nodegroup-name", "n")], LaunchPath::EksNodeGroup)]
#[case::beanstalk("", Some("autoscaling"), &[("elasticbeanstalk:environment-name", "shop")], LaunchPath::ElasticBeanstalk)]
#[case::batch("", Some("autoscaling"), &[("AWSBatchServiceTag", "batch")], LaunchPath::Batch)]
#[case::emr("", Some("elasticmapreduce"), &[("aws:elasticmapreduce:job-flow-id", "j-1")], LaunchPath::Emr)]
#[case::builder("", Some("imagebuilder"), &[("CreatedBy", "EC2 Image Builder")], LaunchPath::ImageBuilder)]
#[case::karpenter("", Some("ec2fleet"), &[("karpenter.sh/nodepool", "default")], LaunchPath::Karpenter)]
#[case::fleet("", Some("ec2fleet"), &[("aws:ec2:fleet-id", "fleet-1")], LaunchPath::Fleet)]
#[case::fleet_with_the_tag_of_a_group("", Some("ec2fleet"), &[("aws:autoscaling:groupName", "web")], LaunchPath::Fleet)]
#[case::spot_fleet("", Some("spotfleet"), &[], LaunchPath::SpotFleet)]
#[case::spot("", Some("spot"), &[], LaunchPath::Spot)]
#[case::another_service("", Some("datapipeline"), &[], LaunchPath::OtherService)]
#[case::product_of_service_catalog("", Some("servicecatalog"), &[], LaunchPath::CloudFormation)]
#[case::stack_without_caller("AWS CloudFormation", None, &[("aws:cloudformation:stack-name", "CdkStack")], LaunchPath::CloudFormation)]
#[case::environment_of_cloud9("", Some("cloudformation"), &[("aws:cloud9:environment", "e"), ("aws:cloudformation:stack-name", "aws-cloud9-e")], LaunchPath::OtherService)]
#[case::packer_plugin("APN/1.0 HashiCorp/1.0 packer-plugin-amazon/1.3.9 aws-sdk-go-v2/1.36", None, &[], LaunchPath::Packer)]
#[case::console_frontend("EC2ConsoleFrontend, aws-internal/3 aws-sdk-java/1.12.1", None, &[], LaunchPath::Console)]
#[case::parallel_cluster("Boto3/1.40.0", None, &[("parallelcluster:cluster-name", "hpc")], LaunchPath::ParallelCluster)]
#[case::tag_of_a_node_copied_in_the_console("AWS Internal", None, &[("eks:nodegroup-name", "n")], LaunchPath::Console)]
#[case::tag_of_a_node_copied_by_terraform(TERRAFORM, None, &[("karpenter.sh/nodepool", "n")], LaunchPath::Terraform)]
#[case::job_flow_from_the_cli("aws-cli/2.31.0", None, &[("aws:elasticmapreduce:job-flow-id", "j-1")], LaunchPath::Emr)]
fn every_path_is_known_by_its_evidence(
    #[case] user_agent: &str,
    #[case] service: Option<&str>,
    #[case] tags: &[(&str, &str)],
    #[case] path: LaunchPath,
) {
    let recording = counted([record("1", user_agent, service, tags)]);
    let (key, group) = only(&recording);
    assert_eq!(key.path, path);
    assert_eq!((group.launches(), group.answering_v1(), group.state()), (1, 1, GroupState::Open));
}

#[test]
fn a_group_is_fixed_once_its_latest_launch_requires_tokens_in_whatever_order_files_are_read() {
    let open = record("1", "aws-cli/2", None, &[]);
    let mut closed = record("2", "aws-cli/2", None, &[]);
    closed["eventTime"] = "2026-11-02T10:00:00Z".into();
    closed["responseElements"]["instancesSet"]["items"][0]["metadataOptions"]["httpTokens"] =
        "required".into();
    for records in [[open.clone(), closed.clone()], [closed.clone(), open.clone()]] {
        let recording = counted(records);
        let (_, group) = only(&recording);
        assert_eq!((group.launches(), group.answering_v1(), group.state()), (2, 1, GroupState::Fixed));
    }
    closed["eventTime"] = "2026-10-31T10:00:00Z".into();
    assert_eq!(only(&counted([open, closed])).1.state(), GroupState::Open, "somebody went back");
}

#[test]
fn copies_count_once_and_refusals_of_enforcement_are_counted_apart() {
    let one = record("1", "aws-cli/2", None, &[]);
    let mut refused = record("2", "aws-cli/2", None, &[]);
    refused["errorCode"] = "Client.UnsupportedOperation".into();
    refused["errorMessage"] =
        "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled".into();
    refused["responseElements"] = Value::Null;
    let mut dry = record("3", "aws-cli/2", None, &[]);
    dry["errorCode"] = "Client.DryRunOperation".into();
    let recording = counted([one.clone(), one, refused, dry]);
    let (_, group) = only(&recording);
    assert_eq!(
        (recording.copies, group.launches(), group.refused_by_enforcement, group.failed),
        (1, 1, 1, 0)
    );
    assert_eq!(group.dry_runs.len(), 1);
}

#[test]
fn credentials_delivered_by_v1_name_the_role_and_the_instance() {
    let call = |id: &str, delivery: &str, time: &str| {
        json!({
            "eventID": id, "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "eventTime": time,
            "awsRegion": "eu-central-1", "recipientAccountId": "111122223333", "eventType": "AwsApiCall",
            "userAgent": "Boto3/1.9.0 Python/2.7.18",
            "userIdentity": {
                "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/web/i-0aaaaaaaaaaaaaaaa",
                "sessionContext": {
                    "sessionIssuer": { "arn": "arn:aws:iam::111122223333:role/web" }, "ec2RoleDelivery": delivery,
                },
            },
        })
    };
    let recording =
        counted([call("1", "1.0", "2026-11-01T10:00:00Z"), call("2", "2.0", "2026-11-01T09:00:00Z")]);
    let (key, calls) = recording.deliveries.iter().next().unwrap();
    assert_eq!(
        (key.role.as_str(), key.instance.as_ref().unwrap().as_str()),
        ("arn:aws:iam::111122223333:role/web", "i-0aaaaaaaaaaaaaaaa")
    );
    assert_eq!(
        (calls.v1_calls, calls.last_call.as_str(), calls.is_fixed()),
        (1, "s3.amazonaws.com ListBuckets", false)
    );
    assert_eq!(calls.user_agent.as_deref(), Some("Boto3/1.9.0 Python/2.7.18"));
    let later = counted([call("1", "1.0", "2026-11-01T10:00:00Z"), call("2", "2.0", "2026-11-02T10:00:00Z")]);
    assert!(later.deliveries.values().all(v2only_trail::Deliveries::is_fixed));
}

#[test]
fn a_shortened_record_belongs_to_the_owner_of_its_reservation() {
    let mut short = record("1", "AWS Internal", None, &[]);
    for field in ["recipientAccountId", "userIdentity", "sourceIPAddress"] {
        short.as_object_mut().unwrap().remove(field);
    }
    short["responseElements"]["ownerId"] = "444455556666".into();
    let recording = counted([short]);
    let (key, _) = only(&recording);
    assert_eq!(
        (key.place.account.as_str(), key.path, key.principal.as_str()),
        ("444455556666", LaunchPath::Console, "unknown")
    );
}

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../events/fixtures/run-instances-", $name, ".json"))
    };
}

/// The fixtures of the reader of events have the shapes of real records.
#[rstest]
#[case::group(fixture!("auto-scaling"), LaunchPath::AutoScaling, GroupState::Open)]
#[case::fleet(fixture!("ec2-fleet"), LaunchPath::Fleet, GroupState::Open)]
#[case::spot(fixture!("spot"), LaunchPath::Spot, GroupState::Open)]
#[case::service_off(fixture!("endpoint-disabled"), LaunchPath::Cli, GroupState::Required)]
#[case::of_2016(fixture!("before-imds-options"), LaunchPath::AutoScaling, GroupState::Unknown)]
#[case::dry_run(fixture!("dry-run"), LaunchPath::EksNodeGroup, GroupState::NoLaunch)]
#[case::omitted_answer(fixture!("oversized"), LaunchPath::Cli, GroupState::Unknown)]
#[case::failed(fixture!("failed"), LaunchPath::Cli, GroupState::NoLaunch)]
fn fixtures_with_the_shapes_of_real_records_end_in_the_right_group(
    #[case] text: &str,
    #[case] path: LaunchPath,
    #[case] state: GroupState,
) {
    let recording = counted([serde_json::from_str::<Value>(text).unwrap()]);
    let (key, group) = only(&recording);
    assert_eq!((key.path, group.state()), (path, state));
}
