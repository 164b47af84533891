#!/usr/bin/env python3
"""The same estate fixed by `v2only enforce`, by Cloud Custodian, by metabadger and by plain boto3, one after the other.

    tests/bench/run --rounds 1 peers                     # installs and builds everything first
    target/venv-bench/bin/python tests/bench/peers.py    # once more

Absolute times depend on the machine and on its other work; the ratios are the result. Estates of the embedded AWS:

  quick     one account and Region, 100 violating instances, no delay
  slow      the same, 50 ms a call
  account   one account and Region, 1,000 violating instances, a bucket of 100 and 5 a second (floor: 180 s)
  org       4 accounts x 4 Regions x 25 violating instances, 50 ms a call
  large     40 accounts x 17 Regions x 1 violating instance, 50 ms a call; run once

wall, cpu (with child processes) in seconds; pss is the highest proportional set size of the process and its children, in
MiB, looked at every 20 ms; left is how many instances still answer version 1. The embedded AWS is told to take HttpTokens
without HttpEndpoint here: Cloud Custodian cannot send both without leaving out instances that are wrong in one only.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "foreign"))

import boto3  # noqa: E402
import measured  # noqa: E402
import servers  # noqa: E402
from estate import POLICY, ask  # noqa: E402

HOME = "111122223333"
REGIONS = [
    *("us-east-1", "us-west-2", "eu-west-1", "ap-southeast-1", "us-east-2", "us-west-1", "ca-central-1", "sa-east-1"),
    *("eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "ap-south-1", "ap-southeast-2", "ap-northeast-1"),
    *("ap-northeast-2", "ap-northeast-3"),
]
ROLE = "v2only-member"


@dataclass(frozen=True)
class Estate:
    """What is to be fixed, how AWS answers, and how often it is measured."""

    members: list[str]
    regions: list[str]
    each: int
    millis: int = 0
    throttling: bool = False
    times: int = 3


def members(number: int) -> list[str]:
    return [f"4444555566{it:02}" for it in range(number)]


ESTATES = {
    "quick": Estate([], REGIONS[:1], 100),
    "slow": Estate([], REGIONS[:1], 100, millis=50),
    "org": Estate(members(4), REGIONS[:4], 25, millis=50),
    "large": Estate(members(40), REGIONS, 1, millis=50, times=1),
    "account": Estate([], REGIONS[:1], 1000, throttling=True, times=1),
}
LOOK_SECONDS = 0.02


def descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                status = (entry / "stat").read_text()
                # Behind the name, which may hold anything: the state, then the parent.
                children.setdefault(int(status[status.rindex(")") + 2 :].split()[1]), []).append(int(entry.name))
    found = [pid]
    for it in found:
        found += children.get(it, [])
    return found


def pss(pid: int) -> float:
    total = 0
    for it in descendants(pid):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{it}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def run(argv: list[str], environment: dict[str, str], folder: Path) -> dict:
    """Runs a program to its end, and says what it took."""
    with (folder / "out.txt").open("wb") as out:
        to = [(os.POSIX_SPAWN_DUP2, out.fileno(), number) for number in (1, 2)]
        peak, ended = [0.0], threading.Event()

        def look(pid: int):
            while not ended.wait(LOOK_SECONDS):
                peak.append(max(peak.pop(), pss(pid)))

        threads: list[threading.Thread] = []

        def started(pid: int):
            threads.append(threading.Thread(target=look, args=(pid,)))
            threads[0].start()

        try:
            # metabadger writes a log to where it runs.
            taken = measured.run(argv, environment, to, started, str(folder))
        finally:
            ended.set()
            for thread in threads:
                thread.join()
    if taken.code:
        print(f"{argv[0]} ended with {taken.code}: {(folder / 'out.txt').read_text()[-1000:]}", file=sys.stderr)
    # What runs shorter than the time between two looks has its resident set at least.
    return {"wall": taken.wall, "cpu": taken.cpu, "pss": peak[0] or taken.rss}


def tools(options, folder: Path, estate: Estate) -> dict[str, list[str]]:
    """What is typed for each tool."""
    (folder / "policy.yaml").write_text(POLICY)
    ours = [str(options.bin), "enforce", "--kind", "instance", "--yes", "--soak", "0s", "-q", "--output", "json"]
    ours += ["--policy", str(folder / "policy.yaml"), "--journal", str(folder / "journal.ndjson")]
    rules = ["-s", str(folder / "custodian"), "--cache-period", "0"]
    plain = [sys.executable, str(HERE / "boto3_fix.py"), ROLE]
    if not estate.members:
        return {
            "v2only": ours,
            "custodian": [str(options.custodian / "custodian"), "run", *rules, str(HERE / "custodian.yml")],
            "metabadger": [str(options.metabadger / "metabadger"), "harden-metadata", "-r", estate.regions[0]],
            "boto3": [*plain, estate.regions[0]],
        }
    role = "arn:aws:iam::{}:role/" + ROLE
    accounts = [{"account_id": it, "name": it, "role": role.format(it), "regions": estate.regions} for it in estate.members]
    # JSON is YAML.
    (folder / "accounts.yml").write_text(json.dumps({"accounts": accounts}))
    everywhere = [it for region in estate.regions for it in ("--region", region)]
    runner = [str(options.custodian / "c7n-org"), "run", "-c", str(folder / "accounts.yml")]
    runner += ["-u", str(HERE / "custodian.yml")]
    return {
        "v2only": [*ours, "--accounts", ",".join(estate.members), "--role-name", ROLE, *everywhere],
        "c7n-org": [*runner, *rules],
        "boto3": [*plain, ",".join(estate.regions), ",".join(estate.members)],
    }


def fill(url: str, estate: Estate) -> list[tuple[str, str, str]]:
    """Launches what is to be fixed: accounts, Regions and instance ids."""
    found = []
    for account in estate.members or [HOME]:
        for region in estate.regions:
            order = {"account": account, "region": region, "actor": {"user": "ana"}, "tokens": "optional"}
            launched = ask(url, "launch-as", {**order, "count": estate.each})["instance_ids"]
            found += [(account, region, it) for it in launched]
    ask(url, "reset-events", {})
    return found


def left(url: str, launched: list[tuple[str, str, str]]) -> int:
    """How many of them still answer version 1, as boto3 reads it."""
    wrong = 0
    for account, region in sorted({it[:2] for it in launched}):
        key = {"aws_access_key_id": account, "aws_secret_access_key": "test"}
        ec2 = boto3.client("ec2", region_name=region, endpoint_url=url, **key)
        for page in ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 1000}):
            every = (it for reservation in page["Reservations"] for it in reservation["Instances"])
            wrong += sum(it["MetadataOptions"]["HttpTokens"] != "required" for it in every)
    return wrong


def once(options, estate: Estate, tool: str) -> dict:
    folder = Path(tempfile.mkdtemp(prefix="v2only-bench-"))
    flags = ["--throttling"] if estate.throttling else []
    flags += [it for member in estate.members for it in ("--member", member)]
    flags += ["--member-role", ROLE] if estate.members else []
    try:
        with servers.sandbox_alone(options.sandbox, folder / "aws", "--any-image", "--tokens-alone", *flags) as url:
            launched = fill(url, estate)
            if estate.millis:
                ask(url, "inject", {"effect": "latency", "millis": estate.millis})
            ask(url, "reset-calls", {})
            environment = servers.clean_environment(
                AWS_ENDPOINT_URL=url,
                AWS_ACCESS_KEY_ID=HOME,
                AWS_SECRET_ACCESS_KEY="test",
                AWS_REGION=REGIONS[0],
                AWS_DEFAULT_REGION=REGIONS[0],
                HOME=str(folder),
                V2ONLY_LOOPBACK_ONLY="1",
            )
            took = run(tools(options, folder, estate)[tool], environment, folder)
            calls = ask(url, "calls")
            ask(url, "reset-faults", {})
            took["calls"] = dict(sorted(Counter(it["action"] for it in calls).items()))
            took["throttled"] = sum(it["error"] == "RequestLimitExceeded" for it in calls)
            took["left"] = left(url, launched)
            return took
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def absolute(path: str) -> Path:
    return Path(path).absolute()


def show(name: str, options, runs: dict[str, list[dict]]) -> None:
    print(f"{name}: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs, {options.bin}; medians, and ours to each")
    figures = ("wall", "cpu", "pss")
    middle = {tool: {it: statistics.median(run[it] for run in of) for it in figures} for tool, of in runs.items()}
    for tool, of in runs.items():
        row = [f"{it} {middle[tool][it]:7.2f} (1/{middle[tool][it] / middle['v2only'][it]:.1f})" for it in figures]
        last = of[-1]
        print(f"  {tool:10}", *row, f"throttled {last['throttled']}  left {last['left']}  {last['calls']}", sep="  ")


def main() -> int:
    target = servers.target_directory()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=absolute, default=target / measured.RELEASED / "v2only")
    parser.add_argument("--sandbox", type=Path, default=target / "release" / "v2only-sandbox")
    programs = target / "venv-custodian" / "bin"
    parser.add_argument("--custodian", type=Path, default=programs, help="the folder of its programs")
    programs = target / "venv-metabadger" / "bin"
    parser.add_argument("--metabadger", type=Path, default=programs, help="the folder of its program")
    parser.add_argument("--only", nargs="+", choices=ESTATES, default=list(ESTATES), help="some of the estates")
    parser.add_argument("--times", type=int, help="runs of each tool over each estate, in place of 3 and 1")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    options = parser.parse_args()
    figures = {}
    for name in options.only:
        runs: dict[str, list[dict]] = {}
        estate = ESTATES[name]
        for _ in range(options.times or estate.times):
            for tool in ("v2only", "c7n-org", "boto3") if estate.members else ("v2only", "custodian", "metabadger", "boto3"):
                runs.setdefault(tool, []).append(once(options, estate, tool))
        figures[name] = runs
        show(name, options, runs)
        if any(run["left"] or run["throttled"] for run in runs["v2only"]):
            raise RuntimeError(f"v2only left something, or was throttled: {runs['v2only']}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
