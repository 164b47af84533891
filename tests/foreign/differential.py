"""What every server of the test bed answers to the operations of the product: the embedded AWS, moto and ministack.

`emulators.toml` says which answers differ, and who is right. Run this file to write the page of the book about it.
"""

import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from probes import PROBES, Server

for module in ("ec2", "autoscaling", "sagemaker", "accounts", "records", "surfaces"):
    import_module(f"probes_{module}")

TABLE = Path(__file__).resolve().parent / "emulators.toml"
PAGE = TABLE.parent.parent.parent / "docs" / "src" / "emulators.md"
EMULATORS = ("moto", "ministack")
AGREES, DIFFERS, MISSING = "agrees", "differs", "missing"
# How servers say that they do not have an operation or an option.
NOT_THERE = {"NotImplemented", "InvalidAction", "UnknownOperationException", "UnknownOperation", "InternalFailure"}


def answer(server: Server, play: Callable):
    """What the probe returns, the code of the error, or that the server does not have the operation."""
    try:
        return play(server)
    except ClientError as error:
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        return MISSING if code in NOT_THERE or status >= 500 or code.isdigit() else ("refused", code)
    except ResponseParserError:
        return MISSING
    except (KeyError, IndexError) as error:
        return "lacks", str(error)


def outcome(ours, theirs) -> str:
    return AGREES if ours == theirs else MISSING if theirs == MISSING else DIFFERS


def table() -> dict:
    return tomllib.loads(TABLE.read_text())


HEAD = """# Answers of other emulators

`tests/foreign/differential.py` writes this page. `tests/foreign/test_differential.py` asks the embedded AWS, moto and ministack the
same questions about each operation that v2only calls, and compares the answers with this table.

- *agrees*: the emulator answers what the embedded AWS answers.
- *differs*: the answers differ. The last column says who is right, by which page of AWS.
- *missing*: the emulator does not have the operation, or not what the question needs.

No answer was compared with AWS itself: see [what was never run against AWS](unverified.md).

| operation | question | moto | ministack | who is right where an answer differs |
|---|---|---|---|---|
"""


def page() -> str:
    """The page of the book."""
    known, lines = table(), []
    for operation, name in PROBES:
        row = known["probe"].get(operation, {}).get(name, {})
        right = f"{row['right']}: {row['why']} ({row['source']})" if "right" in row else ""
        cells = [f"`{operation}`", name, *(row.get(it, AGREES) for it in EMULATORS), right]
        lines.append(f"| {' | '.join(cells)} |")
    others = [f"- `{name}`: {why}" for name, why in known["not_compared"].items()]
    return HEAD + "\n".join([*lines, "", "Not compared:", "", *others]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
