#!/usr/bin/env python3
"""Large estates: what a scan of them takes beside plain boto3, and how near a throttled `enforce` comes to the floor.

    tests/bench/run --rounds 1 estate                     # installs and builds everything first
    target/venv-bench/bin/python tests/bench/estate.py    # once more

Absolute times depend on the machine and on its other work; the ratios are the result. The embedded AWS holds so many
instances, some with IMDSv1; `v2only scan` and tests/bench/boto3_list.py ask it for the same ones, one
after the other. Measured:

  rss    highest resident memory of the process, in MiB (see measured.py)
  cpu    CPU of the process, in seconds
  calls  AWS calls

Then what everything else takes that lists or changes them: each output of `scan`, the plan of `enforce` up to its
question, which is answered with no, and an `enforce` that changes all of them. AWS lets nobody change more than 100 at
once and 5 a second in an account and Region, so those are spread over so many places that nobody has to wait.

Then `v2only enforce` changes more instances than a request bucket of 100 and 5 a second holds at once; the floor is the
time the bucket takes to fill for the rest. The run fails when something is not listed, throttled or left, never because
of a time.
"""

import argparse
import json
import os
import pty
import shutil
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "foreign"))

import measured  # noqa: E402
import servers  # noqa: E402

ACCOUNT, REGION = "111122223333", "us-east-1"
POLICY = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n"
BURST, PER_SECOND = 100, 5
OUTPUTS = ["table", "json", "ndjson", "csv", "sarif", "asff", "ocsf", "html"]
MEMBERS = [f"2{number:011}" for number in range(64)]
REGIONS = [
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
    *("eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1"),
    *("ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2"),
]


def ask(url: str, path: str, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_sandbox/{path}", data, method="GET" if data is None else "POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


def fill(url: str, tokens: str, number: int, account: str = ACCOUNT, region: str = REGION) -> None:
    where = {"account": account, "region": region, "actor": {"user": "ana"}}
    for begin in range(0, number, 1000):
        ask(url, "launch-as", {**where, "count": min(1000, number - begin), "tokens": tokens})
    ask(url, "reset-events", {})


def environment_for(url: str, **extra: str) -> dict[str, str]:
    """How a program reaches the account of the estate in the embedded AWS."""
    region = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    key = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
    return servers.clean_environment(AWS_ENDPOINT_URL=url, V2ONLY_LOOPBACK_ONLY="1", **region, **key, **extra)


def run(url: str, argv: list[str], folder: Path, answer: str | None = None) -> dict:
    """Runs a program against the sandbox to its end: what it printed, what it took, and which calls it made. An answer is
    typed on a terminal."""
    ask(url, "reset-calls", {})
    environment = environment_for(url)
    out, err = folder / "out.json", folder / "err.txt"
    keyboard, terminal = pty.openpty()
    if answer is not None:
        os.write(keyboard, answer.encode() + b"\n")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        streams = [(stdout.fileno(), 1), (stderr.fileno(), 2), *([(terminal, 0)] if answer is not None else [])]
        actions = [(os.POSIX_SPAWN_DUP2, number, as_number) for number, as_number in streams]
        taken = measured.run(argv, environment, actions)
    os.close(keyboard)
    os.close(terminal)
    if taken.code not in (0, 10):
        raise RuntimeError(f"{argv[0]} ended with {taken.code}: {err.read_text()[-2000:]}")
    calls = ask(url, "calls")
    return {
        "out": out,
        "wall": taken.wall,
        "rss": taken.rss,
        "cpu": taken.cpu,
        "calls": dict(Counter(it["action"] for it in calls)),
        "throttled": sum(it["error"] == "RequestLimitExceeded" for it in calls),
    }


def findings(path: Path) -> int:
    """How many there are in the document, read line by line: the harness holds no estate either."""
    with path.open() as lines:
        return sum('"kind": "instance"' in it for it in lines)


def scan(options, folder: Path) -> list[dict]:
    rows = []
    ours = [str(options.bin), "scan", "--kind", "instance", "--output", "json", "-q"]
    theirs = [sys.executable, str(HERE / "boto3_list.py")]
    for share in options.shares:
        for number in options.numbers:
            violating = number * share // 100
            with servers.sandbox_alone(options.sandbox, folder / "aws", "--any-image") as url:
                fill(url, "required", number - violating)
                fill(url, "optional", violating)
                row = {"instances": number, "violating": violating, "v2only": run(url, ours, folder)}
                listed = findings(row["v2only"].pop("out"))
                row["boto3"] = run(url, theirs, folder)
                wanted = row["boto3"].pop("out").read_text().count('"id"')
            if (listed, wanted) != (violating, violating):
                raise RuntimeError(f"{violating} violate, v2only lists {listed} and boto3 {wanted}")
            pages = -(-violating // 1000) or 1
            if row["v2only"]["calls"]["DescribeInstances"] != pages:
                raise RuntimeError(f"{row['v2only']['calls']}, and {pages} pages are enough")
            rows.append(row)
    return rows


def memory(options, folder: Path) -> dict[str, list[float]]:
    """What each way to report violating instances takes, by how many there are; and the plan of `enforce`."""
    (folder / "policy.yaml").write_text(POLICY)
    ways = {f"scan --output {it}": ["scan", "--output", it] for it in OUTPUTS}
    ways["enforce, up to its question"] = ["enforce", "--policy", str(folder / "policy.yaml")]
    taken: dict[str, list[float]] = {}
    for number in options.numbers:
        with servers.sandbox_alone(options.sandbox, folder / "aws", "--any-image") as url:
            fill(url, "optional", number)
            for way, argv in ways.items():
                answer = "n" if argv[0] == "enforce" else None
                took = run(url, [str(options.bin), *argv, "--kind", "instance", "-q"], folder, answer)
                taken.setdefault(way, []).append(took["rss"])
    return taken


def enforced(options, folder: Path) -> list[dict]:
    """An `enforce` that changes every instance of an organization, with nobody waiting for a turn."""
    (folder / "policy.yaml").write_text(POLICY)
    members = [word for member in MEMBERS for word in ("--member", member)]
    argv = [str(options.bin), "enforce", "--kind", "instance", "--yes", "--soak", "0s", "--output", "csv", "-q"]
    argv += ["--policy", str(folder / "policy.yaml"), "--role-name", "v2only-test"]
    argv += ["--accounts", ",".join(MEMBERS), *(word for region in REGIONS for word in ("--region", region))]
    rows = []
    for each in options.each:
        journal = folder / f"journal-{each}.ndjson"
        with servers.sandbox_alone(options.sandbox, folder / "aws", *members, "--member-role", "v2only-test") as url:
            for member in MEMBERS:
                for region in REGIONS:
                    fill(url, "optional", each, member, region)
            took = run(url, [*argv, "--journal", str(journal)], folder)
        changes = each * len(MEMBERS) * len(REGIONS)
        with took.pop("out").open() as lines:
            fixed = sum(",fixed," in it for it in lines)
        if (fixed, took["throttled"]) != (changes, 0):
            raise RuntimeError(f"{changes} were to be changed, {fixed} were, {took['throttled']} calls throttled")
        rows.append(took | {"changes": changes})
    return rows


def throttled(options, folder: Path) -> dict:
    (folder / "policy.yaml").write_text(POLICY)
    journal = folder / "journal.ndjson"
    argv = [str(options.bin), "enforce", "--kind", "instance", "--yes", "--soak", "0s", "--output", "json", "-q"]
    argv += ["--policy", str(folder / "policy.yaml"), "--journal", str(journal)]
    with servers.sandbox_alone(options.sandbox, folder / "aws", "--throttling") as url:
        fill(url, "optional", options.changes)
        took = run(url, argv, folder)
    told = json.loads(took.pop("out").read_text())
    floor = (options.changes - BURST) / PER_SECOND
    took |= {"changes": options.changes, "left": told["totals"]["remaining"], "floor": floor}
    if (took["throttled"], took["left"]) != (0, 0):
        raise RuntimeError(f"{took['throttled']} calls were throttled, {took['left']} violations are left")
    return took


def main() -> int:
    target = servers.target_directory()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=target / measured.RELEASED / "v2only")
    parser.add_argument("--sandbox", type=Path, default=target / "release" / "v2only-sandbox")
    parser.add_argument("--numbers", type=int, nargs="+", default=[10_000, 100_000], help="instances of an estate")
    parser.add_argument("--shares", type=int, nargs="+", default=[1, 100], help="percent of them that violate")
    parser.add_argument("--each", type=int, nargs="+", default=[10, 98], help="changes in each of 1024 places")
    parser.add_argument("--changes", type=int, default=300, help="violating instances of the throttled enforce")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="v2only-bench-"))
    try:
        rows, ways = scan(options, folder), memory(options, folder)
        changed, took = enforced(options, folder), throttled(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs, {options.bin}")
    both = "   ".join(f"{f'{figure}: v2only':>12} {'boto3':>8} {'ratio':>7}" for figure in ("rss", "cpu"))
    print(f"{'instances':>10} {'violating':>10}   {both}   calls")
    for row in rows:
        ours, theirs = row["v2only"], row["boto3"]
        calls = ", ".join(f"{it} {number}" for it, number in ours["calls"].items())
        print(
            f"{row['instances']:10} {row['violating']:10}   {ours['rss']:12.1f} {theirs['rss']:8.1f} "
            f"{'1/%.1f' % (theirs['rss'] / ours['rss']):>7}   {ours['cpu']:12.2f} {theirs['cpu']:8.2f} "
            f"{'1/%.1f' % (theirs['cpu'] / ours['cpu']):>7}   {calls}"
        )
    print(f"{'rss with so many violating:':30}" + "".join(f"{number:10}" for number in options.numbers))
    for way, taken in ways.items():
        print(f"{way:30}" + "".join(f"{it:10.1f}" for it in taken))
    for it in changed:
        print(f"enforce that changes {it['changes']} in {len(MEMBERS) * len(REGIONS)} places: {it['rss']:.1f}")
    print(
        f"enforce of {took['changes']} with a bucket of {BURST} and {PER_SECOND} a second: {took['wall']:.1f} s, "
        f"the floor is {took['floor']:.1f} s ({took['wall'] / took['floor'] - 1:+.1%}); "
        f"{took['throttled']} throttled, {took['left']} left"
    )
    if options.json:
        options.json.write_text(json.dumps({"scan": rows, "rss": ways, "enforced": changed, "throttled": took}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
