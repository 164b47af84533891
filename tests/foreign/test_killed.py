"""The built `v2only` is killed at every kind of change: what it began is finished by the next run, its journal is whole,
and `rollback` of both journals gives everything back.
"""

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
import servers
from test_organization import HOME, REGIONS, V1_IMAGE, Corner, control

POLICY = """
version: 1
mode: enforce
instances: { hop_limit: { max: 2 }, usage_gate: { applies_to: none } }
notebooks: { in_service: wait }
launch_templates: { fix: new-version }
account_defaults: { http_tokens: required, hop_limit: 2 }
"""
# Every call that changes something, and how often a complete run makes it; last the check of the result.
CHANGES = {
    "ModifyInstanceMetadataDefaults": 1,
    "CreateLaunchTemplateVersion": 7,
    "ModifyLaunchTemplate": 5,
    "ModifyInstanceMetadataOptions": 3,
    "UpdateNotebookInstance": 1,
    "AddTags": 1,
    "DescribeInstances": 2,
}
POINTS = [(action, number + 1) for action, times in CHANGES.items() for number in range(times)]


class Run:
    def __init__(self, url, folder):
        self.url, self.folder = url, folder
        self.corner = Corner(url, HOME, REGIONS[0])
        self.corner.fill(1)
        # `$Default` and `$Latest` are not the same, and launch something else; `$Latest` of one of them is right.
        for name, latest in (("two", "optional"), ("half", "required")):
            kinds = {1: ("t3.micro", "optional"), 2: ("t3.large", latest)}
            data = {
                number: {"ImageId": V1_IMAGE, "InstanceType": kind, "MetadataOptions": {"HttpTokens": tokens}}
                for number, (kind, tokens) in kinds.items()
            }
            self.corner.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data[1])
            self.corner.ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=data[2])
        (folder / "policy.yaml").write_text(POLICY)

    def start(self, *arguments):
        arguments = [*arguments, "--yes", "--output", "json"]
        command = servers.v2only(self.url, HOME, arguments, AWS_REGION=REGIONS[0])
        return subprocess.Popen(**command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ended(self, *arguments):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        assert out, err
        return process.returncode, json.loads(out), err

    def launched(self):
        """What `$Default` and `$Latest` of the templates launch, and whether that asks for tokens."""
        found = {}
        for name in ("two", "half"):
            for alias in ("$Default", "$Latest"):
                shown = self.corner.ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=[alias])
                data = shown["LaunchTemplateVersions"][0]["LaunchTemplateData"]
                found[name, alias] = data["InstanceType"], data["MetadataOptions"]["HttpTokens"]
        return found

    def enforce(self, journal):
        return ("enforce", "--policy", "policy.yaml", "--journal", journal)

    def calls(self):
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{self.url}/_sandbox/calls") as answer:
            return json.load(answer)

    def standing_still(self):
        """Waits until no call has come for a while: whichever moment that is, it is one to be killed at."""
        before, since = None, time.monotonic()
        end = since + 60
        while time.monotonic() < end:
            now = len(self.calls())
            if now != before:
                before, since = now, time.monotonic()
            elif now > 0 and time.monotonic() - since > 0.3:
                return
            time.sleep(0.05)

    def described(self):
        control(self.url, "advance", {"seconds": 600})
        return {name: json.dumps(it, sort_keys=True, default=str) for name, it in self.corner.described().items()}


@pytest.fixture
def run(tmp_path):
    with servers.sandbox(Path(os.environ["V2ONLY_SANDBOX_BIN"]), tmp_path / "sandbox", "--manual-clock") as url:
        yield Run(url, tmp_path)


def lines(path):
    """Every line of a journal; one that is not whole is no JSON."""
    text = path.read_text() if path.exists() else ""
    assert text == "" or text.endswith("\n")
    return [json.loads(it) for it in text.splitlines()]


# The call takes effect and is not answered, or has not been answered yet and never takes effect.
EFFECTS = [{"effect": "hold-after"}, {"effect": "latency", "millis": 100_000}]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda it: it["effect"])
@pytest.mark.parametrize(("action", "number"), POINTS)
def test_a_run_that_is_killed_is_finished_by_the_next_and_all_of_it_can_be_taken_back(run, action, number, effect):
    before = run.described()
    name = f"{action}-{number}-{effect['effect']}"
    first, second = (run.folder / f"{name}-{it}.ndjson" for it in ("killed", "resumed"))

    control(run.url, "reset-calls", {})
    control(run.url, "inject", {"action": action, "from_call": number, **effect})
    killed = run.start(*run.enforce(first.name))
    run.standing_still()
    killed.kill()
    killed.communicate()
    control(run.url, "reset-faults", {})
    done = len(lines(first))

    control(run.url, "advance", {"seconds": 600})
    code, resumed, said = run.ended(*run.enforce(second.name))
    assert resumed["totals"]["failed"] == 0, said
    assert (code, set(resumed["totals"]["held"])) == (10, {"immutable", "source-report-only", "in-service"}), said
    control(run.url, "advance", {"seconds": 600})
    assert len(lines(second)) >= resumed["totals"]["fixed"]
    assert done + len(lines(second)) > 0
    kinds = {"$Default": "t3.micro", "$Latest": "t3.large"}
    assert run.launched() == {(name, it): (kinds[it], "required") for name in ("two", "half") for it in kinds}

    for journal in (second, first):
        if lines(journal):
            code, told, said = run.ended("rollback", journal.name)
            left = [it for it in told["resources"] if it["outcome"] not in ("restored", "as-before")]
            assert (code, left) == (0, []), said
            control(run.url, "advance", {"seconds": 600})
    assert run.described() == before
