"""Reads the SAM and CloudFormation templates."""

import json
import re
from pathlib import Path

import servers
from cfnlint.decode import cfn_yaml

SAM = servers.REPOSITORY / "infra" / "sam"
# Those with functions or rules, and all.
INSTALLATION = ("template", "member", "single-account")
NAMES = (*INSTALLATION, "reader")
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "ACCOUNT"}


def load(name: str) -> dict:
    """A template with its functions in their long form, as plain dictionaries and lists."""
    return json.loads(json.dumps(cfn_yaml.load(str(SAM / f"{name}.yaml"))))


def with_zips(path: Path) -> str:
    """What the `sed` of infra/README.md makes of a template: zips beside it in place of folders to build."""
    return re.sub(r"CodeUri: \.\./\.\./functions/(.*)", r"CodeUri: \1.zip", path.read_text())


def without_trace(text: str) -> str:
    """A template or a module without the command document, which ministack does not know."""
    of_sam = r"  # --- A command for people -+\n  TraceImdsV1:\n(?:    .*\n|\n)*"
    of_terraform = r'# --- A command for people -+\n\nresource "aws_ssm_document" "trace" \{\n(?:  .*\n)+\}\n'
    rest, found = re.subn(f"{of_sam}|{of_terraform}", "", text)
    assert found == 1 and "TraceImdsV1" not in rest
    return rest


def with_conditions_written_out(name: str, pseudo: dict[str, str]) -> str:
    """A template with pseudo parameters replaced in its conditions, and nowhere else."""
    before, rest = (SAM / f"{name}.yaml").read_text().split("\nConditions:\n")
    conditions, after = rest.split("\nResources:\n")
    for parameter, value in pseudo.items():
        conditions = conditions.replace(f'!Ref "{parameter}"', json.dumps(value))
    return f"{before}\nConditions:\n{conditions}\nResources:\n{after}"


def resolved(value, **parameters: str):
    """`value` with `Ref` and `Fn::Sub` replaced."""
    known = PSEUDO | parameters
    if isinstance(value, list):
        return [resolved(it, **parameters) for it in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return known[value["Ref"]]
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda it: known[it[1]], value["Fn::Sub"])
    return {name: resolved(it, **parameters) for name, it in value.items()}


def comparable(value):
    """Numbers as text, because AWS answers either, and a list of one as its element, because IAM reads it so."""
    if isinstance(value, dict):
        return {name: comparable(it) for name, it in value.items()}
    if isinstance(value, list):
        return (
            comparable(value[0]) if len(value) == 1 and isinstance(value[0], str) else [comparable(it) for it in value]
        )
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
