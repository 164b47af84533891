#!/usr/bin/env python3
"""Writes large input files for `v2only check`, and times a program on them.

    tests/bench/large_files.py write FOLDER
    tests/bench/large_files.py time FOLDER [PROGRAM]     the release binary unless another is named

`write` makes a CloudFormation template of 10 MB as JSON and as YAML, a Terraform plan of 24 MB and a plan with 10,000
distinct resources, always the same bytes. `time` prints the shortest of three runs for each file, and whether all
runs printed the same.

Targets for the release binary: template 1 s, plan 2 s, 10,000 resources 1 s.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
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
    folder.mkdir(parents=True, exist_ok=True)
    large = template(10 * MEGABYTE)
    (folder / "template.json").write_text(json.dumps(large, indent=1) + "\n")
    yaml = as_yaml(template(11 * MEGABYTE)).lstrip("\n") + "\n"
    (folder / "template.yaml").write_text(yaml)
    each = len(json.dumps(plan(1, 60)))
    (folder / "plan.json").write_text(json.dumps(plan(24 * MEGABYTE // each + 1, 60)))
    (folder / "resources.json").write_text(json.dumps(plan(10_000, 2)))
    for name in TARGETS:
        print(f"{name:15} {(folder / name).stat().st_size / MEGABYTE:6.1f} MB")


def measure(folder: Path, program: str) -> int:
    missed = 0
    for name, target in TARGETS.items():
        times, outputs = [], set()
        for _ in range(3):
            start = time.monotonic()
            ran = subprocess.run(
                [program, "check", str(folder / name), "--output", "json"], capture_output=True, timeout=600
            )
            times.append(time.monotonic() - start)
            outputs.add(ran.stdout)
            assert ran.returncode == 10, ran.stderr.decode()[-300:]
        met = min(times) <= target and len(outputs) == 1
        missed += not met
        same = "the same output" if len(outputs) == 1 else "different output"
        print(f"{name:15} {min(times):6.2f} s of {target:.1f} s, {same}{'' if met else ', MISSED'}")
    return int(missed > 0)


def main() -> int:
    match sys.argv[1:]:
        case ["write", folder]:
            write(Path(folder))
            return 0
        case ["time", folder, *program] if len(program) < 2:
            return measure(Path(folder), *(program or [str(ROOT / "target" / "release" / "v2only")]))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
