#!/usr/bin/env python3
"""Writes docs/src/reference/policy-document.md from the JSON Schema of the policy document."""

import json
from pathlib import Path

DOCS = Path(__file__).resolve().parent
SCHEMA = DOCS.parent / "crates" / "document" / "schema" / "policy-v1.schema.json"
PAGE = DOCS / "src" / "reference" / "policy-document.md"

HEAD = """# Policy document

`docs/generate.py` writes this page from the
[JSON Schema](../../../crates/document/schema/policy-v1.schema.json), which `v2only validate --schema` prints.
A name in brackets refers to the section with that name.
"""


def resolve(schema: dict, defs: dict) -> dict:
    """The schema with the definition that it refers to; the keys beside `$ref` win."""
    if "$ref" not in schema:
        return schema
    return resolve(defs[schema["$ref"].rsplit("/", 1)[1]], defs) | {k: v for k, v in schema.items() if k != "$ref"}


def value(schema: dict, defs: dict) -> str:
    """The values that a field accepts."""
    reference = schema.get("$ref", "").rsplit("/", 1)[-1]
    if reference and "properties" in resolve(schema, defs):
        return f"[{reference}](#{reference})"
    schema = resolve(schema, defs)
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(choice)}`" for choice in schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(value(choice, defs) for choice in schema[key])
    if "items" in schema:
        return f"list of {value(schema['items'], defs)}"
    if "properties" in schema:
        fields = (f"`{name}`: {value(field, defs)}" for name, field in schema["properties"].items())
        return f"object ({'; '.join(fields)})"
    limits = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    pattern = [f"matching `{schema['pattern']}`"] if "pattern" in schema else []
    kind = schema.get("type", "any")
    return " ".join([kind if isinstance(kind, str) else " or ".join(kind), *limits, *pattern])


def rows(section: dict, defs: dict, prefix: str = ""):
    for name, schema in section["properties"].items():
        field = resolve(schema, defs)
        default = f"`{json.dumps(field['default'])}`" if "default" in field else ""
        default = "required" if name in section.get("required", []) else default
        nested = "$ref" not in schema and "properties" in field
        cells = f"`{prefix}{name}`", "object" if nested else value(schema, defs), default, field.get("description", "")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        if nested:
            yield from rows(field, defs, f"{prefix}{name}.")


def page() -> str:
    schema = json.loads(SCHEMA.read_text())
    defs = schema["$defs"]
    sections = {"document": schema} | {name: each for name, each in defs.items() if "properties" in each}
    text = HEAD
    for name, section in sections.items():
        text += f"\n## {name}\n\n{section.get('description', '')}\n\n| field | value | default | meaning |\n|---|---|---|---|\n"
        text += "\n".join(rows(section, defs)) + "\n"
    return text


if __name__ == "__main__":
    PAGE.write_text(page())
