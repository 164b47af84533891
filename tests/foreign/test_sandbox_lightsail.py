"""Lightsail in the embedded AWS, as boto3 sees it. moto has no Lightsail."""

import datetime

import pytest
from sandbox_aws import REGION, START, refused

pytest_plugins = ["sandbox_fixtures"]


@pytest.fixture
def lightsail(aws):
    return aws.client("lightsail")


def create(lightsail, *names, blueprint="amazon_linux_2", tags=()):
    return lightsail.create_instances(
        instanceNames=list(names),
        availabilityZone=f"{REGION}a",
        blueprintId=blueprint,
        bundleId="nano_3_0",
        tags=[{"key": key, "value": value} for key, value in tags],
    )["operations"]


def options(lightsail, name):
    shown = lightsail.get_instance(instanceName=name)["instance"]["metadataOptions"]
    return shown["state"], shown["httpTokens"], shown["httpEndpoint"], shown["httpPutResponseHopLimit"]


def last_event(aws, name):
    return [event["detail"] for event in aws.control("events") if event["detail"].get("eventName") == name][-1]


def test_an_instance_has_the_options_of_its_blueprint(aws, lightsail):
    operations = create(lightsail, "web", tags=[("app", "shop")])
    assert [(it["operationType"], it["status"], it["resourceName"]) for it in operations] == [
        ("CreateInstance", "Succeeded", "web")
    ]
    create(lightsail, "new", blueprint="amazon_linux_2023")
    assert options(lightsail, "web") == ("applied", "optional", "enabled", 1)
    assert options(lightsail, "new") == ("applied", "required", "enabled", 2)
    web = lightsail.get_instance(instanceName="web")["instance"]
    assert web["tags"] == [{"key": "app", "value": "shop"}]
    assert web["arn"].startswith(f"arn:aws:lightsail:{REGION}:111122223333:Instance/")
    assert web["createdAt"] == START
    record = last_event(aws, "CreateInstances")
    assert record["eventSource"] == "lightsail.amazonaws.com"
    assert record["requestParameters"]["instanceNames"] == ["new"]


def test_an_update_is_pending_on_a_running_instance_and_keeps_other_options(aws, lightsail):
    create(lightsail, "web")
    lightsail.update_instance_metadata_options(instanceName="web", httpTokens="required", httpPutResponseHopLimit=3)
    assert options(lightsail, "web") == ("pending", "required", "enabled", 3)
    aws.advance(10)
    assert options(lightsail, "web") == ("applied", "required", "enabled", 3)
    lightsail.update_instance_metadata_options(instanceName="web", httpTokens="required", httpEndpoint="disabled")
    aws.advance(10)
    assert options(lightsail, "web") == ("applied", "required", "disabled", 3)
    record = last_event(aws, "UpdateInstanceMetadataOptions")
    assert record["requestParameters"] == {
        "instanceName": "web",
        "httpTokens": "required",
        "httpEndpoint": "disabled",
    }


def test_an_update_without_tokens_turns_version_1_on_again(aws, lightsail):
    create(lightsail, "new", blueprint="amazon_linux_2023")
    lightsail.update_instance_metadata_options(instanceName="new", httpPutResponseHopLimit=1)
    aws.advance(10)
    assert options(lightsail, "new") == ("applied", "optional", "enabled", 1)


def test_refusals(aws, lightsail):
    create(lightsail, "web")
    refused("InvalidInputException", lightsail.get_instances, pageToken="x")
    refused("NotFoundException", lightsail.update_instance_metadata_options, instanceName="gone", httpTokens="required")
    wrong = {"instanceName": "web", "httpTokens": "required"}
    update = lightsail.update_instance_metadata_options
    refused("InvalidInputException", update, **wrong, httpPutResponseHopLimit=65)
    refused("InvalidInputException", update, **wrong, httpProtocolIpv6="enabled")
    north = aws.client("lightsail", region="eu-north-1")
    place = {"availabilityZone": "eu-north-1a", "blueprintId": "debian_12", "bundleId": "nano_3_0"}
    north.create_instances(instanceNames=["north"], **place)
    north.update_instance_metadata_options(instanceName="north", httpTokens="required", httpProtocolIpv6="enabled")
    assert north.get_instance(instanceName="north")["instance"]["metadataOptions"]["httpProtocolIpv6"] == "enabled"
    again = {"instanceNames": ["north"], **place}
    refused("InvalidInputException", north.create_instances, **again)
    aws.control(
        "inject",
        service="lightsail",
        action="GetInstances",
        effect="error-before",
        status=400,
        code="AccessDeniedException",
        message="no",
    )
    refused("AccessDeniedException", lightsail.get_instances)


def test_pages_and_throttling(aws, lightsail):
    create(lightsail, *[f"web-{number:02}" for number in range(45)])
    pages = [len(page["instances"]) for page in lightsail.get_paginator("get_instances").paginate()]
    assert pages == [20, 20, 5]
    assert aws.client("lightsail", region="eu-west-1").get_instances()["instances"] == []
    aws.control("throttling", enforced=True)
    for _ in range(20):
        lightsail.get_instances()
    refused("ThrottlingException", lightsail.get_instances)


def test_metadata_calls_without_a_token_are_summed_by_period(aws, lightsail):
    create(lightsail, "web")
    start = START - datetime.timedelta(days=2)
    aws.control(
        "lightsail-metric-data",
        account="111122223333",
        region=REGION,
        name="web",
        start=start.isoformat(),
        every_seconds=300,
        values=[0.0, 2.0, 3.0],
    )
    window = {
        "metricName": "MetadataNoToken",
        "startTime": start,
        "endTime": START,
        "unit": "Count",
        "statistics": ["Sum"],
    }
    read = lightsail.get_instance_metric_data
    by_day = read(instanceName="web", period=86400, **window)["metricData"]
    assert [point["sum"] for point in by_day] == [5.0]
    by_five_minutes = read(instanceName="web", period=300, **window)["metricData"]
    assert [point["sum"] for point in by_five_minutes] == [0.0, 2.0, 3.0]
    assert by_five_minutes[0]["timestamp"] == start
    create(lightsail, "quiet")
    assert read(instanceName="quiet", period=300, **window)["metricData"] == []
    refused("NotFoundException", read, instanceName="gone", period=300, **window)
    refused("InvalidInputException", read, instanceName="web", period=61, **window)
