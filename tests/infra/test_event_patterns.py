"""The EventBridge patterns deliver exactly what the functions act on, say two matchers that we did not write.

What the functions act on is asked of their own code, through `v2only replay`.
"""

import copy
import json
import os
import re
import subprocess
from pathlib import Path

import cloudtrail
import pytest
import servers
from conftest import need
from moto.events.models import EventPattern

PATTERNS = servers.REPOSITORY / "infra" / "event-patterns"
FIXTURES = servers.REPOSITORY / "crates" / "events" / "fixtures"
FUNCTIONS = {"ec2-enforcer": "aws.ec2", "notebook-enforcer": "aws.sagemaker"}
# EventBridge's own limit for a pattern.
LONGEST = 2048
# EventBridge delivers no `errorCode` with a call that succeeded; a pipeline that copies events may write null. The
# functions read both; `{"exists": false}` matches the first alone.
COPIED_BY_A_PIPELINE = {"run-instances-error-code-null"}
ACCOUNT = "111122223333"


def pattern(name: str) -> dict:
    return json.loads((PATTERNS / f"{name}.json").read_text())


def envelopes() -> dict[str, dict]:
    """Every fixture that is an EventBridge event; the others are batches and descriptions."""
    read = {path.stem: json.loads(path.read_text()) for path in sorted(FIXTURES.glob("*.json"))}
    return {name: event for name, event in read.items() if "detail-type" in event}


def derived() -> dict[str, dict]:
    """What the fixtures do not have: every state and status, and calls of the right name from the wrong source."""
    made = {}
    for state in ("pending", "running", "stopping", "stopped", "shutting-down", "terminated"):
        event = json.loads((FIXTURES / "state-running.json").read_text())
        event["detail"]["state"] = state
        made[f"instance {state}"] = event
    for status in ("Pending", "InService", "Stopping", "Stopped", "Failed", "Updating", "Deleting", "Deleted", "New"):
        made[f"notebook {status}"] = cloudtrail.notebook_state_change("research", status, account=ACCOUNT)
    launch = cloudtrail.run_instances({"i-0aaaaaaaaaaaaaaaa": {"HttpTokens": "optional"}}, account=ACCOUNT)
    made["launch"] = cloudtrail.envelope(launch)
    made["launch, of a customer's own source"] = cloudtrail.envelope(launch, source="v2only.replay")
    made["launch, as a service event"] = cloudtrail.envelope(launch, detail_type="AWS Service Event via CloudTrail")
    made["launch that failed"] = cloudtrail.envelope({**launch, "errorCode": "Server.InsufficientInstanceCapacity"})
    made["launch, tried only"] = cloudtrail.envelope({**launch, "errorCode": "Client.DryRunOperation"})
    made["launch, replayed"] = cloudtrail.envelope(launch) | {"replay-name": "again"}
    for name in ("DescribeInstances", "TerminateInstances", "StopInstances", "CreateFleet", "RequestSpotInstances"):
        made[name] = cloudtrail.envelope({**launch, "eventName": name})
    for name in ("CreateNotebookInstance", "UpdateNotebookInstance", "StartNotebookInstance", "StopNotebookInstance"):
        for code in ({}, {"errorCode": "ValidationException"}):
            request = {"notebookInstanceName": "research"}
            call = cloudtrail.api_call("sagemaker", name, request, None, account=ACCOUNT, region="us-east-1")
            made[f"{name} {code}"] = cloudtrail.envelope(call | code, source="aws.sagemaker")
    return made


def events() -> dict[str, dict]:
    return envelopes() | derived()


@pytest.fixture(scope="module")
def acted_on(tmp_path_factory) -> dict[str, bool]:
    """Whether the functions would act on each event, or find it malformed, which is to be recorded as well."""
    folder = tmp_path_factory.mktemp("events")
    policy = folder / "policy.yaml"
    policy.write_text("version: 1\nmode: observe\n")
    program = need(Path(os.environ["V2ONLY_BIN"]), "cargo build --workspace")
    names = {f"{number:03}.json": name for number, name in enumerate(events())}
    for file, name in names.items():
        (folder / file).write_text(json.dumps(events()[name]))
    argv = [str(program), "replay", str(folder), "--policy", str(policy), "--output", "json"]
    ran = subprocess.run(
        argv, check=False, capture_output=True, timeout=60, env=servers.clean_environment(V2ONLY_LOOPBACK_ONLY="1")
    )
    said = {names[Path(it["file"]).name]: it for it in json.loads(ran.stdout)["events"]}
    assert set(said) == set(events()), ran.stderr.decode()
    return {name: it["ignored"] is None for name, it in said.items()}


def of_moto(name: str, event: dict) -> bool:
    return EventPattern.load(json.dumps(pattern(name))).matches_event(event)


def delivered(matches) -> dict[str, list[str]]:
    """The functions whose pattern matches, for each event."""
    return {name: [it for it in FUNCTIONS if matches(it, event)] for name, event in events().items()}


def expected(acted_on: dict[str, bool]) -> dict[str, list[str]]:
    wanted = {}
    for name, event in events().items():
        acts = acted_on[name] and name not in COPIED_BY_A_PIPELINE
        wanted[name] = [it for it, source in FUNCTIONS.items() if acts and event["source"] == source]
    return wanted


def test_a_matcher_of_others_delivers_what_the_functions_act_on(acted_on):
    wanted = expected(acted_on)
    # A comparison of two empty sets would prove nothing.
    assert sum(map(bool, wanted.values())) >= 40 and sum(not it for it in wanted.values()) >= 20
    assert delivered(of_moto) == wanted


def test_a_second_matcher_of_others_agrees(acted_on, ministack, client):
    bus = client("events", ministack)

    def of_ministack(name: str, event: dict) -> bool:
        # EventBridge wants every key of the envelope here; what real state changes lack is `version`.
        whole = {"version": "0", **copy.deepcopy(event)}
        answer = bus.test_event_pattern(EventPattern=json.dumps(pattern(name)), Event=json.dumps(whole))
        return answer["Result"]

    assert delivered(of_ministack) == expected(acted_on)


def test_the_pattern_names_every_event_the_functions_know():
    """Every event of `EventName` has a fixture or one derived here, so that none is missing from both sides."""
    source = (servers.REPOSITORY / "crates" / "events" / "src" / "event_name.rs").read_text()
    body = source.split("pub const fn as_str", 1)[1].split("pub const fn source", 1)[0]
    known = set(re.findall(r'Self::\w+ => "([^"]+)"', body))
    seen = {event["detail"].get("eventName", event["detail-type"]) for event in events().values()}
    assert len(known) >= 16 and known <= seen, known - seen


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_pattern_is_within_the_limit(name):
    assert len(json.dumps(pattern(name), separators=(",", ":"))) <= LONGEST


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_inside_a_branch_is_constrained_outside_too(name):
    """EventBridge lets the last of two constraints on one key win; other matchers want both."""
    whole = pattern(name)
    assert list(whole) == ["source", "$or"]
    assert all(set(branch) <= {"detail-type", "detail"} for branch in whole["$or"])


def test_there_is_one_pattern_for_each_function():
    assert {path.stem for path in PATTERNS.glob("*.json")} == set(FUNCTIONS)
