#!/usr/bin/env python3
"""Large estates: what a scan of them takes beside plain boto3, and how near a throttled `enforce` comes to the floor.

    cargo build --workspace && cargo build --release -p v2only && tests/run --only foreign    # once
    target/venv/bin/python tests/bench/estate.py

Absolute times depend on the machine and on its other work; the ratios are the result. The embedded AWS holds so many
instances of which a part answers version 1; `v2only scan` and tests/bench/boto3_list.py ask it for the same ones, one
after the other. Measured:

  rss    highest resident memory of the process, in MiB
  cpu    CPU of the process, in seconds
  calls  AWS calls

Then `v2only enforce` changes more instances than a request bucket of 100 and 5 a second holds at once; the floor is the
time the bucket takes to fill for the rest. The run fails when something is not listed, throttled or left, never because
of a time.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "foreign"))

import servers  # noqa: E402

ACCOUNT, REGION = "111122223333", "us-east-1"
POLICY = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n"
BURST, PER_SECOND = 100, 5


def ask(url: str, path: str, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_sandbox/{path}", data, method="GET" if data is None else "POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


def fill(url: str, tokens: str, number: int) -> None:
    where = {"account": ACCOUNT, "region": REGION, "actor": {"user": "ana"}}
    for begin in range(0, number, 1000):
        ask(url, "launch-as", {**where, "count": min(1000, number - begin), "tokens": tokens})
    ask(url, "reset-events", {})


def run(url: str, argv: list[str], folder: Path) -> dict:
    """Runs a program against the sandbox to its end: what it printed, what it took, and which calls it made."""
    ask(url, "reset-calls", {})
    environment = servers.clean_environment(
        AWS_ENDPOINT_URL=url,
        AWS_ACCESS_KEY_ID=ACCOUNT,
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        V2ONLY_LOOPBACK_ONLY="1",
    )
    out, err = folder / "out.json", folder / "err.txt"
    begun = time.perf_counter()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        pid = os.posix_spawn(
            argv[0],
            argv,
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, stdout.fileno(), 1), (os.POSIX_SPAWN_DUP2, stderr.fileno(), 2)],
        )
        _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 10):
        raise RuntimeError(f"{argv[0]} ended with {code}: {err.read_text()[-2000:]}")
    calls = ask(url, "calls")
    return {
        "out": out,
        "wall": time.perf_counter() - begun,
        "rss": used.ru_maxrss / 1024,
        "cpu": used.ru_utime + used.ru_stime,
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
            with servers.sandbox(options.sandbox, folder / "aws", "--any-image") as url:
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


def throttled(options, folder: Path) -> dict:
    (folder / "policy.yaml").write_text(POLICY)
    journal = folder / "journal.ndjson"
    argv = [str(options.bin), "enforce", "--kind", "instance", "--yes", "--soak", "0s", "--output", "json", "-q"]
    argv += ["--policy", str(folder / "policy.yaml"), "--journal", str(journal)]
    with servers.sandbox(options.sandbox, folder / "aws", "--throttling") as url:
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
    parser.add_argument("--bin", type=Path, default=target / "release" / "v2only")
    parser.add_argument("--sandbox", type=Path, default=target / "debug" / "v2only-sandbox")
    parser.add_argument("--numbers", type=int, nargs="+", default=[10_000, 100_000], help="instances of an estate")
    parser.add_argument("--shares", type=int, nargs="+", default=[1, 100], help="percent of them that violate")
    parser.add_argument("--changes", type=int, default=300, help="violating instances of the throttled enforce")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="v2only-bench-"))
    try:
        rows, took = scan(options, folder), throttled(options, folder)
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
    print(
        f"enforce of {took['changes']} with a bucket of {BURST} and {PER_SECOND} a second: {took['wall']:.1f} s, "
        f"the floor is {took['floor']:.1f} s ({took['wall'] / took['floor'] - 1:+.1%}); "
        f"{took['throttled']} throttled, {took['left']} left"
    )
    if options.json:
        options.json.write_text(json.dumps({"scan": rows, "throttled": took}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
