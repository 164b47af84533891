"""What `scan` prints for other programs, judged by models that others wrote: botocore's of Security Hub, and those of
OCSF and SARIF on PyPI.
"""

import csv
import io
import json

import boto3
import botocore.validate
import pytest
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from sarif_pydantic import Sarif
from test_report import report  # noqa: F401, a fixture
from test_report import HOME, REGIONS, SHOP, NASTY


@pytest.fixture(scope="session")
def findings(report):  # noqa: F811
    return report.json["findings"]


def where(finding):
    """What tells findings apart; they are written as they come."""
    return finding["account"], finding["region"], finding["kind"], finding["id"]


def printed(report, output):  # noqa: F811
    return report.run(output)


def test_security_hub_takes_every_finding(report, findings):  # noqa: F811
    document = json.loads(printed(report, "asff"))
    hub = boto3.client("securityhub", region_name=REGIONS[0]).meta.service_model
    shape = hub.operation_model("BatchImportFindings").input_shape
    for start in range(0, len(document["Findings"]), 100):
        batch = {"Findings": document["Findings"][start : start + 100]}
        problems = botocore.validate.ParamValidator().validate(batch, shape)
        assert not problems.has_errors(), problems.generate_report()
        known = shape.members["Findings"].member
        assert [unknown(it, known) for it in batch["Findings"]] == [[]] * len(batch["Findings"])
    found = {(it["AwsAccountId"], it["Resources"][0]["Region"], it["GeneratorId"]) for it in document["Findings"]}
    expected = {(it["account"], it["region"], f"v2only/{rule}") for it in findings for rule in it["rules"]}
    assert found == expected
    for it in document["Findings"]:
        account = it["AwsAccountId"]
        region = it["Resources"][0]["Region"]
        assert it["ProductArn"] == f"arn:aws:securityhub:{region}:{account}:product/{account}/default"
        assert len(json.dumps(it).encode()) < 240_000
        assert len(it["Title"]) <= 256 and len(it["Description"]) <= 1024
        assert len(it["Remediation"]["Recommendation"]["Text"]) <= 512


def unknown(value, shape):
    """Members that the model does not know: botocore sends them without a word, and AWS refuses them."""
    if shape.type_name == "structure":
        strange = [name for name in value if name not in shape.members]
        known = (unknown(it, shape.members[name]) for name, it in value.items() if name in shape.members)
        return strange + sum(known, [])
    if shape.type_name == "list":
        return sum((unknown(it, shape.member) for it in value), [])
    return []


def test_ocsf_has_its_model(report, findings):  # noqa: F811
    events = json.loads(printed(report, "ocsf"))
    assert len(events) == sum(len(it["rules"]) for it in findings)
    for it in events:
        ComplianceFinding.model_validate(it)
        assert (it["class_uid"], it["category_uid"], it["metadata"]["version"]) == (2003, 2, "1.6.0")
        assert it["type_uid"] == it["class_uid"] * 100 + it["activity_id"]
        assert it["cloud"]["account"]["uid"] in it["finding_info"]["uid"]


def test_sarif_has_its_model_and_says_that_the_run_was_incomplete(report, findings):  # noqa: F811
    text = printed(report, "sarif")
    sarif = Sarif.model_validate_json(text)
    run = sarif.runs[0]
    rules = [it.id for it in run.tool.driver.rules]
    assert len(run.results) == sum(len(it["rules"]) for it in findings)
    assert all(rules[it.rule_index] == it.rule_id for it in run.results)
    suppressed = [it for it in json.loads(text)["runs"][0]["results"] if "suppressions" in it]
    assert len(suppressed) == sum(it["verdict"] == "exempt" for it in findings)
    assert run.invocations[0].execution_successful is False


def test_csv_is_read_back_cell_by_cell(report, findings):  # noqa: F811
    rows = list(csv.DictReader(io.StringIO(printed(report, "csv"), newline="")))
    assert sorted(map(where, rows)) == sorted(map(where, findings))
    assert {it["name"] for it in rows} >= {"web", "nightly-batch", NASTY}
    assert all(None not in it and None not in it.values() for it in rows), "as many cells as headings in every line"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@\t\r" and cell]


def test_ndjson_is_one_finding_a_line(report):  # noqa: F811
    lines = sorted((json.loads(line) for line in printed(report, "ndjson").splitlines()), key=where)
    # What was launched a moment ago is `pending` in one run and not in the next.
    passing = ("notes", "reasons")
    findings = sorted(json.loads(printed(report, "json"))["findings"], key=where)
    shared = [[{name: it for name, it in one.items() if name not in passing} for one in all] for all in (lines, findings)]
    assert shared[0] == shared[1]
    assert all(list(one) == list(other) for one, other in zip(lines, findings, strict=True))
    assert {it["account"] for it in lines} >= {HOME, SHOP}
