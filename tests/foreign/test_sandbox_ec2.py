"""boto3 and the AWS CLI as clients of the embedded AWS: the wire formats of EC2, STS, Organizations and Systems
Manager, field by field; and moto as a second opinion where moto is right.
"""

import datetime
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import boto3
import botocore.config
import pytest
import servers
from botocore.exceptions import ClientError

ACCOUNT = "111122223333"
MEMBER = "222233334444"
REGION = "eu-central-1"
V1_IMAGE = "ami-0a1b2c3d4e5f60002"
V2_IMAGE = "ami-0a1b2c3d4e5f62023"
# Where the sandbox's manual clock starts.
START = datetime.datetime(2026, 11, 1, 10, tzinfo=datetime.timezone.utc)
# On the wire of AWS, and unknown to its published models.
BEYOND_THE_MODEL = ("/httpProtocolIpv4", "Response/requestId", "/networkInterfaceSet/item/tagSet")


def members_of(shape):
    """Wire names of a structure's members, each with its shape."""
    return {inner.serialization.get("name", name): inner for name, inner in shape.members.items()}


def check_xml(element, shape, path):
    """Every element is a member of the model: nothing is misspelt, nothing is in the wrong place."""
    if shape.type_name == "structure":
        known = members_of(shape)
        for child in element:
            name = child.tag.split("}")[-1]
            if f"{path}/{name}".endswith(BEYOND_THE_MODEL):
                continue
            assert name in known, f"{path}/{name} is not in the model"
            check_xml(child, known[name], f"{path}/{name}")
    elif shape.type_name == "list":
        for child in element:
            assert child.tag.split("}")[-1] == "item", f"{path}: {child.tag}"
            check_xml(child, shape.member, f"{path}/item")
    else:
        assert len(element) == 0, f"{path} is a {shape.type_name} and has children"


def check_json(value, shape, path):
    if shape.type_name == "structure":
        for name, inner in value.items():
            assert name in shape.members, f"{path}/{name} is not in the model"
            check_json(inner, shape.members[name], f"{path}/{name}")
    elif shape.type_name == "list":
        for inner in value:
            check_json(inner, shape.member, f"{path}[]")


def check_answer(operation_model, response_dict, **_):
    """Called by botocore with every raw answer."""
    body = response_dict["body"]
    shape = operation_model.output_shape
    if response_dict["status_code"] != 200 or shape is None or not body:
        return
    name = operation_model.name
    protocol = operation_model.service_model.protocol
    if protocol == "ec2":
        root = ElementTree.fromstring(body)
        assert root.tag == f"{{http://ec2.amazonaws.com/doc/2016-11-15/}}{name}Response"
        check_xml(root, shape, f"{name}Response")
    elif protocol == "json":
        check_json(json.loads(body), shape, name)


class Aws:
    """A server that speaks AWS: the sandbox, or moto."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def client(self, service, account=ACCOUNT, region=REGION, checked=True, attempts=1, token=None):
        client = boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="sandbox",
            aws_session_token=token,
            config=botocore.config.Config(
                retries={"total_max_attempts": attempts, "mode": "standard"}, connect_timeout=5, read_timeout=30
            ),
        )
        if checked:
            client.meta.events.register("before-parse", check_answer)
        return client

    def control(self, order, body=None, **members):
        data = None if body is None and not members else json.dumps(body or members).encode()
        method = "GET" if order in ("calls", "events") else "POST"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(urllib.request.Request(f"{self.endpoint}/_sandbox/{order}", data, method=method)) as answer:
            return json.load(answer)

    def advance(self, seconds):
        self.control("advance", seconds=seconds)

    def cli(self, *arguments):
        """Runs the AWS CLI; gives exit code, standard output and standard error."""
        program = Path(sys.executable).with_name("aws")
        environment = servers.clean_environment(
            AWS_ACCESS_KEY_ID=ACCOUNT,
            AWS_SECRET_ACCESS_KEY="sandbox",
            AWS_DEFAULT_REGION=REGION,
            AWS_PAGER="",
            AWS_MAX_ATTEMPTS="1",
        )
        argv = [str(program), *arguments, "--endpoint-url", self.endpoint, "--output", "json"]
        ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60)
        return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture
def aws(tmp_path):
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    if not program.exists():
        pytest.fail(f"{program} does not exist; run `cargo build --workspace`", pytrace=False)
    with servers.sandbox(program, tmp_path / "sandbox", "--manual-clock") as endpoint:
        yield Aws(endpoint)


@pytest.fixture
def ec2(aws):
    return aws.client("ec2")


def launch(ec2, **parameters):
    """One instance; gives its part of the answer."""
    request = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro", **parameters}
    if "LaunchTemplate" not in request:
        request.setdefault("ImageId", V1_IMAGE)
    return ec2.run_instances(**request)["Instances"][0]


def instance(ec2, instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def refused(code, call, **parameters):
    """The call fails with this code; gives the whole answer."""
    with pytest.raises(ClientError) as failure:
        call(**parameters)
    assert failure.value.response["Error"]["Code"] == code, failure.value
    return failure.value.response


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# --- EC2: instances ------------------------------------------------------------------------------------------


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


# --- EC2: tags, Regions, images, templates -------------------------------------------------------------------


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


# --- STS, Organizations, Systems Manager ---------------------------------------------------------------------


def test_identity_and_roles(aws):
    sts = aws.client("sts")
    me = without_metadata(sts.get_caller_identity())
    assert me == {"Account": ACCOUNT, "UserId": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}
    role = {"RoleArn": f"arn:aws:iam::{MEMBER}:role/v2only", "RoleSessionName": "sweep"}
    denied = refused("AccessDenied", sts.assume_role, **role)
    assert denied["ResponseMetadata"]["HTTPStatusCode"] == 403 and denied["Error"]["Type"] == "Sender"
    aws.control("roles", account=MEMBER, name="v2only", external_id="x-1")
    refused("AccessDenied", sts.assume_role, **role)
    session = sts.assume_role(**role, ExternalId="x-1", DurationSeconds=900)
    arn = f"arn:aws:sts::{MEMBER}:assumed-role/v2only/sweep"
    assert session["AssumedRoleUser"]["Arn"] == arn
    credentials = session["Credentials"]
    assert credentials["Expiration"] == START + datetime.timedelta(seconds=900)
    assumed = {"account": credentials["AccessKeyId"], "token": credentials["SessionToken"]}
    assert aws.client("sts", **assumed).get_caller_identity()["Arn"] == arn
    member = aws.client("ec2", **assumed)
    assert member.run_instances(ImageId=V1_IMAGE, MinCount=1, MaxCount=1)["OwnerId"] == MEMBER
    aws.advance(900)
    refused("RequestExpired", member.describe_instances)


ORGANIZATION = {
    "management": ACCOUNT,
    "units": [
        {
            "id": "ou-ab12-workload",
            "name": "workloads",
            "accounts": [{"id": MEMBER, "name": "shop"}],
            "units": [
                {
                    "id": "ou-ab12-prod0000",
                    "name": "prod",
                    "accounts": [{"id": "333344445555", "name": "old", "suspended": True}],
                }
            ],
        }
    ],
}


def test_the_organization(aws):
    organizations = aws.client("organizations", region="us-east-1")
    refused("AWSOrganizationsNotInUseException", organizations.describe_organization)
    aws.control("organization", ORGANIZATION)
    described = organizations.describe_organization()["Organization"]
    identifier = described["Id"]
    assert described == {
        "Id": identifier,
        "Arn": f"arn:aws:organizations::{ACCOUNT}:organization/{identifier}",
        "FeatureSet": "ALL",
        "MasterAccountArn": f"arn:aws:organizations::{ACCOUNT}:account/{identifier}/{ACCOUNT}",
        "MasterAccountId": ACCOUNT,
        "MasterAccountEmail": f"aws+{ACCOUNT}@example.com",
        "AvailablePolicyTypes": [],
    }
    account = organizations.describe_account(AccountId="333344445555")["Account"]
    assert account == {
        "Id": "333344445555",
        "Arn": f"arn:aws:organizations::{ACCOUNT}:account/{identifier}/333344445555",
        "Email": "aws+333344445555@example.com",
        "Name": "old",
        "State": "SUSPENDED",
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": account["JoinedTimestamp"],
    }
    assert account["JoinedTimestamp"].year == 2020
    with pytest.raises(organizations.exceptions.AccountNotFoundException):
        organizations.describe_account(AccountId="999999999999")
    pages = organizations.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["Accounts"]) for page in pages] == [2, 1]
    assert organizations.list_parents(ChildId=MEMBER)["Parents"] == [
        {"Id": "ou-ab12-workload", "Type": "ORGANIZATIONAL_UNIT"}
    ]


def test_parameters(aws):
    ssm = aws.client("ssm")
    put = {"Name": "/v2only/policy", "Value": "version: 1", "Type": "String"}
    assert without_metadata(ssm.put_parameter(**put)) == {"Version": 1, "Tier": "Standard"}
    with pytest.raises(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(**put)
    shown = ssm.get_parameter(Name="/v2only/policy", WithDecryption=True)["Parameter"]
    modified = shown.pop("LastModifiedDate")
    assert modified.astimezone(datetime.timezone.utc) == START
    assert shown == {
        "Name": "/v2only/policy",
        "Type": "String",
        "Value": "version: 1",
        "Version": 1,
        "ARN": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/v2only/policy",
        "DataType": "text",
    }
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="nothing")


# --- Faults, throttles, events, the call log -----------------------------------------------------------------


def test_a_retry_after_a_lost_answer_launches_once(aws):
    patient = aws.client("ec2", attempts=3)
    aws.control("inject", service="ec2", action="RunInstances", effect="drop-after", times=1)
    launched = launch(patient)
    calls = aws.control("calls")
    assert [(call["action"], call["error"]) for call in calls] == [
        ("RunInstances", "ConnectionDropped"),
        ("RunInstances", None),
    ]
    everything = patient.describe_instances()["Reservations"]
    assert [it["InstanceId"] for part in everything for it in part["Instances"]] == [launched["InstanceId"]]


def test_throttles_and_ordered_errors(aws, ec2):
    aws.control("throttling", enforced=True)
    for _ in range(2):
        ec2.modify_instance_metadata_defaults(HttpTokens="required")
    answer = refused("RequestLimitExceeded", ec2.modify_instance_metadata_defaults, HttpTokens="required")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    denial = {"status": 403, "code": "UnauthorizedOperation", "message": "You are not authorized."}
    aws.control("inject", service="ec2", action="DescribeInstances", effect="error-before", times=1, **denial)
    answer = refused("UnauthorizedOperation", ec2.describe_instances)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    ec2.describe_instances()


def test_events_tell_what_happened(aws, ec2):
    identifier = launch(ec2)["InstanceId"]
    order = {"account": ACCOUNT, "region": REGION, "actor": {"auto-scaling": "shop"}, "tokens": "optional"}
    scaled = aws.control("launch-as", **order)["instance_ids"]
    aws.advance(10)
    events = aws.control("events")
    launches = [it["detail"] for it in events if it["detail"].get("eventName") == "RunInstances"]
    ids = [[it["instanceId"] for it in one["responseElements"]["instancesSet"]["items"]] for one in launches]
    assert ids == [[identifier], scaled]
    assert launches[1]["userIdentity"]["invokedBy"] == "autoscaling.amazonaws.com"
    running = [it["detail"]["instance-id"] for it in events if it["detail"].get("state") == "running"]
    assert sorted(running) == sorted([identifier, *scaled])


# --- The AWS CLI ---------------------------------------------------------------------------------------------


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


# --- moto, where moto is right -------------------------------------------------------------------------------


def same_on_both(aws, moto, story):
    """Plays the same story on the sandbox and on moto; both must tell the same."""
    ours, theirs = story(aws), story(Aws(moto))
    assert ours == theirs


def test_moto_launches_describes_and_stops_alike(aws, moto):
    def story(server):
        region = "ap-southeast-2"
        ec2 = server.client("ec2", region=region, checked=False)
        image = V1_IMAGE if server is aws else ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "app", "Value": "shop"}]}]
        answer = ec2.run_instances(
            ImageId=image, MinCount=2, MaxCount=2, InstanceType="t3.micro", TagSpecifications=tags, ClientToken="once"
        )
        ids = [it["InstanceId"] for it in answer["Instances"]]
        told = [
            [it[name] for name in ("AmiLaunchIndex", "State", "InstanceType", "Tags", "EbsOptimized")]
            for it in answer["Instances"]
        ]
        if server is aws:
            aws.advance(10)
        by_tag = ec2.describe_instances(
            Filters=[{"Name": "tag:app", "Values": ["sh*"]}, {"Name": "instance-state-name", "Values": ["running"]}]
        )
        found = by_tag["Reservations"][0]["Instances"]
        told += [len(by_tag["Reservations"]), [it["InstanceId"] for it in found] == ids]
        told += [it["State"] for it in found]
        stopped = ec2.stop_instances(InstanceIds=ids[:1])["StoppingInstances"]
        told += [(it["CurrentState"], it["PreviousState"]) for it in stopped]
        told += [refused("InvalidInstanceID.NotFound", ec2.describe_instances, InstanceIds=["i-0000000000000dead"])["Error"]]
        both = {"InstanceIds": ids, "MaxResults": 5}
        told += [refused("InvalidParameterCombination", ec2.describe_instances, **both)["Error"]["Code"]]
        return told

    same_on_both(aws, moto, story)


def test_moto_tags_alike(aws, moto):
    def story(server):
        ec2 = server.client("ec2", region="ap-southeast-1", checked=False)
        image = V1_IMAGE if server is aws else ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        identifier = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        ec2.create_tags(Resources=[identifier], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        ec2.create_tags(Resources=[identifier], Tags=[{"Key": "a", "Value": "3"}])
        only = [{"Name": "resource-id", "Values": [identifier]}]

        def tags():
            shown = ec2.describe_tags(Filters=only)["Tags"]
            return sorted((it["Key"], it["Value"], it["ResourceType"], it["ResourceId"] == identifier) for it in shown)

        told = [tags()]
        ec2.delete_tags(Resources=[identifier], Tags=[{"Key": "a", "Value": "other"}])
        told.append(tags())
        ec2.delete_tags(Resources=[identifier], Tags=[{"Key": "a"}])
        return [*told, tags()]

    same_on_both(aws, moto, story)


def test_moto_knows_the_same_regions(aws, moto):
    def story(server):
        ec2 = server.client("ec2", checked=False)
        return ec2.describe_regions(RegionNames=["eu-west-1", "us-east-1"])["Regions"]

    same_on_both(aws, moto, story)


def test_moto_assumes_roles_alike(aws, moto):
    aws.control("roles", account=MEMBER, name="v2only")

    def story(server):
        sts = server.client("sts")
        arn = f"arn:aws:iam::{MEMBER}:role/v2only"
        session = sts.assume_role(RoleArn=arn, RoleSessionName="sweep")
        credentials = session["Credentials"]
        again = server.client("sts", account=credentials["AccessKeyId"], token=credentials["SessionToken"])
        me = again.get_caller_identity()
        return [
            session["AssumedRoleUser"]["Arn"],
            session["AssumedRoleUser"]["AssumedRoleId"].split(":")[1],
            sorted(credentials),
            credentials["AccessKeyId"][:4],
            me["Account"],
            me["Arn"],
            me["UserId"].split(":")[1],
        ]

    same_on_both(aws, moto, story)


def test_moto_walks_the_organization_alike(aws, moto):
    theirs = Aws(moto).client("organizations", region="us-east-1", checked=False)
    theirs.create_organization(FeatureSet="ALL")
    root = theirs.list_roots()["Roots"][0]["Id"]
    workloads = theirs.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    prod = theirs.create_organizational_unit(ParentId=workloads, Name="prod")["OrganizationalUnit"]["Id"]
    for name, unit in (("shop", workloads), ("old", prod)):
        status = theirs.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        theirs.move_account(AccountId=status["AccountId"], SourceParentId=root, DestinationParentId=unit)
    aws.control("organization", ORGANIZATION)

    def story(server):
        organizations = server.client("organizations", region="us-east-1", checked=False)

        def walk(parent):
            accounts = organizations.list_accounts_for_parent(ParentId=parent)["Accounts"]
            units = organizations.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]
            # The management account has a name of moto's own.
            names = [it["Name"] for it in accounts if it["JoinedMethod"] == "CREATED" and it["Name"] != "master"]
            return {"accounts": names, "units": {it["Name"]: walk(it["Id"]) for it in units}}

        root = organizations.list_roots()["Roots"][0]
        everyone = organizations.get_paginator("list_accounts").paginate().build_full_result()["Accounts"]
        shop = next(it for it in everyone if it["Name"] == "shop")
        shapes = [
            root["Name"],
            root["Id"][:2],
            organizations.describe_account(AccountId=shop["Id"])["Account"]["Id"] == shop["Id"],
            [it["Type"] for it in organizations.list_parents(ChildId=shop["Id"])["Parents"]],
            refused("AccountNotFoundException", organizations.describe_account, AccountId="999999999999")["Error"],
            refused(
                "ParentNotFoundException", organizations.list_accounts_for_parent, ParentId="ou-ab12-nowhere0"
            )["Error"],
        ]
        return [walk(root["Id"]), shapes]

    same_on_both(aws, moto, story)


def test_moto_keeps_parameters_alike(aws, moto):
    def story(server):
        ssm = server.client("ssm")
        put = {"Name": "/v2only/policy", "Value": "version: 1", "Type": "String"}
        told = [without_metadata(ssm.put_parameter(**put))["Version"]]
        told.append(refused("ParameterAlreadyExists", ssm.put_parameter, **put)["Error"]["Code"])
        told.append(ssm.put_parameter(**{**put, "Value": "version: 2", "Overwrite": True})["Version"])
        for name in ("/v2only/policy", "/v2only/policy:1"):
            shown = ssm.get_parameter(Name=name)["Parameter"]
            told.append((shown["Value"], shown["Version"], shown["Type"], shown["DataType"]))
        told.append(refused("ParameterNotFound", ssm.get_parameter, Name="/v2only/nothing")["Error"]["Code"])
        return told

    same_on_both(aws, moto, story)
