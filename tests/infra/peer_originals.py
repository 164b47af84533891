"""Reads the fixtures of other checkers out of checkouts of their repositories, with the verdicts that they state."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from peer_fixtures import RIGHT, WRONG

# The verdict about every resource of the file, and about the complete file.
EVERY, COMPLETE = "*", ""


@dataclass(frozen=True)
class Original:
    """A fixture as the peer has it: the name of the part in `folder` of its rule, and a file for v2only."""

    part: str
    file: str
    text: str
    stated: dict[str, str]


def checkov(path: Path) -> Iterator[Original]:
    """The files of an `example_` folder. Its test states the resources; without sets, the name of the file does."""
    module = path.parent / f"{path.name.replace('example_', 'test_')}.py"
    sets = dict(sets_of(module.read_text()) if module.exists() else ())
    stated = {
        name.rsplit(".", 1)[-1] if "::" in name else name: verdict
        for variable, verdict in (("passing_resources", RIGHT), ("failing_resources", WRONG))
        for name in sets.get(variable, ())
    }
    for file in sorted(path.iterdir()):
        by_name = {EVERY: RIGHT} if "PASSED" in file.stem else {EVERY: WRONG} if "FAILED" in file.stem else {}
        yield Original(file.name, file.name, file.read_text(), stated or by_name)


def sets_of(module: str) -> Iterator[tuple[str, set[str]]]:
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Set) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, {it.value for it in node.value.elts if isinstance(it, ast.Constant)}


def trivy(path: Path) -> Iterator[Original]:
    """The good and bad examples of a check, each a block of text in YAML."""
    language = kind = ""
    number, lines = 0, []

    def example() -> Iterator[Original]:
        if lines:
            file = "main.tf" if language == "terraform" else "stack.yaml"
            stated = {COMPLETE: RIGHT if kind == "good" else WRONG}
            yield Original(f"{language}.{kind}.{number - 1}", file, "\n".join(lines) + "\n", stated)
            lines.clear()

    for line in [*path.read_text().splitlines(), "end:"]:
        indent = len(line) - len(line.lstrip())
        if line.strip() == "- |-":
            yield from example()
            number += 1
        elif line.strip() and indent < 6:
            yield from example()
            if indent == 0:
                language = line.strip(" :")
            kind, number = line.strip(" :"), 0
        elif kind in ("good", "bad"):
            lines.append(line[6:])


def kics(path: Path) -> Iterator[Original]:
    """A file called positive has findings for each of its resources, and one called negative has none."""
    for file in sorted(path.iterdir()):
        kind = re.match(r"(positive|negative)\d*\.", file.name)
        if kind:
            verdict = WRONG if kind[1] == "positive" else RIGHT
            yield Original(file.name, file.name, file.read_text(), {EVERY: verdict})


def semgrep(path: Path) -> Iterator[Original]:
    """Each comment `ruleid` or `ok` is about the resource in the next line, or about the one that holds it."""
    for file in sorted(path.glob("*imds*.tf")) + sorted(path.glob("*metadata-service*.tf")):
        stated, holder, verdict = {}, "", None
        for line in file.read_text().splitlines():
            resource = re.match(r'resource "(.+?)" "(.+?)"', line)
            comment = re.match(r"\s*# (ruleid|ok):", line)
            if resource:
                holder = f"{resource[1]}.{resource[2]}"
            if verdict and line.strip():
                stated[holder] = verdict
            verdict = {"ruleid": WRONG, "ok": RIGHT}[comment[1]] if comment else None
        yield Original(file.name, file.name, file.read_text(), stated)


def sentinel(path: Path) -> Iterator[Original]:
    """The planned values of a mock, which are JSON but for the commas at the ends of lists."""
    for mock in sorted(path.glob("*/mock-tfplan-v2.sentinel")):
        text = re.sub(r",(\s*[}\]])", r"\1", re.split(r"^planned_values = ", mock.read_text(), flags=re.MULTILINE)[1])
        resources = json.JSONDecoder().raw_decode(text)[0]["resources"].values()
        changes = [
            {name: it[name] for name in ("address", "mode", "type", "name", "provider_name")}
            | {"change": {"actions": ["create"], "before": None, "after": it["values"], "after_unknown": {}}}
            for it in resources
        ]
        plan = {"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": changes}
        verdict = WRONG if "failure" in mock.parent.name else RIGHT
        yield Original(mock.parent.name, "plan.json", json.dumps(plan), {EVERY: verdict})


def adapter(path: Path) -> Iterator[Original]:
    """The sources in a table of tests in Go. The expected instance states what became of the source."""
    cases = re.split(r"^\t\t\{\n", path.read_text(), flags=re.MULTILINE)[1:]
    for case in cases:
        named = re.search(r'name:\s*"(.+?)"', case)
        source = re.search(r"(source|terraform):\s*`(.*?)`", case, re.DOTALL)
        expected = case.partition("expected:")[2]
        instance = re.search(r"\bInstances: .*?\n\t{4}\}", expected, re.DOTALL)
        if named and source and instance:
            closed = r'HttpTokens:\s*\w+\.StringTest\("required"\)|HttpEndpoint:\s*\w+\.StringTest\("disabled"\)'
            right = re.search(closed, instance[0]) is not None
            file = "stack.yaml" if source[1] == "source" else "main.tf"
            yield Original(named[1], file, source[2], {COMPLETE: RIGHT if right else WRONG})


READERS = {
    "checkov": checkov,
    "trivy": trivy,
    "trivy-adapter": adapter,
    "kics": kics,
    "semgrep": semgrep,
    "sentinel": sentinel,
}
