"""Twelve accounts in four Regions each: boto3 fills them, and one `scan --org`, one `enforce` and one `rollback` of the
built `v2only` go over all of them.
"""

import json
import os
import subprocess
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
import servers
from clients import client

HOME = "111122223333"
MEMBERS = [f"4444555566{number:02}" for number in range(11)]
REGIONS = ["eu-central-1", "us-east-1", "us-west-2", "ap-south-1"]
ROLE = "v2only-member"
V1_IMAGE = "ami-0a1b2c3d4e5f60002"
POLICY = """
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
"""


@pytest.fixture
def organization(tmp_path):
    """The URL of an embedded AWS with an organization in it."""
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    members = [it for member in MEMBERS for it in ("--member", member)]
    with servers.sandbox(program, tmp_path / "sandbox", *members, "--member-role", ROLE, "--manual-clock") as url:
        yield url


@pytest.fixture
def v2only(organization, tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY)

    def run(*arguments):
        command = servers.v2only(organization, HOME, [*arguments, "--output", "json"], AWS_REGION=REGIONS[0])
        ran = subprocess.run(**command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
        assert ran.stdout, ran.stderr
        return ran.returncode, json.loads(ran.stdout)

    return run


def control(url, order, body):
    request = urllib.request.Request(f"{url}/_sandbox/{order}", json.dumps(body).encode(), method="POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


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


class Corner:
    """An account in a Region: resources of every kind, and everything that could be changed of them."""

    def __init__(self, url, account, region):
        self.url, self.account, self.region = url, account, region
        self.ec2, self.autoscaling, self.sagemaker = (
            client(url, it, account, region) for it in ("ec2", "autoscaling", "sagemaker")
        )

    def launch(self, **options):
        self.ec2.run_instances(ImageId=V1_IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, **options)

    def fill(self, number):
        """Not the same everywhere: what differs by `number` differs from place to place."""
        optional = {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1 + number % 3}
        self.launch(MetadataOptions=optional)
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "eks:cluster-name", "Value": "blue"}]}]
        self.launch(
            MetadataOptions={"HttpTokens": "optional", "InstanceMetadataTags": "enabled", "HttpProtocolIpv6": "enabled"},
            TagSpecifications=tags,
        )
        self.launch(MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 5})
        self.launch(MetadataOptions={"HttpEndpoint": "disabled"})
        data = {"ImageId": V1_IMAGE, "InstanceType": "t3.micro"}
        for name, said in (("used", optional), ("silent", {}), ("fine", {"HttpTokens": "required"})):
            self.ec2.create_launch_template(
                LaunchTemplateName=name, LaunchTemplateData={**data, **({"MetadataOptions": said} if said else {})}
            )
        self.autoscaling.create_launch_configuration(
            LaunchConfigurationName="legacy", MetadataOptions={"HttpTokens": "optional"}, **data
        )
        zones = {"MinSize": 0, "MaxSize": 4, "AvailabilityZones": [f"{self.region}a"]}
        used = {"LaunchTemplateName": "used", "Version": "$Default"}
        self.autoscaling.create_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=used, **zones)
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="old", LaunchConfigurationName="legacy", **zones
        )
        self.ec2.register_image(Name="golden", RootDeviceName="/dev/xvda", Architecture="x86_64")
        if number % 2:
            self.ec2.modify_instance_metadata_defaults(HttpTokens="optional", HttpPutResponseHopLimit=4)
        for name, status in (("archive", "Stopped"), ("training", "InService")):
            where = {"account": self.account, "region": self.region}
            control(self.url, "notebooks", {**where, "name": name, "status": status, "minimum_version": "1"})

    def described(self):
        """In boto3's words. Left out is what nobody can undo or what is not ours: how many versions a template has (a
        version is never deleted), whether enforcement is off or was never on, and moments.
        """
        reservations = self.ec2.describe_instances()["Reservations"]
        instances = [it for reservation in reservations for it in reservation["Instances"]]
        templates = {
            it["LaunchTemplateId"]: it["DefaultVersionNumber"]
            for it in self.ec2.describe_launch_templates()["LaunchTemplates"]
        }
        versions = {
            (it, alias): self.ec2.describe_launch_template_versions(LaunchTemplateId=it, Versions=[alias])
            for it in templates
            for alias in ("$Default", "$Latest")
        }
        defaults = self.ec2.get_instance_metadata_defaults()["AccountLevel"]
        notebooks = {
            it: self.sagemaker.describe_notebook_instance(NotebookInstanceName=it) for it in ("archive", "training")
        }
        moments = ("LastModifiedTime", "ResponseMetadata")
        return {
            "instances": {
                it["InstanceId"]: {k: v for k, v in it["MetadataOptions"].items() if k != "State"} for it in instances
            },
            "tags": {it["InstanceId"]: it.get("Tags") for it in instances},
            "default versions": templates,
            "versions": {
                f"{it} {alias}": found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
                for (it, alias), found in versions.items()
            },
            "launch configurations": self.autoscaling.describe_launch_configurations()["LaunchConfigurations"],
            "groups": self.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"],
            "images": self.ec2.describe_images(Owners=["self"])["Images"],
            "defaults": {k: v for k, v in defaults.items() if k != "HttpTokensEnforced" or v == "enabled"},
            "notebooks": {
                name: {k: v for k, v in it.items() if k not in moments} for name, it in notebooks.items()
            },
        }


WHERE = ["--org", "--role-name", ROLE, *(it for region in REGIONS for it in ("--region", region))]
ORGANIZATION = {
    "management": HOME,
    "units": [
        {
            "id": f"ou-ab12-{name:0<8}",
            "name": name,
            "accounts": [{"id": it, "name": it} for it in accounts],
        }
        for name, accounts in (("prod", MEMBERS[:4]), ("test", MEMBERS[4:8]), ("sandbox", MEMBERS[8:]))
    ],
}
MIXED = """
version: 1
mode: enforce
instances: { hop_limit: { max: 2 }, usage_gate: { applies_to: none } }
notebooks: { in_service: wait }
launch_templates: { fix: new-version }
images: { fix: mark-v2 }
account_defaults: { http_tokens: required, hop_limit: 2 }
overrides:
  - match: { ous: [ou-ab12-sandbox0] }
    instances: { hop_limit: keep }
"""


def byte_for_byte(corners):
    return {it: json.dumps(corner.described(), sort_keys=True, default=str) for it, corner in corners.items()}


def by_kind(findings, **wanted):
    kept = (it for it in findings if all(it[name] == value for name, value in wanted.items()))
    return dict(sorted(Counter(it["kind"] for it in kept).items()))


def test_one_scan_one_enforce_and_one_rollback_of_a_complete_organization(organization, v2only, tmp_path, capsys):
    control(organization, "organization", ORGANIZATION)
    (tmp_path / "policy.yaml").write_text(MIXED)
    places = [(account, region) for account in (HOME, *MEMBERS) for region in REGIONS]
    corners = {place: Corner(organization, *place) for place in places}
    for number, corner in enumerate(corners.values()):
        corner.fill(number)
    before = byte_for_byte(corners)

    code, scanned = v2only("scan", *WHERE, "--policy", "policy.yaml")
    assert (code, scanned["incomplete"], len(scanned["places"])) == (10, [], 48)
    kinds = ("instance", "notebook", "launch-template", "launch-configuration", "image", "account-default")
    assert {(it["account"], it["region"], it["kind"]) for it in scanned["findings"]} == {
        (*place, kind) for place in places for kind in kinds
    }
    calls = scanned["api_calls"]
    assert calls["sts:AssumeRole"] == len(MEMBERS), "once for each account, not for each Region"
    assert calls["organizations:ListAccounts"] == 1
    assert calls["ec2:DescribeInstances"] == len(places)
    assert byte_for_byte(corners) == before, "a scan changes nothing"

    arguments = ("--policy", "policy.yaml", "--yes", "--soak", "0s", "--journal", "before.ndjson")
    code, enforced = v2only("enforce", *WHERE, *arguments)
    fixed, held = (by_kind(enforced["findings"], outcome=it) for it in ("fixed", "held"))
    # Where the policy has no opinion about hops, the instance with five of them is right, and so is the template that
    # would get four of an account default.
    hops = len(places) - 3 * len(REGIONS)
    assert fixed == {
        "account-default": 48,
        "instance": 2 * 48 + hops,
        "launch-template": 2 * 48 + hops // 2,
        "notebook": 48,
    }
    assert held == {"image": 48, "launch-configuration": 48, "notebook": 48}, "by design"
    assert (code, enforced["totals"]["failed"]) == (10, 0)
    for corner in corners.values():
        options = corner.described()["instances"].values()
        assert all(it["HttpTokens"] == "required" or it["HttpEndpoint"] == "disabled" for it in options)
    warned = [it for it in enforced["findings"] if "container-host-hop-limit" in it["notes"]]
    assert len(warned) == 48
    lines = [json.loads(it) for it in (tmp_path / "before.ndjson").read_text().splitlines()]
    assert len(lines) == sum(fixed.values()), "a line for each change"

    code, again = v2only("scan", *WHERE, "--policy", "policy.yaml")
    assert by_kind(again["findings"]) == held, "a second look finds what is held, and nothing else"

    control(organization, "advance", {"seconds": 600})
    code, told = v2only("rollback", "before.ndjson", "--yes", "--role-name", ROLE)
    assert (code, Counter(it["outcome"] for it in told["resources"])) == (0, {"restored": len(lines)})
    control(organization, "advance", {"seconds": 600})
    after = byte_for_byte(corners)
    assert after == before
    with capsys.disabled():
        waves = ", ".join(f"{it['stage']} {it['changes']}" for it in enforced["rollout"]["waves"])
        print(
            f"\n3 organizational units, {len(MEMBERS) + 1} accounts, {len(REGIONS)} Regions, {len(places)} places:"
            f"\n  scan: {by_kind(scanned['findings'])}, {sum(calls.values())} calls"
            f"\n  enforce: fixed {fixed}; held {held}; waves {waves}; {sum(enforced['api_calls'].values())} calls"
            f"\n  rollback: {len(told['resources'])} restored; {sum(map(len, after.values()))} bytes as they were"
        )


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
