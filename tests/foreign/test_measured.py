"""The method by which benchmarks read memory, on programs of known size."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

import measured  # noqa: E402

MEBIBYTE = 1 << 20
TOUCH = "import sys; block = bytearray(int(sys.argv[1]) << 20); block[::4096] = b'x' * len(block[::4096])"


def touched(mebibytes: int) -> measured.Taken:
    return measured.run([sys.executable, "-I", "-S", "-c", TOUCH, str(mebibytes)], {}, [])


@pytest.fixture
def large_harness():
    """A harness larger than the programs it measures."""
    block = bytearray(300 * MEBIBYTE)
    block[::4096] = b"x" * len(block[::4096])
    yield block
    assert len(block) == 300 * MEBIBYTE


def test_memory_is_that_of_the_program(large_harness):
    small, large = touched(0), touched(80)
    assert small.code == large.code == 0
    assert small.rss < 40, "the harness was counted"
    assert 79 <= large.rss - small.rss < 83


def test_ru_maxrss_counts_the_harness(large_harness):
    """Why it is not used. Should the kernel change this, the detour is superfluous."""
    pid = os.posix_spawn(sys.executable, [sys.executable, "-I", "-S", "-c", "pass"], {})
    _, status, used = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert used.ru_maxrss / 1024 > 300


def test_memory_given_back_before_the_end_counts():
    code = "block = bytearray(64 << 20); block[::4096] = b'x' * len(block[::4096]); del block"
    assert measured.run([sys.executable, "-I", "-S", "-c", code], {}, []).rss > 64


@pytest.mark.parametrize(
    ("code", "expected"),
    [("raise SystemExit(10)", 10), ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15)],
)
def test_how_the_program_ended_is_reported(code, expected):
    assert measured.run([sys.executable, "-I", "-S", "-c", code], {}, []).code == expected


def test_a_program_with_children_is_measured_alone():
    """And the signal that its child's end sends reaches it."""
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', {TOUCH!r}, '120'], check=True)"
    taken = measured.run([sys.executable, "-I", "-c", child], {}, [])
    assert taken.code == 0 and taken.rss < 60
