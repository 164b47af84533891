"""Texts that others choose (tags, names, files, journals) against the built `v2only`: none of them forges a line, drives the
terminal, becomes a formula or markup, leaves its folder, or takes memory and time without a bound.
"""

import csv
import io
import json
import os
import re
import resource
import subprocess
import time

import pytest
import servers
from clients import client

ACCOUNT, REGION = "111122223333", "eu-central-1"
V1_IMAGE = "ami-0a1b2c3d4e5f60002"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"
HOSTILE = {
    # XML carries no escape character; these are the controls that it can carry.
    "terminal": "\x9b2J\x9d0;owned\x9c\x9b31mred\x85",
    "line": "web\n::error::forged\n{\"kind\":\"instance\",\"id\":\"i-forged\"}",
    "carriage": "web\rforged",
    "formula": "=HYPERLINK(\"http://example.com\",\"x\")",
    "command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "markup": MARKUP,
    "closing": "</script></table></html>",
    "direction": "web\u202egnp.exe\u2066",
    "annotation": "::add-mask::x%0A::error::forged",
    "markdown": "[x](javascript:alert(1)) | `a` | **b**",
}
EXACT = {"json", "ndjson", "ocsf"}
OUTPUTS = ["table", "json", "ndjson", "csv", "sarif", "asff", "ocsf", "html"]
# What GitHub Actions takes for a command in a log, or what the hostile texts would forge.
COMMAND = re.compile(r"\s*(::[a-z]|forged|\{)")
POLICY = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n"
MEMORY = 2 << 30
SECONDS = 60


def v2only(url, folder, *arguments, **environment):
    """Runs the program with a bound on its memory, so that a test fails in place of the machine."""
    command = servers.v2only(url, ACCOUNT, arguments, AWS_REGION=REGION, **environment)
    begun = time.monotonic()
    bound = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # noqa: E731
    ran = subprocess.run(**command, cwd=folder, capture_output=True, timeout=120, check=False, preexec_fn=bound)
    assert time.monotonic() - begun < SECONDS
    assert ran.returncode in (0, 2, 3, 10), (ran.returncode, ran.stderr[-2000:])
    return ran


@pytest.fixture
def estate(sandbox, tmp_path):
    ec2 = client(sandbox, "ec2", ACCOUNT, REGION)
    (tmp_path / "policy.yaml").write_text(POLICY)
    for key, value in HOSTILE.items():
        tags = [{"Key": "Name", "Value": value[:255]}, {"Key": value[:127], "Value": value[:255]}, {"Key": "app", "Value": key}]
        specification = [{"ResourceType": "instance", "Tags": tags}]
        ec2.run_instances(ImageId=V1_IMAGE, MinCount=1, MaxCount=1, InstanceType="t3.micro", TagSpecifications=specification)
    return sandbox


def controls(text: str, but: str = "\n") -> set[str]:
    """Control characters, and those that turn the direction of text around."""
    found = re.findall(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    return set(found) - set(but)


def values(text: str, output: str):
    """Every string in a document, or in each of its lines."""
    waiting = [json.loads(it) for it in (text.rstrip("\n").split("\n") if output == "ndjson" else [text])]
    while waiting:
        it = waiting.pop()
        if isinstance(it, str):
            yield it
        elif isinstance(it, (dict, list)):
            waiting += [*it, *it.values()] if isinstance(it, dict) else it


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_output_passes_on_what_a_terminal_or_a_reader_obeys(estate, tmp_path, output):
    ran = v2only(estate, tmp_path, "scan", "--kind", "instance", "--output", output, "--policy", "policy.yaml")
    text = ran.stdout
    assert ran.returncode == 10 and text
    # A line break in CSV is part of a quoted cell.
    assert controls(text, "\n\r" if output == "csv" else "\n") == set()
    if output in EXACT:
        # Programs read these, and get every value as it is: JSON has it as an escape.
        assert "\\u009b2J" in text and HOSTILE["terminal"] in set(values(text, output))
    assert controls(ran.stderr, "\n\t") == set()
    if output == "csv":
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [it for it in cells if it[:1] in ("=", "+", "-", "@", "\t", "\r")]
        assert len({len(row) for row in csv.reader(io.StringIO(text))}) == 1
    elif output == "html":
        assert MARKUP not in text and "<img src=x" not in text and text.count("</html>") == 1
    elif output == "ndjson":
        # `splitlines` would break lines at more characters than NDJSON has.
        entries = [json.loads(it) for it in text.rstrip("\n").split("\n")]
        assert "i-forged" not in {it.get("id") for it in entries}
    elif output != "table":
        json.loads(text)
    if output == "table":
        assert not [it for it in text.splitlines() if it.startswith(("::", "{", "forged"))]


def test_a_list_of_resources_shows_no_control_character(estate, tmp_path):
    ran = v2only(estate, tmp_path, "scan", "--list", "--kind", "instance", "--policy", "policy.yaml")
    text = ran.stdout
    assert controls(text) == set()
    assert not [it for it in text.splitlines() if COMMAND.match(it)]


def test_commands_of_a_workflow_are_not_forged(estate, tmp_path):
    ran = v2only(estate, tmp_path, "scan", "--kind", "instance", "--policy", "policy.yaml", GITHUB_ACTIONS="true")
    lines = (ran.stdout + ran.stderr).splitlines()
    assert not [it for it in lines if re.match(r"\s*::(error::forged|add-mask)", it)]


def nested_aliases(levels: int = 12) -> str:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{it}: &a{it} [{','.join([f'*a{it - 1}'] * 9)}]" for it in range(1, levels)]
    return "\n".join(lines) + "\n"


def indented(text: str) -> str:
    return "".join(f"  {it}\n" for it in text.splitlines())


TEMPLATE = "AWSTemplateFormatVersion: '2010-09-09'\n"
BOMBS = {
    "policy.yaml": ("validate", "version: 1\nmode: observe\n" + nested_aliases()),
    "deep.yaml": ("validate", "version: 1\nmode: observe\nexemptions: " + "[" * 100_000),
    "large.yaml": ("validate", "version: 1\nmode: observe\n# " + "x" * (20 << 20)),
    "template.yaml": ("check", TEMPLATE + "Metadata:\n" + indented(nested_aliases())),
    "deep-template.yaml": ("check", TEMPLATE + "Resources: " + "{a: " * 50_000),
    "template.json": ("check", "[" * 200_000),
    "main.tf": ("check", 'resource "aws_instance" "x" { ami = ' + "(" * 50_000 + "1" + ")" * 50_000 + "}\n"),
    "list.tf": ("check", 'resource "aws_instance" "x" { ami = ' + "[" * 50_000 + "1" + "]" * 50_000 + "}\n"),
    "event.json": ("replay", '{"detail":' * 50_000),
    "large-event.json": ("replay", json.dumps({"detail-type": "x" * (20 << 20)})),
}


@pytest.mark.parametrize("name", BOMBS)
def test_files_that_grow_or_nest_are_refused(tmp_path, name):
    command, text = BOMBS[name]
    (tmp_path / name).write_text(text)
    ran = v2only("http://127.0.0.1:9", tmp_path, command, name)
    assert ran.returncode in (2, 3), ran.stdout[-500:]
    assert name in ran.stderr or name in ran.stdout
    assert len(ran.stderr) < 20_000, "the text is repeated in the message"


def journal_of(estate, folder) -> list[dict]:
    arguments = ["enforce", "--kind", "instance", "--yes", "--policy", "policy.yaml", "--journal", "journal.ndjson"]
    v2only(estate, folder, *arguments, "--soak", "0s")
    return [json.loads(it) for it in (folder / "journal.ndjson").read_text().splitlines()]


IDS = {
    "above": "../../../etc/passwd",
    "inside": "i-0/../../x",
    "absolute": "/etc/passwd",
    "escape": "\x1b[31mi-0",
    "long": "i-" + "f" * (1 << 20),
}


@pytest.mark.parametrize("which", IDS)
def test_an_id_in_a_journal_is_no_path(estate, tmp_path, which):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "policy.yaml").write_text(POLICY)
    entries = journal_of(estate, folder)
    changed = [it | {"id": IDS[which]} if "id" in it else it for it in entries]
    (folder / "changed.ndjson").write_text("".join(json.dumps(it) + "\n" for it in changed))
    before = {it for it in tmp_path.rglob("*")}
    ran = v2only(estate, folder, "rollback", "changed.ndjson", "--yes")
    assert ran.returncode in (2, 3)
    assert controls((ran.stdout + ran.stderr), "\n\t") == set()
    new = {it for it in tmp_path.rglob("*")} - before
    assert {it for it in new if folder not in it.parents and "sandbox" not in str(it)} == set()


def test_a_journal_of_one_endless_line_is_refused(estate, tmp_path):
    (tmp_path / "journal.ndjson").write_text("x" * (64 << 20))
    ran = v2only(estate, tmp_path, "rollback", "journal.ndjson", "--yes")
    assert ran.returncode in (2, 3) and len(ran.stderr) < 20_000
    assert os.path.getsize(tmp_path / "journal.ndjson") == 64 << 20
