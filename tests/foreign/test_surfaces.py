"""Three accounts in two Regions each, with a good, a bad and an exempt surface of each kind that boto3 made: one `scan`, one
`enforce` and one `rollback` of the built `v2only`.
"""

import datetime
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import servers
from sandbox_aws import Aws

HOME = "111122223333"
MEMBERS = ["222233334444", "333344445555"]
REGIONS = ["eu-central-1", "us-east-1"]
PLACES = [(account, region) for account in (HOME, *MEMBERS) for region in REGIONS]
ROLE = "v2only-member"
# EMR has no tags on security configurations.
POLICY = """
version: 1
mode: enforce
exemptions:
  - match: { tag: { key: app, value: legacy } }
    reason: vendor agent
    owner: billing@example.com
    until: 2027-01-31
  - match: { resource: exempt-emr }
    reason: vendor agent
    owner: billing@example.com
    until: 2027-01-31
"""
WHERE = ["--org", "--role-name", ROLE, *(it for region in REGIONS for it in ("--region", region)), "--policy", "p.yaml"]
SWITCH = {"Namespace": "aws:autoscaling:launchconfiguration", "OptionName": "DisableIMDSv1"}
STATES = {"good": True, "bad": False, "exempt": False}
FIXED = {"lightsail-instance", "infrastructure-configuration"}
KINDS = {*FIXED, "beanstalk-environment", "emr-security-configuration"}


@pytest.fixture
def aws(tmp_path):
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    members = [it for member in MEMBERS for it in ("--member", member)]
    with servers.sandbox(program, tmp_path / "sandbox", *members, "--member-role", ROLE, "--manual-clock") as url:
        yield Aws(url)


@pytest.fixture
def v2only(aws, tmp_path):
    (tmp_path / "p.yaml").write_text(POLICY)

    def run(*arguments):
        command = servers.v2only(aws.endpoint, HOME, [*arguments, "--output", "json"], AWS_REGION=REGIONS[0])
        ran = subprocess.run(**command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
        assert ran.stdout, ran.stderr
        return ran.returncode, json.loads(ran.stdout)

    return run


class Corner:
    """An account in a Region, with the clients of the four services."""

    def __init__(self, aws, account, region):
        self.aws, self.account, self.region = aws, account, region
        services = ("lightsail", "imagebuilder", "elasticbeanstalk", "emr")
        clients = (aws.client(it, account, region) for it in services)
        self.lightsail, self.imagebuilder, self.beanstalk, self.emr = clients

    def fill(self):
        self.beanstalk.create_application(ApplicationName="shop")
        for state, closed in STATES.items():
            tags = {"app": "legacy"} if state == "exempt" else {"app": "shop"}
            self.lightsail.create_instances(
                instanceNames=[state],
                availabilityZone=f"{self.region}a",
                blueprintId="debian_12",
                bundleId="nano_3_0",
                tags=[{"key": key, "value": value} for key, value in tags.items()],
            )
            tokens = "required" if closed else "optional"
            self.lightsail.update_instance_metadata_options(
                instanceName=state, httpTokens=tokens, httpPutResponseHopLimit=3
            )
            self.imagebuilder.create_infrastructure_configuration(
                name=state,
                clientToken=state,
                instanceProfileName="builder",
                instanceTypes=["m7i.large"],
                keyPair="ops",
                resourceTags={"team": "images"},
                terminateInstanceOnFailure=False,
                instanceMetadataOptions={"httpTokens": tokens, "httpPutResponseHopLimit": 2},
                tags=tags,
            )
            self.beanstalk.create_environment(
                ApplicationName="shop",
                EnvironmentName=f"{state}-env",
                SolutionStackName="64bit Amazon Linux 2 v3.8.0 running Docker",
                OptionSettings=[{**SWITCH, "Value": "true" if closed else "false"}],
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
            block = {"MinimumInstanceMetadataServiceVersion": 2 if closed else 1, "HttpPutResponseHopLimit": 1}
            self.emr.create_security_configuration(
                Name=f"{state}-emr", SecurityConfiguration=json.dumps({"InstanceMetadataServiceConfiguration": block})
            )

    def put_metric(self, values):
        """So many metadata calls without a token on each of the days until yesterday, by the bad instance."""
        # `v2only` goes by the clock of the machine.
        first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=len(values))
        self.aws.control(
            "lightsail-metric-data",
            account=self.account,
            region=self.region,
            name="bad",
            start=f"{first}T00:00:00Z",
            every_seconds=24 * 60 * 60,
            values=values,
        )

    def described(self):
        """In the words of boto3, without moments of change."""
        builders = self.imagebuilder.list_infrastructure_configurations()["infrastructureConfigurationSummaryList"]
        get = self.imagebuilder.get_infrastructure_configuration
        configurations = [
            get(infrastructureConfigurationArn=it["arn"])["infrastructureConfiguration"] for it in builders
        ]
        environments = self.beanstalk.describe_environments()["Environments"]
        names = [it["Name"] for it in self.emr.list_security_configurations()["SecurityConfigurations"]]
        return {
            "lightsail": self.lightsail.get_instances()["instances"],
            "imagebuilder": [{k: v for k, v in it.items() if k != "dateUpdated"} for it in configurations],
            "beanstalk": [
                self.beanstalk.describe_configuration_settings(
                    ApplicationName="shop", EnvironmentName=it["EnvironmentName"]
                )["ConfigurationSettings"]
                for it in environments
            ],
            "emr": [self.emr.describe_security_configuration(Name=it)["SecurityConfiguration"] for it in names],
        }


def as_text(corner):
    return json.dumps(corner.described(), sort_keys=True, default=str)


def byte_for_byte(corners):
    return {it: as_text(corner) for it, corner in corners.items()}


def by_kind(findings, **wanted):
    kept = (it for it in findings if all(it[name] == value for name, value in wanted.items()))
    return dict(sorted(Counter(it["kind"] for it in kept).items()))


@pytest.fixture
def corners(aws):
    members = [{"id": it, "name": it} for it in MEMBERS]
    units = [{"id": "ou-ab12-workload", "name": "workloads", "accounts": members}]
    aws.control("organization", {"management": HOME, "units": units})
    corners = {place: Corner(aws, *place) for place in PLACES}
    for corner in corners.values():
        corner.fill()
        corner.put_metric([0] * 23)
    # The options of Lightsail are no longer `pending`.
    aws.advance(600)
    return corners


def test_one_scan_names_each_surface_and_a_rollback_restores_each_byte(aws, v2only, corners, tmp_path):
    before = byte_for_byte(corners)
    code, scanned = v2only("scan", *WHERE)
    assert (code, scanned["incomplete"], len(scanned["places"])) == (10, [], 6)
    for verdict in ("violation", "exempt"):
        found = {(it["account"], it["region"], it["kind"]) for it in scanned["findings"] if it["verdict"] == verdict}
        assert found == {(*place, kind) for place in PLACES for kind in KINDS}
        assert by_kind(scanned["findings"], verdict=verdict) == {kind: 6 for kind in sorted(KINDS)}
    assert byte_for_byte(corners) == before, "a scan changes nothing"

    arguments = ("--yes", "--soak", "0s", "--journal", "before.ndjson")
    code, enforced = v2only("enforce", *WHERE, *arguments)
    assert by_kind(enforced["findings"], outcome="fixed") == {kind: 6 for kind in sorted(FIXED)}
    assert by_kind(enforced["findings"], outcome="held") == {kind: 6 for kind in sorted(KINDS - FIXED)}
    assert (code, enforced["totals"]["failed"]) == (10, 0)
    aws.advance(600)
    for place, corner in corners.items():
        shown, was = json.loads(as_text(corner)), json.loads(before[place])
        tokens = {it["name"]: it["metadataOptions"]["httpTokens"] for it in shown["lightsail"]}
        assert tokens == {"good": "required", "bad": "required", "exempt": "optional"}
        builders = {it["name"]: it["instanceMetadataOptions"]["httpTokens"] for it in shown["imagebuilder"]}
        assert builders == tokens
        assert (shown["beanstalk"], shown["emr"]) == (was["beanstalk"], was["emr"]), "reported, and not changed"
    assert len((tmp_path / "before.ndjson").read_text().splitlines()) == 12, "a line for each change"

    code, told = v2only("rollback", "before.ndjson", "--yes", "--role-name", ROLE)
    assert (code, Counter(it["outcome"] for it in told["resources"])) == (0, {"restored": 12})
    aws.advance(600)
    assert byte_for_byte(corners) == before


def test_a_lightsail_instance_that_uses_version_1_stays_behind_the_usage_gate(aws, v2only, corners):
    for corner in corners.values():
        corner.put_metric([0] * 20 + [4])
    code, enforced = v2only("enforce", *WHERE, "--kind", "lightsail-instance", "--yes", "--soak", "0s")
    assert (code, by_kind(enforced["findings"], outcome="held")) == (10, {"lightsail-instance": 6})
    assert by_kind(enforced["findings"], outcome="fixed") == {}
    for corner in corners.values():
        tokens = {it["name"]: it["metadataOptions"]["httpTokens"] for it in corner.described()["lightsail"]}
        assert tokens["bad"] == "optional"
