"""`scan --inventory config`: an AWS Config aggregator names candidates of three accounts in two Regions, and the built `v2only`
describes each of them before it says anything.
"""

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import servers
from sandbox_aws import Aws, launch

HOME = "111122223333"
MEMBERS = ["222233334444", "333344445555"]
REGIONS = ["eu-central-1", "us-east-1"]
PLACES = [(account, region) for account in (HOME, *MEMBERS) for region in REGIONS]
ROLE = "v2only-member"
NAME = "organization"
POLICY = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n"
WHERE = ["--org", "--role-name", ROLE, *(it for region in REGIONS for it in ("--region", region))]
CONFIG = ["--inventory", "config", "--aggregator", NAME]
QUERY = "config:SelectAggregateResourceConfig"


@pytest.fixture
def aws(tmp_path):
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    members = [it for member in MEMBERS for it in ("--member", member)]
    with servers.sandbox(program, tmp_path / "sandbox", *members, "--member-role", ROLE, "--manual-clock") as url:
        aws = Aws(url)
        units = [{"id": "ou-ab12-workload", "name": "all", "accounts": [{"id": it, "name": it} for it in MEMBERS]}]
        aws.control("organization", {"management": HOME, "units": units})
        yield aws


@pytest.fixture
def scan(aws, tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY)

    def run(*arguments, output="json"):
        argv = ["scan", *WHERE, "--policy", "policy.yaml", *arguments, "--output", output]
        command = servers.v2only(aws.endpoint, HOME, argv, AWS_REGION=REGIONS[0])
        return subprocess.run(**command, cwd=tmp_path, capture_output=True, timeout=120, check=False)

    return run


def aggregate(aws, places=PLACES, **more):
    recorded = [{"account": account, "region": region} for account, region in places]
    aws.control("config-aggregator", account=HOME, region=REGIONS[0], name=NAME, recorded=recorded, **more)


def fill(aws):
    """An open and a closed instance in each account and Region; the ids of the open ones."""
    found = {}
    for account, region in PLACES:
        ec2 = aws.client("ec2", account, region)
        found[account, region] = launch(ec2, MetadataOptions={"HttpTokens": "optional"})["InstanceId"]
        launch(ec2, MetadataOptions={"HttpTokens": "required"})
    aws.advance(600)
    return found


def test_candidates_are_described_in_their_accounts_and_the_findings_are_those_of_a_listing(aws, scan):
    instances = fill(aws)
    aggregate(aws)
    ran = scan(*CONFIG)
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["incomplete"]) == (10, []), ran.stderr
    assert {(it["account"], it["region"]): it["id"] for it in told["findings"]} == instances
    counts = {"candidates": 6, "verified": 6, "elsewhere": 0}
    assert told["inventory"] == {"source": "aws-config", "aggregator": NAME, **counts}
    assert told["api_calls"][QUERY] == 2
    listed = json.loads(scan("--kind", "instance").stdout)
    by_id = [sorted(it["findings"], key=lambda finding: finding["id"]) for it in (listed, told)]
    assert by_id[0] == by_id[1]
    assert "inventory" not in listed


def test_a_candidate_that_is_closed_or_gone_meanwhile_is_no_finding(aws, scan):
    instances = fill(aws)
    aggregate(aws, frozen=True)
    closed, gone = PLACES[0], PLACES[3]
    aws.client("ec2", *closed).modify_instance_metadata_options(
        InstanceId=instances[closed], HttpTokens="required", HttpEndpoint="enabled"
    )
    aws.client("ec2", *gone).terminate_instances(InstanceIds=[instances[gone]])
    aws.advance(7200)
    told = json.loads(scan(*CONFIG).stdout)
    left = {place: it for place, it in instances.items() if place not in (closed, gone)}
    assert {(it["account"], it["region"]): it["id"] for it in told["findings"]} == left
    assert (told["inventory"]["candidates"], told["inventory"]["verified"]) == (6, 5)


def test_what_aws_config_does_not_record_is_named_and_never_clean(aws, scan):
    fill(aws)
    aggregate(aws, PLACES[:4])
    ran = scan(*CONFIG)
    told = json.loads(ran.stdout)
    assert Counter(it["account"] for it in told["findings"]) == {HOME: 2, MEMBERS[0]: 2}
    assert [(it["account"], it["region"]) for it in told["incomplete"]] == PLACES[4:]
    assert {it["action"] for it in told["incomplete"]} == {QUERY}
    # Nothing is open where a recorder runs, and the run is not clean all the same.
    for account, region in PLACES[:4]:
        ec2 = aws.client("ec2", account, region)
        for reservation in ec2.describe_instances()["Reservations"]:
            for it in reservation["Instances"]:
                ec2.modify_instance_metadata_options(
                    InstanceId=it["InstanceId"], HttpTokens="required", HttpEndpoint="enabled"
                )
    aws.advance(600)
    ran = scan(*CONFIG)
    assert (ran.returncode, json.loads(ran.stdout)["findings"]) == (3, [])


def test_a_table_says_what_it_covers(aws, scan):
    fill(aws)
    aggregate(aws)
    ran = scan(*CONFIG, output="table")
    assert f"Candidates by AWS Config aggregator {NAME}; 6 of 6 verified by DescribeInstances." in ran.stdout
    assert "and nothing else" in ran.stdout


def test_what_does_not_go_together_is_refused(aws, scan):
    for arguments in (
        ["--inventory", "config"],
        ["--aggregator", NAME],
        [*CONFIG, "--kind", "notebook"],
        [*CONFIG, "--earlier", "old.json"],
    ):
        ran = scan(*arguments)
        assert (ran.returncode, ran.stdout) == (2, ""), arguments
    for output in ("html", "csv", "sarif", "asff", "ndjson"):
        assert scan(*CONFIG, output=output).returncode == 2, output
    ran = scan("--inventory", "config", "--aggregator", "unknown")
    assert ran.returncode != 0 and "NoSuchConfigurationAggregatorException" in ran.stderr
    assert ran.returncode not in (0, 10)
