"""AWS Config in the embedded AWS, as boto3 sees it. moto runs no advanced queries."""

import json

import pytest
from sandbox_aws import ACCOUNT, MEMBER, REGION, launch, refused

pytest_plugins = ["sandbox_fixtures"]

INSTANCES = "SELECT resourceId, accountId, awsRegion WHERE resourceType = 'AWS::EC2::Instance'"
OPEN = f"{INSTANCES} AND configuration.metadataOptions.httpTokens = 'optional'"
RECORDED = (
    "SELECT accountId, awsRegion, COUNT(*) WHERE resourceType = 'AWS::EC2::Instance' GROUP BY accountId, awsRegion"
)
NAME = "organization"


@pytest.fixture
def config(aws):
    return aws.client("config")


def aggregate(aws, *accounts, frozen=False):
    recorded = [{"account": account, "region": REGION} for account in accounts]
    aws.control("config-aggregator", account=ACCOUNT, region=REGION, name=NAME, recorded=recorded, frozen=frozen)


def rows(config, expression, **more):
    answer = config.select_aggregate_resource_config(
        Expression=expression, ConfigurationAggregatorName=NAME, **more
    )
    return [json.loads(it) for it in answer["Results"]], answer


def test_a_query_finds_the_recorded_instances_of_every_account(aws, config):
    aggregate(aws, ACCOUNT, MEMBER)
    home, member = aws.client("ec2"), aws.client("ec2", account=MEMBER)
    open_one = launch(home, MetadataOptions={"HttpTokens": "optional"})["InstanceId"]
    launch(home, MetadataOptions={"HttpTokens": "required"})
    theirs = launch(member, MetadataOptions={"HttpTokens": "optional"})["InstanceId"]
    found, answer = rows(config, OPEN)
    assert found == [
        {"resourceId": open_one, "accountId": ACCOUNT, "awsRegion": REGION},
        {"resourceId": theirs, "accountId": MEMBER, "awsRegion": REGION},
    ]
    assert [it["Name"] for it in answer["QueryInfo"]["SelectFields"]] == ["resourceId", "accountId", "awsRegion"]
    counted = [{"accountId": account, "awsRegion": REGION, "COUNT(*)": n} for account, n in ((ACCOUNT, 2), (MEMBER, 1))]
    assert rows(config, RECORDED)[0] == counted
    tokens = "SELECT configuration.metadataOptions.httpTokens WHERE accountId IN ('222233334444')"
    assert rows(config, tokens)[0] == [{"configuration": {"metadataOptions": {"httpTokens": "optional"}}}]


def test_what_no_recorder_sees_is_not_found_and_a_frozen_inventory_lags_behind(aws, config):
    gone = launch(aws.client("ec2"), MetadataOptions={"HttpTokens": "optional"})["InstanceId"]
    aggregate(aws, ACCOUNT, frozen=True)
    launch(aws.client("ec2", account=MEMBER))
    aws.client("ec2").terminate_instances(InstanceIds=[gone])
    aws.advance(600)
    assert [it["resourceId"] for it in rows(config, INSTANCES)[0]] == [gone]
    aggregate(aws, ACCOUNT)
    assert rows(config, INSTANCES)[0] == []


def test_pages_end(aws, config):
    aggregate(aws, ACCOUNT)
    ids = {launch(aws.client("ec2"))["InstanceId"] for _ in range(5)}
    first, answer = rows(config, INSTANCES, Limit=3)
    second, last = rows(config, INSTANCES, Limit=3, NextToken=answer["NextToken"])
    assert "NextToken" not in last
    assert {it["resourceId"] for it in first + second} == ids
    refused("InvalidNextTokenException", rows, config=config, expression=INSTANCES, NextToken="made-up")


def test_refusals(aws, config):
    refused("NoSuchConfigurationAggregatorException", rows, config=config, expression=INSTANCES)
    aggregate(aws, ACCOUNT)
    for expression in ("SELECT *", f"{INSTANCES} OR accountId = '1'", "SELECT tags WHERE accountId = '1'", "DROP"):
        refused("InvalidExpressionException", rows, config=config, expression=expression)
