"""Builds the copy of the code that has all mutants in it, and runs its tests with one mutant chosen."""

import json
import os
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")).resolve()
COPY = TARGET / "mutants" / "copy"
# How many tests of other packages run for one change, and the seconds that these take together, or one of them alone.
AT_MOST, QUICK = 30, 15.0


def environment() -> dict[str, str]:
    """Optimised a little, the grids of all cases take a sixth of the time."""
    levels = {f"CARGO_PROFILE_{profile}_OPT_LEVEL": "1" for profile in ("DEV", "TEST")}
    return plain_environment() | levels | {
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_ENCODED_RUSTFLAGS": "--cap-lints\x1fallow",
        "CARGO_TARGET_DIR": str(TARGET / "mutants" / "build"),
    }


def workspace_environment() -> dict[str, str]:
    """Flags as those of `cargo build`: the AWS SDK is compiled once, or not at all if its artifacts are copied there."""
    wrapper = TARGET / "mutants" / "rustc"
    wrapper.write_text('#!/bin/sh\nexec "$@" --cap-lints allow\n')
    wrapper.chmod(0o755)
    return {"RUSTC_WRAPPER": str(REPOSITORY / "tests" / "rustc-wrapper")} | plain_environment() | {
        # For the crates of the workspace alone.
        "RUSTC_WORKSPACE_WRAPPER": str(wrapper),
        "CARGO_TARGET_DIR": str(TARGET / "mutants" / "workspace"),
    }


def plain_environment() -> dict[str, str]:
    left_out = ("RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS")
    return {name: value for name, value in os.environ.items() if name not in left_out} | {
        "CARGO_INCREMENTAL": "0",
        "INSTA_UPDATE": "no",
        "INSTA_WORKSPACE_ROOT": str(COPY),
        "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "true",
        "PATH": f"{TARGET / 'tools' / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }


def output(command: list, **options) -> str:
    command = [str(part) for part in command]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


class Tests:
    """Tests of a binary that run together, the time that they take, and the mutants that they reach."""

    def __init__(self, binary: tuple[Path, str], arguments: tuple[str, ...] = ()) -> None:
        self.binary, self.arguments = binary, arguments
        self.seconds, self.reached = 0.0, set()

    def measure(self, limit: float) -> bool:
        """Whether they pass without a mutant within a limit in seconds."""
        with tempfile.NamedTemporaryFile() as file:
            started = time.monotonic()
            passed = self.run({"MUTANT": "0", "MUTANTS_REACHED": file.name}, limit) == "missed"
            self.seconds = time.monotonic() - started
            self.reached = set(map(int, file.read().split()))
        return passed

    def run(self, variables: dict[str, str], limit: float) -> str:
        return run_tests(self.binary, self.arguments, variables, limit)


class TestsElsewhere:
    """Tests of other packages, one by one. A test that noticed changes of a file comes first for the others of that file."""

    def __init__(self, tests: list[Tests], limit: float = QUICK) -> None:
        measured = in_parallel(lambda test: test.measure(limit), tests)
        self.tests = [test for test, passed in zip(tests, measured) if passed]
        self.noticed: Counter[tuple[str, tuple[str, ...]]] = Counter()

    def run(self, number: int, file: str) -> str:
        """What becomes of a mutant in a file, within bounds of number and time."""
        tests = [test for test in self.tests if number in test.reached]
        tests.sort(key=lambda test: (-self.noticed[file, test.arguments], test.seconds))
        seconds = 0.0
        for test in tests[:AT_MOST]:
            seconds += test.seconds
            if seconds > QUICK and test is not tests[0]:
                break
            # A test that the load of the machine makes fail does not fail twice.
            results = {noticed(number, [test])}
            if results == {"caught"}:
                results.add(noticed(number, [test]))
            if "missed" not in results:
                self.noticed[file, test.arguments] += 1
                return results.pop()
        return "missed"


def in_parallel(function, items) -> list:
    """The results in the order of the items. Each call waits for a process."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))


def noticed(number: int, tests: list[Tests]) -> str:
    """Whether one of the tests notices a mutant. What runs out of time has a second chance: the machine may have been busy."""
    for test in tests:
        if number in test.reached:
            for limit in (10 + 5 * test.seconds, 40 + 15 * test.seconds):
                result = test.run({"MUTANT": str(number)}, limit)
                if result != "timeout":
                    break
            if result != "missed":
                return result
    return "missed"


def cargo(variables: dict[str, str], *command: str) -> tuple[int, list[dict], str]:
    """The exit code, messages and log of a command on the copy."""
    command = ("cargo", *command, "--message-format=json")
    built = subprocess.run(command, cwd=COPY, env=variables, capture_output=True, text=True)
    messages = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    return built.returncode, messages, built.stderr


def test_binaries(messages: list[dict]) -> list[tuple[str, tuple[Path, str]]]:
    """The package, folder and program of each test binary that was built."""
    tests = [it for it in messages if it.get("executable") and it["profile"]["test"]]
    folders = [Path(it["manifest_path"]).parent for it in tests]
    names = [re.search(r'^name = "([^"]+)"', (folder / "Cargo.toml").read_text(), re.M)[1] for folder in folders]
    return [(name, (folder, it["executable"])) for name, folder, it in zip(names, folders, tests)]


def run_tests(binary: tuple[Path, str], arguments: tuple[str, ...], variables: dict[str, str], limit: float) -> str:
    """Runs tests of a binary until their end, their first failure, or the limit in seconds."""
    folder, program = binary
    process = subprocess.Popen(
        [program, *arguments], cwd=folder, env=plain_environment() | {"CARGO_MANIFEST_DIR": str(folder)} | variables,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)),
    )

    def kill() -> None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    timer = threading.Timer(limit, kill)
    timer.start()
    failed = any(line.rstrip().endswith("... FAILED") for line in process.stdout)
    if failed:
        kill()
    process.stdout.read()
    code = process.wait()
    expired = not timer.is_alive()
    timer.cancel()
    return "caught" if failed else "missed" if code == 0 else "timeout" if expired else "caught"
