"""Twelve accounts in four Regions each: boto3 fills them, and one `scan --org`, one `enforce` and one `rollback` of the
built `v2only` go over all of them.
"""

import json
import os
import subprocess
from pathlib import Path

import boto3
import botocore.config
import pytest
import servers

HOME = "111122223333"
MEMBERS = [f"4444555566{number:02}" for number in range(11)]
REGIONS = ["eu-central-1", "us-east-1", "us-west-2", "ap-south-1"]
ROLE = "v2only-member"
V1_IMAGE = "ami-0a1b2c3d4e5f60002"
POLICY = """
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
launch_templates: { fix: new-version }
account_defaults: { http_tokens: required, hop_limit: 2 }
"""


def client(url, service, account, region):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
    )


@pytest.fixture
def organization(tmp_path):
    """The URL of an embedded AWS with an organization in it."""
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    members = [it for member in MEMBERS for it in ("--member", member)]
    with servers.sandbox(program, tmp_path / "sandbox", *members, "--member-role", ROLE) as url:
        yield url


@pytest.fixture
def v2only(organization, tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY)

    def run(*arguments):
        environment = servers.clean_environment(
            AWS_ENDPOINT_URL=organization,
            AWS_ACCESS_KEY_ID=HOME,
            AWS_SECRET_ACCESS_KEY="test",
            AWS_REGION=REGIONS[0],
            V2ONLY_LOOPBACK_ONLY="1",
        )
        command = [os.environ["V2ONLY_BIN"], *arguments, "--output", "json"]
        ran = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert ran.stdout, ran.stderr
        return ran.returncode, json.loads(ran.stdout)

    return run


def fill(ec2):
    """An instance of each kind, and a template."""
    for options in ({"HttpTokens": "optional", "HttpPutResponseHopLimit": 3}, {"HttpTokens": "required"}):
        ec2.run_instances(
            ImageId=V1_IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, MetadataOptions=options
        )
    ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": V1_IMAGE, "MetadataOptions": {"HttpTokens": "optional"}},
    )


def described(ec2):
    """Everything that can be changed, in boto3's words."""
    reservations = ec2.describe_instances()["Reservations"]
    options = {
        it["InstanceId"]: {name: value for name, value in it["MetadataOptions"].items() if name != "State"}
        for reservation in reservations
        for it in reservation["Instances"]
    }
    versions = ec2.describe_launch_template_versions(Versions=["$Default", "$Latest"])["LaunchTemplateVersions"]
    shown = {json.dumps(it["LaunchTemplateData"], sort_keys=True) for it in versions}
    defaults = ec2.get_instance_metadata_defaults()["AccountLevel"]
    return options, shown, {name: it for name, it in defaults.items() if name != "HttpTokensEnforced"}


WHERE = ["--org", "--role-name", ROLE, *(it for region in REGIONS for it in ("--region", region))]


def test_one_scan_one_enforce_and_one_rollback_of_a_whole_organization(organization, v2only):
    places = [(account, region) for account in (HOME, *MEMBERS) for region in REGIONS]
    clients = {place: client(organization, "ec2", *place) for place in places}
    for ec2 in clients.values():
        fill(ec2)
    before = {place: described(ec2) for place, ec2 in clients.items()}

    code, scanned = v2only("scan", *WHERE, "--policy", "policy.yaml")
    assert (code, scanned["incomplete"], len(scanned["places"])) == (10, [], 48)
    found = {(it["account"], it["region"], it["kind"]) for it in scanned["findings"]}
    kinds = ("instance", "launch-template", "account-default")
    assert found == {(*place, kind) for place in places for kind in kinds}
    assert scanned["api_calls"]["sts:AssumeRole"] == len(MEMBERS), "once for each account, not for each Region"
    assert scanned["api_calls"]["organizations:ListAccounts"] == 1

    code, enforced = v2only("enforce", *WHERE, "--policy", "policy.yaml", "--yes", "--journal", "before.ndjson")
    assert (code, enforced["totals"]["fixed"]) == (0, 3 * len(places)), enforced["totals"]
    assert all(
        it["HttpTokens"] == "required" for ec2 in clients.values() for it in described(ec2)[0].values()
    )
    assert v2only("scan", *WHERE, "--policy", "policy.yaml")[1]["findings"] == []

    code, told = v2only("rollback", "before.ndjson", "--yes", "--role-name", ROLE)
    assert (code, len(told["resources"])) == (0, 3 * len(places))
    assert {place: described(ec2) for place, ec2 in clients.items()} == before


def test_an_account_without_the_role_is_named_and_the_others_are_read(organization, v2only):
    fill(client(organization, "ec2", HOME, REGIONS[0]))
    code, scanned = v2only("scan", "--org", "--role-name", "another")
    assert code == 3
    assert {it["account"] for it in scanned["incomplete"]} == set(MEMBERS)
    assert {it["account"] for it in scanned["findings"]} == {HOME}


def test_regions_are_those_of_each_account(organization, v2only):
    code, scanned = v2only("scan", "--accounts", f"{HOME},{MEMBERS[0]}", "--role-name", ROLE, "--region", "all")
    assert (code, scanned["findings"]) == (0, [])
    assert {it["account"] for it in scanned["places"]} == {HOME, MEMBERS[0]}
    assert scanned["api_calls"]["ec2:DescribeRegions"] == 2
