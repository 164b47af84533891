"""boto3 as a client of the embedded AWS's CloudTrail: the history of what boto3 did itself."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from clients import client
from botocore.exceptions import ClientError

ACCOUNT = "111122223333"
REGION = "eu-central-1"
IMAGE = "ami-0a1b2c3d4e5f60002"


@pytest.fixture
def aws(sandbox):
    def make(service, region=REGION):
        return client(sandbox, service, ACCOUNT, region)

    return make


def launch(ec2, count=1):
    launched = ec2.run_instances(ImageId=IMAGE, MinCount=count, MaxCount=count)
    return [it["InstanceId"] for it in launched["Instances"]]


def events(cloudtrail, key, value, **more):
    return cloudtrail.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **more)["Events"]


def test_an_instance_names_the_events_that_name_it(aws):
    ec2, cloudtrail = aws("ec2"), aws("cloudtrail")
    first, second = launch(ec2, 2)
    [third] = launch(ec2)
    ec2.create_tags(Resources=[first], Tags=[{"Key": "Name", "Value": "first"}])
    ec2.terminate_instances(InstanceIds=[first])
    found = events(cloudtrail, "ResourceName", first)
    assert [it["EventName"] for it in found][-1] == "RunInstances", "the newest first"
    assert "TerminateInstances" in [it["EventName"] for it in found]
    run = found[-1]
    assert {"ResourceType": "AWS::EC2::Instance", "ResourceName": second} in run["Resources"]
    assert third not in run["CloudTrailEvent"]
    record = json.loads(run["CloudTrailEvent"])
    assert (record["eventID"], record["eventName"]) == (run["EventId"], "RunInstances")
    assert (run["EventSource"], run["ReadOnly"]) == ("ec2.amazonaws.com", "false")
    assert abs(run["EventTime"] - datetime.now(UTC)) < timedelta(minutes=5)


def test_other_accounts_regions_and_attributes(aws):
    [here] = launch(aws("ec2"))
    cloudtrail = aws("cloudtrail")
    assert events(aws("cloudtrail", "eu-west-1"), "ResourceName", here) == []
    assert len(events(cloudtrail, "EventName", "RunInstances")) == 1
    assert len(events(cloudtrail, "ResourceType", "AWS::EC2::Instance")) == 1
    assert len(events(cloudtrail, "ReadOnly", "false")) == 1
    assert events(cloudtrail, "Username", "nobody") == []
    assert len(cloudtrail.lookup_events()["Events"]) == 1


def test_pages_and_times(aws):
    ec2, cloudtrail = aws("ec2"), aws("cloudtrail")
    ids = [launch(ec2)[0] for _ in range(5)]
    pages = cloudtrail.get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 2})
    seen = [json.loads(it["CloudTrailEvent"]) for page in pages for it in page["Events"]]
    named = [it["responseElements"]["instancesSet"]["items"][0]["instanceId"] for it in seen]
    assert named == ids[::-1]
    now = datetime.now(UTC)
    assert cloudtrail.lookup_events(EndTime=now - timedelta(hours=1))["Events"] == []
    assert len(cloudtrail.lookup_events(StartTime=now - timedelta(hours=1))["Events"]) == 5


def test_what_cloudtrail_refuses(aws):
    cloudtrail = aws("cloudtrail")
    now = datetime.now(UTC)
    with pytest.raises(cloudtrail.exceptions.InvalidTimeRangeException):
        cloudtrail.lookup_events(StartTime=now, EndTime=now - timedelta(hours=1))
    with pytest.raises(cloudtrail.exceptions.InvalidLookupAttributesException):
        two = [{"AttributeKey": "EventName", "AttributeValue": it} for it in ("RunInstances", "StopInstances")]
        cloudtrail.lookup_events(LookupAttributes=two)
    with pytest.raises(cloudtrail.exceptions.InvalidNextTokenException):
        cloudtrail.lookup_events(NextToken="none")
    with pytest.raises(ClientError, match="NotSimulated"):
        cloudtrail.describe_trails()
