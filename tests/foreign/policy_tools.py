"""The processes behind the tests of the policies: the simulator, which is not ours; the renderer and the judge, which
are; and the linters, which are not.
"""

import copy
import functools
import json
import os
import subprocess
from pathlib import Path

import pytest
import servers

HERE = Path(__file__).resolve().parent
POLICIES = HERE.parent.parent / "policies"
TARGET = servers.target_directory()
SIMULATOR = Path(os.environ.get("V2ONLY_SIMULATOR_DIR", TARGET / "policy-simulator"))
LINTERS = Path(os.environ.get("V2ONLY_POLICY_LINTERS", TARGET / "venv-policies" / "bin" / "python"))


class Lines:
    """A process that answers each line of JSON with a line of JSON."""

    def __init__(self, command: list, how: str, **environment: str):
        for part in command:
            if isinstance(part, Path) and not part.exists():
                pytest.fail(f"{part} does not exist; run `{how}`", pytrace=False)
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        )

    def ask(self, question: dict):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"{self.process.args[0]} ended instead of answering"
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


class Simulator:
    """iam-simulate. Counts what it was asked, and asks nothing twice."""

    def __init__(self):
        install = "tests/run --only foreign"
        modules = SIMULATOR / "node_modules" / "@cloud-copilot" / "iam-simulate" / "package.json"
        if not modules.exists():
            pytest.fail(f"{modules} does not exist; run `{install}`", pytrace=False)
        script = HERE / "policies" / "simulate.mjs"
        self.lines = Lines(["node", script], install, SIMULATOR_MODULES=str(SIMULATOR))
        self.known: dict[str, str] = {}
        self.simulated = 0

    def results(self, requests: list[dict], scps=(), identity=None, boundary=None) -> list[str]:
        """`Allowed`, `ExplicitlyDenied` or `ImplicitlyDenied` for each request. A key that does not exist for its
        action and resource is an error, unless the request says `stray`: nothing may pass by a misspelling."""
        policies = json.dumps([scps, identity, boundary], sort_keys=True)
        keys = [policies + json.dumps(request, sort_keys=True) for request in requests]
        new = {key: request for key, request in zip(keys, requests) if key not in self.known}
        if new:
            batch = {"scps": list(scps), "identity": identity, "boundary": boundary, "requests": list(new.values())}
            answers = self.lines.ask(batch)["answers"]
            self.simulated += len(new)
            for (key, request), answer in zip(new.items(), answers, strict=True):
                assert "error" not in answer, f"{request}: {answer['error']}"
                assert not answer["ignored"] or request.get("stray"), f"{request}: no such key {answer['ignored']}"
                self.known[key] = answer["result"]
        return [self.known[key] for key in keys]

    def denied(self, request: dict, scps=(), **policies) -> bool:
        return self.results([request], scps, **policies)[0] != "Allowed"


def example(name: str) -> Lines:
    """An example of the crate that renders."""
    return Lines([TARGET / "debug" / "examples" / name], "cargo build -p v2only-guardrails --examples")


class Judge:
    """What the judge says; asks nothing twice."""

    def __init__(self):
        self.lines = example("verdicts")
        self.answer = functools.cache(self._answer)

    def _answer(self, question: str) -> dict:
        return self.lines.ask(json.loads(question))

    def instance(self, document: dict | None, options: dict) -> dict:
        return self.answer(json.dumps({"hop_limit": document, "instance": options}))

    def notebook(self, version: str | None) -> dict:
        return self.answer(json.dumps({"hop_limit": None, "notebook": {"minimum_version": version}}))


class Renderer:
    """The files for some settings, as parsed JSON by path."""

    OWNER = "arn:aws:iam::*:role/v2only-owner"
    EXEMPT = "arn:aws:iam::*:role/break-glass"
    TAG = {"key": "v2only:exempt-principal", "value": "true"}

    def __init__(self):
        self.lines = example("renderings")
        self.known: dict[str, dict] = {}

    def files(self, partition="aws", hop_limit=None, exempt=(EXEMPT,), exempt_tag=TAG) -> dict[str, dict]:
        settings = {
            "partition": partition,
            "hop_limit": hop_limit,
            "owners": [self.OWNER],
            "exempt": list(exempt),
            "exempt_tag": exempt_tag,
        }
        key = json.dumps(settings)
        if key not in self.known:
            self.known[key] = {path: json.loads(text) for path, text in self.lines.ask(settings).items()}
        return self.known[key]


def attached(files: dict, *names: str) -> list[dict]:
    """These service control policies; one that a document has no opinion for is not rendered."""
    return [files[f"scp/{name}.json"] for name in names if f"scp/{name}.json" in files]


def sids(policies) -> set[str]:
    return {it["Sid"] for policy in policies for it in policy["Statement"]}


def without(policies: list[dict], sid: str) -> list[dict]:
    """The policies without one statement; a policy that is left empty is gone."""
    kept = copy.deepcopy(policies)
    for policy in kept:
        policy["Statement"] = [it for it in policy["Statement"] if it["Sid"] != sid]
    assert kept != policies, f"no statement {sid}"
    return [policy for policy in kept if policy["Statement"]]


def all_scps() -> list[dict]:
    """Everything shipped, attached at once."""
    files = shipped()
    whole = [policy for path, policy in files.items() if path.startswith("scp/everything")]
    return whole + attached(files, "optional-credentials-from-own-network")


def shipped() -> dict[str, dict]:
    """The shipped files, as parsed JSON by path."""
    return {f"{it.parent.name}/{it.name}": json.loads(it.read_text()) for it in sorted(POLICIES.glob("*/*.json"))}


def lint(policies: dict[str, dict]) -> dict[str, list[str]]:
    """What parliament and policy_sentry find in each policy."""
    command = [str(LINTERS), "-I", str(HERE / "policies" / "lint.py")]
    if not LINTERS.exists():
        pytest.fail(f"{LINTERS} does not exist; run `tests/run --only foreign`", pytrace=False)
    done = subprocess.run(command, input=json.dumps(policies), text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
