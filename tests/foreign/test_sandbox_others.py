"""What the embedded AWS plays beside the calls of the code under test: other actors, owners of launch templates,
fleets, and Regions that do not know every metadata option.
"""

import pytest
from sandbox_aws import ACCOUNT, REGION, V1_IMAGE, instance, launch, refused

pytest_plugins = ["sandbox_fixtures"]

CLOSED = {"HttpTokens": "required", "HttpEndpoint": "enabled"}


@pytest.fixture
def autoscaling(aws):
    return aws.client("autoscaling")


def template(ec2, name="web", versions=1, **more):
    data = {"ImageId": V1_IMAGE, "InstanceType": "t3.micro"}
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data, **more)
    identifier = made["LaunchTemplate"]["LaunchTemplateId"]
    for _ in range(1, versions):
        ec2.create_launch_template_version(LaunchTemplateId=identifier, SourceVersion="1", LaunchTemplateData=data)
    return identifier


def before(aws, service, action, call, *calls):
    actor = {"account": ACCOUNT, "region": REGION, "actor": {"user": "mallory"}}
    aws.control("before", service=service, action=action, call=call, calls=[{**actor, **it} for it in calls])


def test_somebody_changes_the_default_between_two_calls(aws, ec2):
    identifier = template(ec2, versions=2)
    change = {"LaunchTemplateId": identifier, "SetDefaultVersion": "2"}
    before(
        aws,
        "ec2",
        "DescribeLaunchTemplates",
        2,
        {"service": "ec2", "action": "ModifyLaunchTemplate", "parameters": change},
    )
    shown = [ec2.describe_launch_templates()["LaunchTemplates"][0]["DefaultVersionNumber"] for _ in range(3)]
    assert shown == [1, 2, 2]
    assert [call["action"] for call in aws.control("calls")].count("ModifyLaunchTemplate") == 0
    events = [it["detail"] for it in aws.control("events") if it["detail"].get("eventName") == "ModifyLaunchTemplate"]
    assert [event["userIdentity"]["userName"] for event in events] == ["mallory"]


def test_somebody_writes_a_parameter_before_the_second_look(aws):
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/mode", Value="enforce", Type="String")
    put = {"Name": "/mode", "Value": "observe", "Type": "String", "Overwrite": True}
    before(aws, "ssm", "GetParameter", 2, {"service": "ssm", "action": "PutParameter", "document": put})
    shown = [ssm.get_parameter(Name="/mode")["Parameter"]["Value"] for _ in range(2)]
    assert shown == ["enforce", "observe"]


def test_a_tag_key_with_a_slash_refuses_tags_in_metadata_and_the_rest_of_the_call(ec2):
    identifier = launch(ec2)["InstanceId"]
    ec2.create_tags(Resources=[identifier], Tags=[{"Key": "k8s.io/role", "Value": "node"}])
    change = {"InstanceId": identifier, **CLOSED, "InstanceMetadataTags": "enabled"}
    answer = refused("InvalidParameterValue", ec2.modify_instance_metadata_options, **change)
    assert "'k8s.io/role' is not a valid tag key" in answer["Error"]["Message"]
    assert instance(ec2, identifier)["MetadataOptions"]["HttpTokens"] == "optional"
    ec2.modify_instance_metadata_options(InstanceId=identifier, **CLOSED)


def test_ipv6_needs_the_nitro_system_and_a_region_that_knows_it(aws, ec2):
    xen = launch(ec2, InstanceType="t2.micro")["InstanceId"]
    nitro = launch(ec2, InstanceType="t3.micro")["InstanceId"]
    modify = ec2.modify_instance_metadata_options
    refused("UnsupportedOperation", modify, InstanceId=xen, **CLOSED, HttpProtocolIpv6="enabled")
    modify(InstanceId=nitro, **CLOSED, HttpProtocolIpv6="enabled")
    quirks = {"unknown": ["HttpProtocolIpv6"], "refusal": "UnknownParameter", "undescribed": ["HttpProtocolIpv6"]}
    aws.control("option-quirks", region=REGION, quirks=quirks)
    refused("UnknownParameter", modify, InstanceId=nitro, **CLOSED, HttpProtocolIpv6="disabled")
    assert "HttpProtocolIpv6" not in instance(ec2, nitro)["MetadataOptions"]


def test_fleets_name_their_templates(ec2):
    identifier = template(ec2)
    config = {
        "LaunchTemplateSpecification": {"LaunchTemplateId": identifier, "Version": "1"},
        "Overrides": [{"InstanceType": "m7g.large"}, {"InstanceType": "m6g.large"}],
    }
    made = ec2.create_fleet(
        LaunchTemplateConfigs=[config],
        TargetCapacitySpecification={"TotalTargetCapacity": 2},
        TagSpecifications=[{"ResourceType": "fleet", "Tags": [{"Key": "team", "Value": "blue"}]}],
    )
    fleet = ec2.describe_fleets(FleetIds=[made["FleetId"]])["Fleets"][0]
    assert fleet["LaunchTemplateConfigs"] == [config]
    assert (fleet["Type"], fleet["Tags"]) == ("maintain", [{"Key": "team", "Value": "blue"}])


def test_spot_fleets_launch_inline_or_from_templates(ec2):
    role = f"arn:aws:iam::{ACCOUNT}:role/fleet"
    inline = {"ImageId": V1_IMAGE, "InstanceType": "c7g.large"}
    config = {"LaunchTemplateSpecification": {"LaunchTemplateId": template(ec2), "Version": "$Latest"}}
    for source in {"LaunchSpecifications": [inline]}, {"LaunchTemplateConfigs": [config]}:
        ec2.request_spot_fleet(SpotFleetRequestConfig={"IamFleetRole": role, "TargetCapacity": 1, **source})
    pages = ec2.get_paginator("describe_spot_fleet_requests").paginate(PaginationConfig={"PageSize": 1})
    shown = [it["SpotFleetRequestConfig"] for page in pages for it in page["SpotFleetRequestConfigs"]]
    assert shown[0]["LaunchSpecifications"] == [inline]
    assert shown[1]["LaunchTemplateConfigs"][0]["LaunchTemplateSpecification"]["Version"] == "$Latest"


def test_a_group_is_pinned_until_it_is_updated(ec2, autoscaling):
    identifier = template(ec2, versions=2)
    pinned = {"LaunchTemplateId": identifier, "LaunchTemplateName": "web", "Version": "1"}
    tag = {"Key": "eks:cluster-name", "Value": "prod", "PropagateAtLaunch": True}
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
        LaunchTemplate={"LaunchTemplateId": identifier, "Version": "1"},
        Tags=[tag],
    )
    ec2.modify_launch_template(LaunchTemplateId=identifier, DefaultVersion="2")
    group = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert group["LaunchTemplate"] == pinned
    assert group["Tags"] == [{"ResourceId": "web", "ResourceType": "auto-scaling-group", **tag}]
    autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="web", LaunchTemplate={"LaunchTemplateId": identifier, "Version": "2"}
    )
    group = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert group["LaunchTemplate"] == {**pinned, "Version": "2"}
    autoscaling.create_or_update_tags(Tags=[{"ResourceId": "web", "Key": "team", "Value": "blue"}])
    assert len(autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Tags"]) == 2


def test_a_template_of_a_service_is_not_the_customers(ec2):
    identifier = template(ec2, name="eks-0001", Operator={"Principal": "eks.amazonaws.com"})
    shown = ec2.describe_launch_templates(IncludeManagedResources=True)["LaunchTemplates"][0]
    assert shown["Operator"] == {"Managed": True, "Principal": "eks.amazonaws.com"}
    change = {"LaunchTemplateId": identifier, "DefaultVersion": "1"}
    refused("OperationNotPermitted", ec2.modify_launch_template, **change)


def test_a_group_of_messages_does_not_delay_the_others(aws):
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    for number in range(11):
        sqs.send_message(QueueUrl=url, MessageBody=f"noisy-{number}", MessageGroupId=ACCOUNT)
    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 10
    sqs.send_message(QueueUrl=url, MessageBody="quiet", MessageGroupId="222233334444")
    received = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["MessageGroupId"])["Messages"][0]
    assert (received["Body"], received["Attributes"]) == ("quiet", {"MessageGroupId": "222233334444"})
