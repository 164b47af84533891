#!/usr/bin/env python3
"""Warm events: what one process takes for launches of 0, 1, 20 and 500 violating instances, beside a plain boto3 handler.

    tests/bench/run --rounds 1 warm                     # installs and builds everything first
    target/venv-bench/bin/python tests/bench/warm.py    # once more

Absolute times depend on the machine and on its other work; the ratios are the result. The harness plays Lambda's Runtime API and
the embedded AWS plays AWS. A handler has one core to itself, where the machine has two, and gets one event after the other. The
first event warms it and is not counted. Measured for each event:

  cpu     CPU of the process, in ms
  events  events a second, of a handler that is never idle on its core
  calls   AWS calls

AWS lets nobody change more than 100 instances at once and 5 a second in an account and Region. `ec2-enforcer` keeps to that and
answers a larger launch with an error, so that the event comes again. Here it comes again after 20 s, as from a queue, and what all of
its deliveries take is the cost of the event. The boto3 handler does not keep to it, and is not throttled here.

The run fails when an instance is not fixed, never because of a figure.
"""

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "foreign"))

import boto3  # noqa: E402
import cloudtrail  # noqa: E402
import measured  # noqa: E402
import servers  # noqa: E402
from coldstart import POLICIES, Handler, cpu_ms, serve  # noqa: E402
from estate import ACCOUNT, REGION, ask, environment_for  # noqa: E402

FUNCTION = "ec2-enforcer"
# Violating instances of a launch, and how many such launches.
LAUNCHES = {0: 300, 1: 300, 20: 30, 500: 1}
AGAIN_SECONDS = 20
DEADLINE_SECONDS = 60


class Lambda:
    """The Runtime API for one process."""

    def __init__(self):
        events, verdicts = self.events, self.verdicts = queue.Queue(), queue.Queue()

        class Api(Handler):
            def do_GET(self):
                event = events.get()
                headers = {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                    "Lambda-Runtime-Deadline-Ms": str(int((time.time() + DEADLINE_SECONDS) * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:bench",
                }
                self.answer(200, headers, json.dumps(event).encode())

            def do_POST(self):
                self.body()
                self.answer(202, {}, b"")
                verdicts.put(self.path.rsplit("/", 1)[1])

        self.server = serve(Api)

    def handle(self, event: dict) -> bool:
        """Gives an event to the process; whether it answered without an error."""
        self.events.put(event)
        return self.verdicts.get(timeout=2 * DEADLINE_SECONDS) == "response"


def launch(url: str, violating: int) -> dict:
    """The event about a launch, of one compliant instance if none is to violate."""
    tokens, number = ("optional", violating) if violating else ("required", 1)
    order = {"account": ACCOUNT, "region": REGION, "actor": {"user": "ana"}, "tokens": tokens, "count": number}
    ids = ask(url, "launch-as", order)["instance_ids"]
    options = {"HttpTokens": tokens, "HttpEndpoint": "enabled"}
    return cloudtrail.envelope(cloudtrail.run_instances(dict.fromkeys(ids, options), account=ACCOUNT, region=REGION))


def measure(options, folder: Path, argv: list[str], violating: int, core: int | None) -> dict:
    api = Lambda()
    with servers.sandbox_alone(options.sandbox, folder / "aws", "--any-image") as url:
        environment = environment_for(
            url,
            AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{api.server.server_port}",
            AWS_LAMBDA_FUNCTION_NAME="bench",
            AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128",
            AWS_LAMBDA_LOG_GROUP_NAME="/aws/lambda/bench",
            AWS_LAMBDA_LOG_STREAM_NAME="bench",
            V2ONLY_POLICY=POLICIES[FUNCTION],
        )
        with (folder / "output.log").open("wb") as log:
            process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            api.handle(launch(url, min(violating, 1)))
            events = [launch(url, violating) for _ in range(LAUNCHES[violating])]
            ask(url, "reset-calls", {})
            before, deliveries = cpu_ms(process.pid), 0
            for event in events:
                deliveries += 1
                while not api.handle(event):
                    deliveries += 1
                    time.sleep(AGAIN_SECONDS)
            cpu = (cpu_ms(process.pid) - before) / len(events)
            calls = len(ask(url, "calls")) / len(events)
        finally:
            process.kill()
            process.wait()
        left = left_over(url)
    if left:
        raise RuntimeError(f"{argv[0]} left {left} instances; its output:\n{(folder / 'output.log').read_text()[-3000:]}")
    return {"cpu": cpu, "events": 1000 / cpu, "calls": calls, "deliveries": deliveries / len(events)}


def left_over(url: str) -> int:
    """How many instances still answer version 1, as boto3 reads it."""
    key = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
    pages = boto3.client("ec2", region_name=REGION, endpoint_url=url, **key).get_paginator("describe_instances").paginate()
    every = (it for page in pages for reservation in page["Reservations"] for it in reservation["Instances"])
    return sum(it["MetadataOptions"]["HttpTokens"] != "required" for it in every)


def main() -> int:
    target = servers.target_directory()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=target / measured.RELEASED, help="where the function binaries are")
    parser.add_argument("--sandbox", type=Path, default=target / "release" / "v2only-sandbox")
    parser.add_argument("--violating", type=int, nargs="+", choices=LAUNCHES, default=list(LAUNCHES))
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    options = parser.parse_args()
    handlers = {
        "v2only": [str(options.bin / FUNCTION)],
        "boto3": [sys.executable, str(HERE / "boto3_handler.py"), FUNCTION],
    }
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        # The embedded AWS and this harness share the first one.
        os.sched_setaffinity(0, cores[:1])
    folder, rows = Path(tempfile.mkdtemp(prefix="v2only-bench-")), []
    try:
        for violating in options.violating:
            row = {"violating": violating}
            for tool, argv in handlers.items():
                row[tool] = measure(options, folder, argv, violating, cores[1] if len(cores) > 1 else None)
            rows.append(row)
            ours, theirs = row["v2only"], row["boto3"]
            print(
                f"{violating:4} violating: cpu {ours['cpu']:8.2f} ms, boto3 {theirs['cpu']:8.2f} ms (1/{theirs['cpu'] / ours['cpu']:.1f}); "
                f"{ours['events']:7.0f} events/s, boto3 {theirs['events']:6.0f}; calls {ours['calls']:.0f}, boto3 {theirs['calls']:.0f}"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
