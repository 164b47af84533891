//! What other people do between two calls.

use serde_json::json;

use super::client::{ACCOUNT, Aws, REGION, aws};
use crate::{AMAZON_LINUX_2, Actor, ActorCall, CallFilter, HttpTokens};

fn mallory() -> ActorCall {
    ActorCall::new(ACCOUNT, REGION, Actor::User("mallory".to_owned()))
}

fn template(aws: &Aws) -> String {
    let image = ("LaunchTemplateData.ImageId", AMAZON_LINUX_2);
    let id = aws
        .ec2("CreateLaunchTemplate", &[("LaunchTemplateName", "web"), image])
        .ok()
        .text("launchTemplateId");
    aws.ec2("CreateLaunchTemplateVersion", &[("LaunchTemplateId", &id), ("SourceVersion", "1"), image]).ok();
    id
}

#[test]
fn somebody_acts_immediately_before_the_second_call_and_only_once() {
    let aws = aws();
    let id = template(&aws);
    let change = mallory().query(
        "ec2",
        "ModifyLaunchTemplate",
        [("LaunchTemplateId", id.as_str()), ("SetDefaultVersion", "2")],
    );
    aws.sandbox.before_call(CallFilter::of("ec2", "DescribeLaunchTemplates"), 2, move |aws| {
        aws.call_as(&change).unwrap();
    });
    let default = || aws.ec2("DescribeLaunchTemplates", &[]).ok().text("defaultVersionNumber");
    aws.sandbox.clear_calls();
    assert_eq!(default(), "1");
    assert_eq!(default(), "2");
    aws.ec2("ModifyLaunchTemplate", &[("LaunchTemplateId", &id), ("SetDefaultVersion", "1")]).ok();
    assert_eq!(default(), "1", "the action does not run again");
    assert_eq!(aws.sandbox.calls().len(), 4, "the call of somebody else is not one of ours");
}

#[test]
fn the_call_of_somebody_else_leaves_an_event_in_his_name() {
    let aws = aws();
    let id = aws.running();
    let flip = [("InstanceId", id.as_str()), ("HttpTokens", "required"), ("HttpEndpoint", "enabled")];
    aws.sandbox.call_as(&mallory().query("ec2", "ModifyInstanceMetadataOptions", flip)).unwrap();
    assert_eq!(aws.last_record()["userIdentity"]["userName"], "mallory");
    let options = aws.sandbox.instance(ACCOUNT, REGION, &id).unwrap().metadata;
    assert_eq!(options.http_tokens, HttpTokens::Required);
    let refused = aws.sandbox.call_as(&mallory().query("ec2", "StopInstances", [("InstanceId.1", "i-x")]));
    assert_eq!(refused.unwrap_err().code, "InvalidInstanceID.Malformed");
}

#[test]
fn an_action_waits_for_its_account_and_region() {
    let aws = aws();
    let filter = CallFilter::of("ssm", "GetParameter").in_account(ACCOUNT).in_region("us-east-1");
    let put = json!({ "Name": "/mode", "Value": "observe", "Type": "String" });
    let put = mallory().json("ssm", "PutParameter", put);
    aws.sandbox.before_call(filter, 1, move |aws| aws.call_as(&put).unwrap());
    let get = |aws: &Aws| aws.json("ssm", "AmazonSSM.GetParameter", &json!({ "Name": "/mode" }));
    assert_eq!(get(&aws).code(), "ParameterNotFound");
    let aws = aws.in_region("us-east-1");
    assert_eq!(get(&aws).code(), "ParameterNotFound", "it was written in the other Region");
    assert_eq!(get(&aws.in_region(REGION)).ok().document()["Parameter"]["Value"], "observe");
}
