//! What CloudTrail makes of calls.

use serde_json::{Value, json};

use super::client::{Aws, aws, aws_with};
use crate::{AMAZON_LINUX_2, Actor, Config, LaunchSpec, OmittedField, Sandbox};

#[test]
fn a_launch_leaves_a_record_with_its_instances() {
    let aws = aws();
    let id = aws.launched(&[("MetadataOptions.HttpTokens", "optional"), ("InstanceType", "t3.micro")]);
    let record = aws.last_record();
    assert_eq!(record["eventName"], "RunInstances");
    assert_eq!(record["eventSource"], "ec2.amazonaws.com");
    assert_eq!(record["readOnly"], false);
    assert!(record.get("errorCode").is_none());
    assert_eq!(record["requestParameters"]["instancesSet"]["items"][0]["imageId"], AMAZON_LINUX_2);
    assert_eq!(record["requestParameters"]["metadataOptions"], json!({ "httpTokens": "optional" }));
    let instance = &record["responseElements"]["instancesSet"]["items"][0];
    assert_eq!(instance["instanceId"], id);
    assert_eq!(instance["launchTime"], 1_793_527_200_000_i64);
    assert_eq!(instance["productCodes"], json!({}));
    let options = json!({
        "state": "pending", "httpTokens": "optional", "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled",
        "httpProtocolIpv4": "enabled", "httpProtocolIpv6": "disabled", "instanceMetadataTags": "disabled",
    });
    assert_eq!(instance["metadataOptions"], options);
}

#[test]
fn a_change_of_options_is_nested_and_pascal_case() {
    let aws = aws();
    let id = aws.running();
    let change = [
        ("InstanceId", id.as_str()),
        ("HttpTokens", "required"),
        ("HttpEndpoint", "enabled"),
        ("HttpPutResponseHopLimit", "2"),
    ];
    aws.ec2("ModifyInstanceMetadataOptions", &change).ok();
    let record = aws.last_record();
    let request = json!({
        "InstanceId": id, "HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2,
    });
    assert_eq!(record["requestParameters"], json!({ "ModifyInstanceMetadataOptionsRequest": request }));
    let response = &record["responseElements"]["ModifyInstanceMetadataOptionsResponse"];
    assert_eq!(response["xmlns"], "http://ec2.amazonaws.com/doc/2016-11-15/");
    assert_eq!(response["instanceId"], id);
    assert_eq!(response["instanceMetadataOptions"]["httpTokens"], "required");
}

#[test]
fn a_failure_is_recorded_with_its_prefix_and_no_response() {
    let aws = aws();
    let id = aws.running();
    aws.ec2("ModifyInstanceMetadataOptions", &[("InstanceId", &id), ("HttpTokens", "required")]);
    let record = aws.last_record();
    assert_eq!(record["errorCode"], "Client.InvalidParameterValue");
    assert_eq!(record["responseElements"], Value::Null);
    aws.launch(&[("DryRun", "true")]);
    let record = aws.last_record();
    assert_eq!(record["errorCode"], "Client.DryRunOperation");
    assert_eq!(record["errorMessage"], "Request would have succeeded, but DryRun flag is set.");
}

#[test]
fn reading_leaves_nothing() {
    let aws = aws();
    aws.ec2("DescribeInstances", &[]).ok();
    aws.ec2("GetInstanceMetadataDefaults", &[]).ok();
    aws.sts("GetCallerIdentity", &[]).ok();
    assert!(aws.sandbox.events().is_empty());
}

#[test]
fn a_template_record_has_one_element_lists_as_objects() {
    let aws = aws();
    let data = [
        ("LaunchTemplateName", "web"),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "optional"),
        ("LaunchTemplateData.SecurityGroupId.1", "sg-0123456789abcdef0"),
        ("LaunchTemplateData.TagSpecification.1.ResourceType", "instance"),
        ("LaunchTemplateData.TagSpecification.1.Tag.1.Key", "app"),
    ];
    let id = aws.ec2("CreateLaunchTemplate", &data).ok().text("launchTemplateId");
    let record = aws.last_record();
    let request = &record["requestParameters"]["CreateLaunchTemplateRequest"]["LaunchTemplateData"];
    assert_eq!(request["SecurityGroupId"], json!({ "content": "sg-0123456789abcdef0", "tag": 1 }));
    assert_eq!(request["TagSpecification"]["ResourceType"], "instance");
    assert_eq!(request["TagSpecification"]["tag"], 1);
    let response = &record["responseElements"]["CreateLaunchTemplateResponse"];
    assert_eq!(response["launchTemplate"]["launchTemplateId"], id);
}

#[test]
fn every_writing_call_is_recorded() {
    let aws = aws();
    let id = aws.running();
    let on = ("InstanceId.1", id.as_str());
    aws.ec2("StopInstances", &[on]).ok();
    assert_eq!(aws.last_record()["requestParameters"]["instancesSet"]["items"][0]["instanceId"], id);
    aws.ec2("TerminateInstances", &[on]).ok();
    let answer = &aws.last_record()["responseElements"]["instancesSet"]["items"][0];
    assert_eq!(answer["currentState"], json!({ "code": 32, "name": "shutting-down" }));
    aws.ec2("ModifyInstanceMetadataDefaults", &[("HttpTokens", "required")]).ok();
    let request = &aws.last_record()["requestParameters"]["ModifyInstanceMetadataDefaultsRequest"];
    assert_eq!(request["HttpTokens"], "required");
    let image = aws.ec2("RegisterImage", &[("Name", "golden"), ("ImdsSupport", "v2.0")]).ok().text("imageId");
    let record = aws.last_record();
    assert_eq!(record["requestParameters"], json!({ "name": "golden", "imdsSupport": "v2.0" }));
    assert_eq!(record["responseElements"]["imageId"], image);
    aws.ec2("ModifyImageAttribute", &[("ImageId", &image), ("ImdsSupport.Value", "v2.0")]).ok();
    assert_eq!(aws.last_record()["responseElements"]["_return"], true);
    aws.ec2("CreateTags", &[("ResourceId.1", &image), ("Tag.1.Key", "a")]).ok();
    assert_eq!(aws.last_record()["requestParameters"]["resourcesSet"]["items"][0]["resourceId"], image);
}

fn omitted(field: OmittedField) -> Value {
    let aws = aws_with(|config| config.omitted = field);
    let launched = aws.launch(&[("MinCount", "60"), ("MaxCount", "60")]).ok();
    assert_eq!(launched.texts("instanceId").len(), 60);
    aws.last_record()
}

#[test]
fn a_launch_of_sixty_is_recorded_without_its_instances() {
    let null = omitted(OmittedField::Null);
    assert_eq!(null.get("responseElements"), Some(&Value::Null));
    assert!(null.get("errorCode").is_none(), "it was a success all the same");
    assert!(omitted(OmittedField::Missing).get("responseElements").is_none());
    let aws = aws();
    aws.launch(&[("MinCount", "20"), ("MaxCount", "20")]).ok();
    let items = aws.last_record()["responseElements"]["instancesSet"]["items"].as_array().unwrap().len();
    assert_eq!(items, 20);
}

fn launched_by(aws: &Aws, actor: &Actor) -> Value {
    let spec = LaunchSpec::of_image(AMAZON_LINUX_2);
    aws.sandbox.launch_as(aws.account, aws.region, actor, spec).unwrap();
    aws.last_record()
}

#[test]
fn records_tell_who_launched() {
    let aws = aws();
    let user = launched_by(&aws, &Actor::User("alice".to_owned()));
    assert_eq!(user["userIdentity"]["type"], "IAMUser");
    assert_eq!(user["userIdentity"]["arn"], "arn:aws:iam::111122223333:user/alice");
    let group = launched_by(&aws, &Actor::AutoScaling("shop".to_owned()));
    assert_eq!(group["userIdentity"]["invokedBy"], "autoscaling.amazonaws.com");
    assert_eq!(group["sourceIPAddress"], "autoscaling.amazonaws.com");
    assert_eq!(group["userAgent"], "autoscaling.amazonaws.com");
    let issuer = &group["userIdentity"]["sessionContext"]["sessionIssuer"];
    assert_eq!(issuer["userName"], "AWSServiceRoleForAutoScaling");
    let tags = group["responseElements"]["instancesSet"]["items"][0]["tagSet"]["items"].clone();
    assert_eq!(tags, json!([{ "key": "aws:autoscaling:groupName", "value": "shop" }]));
    let fleet = launched_by(&aws, &Actor::Fleet("karpenter".to_owned()));
    assert_eq!(fleet["userIdentity"]["invokedBy"], "ec2fleet.amazonaws.com");
    assert!(fleet["requestParameters"]["clientToken"].as_str().unwrap().starts_with("fleet-"));
    let spot = launched_by(&aws, &Actor::SpotService);
    assert_eq!(
        spot["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"],
        "AWSServiceRoleForEC2Spot"
    );
    assert_eq!(spot["responseElements"]["instancesSet"]["items"][0]["instanceLifecycle"], "spot");
    let fulfilled = aws.sandbox.events().pop().unwrap();
    assert_eq!(fulfilled["detail-type"], "EC2 Spot Instance Request Fulfillment");
    assert!(aws.sandbox.calls().is_empty(), "what others do is not in the call log");
}

#[test]
fn the_same_seed_makes_the_same_history() {
    let history = |seed: u64| {
        let sandbox = Sandbox::start(Config { seed, ..Config::default() }).unwrap();
        let spec = LaunchSpec::of_image(AMAZON_LINUX_2).count(2);
        sandbox.launch_as("111122223333", "eu-west-1", &Actor::SpotService, spec).unwrap();
        sandbox.advance(std::time::Duration::from_secs(60));
        sandbox.events()
    };
    assert_eq!(history(7), history(7));
    assert_ne!(history(7), history(8));
}
