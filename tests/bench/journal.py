#!/usr/bin/env python3
"""Writes a journal of many changes, and measures how long `v2only rollback` reads it.

    tests/bench/journal.py FILE [LINES] [PROGRAM]    100,000 lines and the release binary unless others are named

Each line is another instance of one account and Region. `rollback` is asked for the last one, and no AWS answers, so that it ends
after it has read the journal. Prints the CPU time and the highest resident memory of five runs. The target for 100,000 lines is 1 s of CPU time.
"""

import json
import os
import statistics
import sys
from pathlib import Path

import measured

ROOT = Path(__file__).resolve().parent.parent.parent
CPU_SECONDS, LINES, RUNS = 1.0, 100_000, 5
# No call leaves this machine, and none is answered.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "example",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "eu-central-1",
    "HOME": "/nonexistent",
    "V2ONLY_LOOPBACK_ONLY": "1",
}


def line(number: int) -> str:
    options = {"http_endpoint": "enabled", "hop_limit": 2}
    return json.dumps(
        {
            "schema": "v2only.journal.v1",
            "time": "2026-11-20T10:15:00Z",
            "account": "111122223333",
            "region": "eu-central-1",
            "kind": "instance",
            "id": f"i-{number:017x}",
            "before": options | {"http_tokens": "optional", "ipv6_endpoint": "disabled", "metadata_tags": None},
            "change": options | {"http_tokens": "required"},
        },
        separators=(",", ":"),
    )


def measure(file: Path, lines: int, program: Path) -> int:
    file.write_text("".join(f"{line(number)}\n" for number in range(lines)))
    took = []
    for _ in range(RUNS):
        with open(os.devnull, "r+") as nowhere, open(file.with_suffix(".messages"), "w+") as messages:
            actions = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), number) for number in (0, 1)]
            actions.append((os.POSIX_SPAWN_DUP2, messages.fileno(), 2))
            argv = [str(program), "rollback", str(file), "--yes", "--only", f"i-{lines - 1:017x}"]
            took.append(measured.run(argv, ENVIRONMENT, actions))
            messages.seek(0)
            said = messages.read()[:2000]
        if took[-1].code != 3 or "Connection refused" not in said:
            print(f"rollback ended with {took[-1].code}, and not because nobody answered:\n{said}", file=sys.stderr)
            return 1
    cpu, memory = (statistics.median(getattr(run, what) for run in took) for what in ("cpu", "rss"))
    print(f"{lines} lines: {cpu:.2f} s of CPU time (target {CPU_SECONDS:.0f} for {LINES}), {memory:.0f} MiB")
    return 0 if cpu <= CPU_SECONDS or lines != LINES else 1


def main(arguments: list[str]) -> int:
    match arguments:
        case [file, *rest] if len(rest) <= 2 and (not rest or rest[0].isdecimal()):
            lines = int(rest[0]) if rest else LINES
            program = Path(rest[1]) if len(rest) == 2 else ROOT / "target/release/v2only"
            return measure(Path(file), lines, program)
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
