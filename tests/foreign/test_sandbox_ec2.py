"""boto3 and the AWS CLI as clients of the embedded AWS: the wire formats of EC2, field by field."""

import datetime
import json

from sandbox_aws import (
    ACCOUNT,
    ORGANIZATION,
    REGION,
    START,
    V1_IMAGE,
    V2_IMAGE,
    instance,
    launch,
    refused,
    without_metadata,
)

pytest_plugins = ["sandbox_fixtures"]


def test_a_launched_instance_field_by_field(ec2):
    answer = ec2.run_instances(
        ImageId=V1_IMAGE,
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        ClientToken="token-1",
        KeyName="key",
        IamInstanceProfile={"Name": "web"},
        MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "enabled"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "app", "Value": "shop & <more>"}]}],
    )
    assert answer["OwnerId"] == ACCOUNT and answer["Groups"] == []
    shown = answer["Instances"][0]
    identifier, address, subnet = shown["InstanceId"], shown["PrivateIpAddress"], shown["SubnetId"]
    dns = f"ip-{address.replace('.', '-')}.eu-central-1.compute.internal"
    groups = shown["SecurityGroups"]
    interface = shown["NetworkInterfaces"][0]
    assert identifier.startswith("i-0") and len(identifier) == 19
    profile = shown["IamInstanceProfile"]
    assert profile["Arn"] == f"arn:aws:iam::{ACCOUNT}:instance-profile/web" and profile["Id"].startswith("AIPA")
    assert shown == {
        "InstanceId": identifier,
        "ImageId": V1_IMAGE,
        "State": {"Code": 0, "Name": "pending"},
        "StateReason": {"Code": "pending", "Message": "pending"},
        "PrivateDnsName": dns,
        "KeyName": "key",
        "AmiLaunchIndex": 0,
        "ProductCodes": [],
        "InstanceType": "t3.micro",
        "LaunchTime": START,
        "Placement": {"AvailabilityZone": "eu-central-1a", "Tenancy": "default"},
        "Monitoring": {"State": "disabled"},
        "SubnetId": subnet,
        "VpcId": shown["VpcId"],
        "PrivateIpAddress": address,
        "Architecture": "x86_64",
        "RootDeviceType": "ebs",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [],
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "Tags": [{"Key": "app", "Value": "shop & <more>"}],
        "ClientToken": "token-1",
        "SecurityGroups": groups,
        "SourceDestCheck": True,
        "NetworkInterfaces": [interface],
        "IamInstanceProfile": profile,
        "EbsOptimized": False,
        "EnaSupport": True,
        "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
        "HibernationOptions": {"Configured": False},
        "EnclaveOptions": {"Enabled": False},
        "MetadataOptions": {
            "State": "pending",
            "HttpTokens": "optional",
            "HttpPutResponseHopLimit": 2,
            "HttpEndpoint": "enabled",
            "HttpProtocolIpv6": "disabled",
            "InstanceMetadataTags": "enabled",
        },
        "MaintenanceOptions": {"AutoRecovery": "default", "RebootMigration": "default"},
        "CurrentInstanceBootMode": "legacy-bios",
        "PrivateDnsNameOptions": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "Operator": {"Managed": False},
    }
    assert interface == {
        "NetworkInterfaceId": interface["NetworkInterfaceId"],
        "SubnetId": subnet,
        "VpcId": shown["VpcId"],
        "OwnerId": ACCOUNT,
        "Operator": {"Managed": False},
        "Status": "in-use",
        "MacAddress": interface["MacAddress"],
        "PrivateIpAddress": address,
        "PrivateDnsName": dns,
        "SourceDestCheck": True,
        "InterfaceType": "interface",
        "Groups": groups,
        "Attachment": {
            "AttachmentId": interface["Attachment"]["AttachmentId"],
            "DeviceIndex": 0,
            "NetworkCardIndex": 0,
            "Status": "attaching",
            "AttachTime": START,
            "DeleteOnTermination": True,
        },
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address, "PrivateDnsName": dns}],
        "Ipv6Addresses": [],
    }


def test_the_described_instance_is_the_launched_one(aws, ec2):
    launched = launch(ec2)
    aws.advance(10)
    reservation = ec2.describe_instances(InstanceIds=[launched["InstanceId"]])["Reservations"][0]
    described = reservation["Instances"][0]
    assert reservation["OwnerId"] == ACCOUNT and reservation["ReservationId"].startswith("r-0")
    changed = {name for name in launched | described if launched.get(name) != described.get(name)}
    assert changed == {
        "State",
        "StateReason",
        "StateTransitionReason",
        "PublicDnsName",
        "BlockDeviceMappings",
        "NetworkInterfaces",
        "MetadataOptions",
    }
    assert described["State"] == {"Code": 16, "Name": "running"}
    assert described["MetadataOptions"] == {**launched["MetadataOptions"], "State": "applied"}
    ebs = described["BlockDeviceMappings"][0]["Ebs"]
    assert ebs == {
        "VolumeId": ebs["VolumeId"],
        "Status": "attached",
        "AttachTime": START,
        "DeleteOnTermination": True,
    }
    assert described["NetworkInterfaces"][0]["Attachment"]["Status"] == "attached"


def test_pages_and_filters(aws, ec2):
    ec2.run_instances(ImageId=V1_IMAGE, MinCount=12, MaxCount=12)
    ec2.run_instances(ImageId=V2_IMAGE, MinCount=3, MaxCount=3)
    v1 = [{"Name": "metadata-options.http-tokens", "Values": ["optional"]}]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=v1, PaginationConfig={"PageSize": 5})
    sizes = [sum(len(it["Instances"]) for it in page["Reservations"]) for page in pages]
    assert sizes == [5, 5, 2]
    unknown = refused(
        "InvalidParameterValue", ec2.describe_instances, Filters=[{"Name": "metadata-options.tokens", "Values": ["x"]}]
    )
    assert unknown["Error"]["Message"] == "The filter 'metadata-options.tokens' is invalid"
    both = {"InstanceIds": [launch(ec2)["InstanceId"]], "MaxResults": 5}
    refused("InvalidParameterCombination", ec2.describe_instances, **both)
    missing = refused("InvalidInstanceID.NotFound", ec2.describe_instances, InstanceIds=["i-0000000000000dead"])
    assert missing["Error"]["Message"] == "The instance ID 'i-0000000000000dead' does not exist"
    assert missing["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(missing["ResponseMetadata"]["RequestId"]) == 36


def test_metadata_options_are_changed(aws, ec2):
    identifier = launch(ec2)["InstanceId"]
    aws.advance(10)
    change = {"InstanceId": identifier, "HttpTokens": "required", "HttpEndpoint": "enabled"}
    dry = refused("DryRunOperation", ec2.modify_instance_metadata_options, DryRun=True, **change)
    assert dry["Error"]["Message"] == "Request would have succeeded, but DryRun flag is set."
    assert dry["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert without_metadata(ec2.modify_instance_metadata_options(**change)) == {
        "InstanceId": identifier,
        "InstanceMetadataOptions": {
            "State": "pending",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
            "HttpEndpoint": "enabled",
            "HttpProtocolIpv6": "disabled",
            "InstanceMetadataTags": "disabled",
        },
    }
    alone = {"InstanceId": identifier, "HttpTokens": "required"}
    answer = refused("InvalidParameterValue", ec2.modify_instance_metadata_options, **alone)
    assert answer["Error"]["Message"] == (
        "The HttpEndpoint is not set to 'enabled' in this request. "
        "To specify a value for HttpTokens, set HttpEndpoint to 'enabled'."
    )


def test_account_defaults(ec2):
    assert without_metadata(ec2.get_instance_metadata_defaults()) == {"AccountLevel": {"ManagedBy": "account"}}
    wanted = {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 2,
        "HttpEndpoint": "enabled",
        "InstanceMetadataTags": "disabled",
        "HttpTokensEnforced": "enabled",
    }
    assert without_metadata(ec2.modify_instance_metadata_defaults(**wanted)) == {"Return": True}
    shown = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert shown == {**wanted, "ManagedBy": "account"}
    optional = {"MetadataOptions": {"HttpTokens": "optional"}, "ImageId": V1_IMAGE, "MinCount": 1, "MaxCount": 1}
    refused("UnsupportedOperation", ec2.run_instances, **optional)
    unset = {"HttpTokens": "no-preference", "HttpPutResponseHopLimit": -1, "HttpTokensEnforced": "no-preference"}
    ec2.modify_instance_metadata_defaults(**unset)
    shown = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert shown == {"HttpEndpoint": "enabled", "InstanceMetadataTags": "disabled", "ManagedBy": "account"}


def test_start_stop_and_terminate(aws, ec2):
    identifier = launch(ec2)["InstanceId"]
    aws.advance(10)
    ec2.get_waiter("instance_running").wait(InstanceIds=[identifier])
    assert without_metadata(ec2.stop_instances(InstanceIds=[identifier])) == {
        "StoppingInstances": [
            {
                "InstanceId": identifier,
                "CurrentState": {"Code": 64, "Name": "stopping"},
                "PreviousState": {"Code": 16, "Name": "running"},
            }
        ]
    }
    aws.advance(10)
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[identifier])
    started = ec2.start_instances(InstanceIds=[identifier])["StartingInstances"][0]
    assert started["CurrentState"]["Name"] == "pending"
    shown = instance(ec2, identifier)
    assert shown["LaunchTime"] == START + datetime.timedelta(seconds=20)
    assert shown["NetworkInterfaces"][0]["Attachment"]["AttachTime"] == START
    terminated = ec2.terminate_instances(InstanceIds=[identifier])["TerminatingInstances"][0]
    assert terminated["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
    refused("IncorrectInstanceState", ec2.start_instances, InstanceIds=[identifier])
    aws.advance(10)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[identifier])
    assert "NetworkInterfaces" not in instance(ec2, identifier) or not instance(ec2, identifier)["NetworkInterfaces"]


def test_a_managed_instance(aws, ec2):
    order = {"account": ACCOUNT, "region": REGION, "actor": {"role": ["eks-auto", "node"]}}
    identifier = aws.control("launch-as", **order, managed_by="eks.amazonaws.com")["instance_ids"][0]
    operator = instance(ec2, identifier)["Operator"]
    assert operator == {"Managed": True, "Principal": "eks.amazonaws.com", "HiddenByDefault": False}
    change = {"InstanceId": identifier, "HttpTokens": "required", "HttpEndpoint": "enabled"}
    refused("OperationNotPermitted", ec2.modify_instance_metadata_options, **change)


def test_tags(ec2):
    identifier = launch(ec2)["InstanceId"]
    ec2.create_tags(Resources=[identifier], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    shown = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [identifier]}])
    assert without_metadata(shown) == {
        "Tags": [
            {"Key": "a", "ResourceId": identifier, "ResourceType": "instance", "Value": "1"},
            {"Key": "b", "ResourceId": identifier, "ResourceType": "instance", "Value": ""},
        ]
    }
    ec2.delete_tags(Resources=[identifier], Tags=[{"Key": "a"}])
    assert instance(ec2, identifier)["Tags"] == [{"Key": "b", "Value": ""}]
    reserved = {"Resources": [identifier], "Tags": [{"Key": "aws:a", "Value": "1"}]}
    refused("InvalidParameterValue", ec2.create_tags, **reserved)


def test_regions(ec2):
    regions = ec2.describe_regions()["Regions"]
    assert len(regions) == 17
    assert regions[-1] == {
        "RegionName": "us-west-2",
        "Endpoint": "ec2.us-west-2.amazonaws.com",
        "OptInStatus": "opt-in-not-required",
    }


def test_images(ec2):
    identifier = ec2.register_image(Name="golden", Architecture="x86_64", RootDeviceName="/dev/xvda")["ImageId"]
    ec2.modify_image_attribute(ImageId=identifier, ImdsSupport={"Value": "v2.0"})
    image = ec2.describe_images(Owners=["self"])["Images"][0]
    assert image == {
        "ImageId": identifier,
        "ImageLocation": f"{ACCOUNT}/golden",
        "State": "available",
        "OwnerId": ACCOUNT,
        "Public": False,
        "Architecture": "x86_64",
        "ImageType": "machine",
        "Name": "golden",
        "RootDeviceType": "ebs",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [],
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "EnaSupport": True,
        "CreationDate": "2026-11-01T10:00:00.000Z",
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "ProductCodes": [],
        "ImdsSupport": "v2.0",
    }
    options = launch(ec2, ImageId=identifier)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)


def test_launch_templates(ec2):
    data = {
        "ImageId": V1_IMAGE,
        "InstanceType": "t3.micro",
        "MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 2, "HttpEndpoint": "enabled"},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "app", "Value": "web"}]}],
        "SecurityGroupIds": ["sg-0123456789abcdef0"],
    }
    created = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]
    identifier = created["LaunchTemplateId"]
    root = f"arn:aws:iam::{ACCOUNT}:root"
    template = {
        "LaunchTemplateId": identifier,
        "LaunchTemplateName": "web",
        "CreateTime": START,
        "CreatedBy": root,
        "DefaultVersionNumber": 1,
        "LatestVersionNumber": 1,
        "Operator": {"Managed": False},
    }
    assert created == template
    tightened = {"MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}}
    version = ec2.create_launch_template_version(
        LaunchTemplateId=identifier, SourceVersion="1", VersionDescription="v2", LaunchTemplateData=tightened
    )["LaunchTemplateVersion"]
    assert version == {
        "LaunchTemplateId": identifier,
        "LaunchTemplateName": "web",
        "VersionNumber": 2,
        "VersionDescription": "v2",
        "CreateTime": START,
        "CreatedBy": root,
        "DefaultVersion": False,
        "LaunchTemplateData": {**data, **tightened},
        "Operator": {"Managed": False},
    }
    ec2.modify_launch_template(LaunchTemplateId=identifier, DefaultVersion="2")
    shown = ec2.describe_launch_templates()["LaunchTemplates"]
    assert shown == [{**template, "DefaultVersionNumber": 2, "LatestVersionNumber": 2}]
    versions = ec2.describe_launch_template_versions(Versions=["$Latest", "$Default"])["LaunchTemplateVersions"]
    assert versions == [{**version, "DefaultVersion": True}]
    launched = launch(ec2, LaunchTemplate={"LaunchTemplateName": "web"})
    assert launched["MetadataOptions"]["HttpTokens"] == "required"
    assert {"Key": "app", "Value": "web"} in launched["Tags"]
    refused("InvalidLaunchTemplateId.NotFound", ec2.describe_launch_templates, LaunchTemplateIds=["lt-0"])


def test_what_is_not_simulated_says_so(aws, ec2):
    answer = refused("NotSimulated", ec2.describe_vpcs)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "sandbox does not simulate" in answer["Error"]["Message"]
    cloudwatch = aws.client("cloudwatch", checked=False)
    refused("NotSimulated", cloudwatch.list_metrics)


def test_the_aws_cli(aws, ec2):
    identifier = launch(ec2)["InstanceId"]
    change = ["--instance-id", identifier, "--http-tokens", "required", "--http-endpoint", "enabled"]
    code, out, err = aws.cli("ec2", "modify-instance-metadata-options", *change)
    assert code == 0, err
    assert json.loads(out)["InstanceMetadataOptions"]["HttpTokens"] == "required"
    tokens = "Name=metadata-options.http-tokens,Values=required"
    code, out, err = aws.cli("ec2", "describe-instances", "--filters", tokens, "--page-size", "5")
    assert code == 0, err
    shown = json.loads(out)["Reservations"][0]["Instances"][0]
    assert shown["InstanceId"] == identifier
    assert shown["LaunchTime"] == "2026-11-01T10:00:00.000Z", "as on the wire"
    code, out, err = aws.cli("ec2", "get-instance-metadata-defaults")
    assert (code, json.loads(out)) == (0, {"AccountLevel": {"ManagedBy": "account"}}), err
    code, out, err = aws.cli("sts", "get-caller-identity")
    assert (code, json.loads(out)["Account"]) == (0, ACCOUNT), err
    aws.control("organization", ORGANIZATION)
    code, out, err = aws.cli("organizations", "list-accounts")
    assert (code, [it["State"] for it in json.loads(out)["Accounts"]]) == (0, ["ACTIVE", "ACTIVE", "SUSPENDED"]), err
    code, out, err = aws.cli("ec2", "describe-instances", "--instance-ids", "i-0000000000000dead")
    assert code != 0 and out == ""
    assert "(InvalidInstanceID.NotFound) when calling the DescribeInstances operation" in err
