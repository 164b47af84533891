"""`enforce` and then `rollback` over an estate that boto3 made in the embedded AWS: boto3 describes it before and after,
and every field is as it was.
"""

import datetime
import json

import pytest
from test_sources import V1_IMAGE, V2_IMAGE, Estate

KINDS_OF_OPTIONS = [
    {},
    {"HttpTokens": "optional", "HttpPutResponseHopLimit": 3},
    {"HttpTokens": "optional", "InstanceMetadataTags": "enabled", "HttpProtocolIpv6": "enabled"},
    {"HttpTokens": "required", "HttpPutResponseHopLimit": 5},
    {"HttpTokens": "required"},
    {"HttpEndpoint": "disabled"},
]
POLICY = """
version: 1
mode: enforce
instances: { hop_limit: { max: 2 }, usage_gate: { applies_to: none } }
launch_templates: { fix: new-version }
account_defaults: { http_tokens: required, hop_limit: 2, enforced: enabled }
"""


@pytest.fixture
def estate(sandbox, tmp_path):
    estate = Estate(sandbox, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return estate


def options(estate):
    pages = estate.ec2.get_paginator("describe_instances").paginate()
    instances = [it for page in pages for reservation in page["Reservations"] for it in reservation["Instances"]]
    return {it["InstanceId"]: {k: v for k, v in it["MetadataOptions"].items() if k != "State"} for it in instances}


def said_of(estate, template):
    """What `$Default` and `$Latest` say, and the number of the first."""
    shown = {alias: estate.version(template, alias) for alias in ("$Default", "$Latest")}
    return shown["$Default"]["VersionNumber"], {k: it["LaunchTemplateData"] for k, it in shown.items()}


def rollback(estate, *arguments):
    ran = estate.v2only("rollback", f"{estate.runs}.ndjson", "--yes", *arguments)
    return ran.returncode, json.loads(ran.stdout)


def test_every_field_is_as_it_was(estate):
    for stated in KINDS_OF_OPTIONS:
        estate.launch(ImageId=V1_IMAGE, InstanceType="t3.micro", MetadataOptions=stated)
    estate.launch(ImageId=V2_IMAGE, InstanceType="t3.micro")
    one = estate.template("one", "optional")
    two = estate.template("two", "optional")
    estate.ec2.create_launch_template_version(
        LaunchTemplateId=two, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.large"}
    )
    before = options(estate), estate.defaults(), said_of(estate, one), said_of(estate, two)
    estate.enforce()
    assert all(
        it["HttpTokens"] == "required" or it["HttpEndpoint"] == "disabled" for it in options(estate).values()
    )
    code, told = rollback(estate)
    assert code == 0, told
    after = options(estate), estate.defaults(), said_of(estate, one), said_of(estate, two)
    assert after[0] == before[0]
    assert {**after[1], "HttpTokensEnforced": None} == {**before[1], "HttpTokensEnforced": None}
    assert after[1].get("HttpTokensEnforced", "disabled") == "disabled"
    assert after[2:] == before[2:]
    assert {it["outcome"] for it in told["resources"]} == {"restored"}
    code, again = rollback(estate)
    assert (code, {it["outcome"] for it in again["resources"]}) == (0, {"as-before"}), "a second time changes nothing"


CLEARED = """
version: 1
mode: enforce
account_defaults: { http_tokens: required, hop_limit: no-preference, http_endpoint: no-preference, metadata_tags: disabled }
"""


def test_defaults_that_were_set_and_cleared_are_as_they_were(estate, tmp_path):
    (tmp_path / "policy.yaml").write_text(CLEARED)
    was = {"HttpTokens": "optional", "HttpPutResponseHopLimit": 3, "HttpEndpoint": "enabled"}
    estate.ec2.modify_instance_metadata_defaults(**was, InstanceMetadataTags="enabled")
    before = estate.defaults()
    told = estate.enforce("--kind", "account-default")
    assert [it["outcome"] for it in told["findings"]] == ["fixed"]
    assert estate.defaults() == {"HttpTokens": "required", "InstanceMetadataTags": "disabled", "ManagedBy": "account"}
    code, told = rollback(estate)
    assert (code, [it["outcome"] for it in told["resources"]]) == (0, ["restored"])
    assert estate.defaults() == before


def test_a_default_of_a_disabled_endpoint_is_never_cleared(estate, tmp_path):
    (tmp_path / "policy.yaml").write_text(CLEARED)
    estate.ec2.modify_instance_metadata_defaults(HttpEndpoint="disabled")
    estate.enforce("--kind", "account-default")
    assert estate.defaults() == {
        "HttpTokens": "required",
        "HttpEndpoint": "disabled",
        "InstanceMetadataTags": "disabled",
        "ManagedBy": "account",
    }


def test_an_exemption_keeps_what_was_restored(estate):
    legacy = estate.launch(ImageId=V1_IMAGE, InstanceType="t3.micro")
    estate.enforce("--kind", "instance")
    day = (datetime.date.today() + datetime.timedelta(days=300)).isoformat()
    code, told = rollback(estate, "--exempt-until", day, "--reason", "agent uses version 1")
    assert code == 0, told
    assert options(estate)[legacy]["HttpTokens"] == "optional"
    assert estate.scan("--kind", "instance")[legacy]["verdict"] == "exempt"
    assert estate.enforce("--kind", "instance")["totals"]["fixed"] == 0


def test_what_somebody_else_changed_is_left(estate):
    legacy = estate.launch(ImageId=V1_IMAGE, InstanceType="t3.micro")
    estate.enforce("--kind", "instance")
    estate.ec2.modify_instance_metadata_options(InstanceId=legacy, HttpPutResponseHopLimit=7)
    before = options(estate)
    code, told = rollback(estate)
    assert (code, told["resources"][0]["hold"]) == (3, "changed-since")
    assert options(estate) == before
    assert rollback(estate, "--force")[0] == 0
    assert options(estate)[legacy]["HttpPutResponseHopLimit"] == 1
