"""Image Builder in the embedded AWS, as boto3 sees it. moto has no infrastructure configurations."""

import pytest
from sandbox_aws import ACCOUNT, REGION, refused

pytest_plugins = ["sandbox_fixtures"]

FULL = {
    "description": "nightly",
    "instanceTypes": ["m7i.large"],
    "instanceProfileName": "builder",
    "securityGroupIds": ["sg-1"],
    "subnetId": "subnet-1",
    "logging": {"s3Logs": {"s3BucketName": "logs", "s3KeyPrefix": "builds"}},
    "keyPair": "ops",
    "terminateInstanceOnFailure": False,
    "snsTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:builds",
    "resourceTags": {"team": "images"},
    "instanceMetadataOptions": {"httpTokens": "optional", "httpPutResponseHopLimit": 2},
    "placement": {"tenancy": "default"},
}


@pytest.fixture
def imagebuilder(aws):
    return aws.client("imagebuilder")


def create(imagebuilder, name="Base Images", token="one", **more):
    made = imagebuilder.create_infrastructure_configuration(
        name=name, clientToken=token, **{"instanceProfileName": "builder", **more}
    )
    return made["infrastructureConfigurationArn"]


def get(imagebuilder, arn):
    shown = imagebuilder.get_infrastructure_configuration(infrastructureConfigurationArn=arn)
    return shown["infrastructureConfiguration"]


def test_what_was_created_is_shown(aws, imagebuilder):
    arn = create(imagebuilder, tags={"app": "shop"}, **FULL)
    assert arn == f"arn:aws:imagebuilder:{REGION}:{ACCOUNT}:infrastructure-configuration/base-images"
    shown = get(imagebuilder, arn)
    assert {name: shown[name] for name in FULL} == FULL
    assert (shown["name"], shown["tags"]) == ("Base Images", {"app": "shop"})
    listed = imagebuilder.list_infrastructure_configurations()["infrastructureConfigurationSummaryList"]
    assert [it["arn"] for it in listed] == [arn]
    assert "instanceMetadataOptions" not in listed[0]
    record = [it["detail"] for it in aws.control("events")][-1]
    assert (record["eventSource"], record["eventName"]) == (
        "imagebuilder.amazonaws.com",
        "CreateInfrastructureConfiguration",
    )


def test_an_update_replaces_every_setting(aws, imagebuilder):
    arn = create(imagebuilder, tags={"app": "shop"}, **FULL)
    aws.advance(60)
    closed = {**FULL, "instanceMetadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2}}
    imagebuilder.update_infrastructure_configuration(infrastructureConfigurationArn=arn, clientToken="two", **closed)
    shown = get(imagebuilder, arn)
    assert {name: shown[name] for name in FULL} == closed
    assert shown["dateUpdated"] > shown["dateCreated"]
    imagebuilder.update_infrastructure_configuration(
        infrastructureConfigurationArn=arn, clientToken="three", instanceProfileName="builder"
    )
    bare = get(imagebuilder, arn)
    gone = {"description", "subnetId", "keyPair", "logging", "instanceMetadataOptions", "resourceTags", "snsTopicArn"}
    assert not gone & set(bare)
    assert (bare["terminateInstanceOnFailure"], bare["tags"]) == (True, {"app": "shop"})


def test_a_client_token_makes_a_call_happen_once(imagebuilder):
    first = create(imagebuilder)
    assert create(imagebuilder) == first
    other = {"name": "other", "clientToken": "one", "instanceProfileName": "builder"}
    refused("IdempotentParameterMismatchException", imagebuilder.create_infrastructure_configuration, **other)


def test_refusals_pages_and_throttling(aws, imagebuilder):
    arn = create(imagebuilder)
    again = {"name": "base images", "clientToken": "x", "instanceProfileName": "builder"}
    refused("ResourceAlreadyExistsException", imagebuilder.create_infrastructure_configuration, **again)
    gone = arn.replace("base-images", "gone")
    read = imagebuilder.get_infrastructure_configuration
    refused("ResourceNotFoundException", read, infrastructureConfigurationArn=gone)
    alone = {"infrastructureConfigurationArn": arn, "clientToken": "z", "instanceProfileName": "b", "subnetId": "s-1"}
    refused("InvalidRequestException", imagebuilder.update_infrastructure_configuration, **alone)
    for number in range(30):
        create(imagebuilder, name=f"image-{number:02}", token=f"t{number}")
    pages = imagebuilder.get_paginator("list_infrastructure_configurations").paginate()
    assert [len(page["infrastructureConfigurationSummaryList"]) for page in pages] == [25, 6]
    refused("InvalidRequestException", imagebuilder.list_infrastructure_configurations, maxResults=26)
    aws.control("throttling", enforced=True)
    for _ in range(20):
        imagebuilder.list_infrastructure_configurations()
    throttled = refused("CallRateLimitExceededException", imagebuilder.list_infrastructure_configurations)
    assert throttled["ResponseMetadata"]["HTTPStatusCode"] == 429
