"""The check of answers notices what is wrong in them."""

import json

import botocore.session
import models
import pytest

SESSION = botocore.session.get_session()
EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"
STS = "https://sts.amazonaws.com/doc/2011-06-15/"


def answer(service: str, operation: str, body: str) -> None:
    model = SESSION.get_service_model(service)
    models.check_answer(model.operation_model(operation), {"status_code": 200, "body": body.encode()})


def instance(inner: str) -> str:
    item = f"<instancesSet><item><instanceId>i-1</instanceId>{inner}</item></instancesSet>"
    reservations = f"<reservationSet><item>{item}</item></reservationSet>"
    return f'<DescribeInstancesResponse xmlns="{EC2}">{reservations}</DescribeInstancesResponse>'


def notebooks(**members) -> str:
    one = {"NotebookInstanceName": "notes", "NotebookInstanceArn": "arn", "CreationTime": 1.5} | members
    return json.dumps({"NotebookInstances": [{name: value for name, value in one.items() if value is not None}]})


def identity(inner: str) -> str:
    result = f"<GetCallerIdentityResult>{inner}</GetCallerIdentityResult>"
    return f'<GetCallerIdentityResponse xmlns="{STS}">{result}<ResponseMetadata/></GetCallerIdentityResponse>'


ROWS = [
    ("ec2", "DescribeInstances", instance("<metadataOptions><httpTokens>required</httpTokens></metadataOptions>"), None),
    ("ec2", "DescribeInstances", instance("<launchTime>2026-11-01T10:00:00.000Z</launchTime>"), None),
    ("ec2", "DescribeInstances", instance("<metadataOptions><tokens>required</tokens></metadataOptions>"), "not in the model"),
    ("ec2", "DescribeInstances", instance("<metadataOptions><httpTokens>v2</httpTokens></metadataOptions>"), "the model has"),
    ("ec2", "DescribeInstances", instance("<launchTime>yesterday</launchTime>"), "is a timestamp"),
    ("ec2", "DescribeInstances", instance("<ebsOptimized>yes</ebsOptimized>"), "is a boolean"),
    ("ec2", "DescribeInstances", instance("<amiLaunchIndex>first</amiLaunchIndex>"), "is a integer"),
    ("sagemaker", "ListNotebookInstances", notebooks(NotebookInstanceStatus="InService"), None),
    ("sagemaker", "ListNotebookInstances", notebooks(NotebookInstanceStatus="Running"), "the model has"),
    ("sagemaker", "ListNotebookInstances", notebooks(NotebookInstanceArn=None), "lacks"),
    ("sagemaker", "ListNotebookInstances", notebooks(CreationTime=[]), "is a timestamp"),
    ("sagemaker", "ListNotebookInstances", notebooks(Name="notes"), "not in the model"),
    ("sts", "GetCallerIdentity", identity("<Account>1</Account>"), None),
    ("sts", "GetCallerIdentity", identity("<AccountId>1</AccountId>"), "not in the model"),
]


@pytest.mark.parametrize(("service", "operation", "body", "wrong"), ROWS)
def test_what_is_wrong_is_noticed(service, operation, body, wrong):
    before = models.checked[f"{service}:{operation}"]
    if wrong is None:
        answer(service, operation, body)
        assert models.checked[f"{service}:{operation}"] == before + 1
        return
    with pytest.raises(AssertionError, match=wrong):
        answer(service, operation, body)
