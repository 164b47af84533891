"""IAM in the embedded AWS, as boto3 sees it, and whether its roles are administrators, as `scan` sees them."""

import json
import re
import subprocess

import pytest
import servers
from moto.iam.aws_managed_policies import aws_managed_policies_data
from sandbox_aws import ACCOUNT, REGION, V1_IMAGE, refused

pytest_plugins = ["sandbox_fixtures"]

TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
EVERYTHING = {"Statement": [{"Sid": "50%+ä", "Effect": "Allow", "Action": "*", "Resource": "*"}]}
MANAGED = "arn:aws:iam::aws:policy/"


@pytest.fixture
def iam(aws):
    return aws.client("iam", region="us-east-1")


def profile(iam, name):
    """An instance profile with a role of the same name."""
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    arn = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return arn


def details(iam, **request):
    found = {"RoleDetailList": [], "Policies": []}
    for page in iam.get_paginator("get_account_authorization_details").paginate(**request):
        for kind, items in found.items():
            items.extend(page[kind])
    return found


def test_a_role_is_described_with_its_policies_and_profiles(iam):
    arn = profile(iam, "web")
    policy = iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(EVERYTHING))["Policy"]["Arn"]
    iam.put_role_policy(RoleName="web", PolicyName="inline", PolicyDocument=json.dumps(EVERYTHING))
    for attached in (policy, MANAGED + "ReadOnlyAccess"):
        iam.attach_role_policy(RoleName="web", PolicyArn=attached)
    found = details(iam, Filter=["Role", "LocalManagedPolicy"])
    (role,), (own,) = found["RoleDetailList"], found["Policies"]
    assert [it["Arn"] for it in role["InstanceProfileList"]] == [arn]
    assert [(it["PolicyName"], it["PolicyDocument"]) for it in role["RolePolicyList"]] == [("inline", EVERYTHING)]
    assert [it["PolicyArn"] for it in role["AttachedManagedPolicies"]] == [policy, MANAGED + "ReadOnlyAccess"]
    assert [(it["IsDefaultVersion"], it["Document"]) for it in own["PolicyVersionList"]] == [(True, EVERYTHING)]
    assert own["AttachmentCount"] == 1


def test_a_listing_has_pages_and_filters(iam):
    for number in range(5):
        profile(iam, f"role-{number}")
    iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(EVERYTHING))
    first = iam.get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"], MaxItems=4)
    assert (len(first["RoleDetailList"]), first["IsTruncated"]) == (4, True)
    assert len(details(iam, Filter=["Role", "LocalManagedPolicy"], MaxItems=4)["RoleDetailList"]) == 5
    assert details(iam, Filter=["LocalManagedPolicy"])["RoleDetailList"] == []
    assert details(iam, Filter=["Role"])["Policies"] == []


def test_what_iam_refuses_is_refused(iam):
    profile(iam, "web")
    refused("EntityAlreadyExists", iam.create_role, RoleName="web", AssumeRolePolicyDocument=TRUST)
    refused("NoSuchEntity", iam.attach_role_policy, RoleName="web", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/none")
    refused("NoSuchEntity", iam.put_role_policy, RoleName="none", PolicyName="p", PolicyDocument="{}")
    refused("MalformedPolicyDocument", iam.put_role_policy, RoleName="web", PolicyName="p", PolicyDocument="text")
    refused("LimitExceeded", iam.add_role_to_instance_profile, InstanceProfileName="web", RoleName="web")


def test_scan_knows_the_administrators_among_the_managed_policies_of_aws(aws, iam):
    """Each policy of AWS that has an unusual grant, once by its name and once by its document."""
    managed = {name: it["Document"] for name, it in json.loads(aws_managed_policies_data).items()}
    wide = re.compile(r'"NotAction"|"\*(:\*)?"\]?, "(Effect|Resource)|"iam:(\*|Attach|Put|CreatePolicy)')
    chosen = sorted(name for name, document in managed.items() if wide.search(json.dumps(document)))
    assert 40 < len(chosen) < 400
    expected = {}
    for number, name in enumerate(chosen):
        document = json.dumps(managed[name])
        own = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        for kind, arn in (("name", MANAGED + name), ("document", own)):
            role = f"{kind}-{number}"
            expected[profile(iam, role)] = name
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    for arn in expected:
        aws.client("ec2").run_instances(
            ImageId=V1_IMAGE, MinCount=1, MaxCount=1, IamInstanceProfile={"Arn": arn},
            MetadataOptions={"HttpTokens": "optional"},
        )  # fmt: skip
    aws.advance(60)
    arguments = ["scan", "--kind", "instance", "--region", REGION, "--output", "json"]
    command = servers.v2only(aws.endpoint, ACCOUNT, arguments)
    ran = subprocess.run(**command, capture_output=True, timeout=300, check=False)
    findings = json.loads(ran.stdout)["findings"]
    assert (ran.returncode, len(findings)) == (10, len(expected)), ran.stderr
    by_kind = {"name": set(), "document": set()}
    for exposure in (it["exposure"] for it in findings):
        assert exposure["administrator"] is not None, exposure
        if exposure["administrator"]:
            arn = exposure["instance_profile"]
            by_kind[arn.rsplit("/", 1)[1].split("-")[0]].add(expected[arn])
    assert by_kind["name"] == by_kind["document"], "the list of names differs from what the documents grant"
    assert {"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"} <= by_kind["name"]
