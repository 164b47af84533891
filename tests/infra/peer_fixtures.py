"""Builds the fixtures of other checkers from the facts in `peers/fixtures`, and counts verdicts about them.

The facts of a fixture, or of one of its resources:

    about    the switch that the rule judges: `tokens` (IMDSv1 off) or `hops` (hop limit of at most 1).
    file     the fixture, or fixtures with the same facts, below `folder` of the rule.
    is       instance, template (launch template), configuration (launch configuration), notebook, group (Auto Scaling
             group), defaults (account defaults) or module.
    options  the metadata options that the resource states; none if absent, `{}` for an empty block. A value of `?` is
             known only when the file is deployed.
    written  the name in the fixture, where it is not unique there.
    from     the launch template or launch configuration that the resource names, `by` its id, its name or nothing.
    peer     what the peer states of the resource, or of the complete file where the fixture has it: `wrong`, `right`.
             `none`: its rule does not judge the resource.
    right    the right verdict where the peer is wrong, or where something outside of the file decides (`unknown`).
    v2only   what v2only says where that is not the right verdict either.
    why      who is right, and why.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parent / "peers" / "fixtures"
# The order of the documentation.
PEERS = ("checkov", "trivy", "trivy-adapter", "kics", "semgrep", "cdk-nag", "sentinel", "control-tower")
WRONG, RIGHT, UNKNOWN, NONE = "wrong", "right", "unknown", "none"
FORMATS = ("cloudformation", "terraform", "plan")
FILES = {"cloudformation": "stack.yaml", "terraform": "main.tf", "plan": "plan.json"}
LATER = "?"

# What a fact is called: the type in CloudFormation and in Terraform; the options in both.
TYPES = {
    "instance": ("AWS::EC2::Instance", "aws_instance"),
    "template": ("AWS::EC2::LaunchTemplate", "aws_launch_template"),
    "configuration": ("AWS::AutoScaling::LaunchConfiguration", "aws_launch_configuration"),
    "notebook": ("AWS::SageMaker::NotebookInstance", "aws_sagemaker_notebook_instance"),
    "group": ("AWS::AutoScaling::AutoScalingGroup", "aws_autoscaling_group"),
    "defaults": (None, "aws_ec2_instance_metadata_defaults"),
    "module": (None, "module"),
}
OPTIONS = {
    "tokens": ("HttpTokens", "http_tokens"),
    "endpoint": ("HttpEndpoint", "http_endpoint"),
    "hops": ("HttpPutResponseHopLimit", "http_put_response_hop_limit"),
    "tags": ("InstanceMetadataTags", "instance_metadata_tags"),
    "ipv6": ("HttpProtocolIpv6", "http_protocol_ipv6"),
}


@dataclass(frozen=True)
class Fixture:
    """One fixture of a peer."""

    peer: str
    about: str
    folder: str
    files: list[str]
    resources: list[dict]
    facts: dict

    @property
    def name(self) -> str:
        return f"{self.folder}/{' '.join(self.files)}"

    @property
    def names(self) -> list[str]:
        """The name of each file with these facts."""
        return [f"{self.folder}/{it}" for it in self.files]

    @property
    def of_file(self) -> bool:
        """Whether the peer states one verdict about the complete file."""
        return "peer" in self.facts

    def formats(self) -> list[str]:
        """The formats that can say the same."""
        kinds = {it["is"] for it in self.resources}
        if "module" in kinds:
            return ["terraform"]
        if any(it.get("by") == "nothing" for it in self.resources):
            return ["cloudformation"]
        return [it for it in FORMATS if it != "cloudformation" or "defaults" not in kinds]

    def units(self) -> Iterator[tuple[str, list[dict], dict]]:
        """What has a verdict: its name, its resources, and the facts with the verdict."""
        if self.of_file:
            yield "", self.resources, self.facts
            return
        shared = {it: self.facts[it] for it in ("right", "why") if it in self.facts}
        for resource in self.resources:
            yield f"{resource['is']} {resource['name']}", [resource], shared | resource


def rules(folder: Path = TABLE) -> list[dict]:
    """The rules of every file in the folder, by the order of their peers."""
    found = [rule for path in folder.glob("*.toml") for rule in tomllib.loads(path.read_text())["rule"]]
    return sorted(found, key=lambda rule: PEERS.index(rule["peer"]))


def fixtures(of: list[dict]) -> list[Fixture]:
    """The fixtures of the rules."""
    found = []
    for rule in of:
        for it in rule["fixture"]:
            files = it["file"] if isinstance(it["file"], list) else [it["file"]]
            found.append(Fixture(rule["peer"], rule["about"], rule["folder"], files, it["resources"], it))
    return found


# CloudFormation -----------------------------------------------------------------------------------------------------


def logical(resource: dict) -> str:
    return resource["is"].title() + re.sub("[^A-Za-z0-9]", "", resource["name"])


def options_of_template(resource: dict) -> dict:
    if "options" not in resource:
        return {}
    value = lambda it: {"Fn::ImportValue": "Later"} if it == LATER else it
    return {"MetadataOptions": {OPTIONS[name][0]: value(it) for name, it in resource["options"].items()}}


def source_in_template(resource: dict, others: list[dict]) -> dict:
    """The launch template or the launch configuration that a resource names."""
    if "from" not in resource:
        return {}
    source = next((it for it in others if it["name"] == resource["from"]), None)
    if source is None:
        return {"LaunchTemplate": {"LaunchTemplateId": resource["from"], "Version": "1"}}
    by_name, reference = resource["by"] == "name", {"Ref": logical(source)}
    if source["is"] == "configuration":
        return {"LaunchConfigurationName": source["named"] if by_name else reference}
    version = {"Version": {"Fn::GetAtt": [logical(source), "LatestVersionNumber"]}}
    if resource["by"] == "nothing":
        return {"LaunchTemplate": version}
    named = {"LaunchTemplateName": source["named"]} if by_name else {"LaunchTemplateId": reference}
    return {"LaunchTemplate": named | version}


def cloudformation(fixture: Fixture) -> str:
    resources = {}
    for it in fixture.resources:
        properties = options_of_template(it) | source_in_template(it, fixture.resources)
        if it["is"] in ("instance", "configuration"):
            properties |= {"ImageId": "ami-0abcdef1234567890", "InstanceType": "m7g.large"}
        if it["is"] == "template":
            properties = {"LaunchTemplateData": {"InstanceType": "m7g.large"} | properties}
        if it["is"] == "group":
            properties |= {"MinSize": "1", "MaxSize": "2", "AvailabilityZones": {"Fn::GetAZs": ""}}
        if it["is"] == "notebook":
            properties = {"InstanceType": "ml.t3.medium", "RoleArn": "arn:aws:iam::111122223333:role/notebook"}
            if "version" in it:
                minimum = {"MinimumInstanceMetadataServiceVersion": it["version"]}
                properties["InstanceMetadataServiceConfiguration"] = minimum
        if "named" in it:
            properties[{"template": "LaunchTemplateName", "configuration": "LaunchConfigurationName"}[it["is"]]] = it["named"]
        resources[logical(it)] = {"Type": TYPES[it["is"]][0], "Properties": properties}
    lines = ["AWSTemplateFormatVersion: '2010-09-09'", "Resources:"]
    return "\n".join([*lines, *block(resources, "  ")]) + "\n"


def block(value: dict, indent: str) -> Iterator[str]:
    """YAML in block style; lists, empty maps and texts are JSON, which YAML contains."""
    for name, it in value.items():
        if isinstance(it, dict) and it:
            yield f"{indent}{name}:"
            yield from block(it, indent + "  ")
        else:
            yield f"{indent}{name}: {json.dumps(it)}"


# Terraform ----------------------------------------------------------------------------------------------------------


def address(resource: dict) -> str:
    return f"{TYPES[resource['is']][1]}.{resource['name']}"


def arguments(resource: dict) -> dict:
    """The metadata options by their names in Terraform."""
    return {OPTIONS[name][1]: value for name, value in resource.get("options", {}).items()}


def source_in_terraform(resource: dict, others: list[dict]) -> tuple[str, str, str | None]:
    """The block or argument, its attribute, and the address of the source; `None` if the file does not declare it."""
    source = next((it for it in others if it["name"] == resource["from"]), None)
    attribute = "name" if resource["by"] == "name" else "id"
    if source is not None and source["is"] == "configuration":
        return "launch_configuration", attribute, address(source)
    return "launch_template", attribute, source and address(source)


def terraform(fixture: Fixture) -> str:
    lines = ['variable "later" {\n  type = string\n}\n'] if uses_later(fixture) else []
    text = lambda it: "var.later" if it == LATER else json.dumps(it)
    for it in fixture.resources:
        kind = TYPES[it["is"]][1]
        stated = [f"    {name} = {text(value)}" for name, value in arguments(it).items()]
        if it["is"] == "module":
            body = [f'  source  = "{it["source"]}"', '  version = "~> 6.0"']
            lines.append(f'module "{it["name"]}" {{')
        else:
            body = []
            lines.append(f'resource "{kind}" "{it["name"]}" {{')
        if "named" in it:
            body.append(f'  name = "{it["named"]}"')
        if it["is"] == "defaults":
            body += [line.removeprefix("  ") for line in stated]
        elif "options" in it:
            body += ["  metadata_options {", *stated, "  }"]
        if "version" in it:
            version = f'    minimum_instance_metadata_service_version = "{it["version"]}"'
            body += ["  instance_metadata_service_configuration {", version, "  }"]
        if "from" in it:
            name, attribute, source = source_in_terraform(it, fixture.resources)
            value = f"{source}.{attribute}" if source else json.dumps(it["from"])
            if name == "launch_template":
                body += [f"  {name} {{", f"    {attribute} = {value}", "  }"]
            else:
                body.append(f"  {name} = {value}")
        lines += [*body, "}", ""]
    return "\n".join(lines) + "\n"


def uses_later(fixture: Fixture) -> bool:
    return any(LATER in it.get("options", {}).values() for it in fixture.resources)


# The plan of Terraform ----------------------------------------------------------------------------------------------


def plan(fixture: Fixture) -> str:
    """What `terraform show -json` writes: what is not stated is computed, and known after the apply."""
    changes = [planned(it, fixture.resources) for it in fixture.resources]
    base = lambda it: {"address": address(it), "mode": "managed", "type": TYPES[it["is"]][1], "name": it["name"]}
    provider = {"provider_name": "registry.terraform.io/hashicorp/aws"}
    resources = zip(fixture.resources, changes, strict=True)
    return json.dumps({
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "planned_values": {"root_module": {"resources": [
            base(it) | provider | {"schema_version": 1, "values": after}
            for it, (after, _, _) in zip(fixture.resources, changes, strict=True)
        ]}},
        "resource_changes": [
            base(it) | provider | {"change": {
                "actions": ["create"], "before": None, "after": after, "after_unknown": unknown,
            }}
            for it, (after, unknown, _) in resources
        ],
        "configuration": {"root_module": {"resources": [
            base(it) | {"provider_config_key": "aws", "expressions": stated}
            for it, (_, _, stated) in zip(fixture.resources, changes, strict=True)
        ]}},
    }, indent=2) + "\n"  # fmt: skip


def planned(resource: dict, others: list[dict]) -> tuple[dict, dict, dict]:
    """What is known of a resource, what is known later, and what its configuration states."""
    known = {name: value for name, value in arguments(resource).items() if value != LATER}
    stated = {
        name: {"references": ["var.later"]} if value == LATER else {"constant_value": value}
        for name, value in arguments(resource).items()
    }
    if resource["is"] == "defaults":
        return known, {"id": True}, stated
    after, unknown, expressions = {}, {"id": True}, {}
    computed = {name: True for _, name in OPTIONS.values() if name not in known}
    if "options" in resource:
        after["metadata_options"], unknown["metadata_options"] = [known], [computed]
        expressions["metadata_options"] = [stated]
    elif resource["is"] in ("instance", "template", "configuration"):
        unknown["metadata_options"] = True
    if resource["is"] == "notebook":
        version = resource.get("version")
        minimum = {"minimum_instance_metadata_service_version": version}
        after["instance_metadata_service_configuration"] = [minimum] if version else []
        if version:
            constant = {"minimum_instance_metadata_service_version": {"constant_value": version}}
            expressions["instance_metadata_service_configuration"] = [constant]
    if "from" in resource:
        name, attribute, source = source_in_terraform(resource, others)
        value = {"references": [f"{source}.{attribute}", source]} if source else {"constant_value": resource["from"]}
        if name == "launch_configuration":
            expressions[name], unknown[name] = value, True
        else:
            expressions[name] = [{attribute: value}]
            after[name] = [{} if source else {attribute: resource["from"]}]
            unknown[name] = [{attribute: True} if source else {}]
    return after, unknown, expressions


BUILDERS = {"cloudformation": cloudformation, "terraform": terraform, "plan": plan}


def build(folder: Path, found: list[Fixture]) -> None:
    """Writes each fixture into a folder of its own, below the name of its format."""
    for number, fixture in enumerate(found):
        for name in fixture.formats():
            path = folder / name / f"{number:03}" / FILES[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(BUILDERS[name](fixture))


def name_in(form: str, resource: dict) -> str:
    """What a checker calls a resource."""
    return logical(resource) if form == "cloudformation" else address(resource)


# Verdicts -----------------------------------------------------------------------------------------------------------


def worst(verdicts: list[str | None]) -> str | None:
    """The verdict of a file: that of its worst resource."""
    stated = [it for it in verdicts if it is not None]
    return next((it for it in (WRONG, UNKNOWN) if it in stated), RIGHT if stated else None)


@dataclass
class Counts:
    """How often a checker agreed with the right verdict, of the units that the file decides and of the others."""

    found: int = 0
    alarms: int = 0
    missed: int = 0
    passed: int = 0
    named: int = 0
    undecided: int = 0

    def add(self, verdict: str | None, right: str) -> None:
        if right == UNKNOWN:
            self.undecided += 1
            self.named += verdict == UNKNOWN
        elif right == WRONG:
            self.found += verdict == WRONG
            self.missed += verdict != WRONG
        else:
            self.alarms += verdict == WRONG
            self.passed += verdict != WRONG

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.alarms) if self.found + self.alarms else 1.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    def __str__(self) -> str:
        return f"{self.precision:.0%} / {self.recall:.0%}"
