"""`v2only policies impact` says of recorded calls what a simulator that is not ours says of the same requests. Where the
record does not tell, the simulator must give different answers for what the record leaves open, or the policy must test
a key that the record does not hold.
"""

import json
import random

import pytest
from policy_tools import example, shipped
from test_policies_check import whole

pytest_plugins = ["policy_fixtures"]

ACCOUNT, REGION = "111122223333", "eu-central-1"
CALLS = 300


@pytest.fixture(scope="module")
def judge():
    lines = example("impacts")
    yield lines
    lines.close()


def record(name: str, request: dict, response: dict | None, role: str, delivery: str | None) -> dict:
    source = "sagemaker" if "Notebook" in name else "ec2"
    session = {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}}
    if delivery:
        session["ec2RoleDelivery"] = delivery
    return {
        "eventType": "AwsApiCall",
        "eventTime": "2026-11-20T10:15:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "eventID": "e",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "AssumedRole", "accountId": ACCOUNT, "sessionContext": session},
        "requestParameters": request,
        "responseElements": response,
    }


def generated(dice: random.Random) -> dict:
    """A launch, a change of options or of defaults, or a notebook, with what each may state and answer."""
    spared = dice.choice(["v2only-ec2-enforcer", "v2only-owner", "v2only-rollback"])
    role = dice.choice(["developer", "developer", spared])
    delivery = dice.choice([None, "1.0", "2.0"])
    tokens = lambda: dice.choice([None, "optional", "required"])
    kind = dice.choice(["launch", "launch", "launch", "options", "defaults", "create", "update"])
    if kind == "launch":
        request = {"instanceType": "t3.micro", "instancesSet": {"items": [{"imageId": "ami-0abc"}]}}
        stated = tokens()
        if stated:
            request["metadataOptions"] = {"httpTokens": stated}
            if dice.random() < 0.5:
                request["metadataOptions"]["httpPutResponseHopLimit"] = dice.choice([1, 2, 3])
        if dice.random() < 0.3:
            request["launchTemplate"] = {"launchTemplateId": "lt-0abc", "version": "1"}
        answered = {"httpTokens": stated or dice.choice(["optional", "required"]), "httpEndpoint": "enabled"}
        answered["httpPutResponseHopLimit"] = request.get("metadataOptions", {}).get("httpPutResponseHopLimit", 2)
        response = {"instancesSet": {"items": [{"instanceId": "i-0abc", "metadataOptions": answered}]}}
        return record("RunInstances", request, response if dice.random() < 0.9 else None, role, delivery)
    if kind in ("options", "defaults"):
        asked = {"HttpTokens": tokens(), "HttpEndpoint": dice.choice([None, "enabled", "disabled"])}
        asked["HttpPutResponseHopLimit"] = dice.choice([None, 1, 2, 3])
        asked = {name: value for name, value in asked.items() if value is not None}
        if kind == "defaults":
            inner = {"ModifyInstanceMetadataDefaultsRequest": asked}
            return record("ModifyInstanceMetadataDefaults", inner, {}, role, delivery)
        inner = {"ModifyInstanceMetadataOptionsRequest": {"InstanceId": "i-0abc", **asked}}
        return record("ModifyInstanceMetadataOptions", inner, {}, role, delivery)
    version = dice.choice([None, "1", "2"])
    request = {"notebookInstanceName": "notes"}
    if version:
        request["instanceMetadataServiceConfiguration"] = {"minimumInstanceMetadataServiceVersion": version}
    name = "CreateNotebookInstance" if kind == "create" else "UpdateNotebookInstance"
    return record(name, request, {}, role, delivery)


def test_recorded_calls_against_every_shipped_policy(judge, simulator, totals):
    dice = random.Random(20261127)
    calls = [generated(dice) for _ in range(CALLS)]
    told = {"ExplicitlyDenied": 0, "Allowed": 0, "ImplicitlyDenied": 0, "Depends": 0}
    for path, policy in shipped().items():
        if not path.startswith("scp/"):
            continue
        for call in calls:
            asked = {"policy": json.dumps(policy), "attachment": "scp", "record": call}
            answer = judge.ask(asked)
            expected = set()
            for reading in answer["readings"]:
                requests = [{**it, "stray": True} for it in reading]
                expected.add(whole(simulator.results(requests, scps=[policy])))
            totals.update(cases=1)
            told[answer["outcome"]] += 1
            if answer["outcome"] == "Depends":
                assert answer["missing"], f"{path}: {call}"
            else:
                assert expected == {answer["outcome"]}, f"{path}: {call}"
    assert told["ExplicitlyDenied"] > CALLS // 3 and told["Allowed"] > CALLS, told
    assert told["Depends"] < sum(told.values()) / 3, told
