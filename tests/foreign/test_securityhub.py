"""`scan --output asff --import` into the embedded AWS and into moto; boto3 reads back what is there, and imports by itself
what the embedded AWS has to refuse.
"""

import copy
import json
import os
import subprocess
import urllib.parse
from pathlib import Path

import pytest
import servers
from botocore.exceptions import ClientError
from clients import client
from test_organization import ROLE
from test_report import control, launch

HOME, SHOP = "111122223333", "444455556666"
REGIONS = ["eu-central-1", "us-east-1"]
POLICY = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n"


class Estate:
    """Two accounts and two Regions; Security Hub may be somebody else's."""

    def __init__(self, url, folder, hub=None):
        self.url, self.folder, self.hub = url, folder, hub or url
        (folder / "policy.yaml").write_text(POLICY)
        self.instances = {}
        for account in (HOME, SHOP):
            for region in REGIONS:
                self.instances[account, region] = launch(client(url, "ec2", account, region), 2)

    def scan(self, *arguments):
        where = ["--accounts", f"{HOME},{SHOP}", "--role-name", ROLE, *(it for r in REGIONS for it in ("--region", r))]
        arguments = ["scan", "--policy", "policy.yaml", *where, "--output", "asff", *arguments]
        command = servers.v2only(self.url, HOME, arguments, AWS_ENDPOINT_URL_SECURITYHUB=self.hub)
        ran = subprocess.run(**command, cwd=self.folder, capture_output=True, timeout=120, check=False)
        assert ran.stdout, ran.stderr
        return ran.returncode, json.loads(ran.stdout)["Findings"], ran.stderr

    def refuse(self, account, region, service, status, code, message):
        error = {"effect": "error-before", "status": status, "code": code, "message": message}
        control(self.url, "inject", account=account, region=region, service=service, **error)

    def findings(self, account, region, **filters):
        hub = client(self.hub, "securityhub", account, region)
        pages = hub.get_paginator("get_findings").paginate(
            Filters={name: [{"Value": value, "Comparison": "EQUALS"}] for name, value in filters.items()},
            PaginationConfig={"PageSize": 3},
        )
        return {it["Id"]: it for page in pages for it in page["Findings"]}

    def everywhere(self, **filters):
        return {
            id: it
            for account in (HOME, SHOP)
            for region in REGIONS
            for id, it in self.findings(account, region, **filters).items()
        }


@pytest.fixture
def organization(tmp_path):
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    with servers.sandbox(program, tmp_path / "sandbox", "--member", SHOP, "--member-role", ROLE) as url:
        yield url


@pytest.fixture
def estate(organization, tmp_path):
    return Estate(organization, tmp_path)


def as_sent(finding):
    """Without what Security Hub adds."""
    return {name: it for name, it in finding.items() if name not in ("Severity", "Types")}


def fix(estate, account, region, index=0):
    instance = estate.instances[account, region][index]
    client(estate.url, "ec2", account, region).modify_instance_metadata_options(
        InstanceId=instance, HttpTokens="required", HttpEndpoint="enabled"
    )
    return instance


def test_what_arrives_is_what_is_printed_each_in_its_own_account_and_region(estate):
    code, printed, said = estate.scan("--import")
    assert code == 10, said
    assert {it["Resources"][0]["Id"].split("/")[-1] for it in printed} >= set(sum(estate.instances.values(), []))
    stored = estate.everywhere()
    assert {id: as_sent(it) for id, it in stored.items()} == {it["Id"]: it for it in printed}
    assert {it["Severity"]["Label"] for it in stored.values() if it["GeneratorId"] == "v2only/http-tokens"} == {"HIGH"}
    for account in (HOME, SHOP):
        for region in REGIONS:
            here = estate.findings(account, region)
            assert {it["AwsAccountId"] for it in here.values()} == {account}
            assert {it["Resources"][0]["Region"] for it in here.values()} == {region}
    plain = estate.scan()[1]
    times = ("CreatedAt", "UpdatedAt", "LastObservedAt")
    without_times = [{name: it for name, it in finding.items() if name not in times} for finding in printed]
    assert without_times == [{name: it for name, it in finding.items() if name not in times} for finding in plain]


def test_findings_close_themselves_and_open_again(estate):
    first = {it["Id"]: it for it in estate.scan("--import")[1]}
    fixed = fix(estate, SHOP, REGIONS[1])
    code, sent, said = estate.scan("--import")
    assert "1 of them to close" in said
    closed = [it for it in sent if it["RecordState"] == "ARCHIVED"]
    assert [it["Resources"][0]["Id"].split("/")[-1] for it in closed] == [fixed]
    stored = estate.findings(SHOP, REGIONS[1])[closed[0]["Id"]]
    assert (stored["RecordState"], stored["Compliance"]["Status"]) == ("ARCHIVED", "PASSED")
    assert stored["CreatedAt"] == first[closed[0]["Id"]]["CreatedAt"] < stored["UpdatedAt"]
    assert "0 of them to close" in estate.scan("--import")[2], "closed once"
    client(estate.url, "ec2", SHOP, REGIONS[1]).modify_instance_metadata_options(
        InstanceId=fixed, HttpTokens="optional", HttpEndpoint="enabled"
    )
    estate.scan("--import")
    again = estate.findings(SHOP, REGIONS[1])[closed[0]["Id"]]
    assert (again["RecordState"], again["Workflow"]["Status"]) == ("ACTIVE", "NEW")


def test_an_incomplete_scan_closes_nothing_there_and_all_that_is_due_elsewhere(estate):
    estate.scan("--import")
    fix(estate, HOME, REGIONS[0])
    fix(estate, SHOP, REGIONS[0])
    estate.refuse(SHOP, REGIONS[0], "sagemaker", 400, "AccessDeniedException", "no")
    code, _, said = estate.scan("--import")
    assert code == 3 and "1 of them to close" in said
    assert len(estate.findings(HOME, REGIONS[0], RecordState="ARCHIVED")) == 1
    assert estate.findings(SHOP, REGIONS[0], RecordState="ARCHIVED") == {}


def test_a_place_that_does_not_take_findings_is_named(estate):
    why = "Account is not subscribed to AWS Security Hub"
    estate.refuse(SHOP, REGIONS[1], "securityhub", 401, "InvalidAccessException", why)
    code, _, said = estate.scan("--import")
    assert code == 3
    assert f"Security Hub of {SHOP}/{REGIONS[1]}: securityhub:GetFindings: InvalidAccessException" in said
    assert estate.findings(HOME, REGIONS[1]) != {}


def test_findings_of_others_are_left_alone(estate):
    _, printed, _ = estate.scan("--import")
    theirs = copy.deepcopy(next(it for it in printed if it["ProductArn"].split(":")[3:5] == [REGIONS[0], HOME]))
    theirs |= {"Id": "theirs", "GeneratorId": "their-scanner", "Workflow": {"Status": "NOTIFIED"}}
    hub = client(estate.url, "securityhub", HOME, REGIONS[0])
    assert hub.batch_import_findings(Findings=[theirs])["SuccessCount"] == 1
    assert "0 of them to close" in estate.scan("--import")[2]
    assert estate.findings(HOME, REGIONS[0], Id="theirs")["theirs"]["RecordState"] == "ACTIVE"


def test_the_embedded_aws_refuses_what_security_hub_refuses(estate):
    _, printed, _ = estate.scan()
    good = next(it for it in printed if it["ProductArn"].split(":")[3:5] == [REGIONS[0], HOME])
    hub = client(estate.url, "securityhub", HOME, REGIONS[0])
    for change in (
        {"AwsAccountId": SHOP},
        {"ProductArn": good["ProductArn"].replace("default", "theirs")},
        {"Title": "x" * 257},
        {"CreatedAt": "yesterday"},
        {"ProductFields": {"big": "x" * 250_000}},
    ):
        answer = hub.batch_import_findings(Findings=[good, {**good, **change}])
        assert (answer["SuccessCount"], answer["FailedCount"]) == (1, 1), change
        assert answer["FailedFindings"][0]["ErrorCode"] == "InvalidInput"
    older = {**good, "UpdatedAt": "2020-01-01T00:00:00Z", "Title": "older"}
    hub.batch_import_findings(Findings=[older])
    assert estate.findings(HOME, REGIONS[0])[good["Id"]]["Title"] == good["Title"]
    with pytest.raises(ClientError, match="InvalidInputException"):
        hub.batch_import_findings(Findings=[good] * 100 + [good])


def test_moto_takes_and_gives_back_every_finding(organization, moto, tmp_path):
    """A Security Hub that is not ours. It takes everybody for one account, and keeps what it gets as it is."""
    estate = Estate(organization, tmp_path, hub=moto)
    assert urllib.parse.urlsplit(moto).hostname == "127.0.0.1"
    code, printed, said = estate.scan("--import")
    assert code == 10, said
    stored = {}
    for region in REGIONS:
        hub = client(moto, "securityhub", "test", region)
        stored |= {it["Id"]: it for it in hub.get_findings()["Findings"]}
    assert {it["Id"]: it for it in printed}.keys() == stored.keys()
    for it in printed:
        kept = stored[it["Id"]]
        assert {name: kept.get(name) for name in it} == it


def instance_arn(account, region, id):
    return f"arn:aws:ec2:{region}:{account}:instance/{id}"


def with_exemption(estate, id, until):
    exemption = {"match": {"resource": id}, "reason": "vendor agent", "owner": "billing@example.com", "until": until}
    (estate.folder / "policy.yaml").write_text(POLICY + f"exemptions: {json.dumps([exemption])}\n")


def test_exemptions_are_mirrored_in_the_findings_of_aws_own_controls(estate):
    """More than one page of findings, each suppressed and taken back as boto3 reads them."""
    exempt, other = estate.instances[HOME, REGIONS[0]]
    strangers = [f"i-{number:017x}" for number in range(120)]
    for id in (exempt, other, *strangers):
        finding = {"control": "EC2.8", "resource": instance_arn(HOME, REGIONS[0], id), "status": "FAILED"}
        control(estate.url, "control-finding", account=HOME, region=REGIONS[0], **finding)

    def state(id):
        found = estate.findings(HOME, REGIONS[0], ComplianceSecurityControlId="EC2.8").values()
        finding = next(it for it in found if it["Resources"][0]["Id"].endswith(f"/{id}"))
        return finding["Workflow"]["Status"], finding.get("Note", {}).get("Text", "")

    with_exemption(estate, exempt, "2099-12-31")
    _, _, said = estate.scan("--import")
    assert "suppressed 1 of AWS's own controls for exempt resources, and took back 0" in said
    status, note = state(exempt)
    assert status == "SUPPRESSED" and "Exempt through 2099-12-31: vendor agent, owner billing@example.com" in note
    assert state(other) == ("NEW", "") and state(strangers[-1]) == ("NEW", "")
    # A person's suppression stays; ours is taken back once the exemption is gone.
    hub = client(estate.url, "securityhub", HOME, REGIONS[0])
    theirs = next(
        it
        for it in estate.findings(HOME, REGIONS[0], ComplianceSecurityControlId="EC2.8").values()
        if it["Resources"][0]["Id"].endswith(other)
    )
    answer = hub.batch_update_findings(
        FindingIdentifiers=[
            {"Id": theirs["Id"], "ProductArn": theirs["ProductArn"]},
            {"Id": "no such finding", "ProductArn": theirs["ProductArn"]},
        ],
        Note={"Text": "accepted", "UpdatedBy": "alice"},
        Workflow={"Status": "SUPPRESSED"},
    )
    assert [it["Id"] for it in answer["ProcessedFindings"]] == [theirs["Id"]]
    assert [it["ErrorCode"] for it in answer["UnprocessedFindings"]] == ["FindingNotFound"]
    (estate.folder / "policy.yaml").write_text(POLICY)
    _, _, said = estate.scan("--import")
    assert "suppressed 0 of AWS's own controls for exempt resources, and took back 1" in said
    assert state(exempt)[0] == "NEW" and state(other) == ("SUPPRESSED", "accepted")
