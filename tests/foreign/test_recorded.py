"""That a call outside of the roles would be found: of every server that is stood in front of, and of no other caller."""

import http.client
import json
import os
import socket
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import recorded
import servers

ACCOUNT, REGION = "111122223333", "eu-central-1"
RUST = "aws-sdk-rust/1.3 ua/2.1 api/any/1.0 os/linux lang/rust/1.95.0"
OWN = {"ec2-enforcer": "ec2:ModifyInstanceMetadataOptions", "sweeper": "autoscaling:DescribeAutoScalingGroups"}


def signed(service: str) -> dict[str, str]:
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20261121/{REGION}/{service}/aws4_request, Signature=0"}


@pytest.fixture
def recorder():
    return recorded.Recorder()


@pytest.fixture
def behind(recorder, tmp_path):
    """The URL of an embedded AWS whose calls are not those of the session."""
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    with servers.sandbox(program, tmp_path / "sandbox", recorder=recorder) as url:
        yield url


def call(url: str, agent: str, action: str) -> None:
    where = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)
    headers = {"user-agent": agent, "content-type": "application/x-www-form-urlencoded", **signed("ec2")}
    # Twice, as a client does that keeps its connection.
    for _ in range(2):
        where.request("POST", "/", f"Action={action}&Version=2016-11-15", headers)
        where.getresponse().read()
    where.close()


def test_a_call_that_no_role_grants_is_named_with_who_makes_it(behind, recorder):
    call(behind, f"{RUST} app/ec2-enforcer", "TerminateInstances")
    call(behind, f"{RUST} app/sweeper", "DescribeInstances")
    assert recorder.calls == [("ec2-enforcer", "ec2:TerminateInstances")] * 2 + [("sweeper", "ec2:DescribeInstances")] * 2
    [wrong] = recorded.outside(recorder.calls)
    assert wrong.startswith("ec2-enforcer calls ec2:TerminateInstances, which is not in role-hub.json")


def test_a_caller_of_ours_without_a_name_is_wrong_whatever_it_calls(behind, recorder):
    call(behind, RUST, "DescribeInstances")
    call(behind, f"{RUST} app/somebody", "DescribeInstances")
    assert [it[:10] for it in recorded.outside(recorder.calls)] == ["'' calls e", "'somebody'"]


def test_what_the_tests_call_themselves_is_not_counted(behind, recorder, client):
    client("ec2", behind).describe_instances()
    call(behind, "Boto3/1.43 md/Botocore app/ec2-enforcer", "TerminateInstances")
    assert recorder.calls == []


def test_every_call_of_the_built_program_is_read(behind, recorder, client, tmp_path):
    image = "ami-0a1b2c3d4e5f60002"
    client("ec2", behind, REGION).run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    (tmp_path / "policy.yaml").write_text("version: 1\nmode: observe\n")
    arguments = ["scan", "--policy", "policy.yaml", "--region", REGION, "--output", "json"]
    ran = subprocess.run(
        **servers.v2only(behind, ACCOUNT, arguments), cwd=tmp_path, capture_output=True, timeout=120, check=False
    )
    assert ran.returncode == 10, ran.stderr
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{behind}/_sandbox/calls") as answer:
        of_server = [it["action"] for it in json.load(answer)]
    assert sorted(of_server) == sorted(["RunInstances", *(it.split(":")[1] for _, it in recorder.calls)])
    assert {caller for caller, _ in recorder.calls} == {"v2only-scan"}
    assert recorded.outside(recorder.calls) == []


@pytest.mark.parametrize("caller", OWN)
def test_what_one_function_may_is_nothing_for_another(caller):
    assert recorded.outside([(caller, OWN[caller])]) == []
    assert recorded.outside([("notebook-enforcer", OWN[caller])]) != []


NAMED = {
    "cloudwatch:GetMetricData": ("monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/GetMetricData"),
    "securityhub:BatchImportFindings": ("securityhub", "POST", "/findings/import"),
    "securityhub:BatchUpdateFindings": ("securityhub", "PATCH", "/findings/batchupdate"),
    "securityhub:GetFindings": ("securityhub", "POST", "/findings"),
    "lambda:GetFunction": ("lambda", "GET", "/2015-03-31/functions/v2only-sweeper"),
    "lambda:ListEventSourceMappings": ("lambda", "GET", "/2015-03-31/event-source-mappings?FunctionName=x"),
    "lambda:Invoke": ("lambda", "POST", "/2015-03-31/functions/v2only-sweeper/invocations"),
    "scheduler:GetSchedule": ("scheduler", "GET", "/schedules/v2only-sweeper?groupName=default"),
    "scheduler:GET /nothing/of/the/kind": ("scheduler", "GET", "/nothing/of/the/kind"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_call_has_the_name_that_iam_has_for_it(name):
    service, method, target = NAMED[name]
    assert recorded.action(method, target, signed(service), b"{}") == name


def test_a_header_names_the_call_and_a_batch_takes_the_permission_of_one():
    for name in ("SendMessage", "ChangeMessageVisibility"):
        headers = {**signed("sqs"), "x-amz-target": f"AmazonSQS.{name}Batch"}
        assert recorded.action("POST", "/", headers, b"{}") == f"sqs:{name}"


def test_requests_are_read_whichever_way_their_bytes_arrive():
    body = b"Action=DescribeInstances"
    head = f"POST / HTTP/1.1\r\nUser-Agent: {RUST} app/sweeper\r\nAuthorization: {signed('ec2')['authorization']}\r\n"
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    recorder = recorded.Recorder()
    requests = recorded.Requests(recorder.note)
    for byte in (head.encode() + body) * 3:
        requests.feed(bytes([byte]))
    requests.feed((head.encode() + body) * 2)
    assert recorder.calls == [("sweeper", "ec2:DescribeInstances")] * 5


def test_a_server_that_goes_away_is_gone_for_the_client_and_a_client_for_the_server():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        with recorded.relay(server.getsockname()[1], recorded.Recorder()) as url:
            parts = urllib.parse.urlsplit(url)
            for first, second in ((0, 1), (1, 0)):
                ends = [socket.create_connection((parts.hostname, parts.port), timeout=30)]
                ends.append(server.accept()[0])
                ends[1].settimeout(30)
                ends[0].sendall(b"there")
                assert ends[1].recv(5) == b"there"
                ends[1].sendall(b"and back")
                assert ends[0].recv(8) == b"and back"
                ends[first].close()
                assert ends[second].recv(1) == b""
                ends[second].close()
