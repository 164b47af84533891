"""Reads the Systems Manager document that traces calls of version 1."""

import json

import servers
import yaml

PATH = servers.REPOSITORY / "infra" / "ssm" / "trace-imds-v1.yaml"


def document() -> dict:
    return yaml.safe_load(PATH.read_text())


def script(platform: str) -> str:
    """The script of a platform, as the document has it."""
    [step] = [it for it in document()["mainSteps"] if it["precondition"]["StringEquals"] == ["platformType", platform]]
    [lines] = step["inputs"]["runCommand"]
    return lines


def for_seconds(seconds: int, at_boot: str = "no") -> str:
    """The script for Linux as Systems Manager writes it on an instance."""
    return script("Linux").replace("{{ DurationSeconds }}", str(seconds)).replace("{{ AtBoot }}", at_boot)


def python() -> str:
    """What the script for Linux hands to Python."""
    return script("Linux").split("<<'PYTHON' && return 0\n")[1].split("\nPYTHON\n")[0] + "\n"


def read(output: str) -> tuple[dict, list[dict]]:
    summary, *callers = [json.loads(line) for line in output.splitlines()]
    return summary, callers
