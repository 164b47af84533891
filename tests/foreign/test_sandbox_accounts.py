"""boto3 as a client of the embedded AWS: STS, Organizations and Systems Manager, field by field."""

import datetime

import pytest
from sandbox_aws import ACCOUNT, MEMBER, ORGANIZATION, REGION, START, V1_IMAGE, refused, without_metadata

pytest_plugins = ["sandbox_fixtures"]


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
