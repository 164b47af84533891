"""The embedded AWS as its clients of others see it: `models.py` holds every answer against botocore's model."""

import datetime
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import boto3
import botocore.config
import pytest
import servers
from botocore.exceptions import ClientError
from models import check_answer

ACCOUNT = "111122223333"
MEMBER = "222233334444"
REGION = "eu-central-1"
V1_IMAGE = "ami-0a1b2c3d4e5f60002"
V2_IMAGE = "ami-0a1b2c3d4e5f62023"
# Where the sandbox's manual clock starts.
START = datetime.datetime(2026, 11, 1, 10, tzinfo=datetime.timezone.utc)


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


def launch(ec2, **parameters):
    """One instance; gives its part of the answer."""
    request = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro", **parameters}
    if "LaunchTemplate" not in request:
        request.setdefault("ImageId", V1_IMAGE)
    return ec2.run_instances(**request)["Instances"][0]


def instance(ec2, instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def refused(code, call, **parameters):
    """The call fails with this code; returns the complete answer."""
    with pytest.raises(ClientError) as failure:
        call(**parameters)
    assert failure.value.response["Error"]["Code"] == code, failure.value
    return failure.value.response


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


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
