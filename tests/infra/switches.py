"""Every metadata switch that AWS publishes: in the CloudFormation schemas that cfn-lint has, and in the API models of botocore.

    python tests/infra/switches.py       prints them, one a line

A switch is a property or a member with one of the names in SWITCH. The names that only stand near a switch, such as the
map around it, are no switches.
"""

import gzip
import json
import re
import sys
from pathlib import Path

# HttpTokens and HttpTokensEnforced, DisableIMDSV1, ImdsSupport, MinimumInstanceMetadataServiceVersion; a new name with
# one of these parts is a switch too.
SWITCH = re.compile(r"imds|httptokens|metadataserviceversion|metadataoptions$", re.IGNORECASE)


def cloudformation() -> set[tuple[str, str]]:
    """Type and path of every switch in the schemas."""
    import cfnlint

    folder = Path(cfnlint.__file__).parent / "data" / "schemas" / "resources"
    found = set()
    for path in sorted(folder.glob("*.json")):
        schema = json.loads(path.read_text())
        if not SWITCH.search(path.read_text()):
            continue
        definitions = schema.get("definitions", {})
        found |= {(schema["typeName"], it) for it in _below(schema, definitions, ())}
    return found


def _below(node: dict, definitions: dict, path: tuple[str, ...], met: tuple[str, ...] = ()):
    """The paths of switches below a node of a schema. `met` are the definitions on the way, which may be recursive."""
    if not isinstance(node, dict) or not node:
        return
    reference = node.get("$ref", "")
    if reference.startswith("#/definitions/"):
        name = reference.rsplit("/", 1)[1]
        if name not in met:
            yield from _below(definitions.get(name, {}), definitions, path, (*met, name))
        return
    for name, value in node.get("properties", {}).items():
        deeper = set(_below(value, definitions, (*path, name), met))
        yield from deeper
        if SWITCH.search(name) and not deeper:
            yield ".".join((*path, name))
    for key in ("items", "additionalProperties"):
        yield from _below(node.get(key, {}), definitions, path, met)
    for key in ("oneOf", "anyOf", "allOf"):
        for choice in node.get(key, []):
            yield from _below(choice, definitions, path, met)


def api() -> set[tuple[str, str]]:
    """Operation and path of every switch in the inputs of the newest API models."""
    import botocore

    found = set()
    for service in sorted((Path(botocore.__file__).parent / "data").iterdir()):
        versions = sorted(it for it in service.iterdir() if it.is_dir()) if service.is_dir() else []
        if not versions:
            continue
        text = _read(versions[-1])
        if not SWITCH.search(text):
            continue
        model = json.loads(text)
        for name, operation in model["operations"].items():
            shape = operation.get("input", {}).get("shape")
            found |= {(f"{service.name}.{name}", it) for it in _members(shape, model["shapes"], ())}
    return found


def _read(version: Path) -> str:
    packed = version / "service-2.json.gz"
    if packed.exists():
        return gzip.decompress(packed.read_bytes()).decode()
    plain = version / "service-2.json"
    return plain.read_text() if plain.exists() else ""


def _members(name: str | None, shapes: dict, path: tuple[str, ...], met: tuple[str, ...] = ()):
    if name is None or name in met:
        return
    shape = shapes[name]
    if shape["type"] == "list":
        yield from _members(shape["member"]["shape"], shapes, path, (*met, name))
    elif shape["type"] == "map":
        yield from _members(shape["value"]["shape"], shapes, path, (*met, name))
    elif shape["type"] == "structure":
        for member, value in shape["members"].items():
            deeper = set(_members(value["shape"], shapes, (*path, member), (*met, name)))
            yield from deeper
            if SWITCH.search(member) and not deeper:
                yield ".".join((*path, member))


if __name__ == "__main__":
    for origin, switches in (("cloudformation", cloudformation()), ("api", api())):
        for name, path in sorted(switches):
            sys.stdout.write(f"{origin} {name} {path}\n")
