"""`v2only check` beside checkov, over fixtures of our own. Every disagreement is named, with who is right and why.

checkov runs in an environment of its own, because it pins other libraries than the other tests.
"""

import json
import re
from pathlib import Path

import checkers
from peer_fixtures import RIGHT, UNKNOWN, WRONG

HERE = Path(__file__).resolve().parent

# Resource: what checkov says (None: no verdict), what v2only says, and why v2only is right.
TEMPLATE = {
    "ByDefault": (WRONG, UNKNOWN, "a deployment can set another value than the default; v2only reports a note"),
    "ByGoodDefault": (RIGHT, UNKNOWN, "a deployment can set another value than the default; v2only reports a note"),
    "ByCondition": (WRONG, UNKNOWN, "the account decides, and in one of them the template is right"),
    "Imported": (WRONG, UNKNOWN, "another stack decides the value"),
    "OpenInstance": (None, WRONG, "checkov judges no instances in CloudFormation"),
    "OpenConfiguration": (None, WRONG, "checkov judges no launch configurations in CloudFormation"),
}
PLAN = {
    "aws_launch_template.from_variable": (WRONG, UNKNOWN, "the value is known only after the plan was applied"),
    "aws_imagebuilder_infrastructure_configuration.open": (None, WRONG, "checkov judges no Image Builder"),
    "aws_ec2_instance_metadata_defaults.open": (None, WRONG, "checkov judges no account defaults"),
}


def change(kind: str, name: str, after: dict, unknown: dict | None = None) -> dict:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {"actions": ["create"], "before": None, "after": after, "after_unknown": unknown or {}},
    }


def options(tokens: str, **more: str) -> dict:
    return {"metadata_options": [{"http_tokens": tokens, "http_endpoint": "enabled", **more}]}


def plan() -> dict:
    """A plan with each kind of resource, as `terraform show -json` writes it."""
    notebook = {"instance_metadata_service_configuration": [{"minimum_instance_metadata_service_version": "2"}]}
    changes = [
        change("aws_instance", "open", options("optional")),
        change("aws_instance", "required", options("required")),
        change("aws_instance", "silent", {"ami": "ami-0abcdef1234567890"}),
        change("aws_instance", "dark", options("optional", http_endpoint="disabled")),
        change("aws_launch_template", "open", options("optional")),
        change("aws_launch_template", "required", options("required")),
        change(
            "aws_launch_template",
            "from_variable",
            {"metadata_options": [{"http_endpoint": "enabled"}]},
            {"metadata_options": [{"http_tokens": True}]},
        ),
        change("aws_launch_configuration", "open", options("optional")),
        change("aws_sagemaker_notebook_instance", "old", {"name": "old"}),
        change("aws_sagemaker_notebook_instance", "new", notebook),
        change("aws_imagebuilder_infrastructure_configuration", "open", {"name": "golden"}),
        change("aws_ec2_instance_metadata_defaults", "open", {"http_tokens": "optional"}),
    ]
    resources = [
        {"address": it["address"], "mode": "managed", "type": it["type"], "name": it["name"],
         "provider_name": it["provider_name"], "schema_version": 1, "values": it["change"]["after"]}
        for it in changes
    ]  # fmt: skip
    stated = [
        {"address": it["address"], "mode": "managed", "type": it["type"], "name": it["name"],
         "expressions": {name: [{"http_tokens": {"references": ["var.tokens"]}}] for name in it["change"]["after"]}}
        for it in changes
    ]  # fmt: skip
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": stated}},
    }


def ours(path: Path, *flags: str) -> dict[str, str]:
    """The verdict of each resource about which v2only reports something."""
    return {name: verdict for (_, name), verdict in checkers.v2only(path, "tokens", *flags)[0].items()}


def theirs(path: Path, form: str) -> dict[str, str]:
    """The verdict of checkov of each resource that it judges."""
    return {name: verdict for (_, name), verdict in checkers.checkov(path, form)["tokens"].items()}


def disagreements(v2only: dict[str, str], checkov: dict[str, str], resources) -> dict[str, tuple]:
    pairs = {it: (checkov.get(it), v2only.get(it, RIGHT)) for it in resources}
    return {it: pair for it, pair in pairs.items() if pair[0] != pair[1]}


def named(table: dict[str, tuple]) -> dict[str, tuple]:
    assert all(len(why) > 20 for *_, why in table.values())
    return {name: (checkov, v2only) for name, (checkov, v2only, _) in table.items()}


def test_disagreements_about_a_template():
    path = HERE / "peers" / "stack.yaml"
    resources = re.findall(r"^  (\w+):$", path.read_text(), re.MULTILINE)
    checkov = theirs(path, "cloudformation")
    assert len(resources) == 12 and len(checkov) >= 10
    assert disagreements(ours(path), checkov, resources) == named(TEMPLATE)


def test_by_defaults_both_say_the_same_of_a_parameter():
    path = HERE / "peers" / "stack.yaml"
    v2only, checkov = ours(path, "--parameters", "default"), theirs(path, "cloudformation")
    names = ["ByDefault", "ByGoodDefault"]
    assert disagreements(v2only, checkov, names) == {}


def test_disagreements_about_a_plan(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan()))
    resources = [it["address"] for it in plan()["resource_changes"]]
    checkov = theirs(path, "plan")
    assert len(checkov) >= 9
    assert disagreements(ours(path), checkov, resources) == named(PLAN)
