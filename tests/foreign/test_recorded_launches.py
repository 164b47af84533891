"""What `readiness --from-trail` says of the launch SCP, held against a simulator that is not ours.

Each case is one launch: what the request states, the account default, and the image. Its record is written as CloudTrail
writes it, with the options that the instance ends in. The simulator evaluates the shipped SCP twice, with condition keys that
carry the request alone and with keys that carry the account default too, because AWS does not document which is true. A
prediction must hold both times; `undecided` is right only where the two differ, or would differ by the image.
"""

import itertools
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

from policy_space import (
    ACCOUNT,
    ACCOUNT_DEFAULTS,
    AUTO_SCALING,
    DEVELOPER,
    IMAGES,
    NOTHING_SAID,
    REGIONS,
    launch,
    options,
    over,
)
from policy_tools import TARGET, attached, shipped

REGION = REGIONS["aws"]
V2ONLY = Path(os.environ.get("V2ONLY_BIN", TARGET / "debug" / "v2only"))


def cases():
    """Who launches, what the request states, the account default, and the image."""
    asked = [
        options(http_tokens=tokens, http_endpoint=endpoint)
        for tokens, endpoint in itertools.product((None, "optional", "required"), (None, "enabled", "disabled"))
    ]
    yield from itertools.product((DEVELOPER, AUTO_SCALING), asked, ACCOUNT_DEFAULTS, IMAGES.values())


def camel(stated: dict) -> dict:
    names = {"http_tokens": "httpTokens", "http_endpoint": "httpEndpoint", "hop_limit": "httpPutResponseHopLimit"}
    return {names[key]: value for key, value in stated.items() if value is not None}


def record(number: int, principal, asked: dict, ends_in: dict) -> dict:
    role = principal.arn("aws")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rsplit('/', 1)[1]}/session"
    request = {"instancesSet": {"items": [{"imageId": f"ami-{number:017x}", "minCount": 1}]}}
    if camel(asked):
        request["metadataOptions"] = camel(asked)
    answered = {"instanceId": f"i-{number:017x}", "metadataOptions": camel(ends_in), "imageId": f"ami-{number:017x}"}
    return {
        "eventID": f"event-{number}",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "RunInstances",
        "eventTime": "2026-11-01T10:00:00Z",
        "eventType": "AwsApiCall",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "userAgent": "Boto3/1.40.0",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": session,
            "sessionContext": {
                "sessionIssuer": {"arn": f"{role}-{number}"},
                "sourceIdentity": str(number),
            },
        },
        "requestParameters": request,
        "responseElements": {"instancesSet": {"items": [answered]}},
    }


def predictions(records: list[dict], folder: Path) -> list[str]:
    """What one run says of each launch. The image of a launch is its number."""
    file = folder / "records.ndjson"
    file.write_text("\n".join(json.dumps(it) for it in records))
    command = [V2ONLY, "readiness", "--from-trail", "--trail-files", file, "--output", "json", "--fail-on", "never"]
    document = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    found = {}
    for group in document["groups"]:
        effects = group["switches"]["scp"]
        for facts in group["facts"]:
            number = int(facts["image"].removeprefix("ami-"), 16)
            effect = [it for it in ("unchanged", "changed", "refused", "undecided") if effects[it]]
            assert len(effect) == 1, (group, effects)
            found[number] = effect[0]
    return [found[number] for number in range(len(records))]


def test_a_prediction_about_the_scp_is_what_a_simulator_decides(simulator, tmp_path):
    scps = attached(shipped(), "require-v2-at-launch")
    space = list(cases())
    records, questions = [], []
    for number, (principal, asked, default, image) in enumerate(space):
        ends_in = over(over(over(asked, default), image), NOTHING_SAID)
        records.append(record(number, principal, asked, ends_in))
        questions.append([launch(asked, principal), launch(over(asked, default), principal)])
    bound = [it for it, (principal, *_) in zip(questions, space) if principal.bound]
    flat = [request for both in bound for requests in both for request in requests]
    denied = dict(zip((json.dumps(it, sort_keys=True) for it in flat), simulator.results(flat, scps)))
    counts = Counter()
    for predicted, (principal, *case), both in zip(predictions(records, tmp_path), space, questions, strict=True):
        of = [any(denied[json.dumps(it, sort_keys=True)] != "Allowed" for it in requests) for requests in both]
        truth = of if principal.bound else [False, False]
        if predicted == "undecided":
            assert case[0]["http_tokens"] != "required", case
        else:
            assert truth == [predicted == "refused"] * 2, (predicted, truth, principal, case)
        counts[predicted] += 1
    print(f"\n{len(space)} launches, 0 wrong predictions: {dict(counts)}")
    assert counts["refused"] and counts["unchanged"] and counts["undecided"] < len(space) / 2, counts
