#!/usr/bin/env python3
"""How long `v2only check` reads large files.

    tests/bench/large_files.py [--program FILE] [--json FILE]    the release binary unless another is named

Writes a CloudFormation template of 10 MB as JSON and as YAML, a Terraform plan of 24 MB and a plan with 10,000 distinct resources,
always the same bytes. Gives the shortest of three runs for each file, which all have to print the same.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import measured

MEGABYTE = 1_000_000
TARGETS = {"template.json": 1.0, "template.yaml": 1.0, "plan.json": 2.0, "resources.json": 1.0}


def instance(number: int) -> dict:
    """An instance with the noise that real ones have; every fifth accepts IMDSv1."""
    tokens = "optional" if number % 5 == 0 else "required"
    return {
        "Type": "AWS::EC2::Instance",
        "Properties": {
            "ImageId": f"ami-{number:017x}",
            "InstanceType": "m7g.large",
            "MetadataOptions": {"HttpTokens": tokens, "HttpPutResponseHopLimit": 2},
            "UserData": {"Fn::Base64": f"#!/bin/bash\necho {number} > /etc/number\n" * 8},
            "Tags": [{"Key": f"key-{it}", "Value": f"value-{number}-{it}"} for it in range(8)],
        },
    }


def template(size: int) -> dict:
    each = len(json.dumps(instance(0), indent=1)) + 30
    resources = {f"Web{it}": instance(it) for it in range(size // each + 1)}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def as_yaml(value, depth: int = 0) -> str:
    """Block style with texts in double quotes, which are the same in JSON and YAML."""
    margin = "  " * depth
    if isinstance(value, dict):
        return "".join(f"\n{margin}{key}:{as_yaml(it, depth + 1)}" for key, it in value.items())
    if isinstance(value, list):
        return "".join(f"\n{margin}- {as_yaml(it, depth + 1).lstrip()}" for it in value)
    return " " + json.dumps(value)


def change(number: int, noise: int) -> dict:
    address = f"aws_instance.web{number}"
    after = {
        "ami": f"ami-{number:017x}",
        "metadata_options": [{"http_tokens": "optional" if number % 5 == 0 else "required"}],
        "tags": {f"key-{it}": f"value-{number}-{it}" for it in range(noise)},
    }
    return {
        "address": address,
        "mode": "managed",
        "type": "aws_instance",
        "name": f"web{number}",
        "change": {"actions": ["create"], "before": None, "after": after, "after_unknown": {"id": True}},
    }


def plan(resources: int, noise: int) -> dict:
    changes = [change(it, noise) for it in range(resources)]
    stated = [
        {"address": it["address"], "type": it["type"], "expressions": {"metadata_options": [{"http_tokens": {}}]}}
        for it in changes
    ]
    return {
        "format_version": "1.2",
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": stated}},
    }


def write(folder: Path) -> None:
    large = template(10 * MEGABYTE)
    (folder / "template.json").write_text(json.dumps(large, indent=1) + "\n")
    yaml = as_yaml(template(11 * MEGABYTE)).lstrip("\n") + "\n"
    (folder / "template.yaml").write_text(yaml)
    each = len(json.dumps(plan(1, 60)))
    (folder / "plan.json").write_text(json.dumps(plan(24 * MEGABYTE // each + 1, 60)))
    (folder / "resources.json").write_text(json.dumps(plan(10_000, 2)))


def measure(folder: Path, program: Path) -> list[measured.Figure]:
    write(folder)
    figures = []
    for name, target in TARGETS.items():
        times, outputs = [], set()
        for _ in range(3):
            start = time.monotonic()
            ran = subprocess.run([program, "check", folder / name, "--output", "json"], capture_output=True, timeout=600)
            times.append(time.monotonic() - start)
            outputs.add(ran.stdout)
            if ran.returncode != 10:
                raise RuntimeError(f"check of {name} ended with {ran.returncode}: {ran.stderr.decode()[-300:]}")
        if len(outputs) != 1:
            raise RuntimeError(f"three runs of check print different things about {name}")
        case = f"`check {name}` of {(folder / name).stat().st_size / MEGABYTE:.0f} MB"
        figures.append(measured.Figure(case, "wall", min(times), target))
    return figures


if __name__ == "__main__":
    sys.exit(measured.benchmark(__doc__, measure))
