#!/usr/bin/env python3
"""How long `v2only rollback` reads a large journal.

    tests/bench/journal.py [--program FILE] [--json FILE]    the release binary unless another is named

Writes a journal of 100,000 lines, each about another instance of one account and Region. `rollback` is asked for the last one, and
no AWS answers, so that it ends after it has read the journal. Gives the medians of five runs.
"""

import json
import os
import statistics
import sys
from pathlib import Path

import measured

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


def measure(folder: Path, program: Path) -> list[measured.Figure]:
    file, took = folder / "journal.ndjson", []
    file.write_text("".join(f"{line(number)}\n" for number in range(LINES)))
    for _ in range(RUNS):
        with open(os.devnull, "r+") as nowhere, open(folder / "messages", "w+") as messages:
            actions = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), number) for number in (0, 1)]
            actions.append((os.POSIX_SPAWN_DUP2, messages.fileno(), 2))
            argv = [str(program), "rollback", str(file), "--yes", "--only", f"i-{LINES - 1:017x}"]
            took.append(measured.run(argv, ENVIRONMENT, actions))
            messages.seek(0)
            said = messages.read()[:2000]
        if took[-1].code != 3 or "Connection refused" not in said:
            raise RuntimeError(f"rollback ended with {took[-1].code}, and not because nobody answered:\n{said}")
    case = f"`rollback` of a journal with {LINES:,} lines"
    cpu, memory = (statistics.median(getattr(run, what) for run in took) for what in ("cpu", "rss"))
    return [measured.Figure(case, "cpu", cpu, CPU_SECONDS), measured.Figure(case, "rss", memory)]


if __name__ == "__main__":
    sys.exit(measured.benchmark(__doc__, measure))
