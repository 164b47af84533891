"""What GitHub runs for us: judged by a linter that is not ours, and by what this project promises of it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import servers
import yaml

WORKFLOWS = sorted((servers.REPOSITORY / ".github" / "workflows").glob("*.yml"))
ACTION = servers.REPOSITORY / "action.yml"
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def test_the_linter_of_workflows_finds_nothing():
    zizmor = Path(sys.executable).with_name("zizmor")
    assert zizmor.exists(), "run `tests/run --only infra`"
    argv = [str(zizmor), "--offline", "--no-progress", "--color=never", *map(str, [*WORKFLOWS, ACTION])]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False, env=servers.clean_environment())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "No findings to report" in ran.stdout + ran.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda it: it.stem)
def test_a_workflow_has_no_more_than_it_needs(path):
    text = path.read_text()
    for line in re.findall(r"uses: .*", text):
        assert PINNED.match(line), f"{line}: a full commit with its version"
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    # `on` is a boolean to YAML 1.1.
    triggers = workflow[True]
    assert "pull_request_target" not in triggers and "workflow_run" not in triggers
    for name, job in workflow["jobs"].items():
        writes = {it for it, may in job["permissions"].items() if may == "write"}
        assert not writes or job["if"] == "github.event_name == 'push'", name
        assert "secrets" not in str(job), name
        assert job["timeout-minutes"] <= 120


def test_a_release_is_made_by_the_one_command():
    release = yaml.safe_load((servers.REPOSITORY / ".github" / "workflows" / "release.yml").read_text())
    commands = [step.get("run", "") for step in release["jobs"]["build"]["steps"]]
    assert any(it.startswith("infra/build ") for it in commands)
    draft = release["jobs"]["draft"]
    assert draft["needs"] == ["build", "cli", "image"]
    assert [step["uses"].split("@")[0] for step in draft["steps"] if "uses" in step] == [
        "actions/checkout",
        "actions/download-artifact",
        "actions/attest-build-provenance",
    ]


def test_every_fuzz_target_has_its_hour():
    ci = yaml.safe_load((servers.REPOSITORY / ".github" / "workflows" / "ci.yml").read_text())
    listed = [str(servers.REPOSITORY / "tests" / "fuzz"), "--list"]
    targets = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    job = ci["jobs"]["fuzz"]
    assert job["strategy"]["matrix"]["target"] == targets
    kept = next(it["with"] for it in job["steps"] if it.get("uses", "").startswith("actions/cache@"))
    assert kept["path"].split() == ["target/fuzz/corpus", "target/fuzz/spent"]
    # Each run keeps what it found under a name of its own, and begins with what the last one kept; the dot keeps `hcl` from taking
    # what `hcl-json` kept.
    assert kept["restore-keys"] == "fuzz.${{ matrix.target }}."
    assert kept["key"] == kept["restore-keys"] + "${{ github.run_id }}"
