"""boto3 as a client of the embedded AWS: what Auto Scaling groups launch from, and what a new version of a launch
template takes over from the one it is made from.
"""

import pytest
from clients import client
from botocore.exceptions import ClientError

ACCOUNT = "111122223333"
REGION = "eu-central-1"
V1_IMAGE = "ami-0a1b2c3d4e5f60002"


def of(url, service):
    return client(url, service, ACCOUNT, REGION)


@pytest.fixture
def autoscaling(sandbox):
    return of(sandbox, "autoscaling")


@pytest.fixture
def ec2(sandbox):
    return of(sandbox, "ec2")


def template(ec2, name="web", **data):
    made = ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": V1_IMAGE, "InstanceType": "t3.micro", **data}
    )
    return made["LaunchTemplate"]["LaunchTemplateId"]


def configuration(autoscaling, name, **options):
    autoscaling.create_launch_configuration(
        LaunchConfigurationName=name, ImageId=V1_IMAGE, InstanceType="t3.micro", **options
    )


def group(autoscaling, name, **source):
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=4, AvailabilityZones=[f"{REGION}a"], **source
    )


def test_a_launch_configuration_says_of_the_metadata_service_what_it_was_given(autoscaling):
    configuration(autoscaling, "silent")
    configuration(
        autoscaling,
        "open",
        MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 3, "HttpEndpoint": "enabled"},
    )
    shown = autoscaling.describe_launch_configurations()["LaunchConfigurations"]
    assert {it["LaunchConfigurationName"]: it.get("MetadataOptions") for it in shown} == {
        "silent": None,
        "open": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 3, "HttpEndpoint": "enabled"},
    }
    one = autoscaling.describe_launch_configurations(LaunchConfigurationNames=["open", "gone"])
    assert [it["LaunchConfigurationName"] for it in one["LaunchConfigurations"]] == ["open"]
    assert one["LaunchConfigurations"][0]["LaunchConfigurationARN"].startswith(
        f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:launchConfiguration:"
    )


def test_a_group_names_what_it_launches_from(autoscaling, ec2):
    web, batch = template(ec2), template(ec2, "batch")
    configuration(autoscaling, "old")
    group(autoscaling, "by-configuration", LaunchConfigurationName="old")
    group(autoscaling, "by-id", LaunchTemplate={"LaunchTemplateId": web, "Version": "$Latest"})
    group(autoscaling, "by-name", LaunchTemplate={"LaunchTemplateName": "web"})
    group(
        autoscaling,
        "mixed",
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateId": web, "Version": "1"},
                "Overrides": [
                    {"InstanceType": "t3.small"},
                    {
                        "InstanceType": "t4g.small",
                        "LaunchTemplateSpecification": {"LaunchTemplateId": batch, "Version": "$Default"},
                    },
                ],
            }
        },
    )
    shown = {it["AutoScalingGroupName"]: it for it in autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]}
    assert shown["by-configuration"]["LaunchConfigurationName"] == "old"
    assert shown["by-id"]["LaunchTemplate"] == {
        "LaunchTemplateId": web,
        "LaunchTemplateName": "web",
        "Version": "$Latest",
    }
    assert shown["by-name"]["LaunchTemplate"] == {"LaunchTemplateId": web, "LaunchTemplateName": "web"}
    mixed = shown["mixed"]["MixedInstancesPolicy"]["LaunchTemplate"]
    assert mixed["LaunchTemplateSpecification"]["Version"] == "1"
    assert [it.get("LaunchTemplateSpecification", {}).get("LaunchTemplateId") for it in mixed["Overrides"]] == [
        None,
        batch,
    ]


def test_lists_are_paged(autoscaling):
    for number in range(120):
        configuration(autoscaling, f"lc-{number:03}")
    pages = [
        len(page["LaunchConfigurations"])
        for page in autoscaling.get_paginator("describe_launch_configurations").paginate()
    ]
    assert pages == [50, 50, 20]
    for number in range(3):
        group(autoscaling, f"group-{number}", LaunchConfigurationName="lc-000")
    first = autoscaling.describe_auto_scaling_groups(MaxRecords=2)
    rest = autoscaling.describe_auto_scaling_groups(MaxRecords=2, NextToken=first["NextToken"])
    assert [len(it["AutoScalingGroups"]) for it in (first, rest)] == [2, 1]
    assert "NextToken" not in rest
    with pytest.raises(ClientError, match="ValidationError"):
        autoscaling.describe_auto_scaling_groups(MaxRecords=101)


def test_what_auto_scaling_refuses(autoscaling, ec2):
    configuration(autoscaling, "old")
    with pytest.raises(ClientError, match="AlreadyExists"):
        configuration(autoscaling, "old")
    with pytest.raises(ClientError, match="ValidationError"):
        group(autoscaling, "none")
    with pytest.raises(ClientError, match="ValidationError"):
        group(autoscaling, "unknown", LaunchConfigurationName="gone")
    with pytest.raises(ClientError, match="ValidationError"):
        group(autoscaling, "unknown", LaunchTemplate={"LaunchTemplateName": "gone", "Version": "1"})
    with pytest.raises(ClientError, match="NotSimulated"):
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="busy", MinSize=1, MaxSize=1, LaunchConfigurationName="old"
        )
    with pytest.raises(ClientError, match="NotSimulated"):
        autoscaling.delete_auto_scaling_group(AutoScalingGroupName="none")


def test_snapshots_are_not_taken_over_by_a_new_version_unless_they_are_given_again(ec2):
    volume = {
        "DeviceName": "/dev/xvdb",
        "Ebs": {"SnapshotId": "snap-0123456789abcdef0", "VolumeSize": 20, "VolumeType": "gp3"},
    }
    web = template(ec2, BlockDeviceMappings=[volume])
    options = {"HttpTokens": "required"}

    def made(**data):
        answer = ec2.create_launch_template_version(
            LaunchTemplateId=web, SourceVersion="1", LaunchTemplateData={"MetadataOptions": options, **data}
        )
        return answer["LaunchTemplateVersion"]["LaunchTemplateData"]

    without = made()
    assert without["BlockDeviceMappings"] == [
        {"DeviceName": "/dev/xvdb", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}
    ]
    assert without["InstanceType"] == "t3.micro"
    assert made(BlockDeviceMappings=[volume])["BlockDeviceMappings"] == [volume]
