"""The check of requests notices what is wrong in them, in each of AWS's protocols."""

import json

import pytest
import recorded
import requests_model

FORM = {"content-type": "application/x-www-form-urlencoded"}
CBOR = {"smithy-protocol": "rpc-v2-cbor"}
EC2 = "Version=2016-11-15&Action="


def form(body: str) -> tuple:
    return "/", FORM, body.encode()


def target(name: str, **members) -> tuple:
    return "/", {"x-amz-target": name}, json.dumps(members).encode()


def rest(path: str, **members) -> tuple:
    return path, {}, json.dumps(members).encode() if members else b""


def cbor(body: str) -> tuple:
    return "/service/GraniteServiceVersion20100801/operation/ListMetrics", CBOR, bytes.fromhex(body)


ROLE = "RoleArn=arn:aws:iam::111122223333:role/x"
ASSUME = f"Version=2011-06-15&Action=AssumeRole&{ROLE}"
# {"Namespace": "AWS/EC2"}, {"Namespaces": "AWS/EC2"}, {"Namespace": 1}
NAMESPACE, MISSPELT, NUMBER = "a1694e616d657370616365674157532f454332", "a16a4e616d65737061636573674157532f454332", "a1694e616d65737061636501"
ROWS = [
    ("ec2", "DescribeInstances", form(EC2 + "DescribeInstances&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&MaxResults=9"), None),
    ("ec2", "DescribeInstances", form(EC2 + "DescribeInstances&Filters.1.Name=vpc-id"), "not in the model"),
    ("ec2", "DescribeInstances", form(EC2 + "DescribeInstances&Filter.1.Names=vpc-id"), "not in the model"),
    ("ec2", "DescribeInstances", form(EC2 + "DescribeInstances&Filter.2.Name=vpc-id"), "not numbered from 1"),
    ("ec2", "DescribeInstances", form(EC2 + "DescribeInstances&MaxResults=many"), "is a integer"),
    ("ec2", "DescribeInstances", form("Version=2015-10-01&Action=DescribeInstances"), "version"),
    ("ec2", "DescribeInstances", form(EC2 + "DescribeInstances&MaxResults=9&MaxResults=10"), "there twice"),
    ("ec2", "ModifyInstanceMetadataOptions", form(EC2 + "ModifyInstanceMetadataOptions&InstanceId=i-1&HttpTokens=required"), None),
    ("ec2", "ModifyInstanceMetadataOptions", form(EC2 + "ModifyInstanceMetadataOptions&HttpTokens=required"), "InstanceId"),
    ("ec2", "ModifyInstanceMetadataOptions", form(EC2 + "ModifyInstanceMetadataOptions&InstanceId=i-1&HttpTokens=v2"), "the model has"),
    ("ec2", "ModifyInstanceMetadataOptions", form(EC2 + "ModifyInstanceMetadataOptions&InstanceId=i-1&DryRun=yes"), "is a boolean"),
    ("sts", "AssumeRole", form(f"{ASSUME}&RoleSessionName=v2only"), None),
    ("sts", "AssumeRole", form(ASSUME), "RoleSessionName"),
    ("sts", "AssumeRole", form(f"{ASSUME}&RoleSessionName=v2 only"), "the pattern"),
    ("sts", "AssumeRole", form(f"{ASSUME}&RoleSessionName=v2only&TransitiveTagKeys.1=team"), "a list of"),
    ("sts", "AssumeRole", form(f"{ASSUME}&RoleSessionName=v2only&TransitiveTagKeys.member.1=team"), None),
    ("sagemaker", "StopNotebookInstance", target("SageMaker.StopNotebookInstance", NotebookInstanceName="notes"), None),
    ("sagemaker", "StopNotebookInstance", target("SageMaker.StopNotebookInstance", Name="notes"), "not in the model"),
    ("sagemaker", "StopNotebookInstance", target("SageMaker.StopNotebookInstance"), "NotebookInstanceName"),
    ("sagemaker", "StopNotebookInstance", target("SageMaker.StopNotebookInstance", NotebookInstanceName=1), "type"),
    ("sagemaker", "StopNotebookInstance", target("Notebooks.Stop", NotebookInstanceName="notes"), "target"),
    ("sagemaker", "StopNotebookInstance", target("SageMaker.StopNotebookInstance", NotebookInstanceName="n" * 64), "allows 63"),
    ("cloudtrail", "LookupEvents", target("CloudTrail_20131101.LookupEvents", MaxResults=50), None),
    ("cloudtrail", "LookupEvents", target("CloudTrail_20131101.LookupEvents", MaxResults=51), "allows 50"),
    ("cloudtrail", "LookupEvents", target("CloudTrail_20131101.LookupEvents", MaxResults=0), "MaxResults"),
    ("imagebuilder", "ListInfrastructureConfigurations", rest("/ListInfrastructureConfigurations", maxResults=25), None),
    ("imagebuilder", "ListInfrastructureConfigurations", rest("/ListInfrastructureConfigurations", maxResults=100), "allows 25"),
    ("imagebuilder", "ListInfrastructureConfigurations", rest("/ListInfrastructureConfigurations", size=1), "not in the model"),
    ("scheduler", "GetSchedule", rest("/schedules/v2only-sweeper?groupName=default"), None),
    ("scheduler", "GetSchedule", rest("/schedules/v2only-sweeper?group=default"), "in the query"),
    ("scheduler", "GetSchedule", rest("/schedules/v2only%20sweeper"), "the pattern"),
    ("monitoring", "ListMetrics", cbor(NAMESPACE), None),
    ("monitoring", "ListMetrics", cbor(MISSPELT), "not in the model"),
    ("monitoring", "ListMetrics", cbor(NUMBER), "type"),
]


@pytest.mark.parametrize(("service", "operation", "request_parts", "wrong"), ROWS)
def test_what_is_wrong_is_noticed(service, operation, request_parts, wrong):
    if wrong is None:
        before = requests_model.checked.total()
        requests_model.check(service, operation, *request_parts)
        assert requests_model.checked.total() == before + 1
        return
    with pytest.raises(requests_model.Wrong, match=wrong):
        requests_model.check(service, operation, *request_parts)


def test_a_recorder_names_each_misfit_once():
    scope = "Credential=1/20261121/eu-central-1/ec2/aws4_request, Signature=0"
    headers = {"user-agent": "aws-sdk-rust/1.3 app/sweeper", "authorization": f"AWS4-HMAC-SHA256 {scope}", **FORM}
    recorder = recorded.Recorder()
    for _ in range(2):
        recorder.note("POST", "/", headers, f"{EC2}DescribeInstances&Filters.1.Name=vpc-id".encode())
        recorder.answered("ec2", "DescribeInstances", 200, b"<DescribeInstancesResponse/>")
    request, answer = recorder.misshapen
    assert request.startswith("request ec2:DescribeInstances: Wrong: DescribeInstances: ['Filters'] is not in the model")
    assert answer.startswith("answer ec2:DescribeInstances: AssertionError")


def test_answers_are_read_whichever_way_their_bytes_arrive():
    requests, seen = recorded.Requests(None), []
    requests.waiting = [("ec2", "DescribeInstances"), ("sts", "AssumeRole")] * 2
    answers = recorded.Answers(requests, lambda *answer: seen.append(answer))
    pair = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 400 Bad Request\r\nx: y\r\ncontent-length: 0\r\n\r\n"
    for byte in pair:
        answers.feed(bytes([byte]))
    answers.feed(pair)
    assert seen == [("ec2", "DescribeInstances", 200, b"ok"), ("sts", "AssumeRole", 400, b"")] * 2
