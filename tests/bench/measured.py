"""What a program took, its children apart: CPU and the highest resident memory.

`ru_maxrss` is no measure of a spawned program: the kernel keeps the highest resident set of the process over `exec`, and
until then the process shares the memory of its parent. A program smaller than the harness so reads as large as the harness.
`VmHWM` in `/proc/PID/status` belongs to the memory of the program alone, and is gone once the process has ended. So the
harness has the kernel stop the process as it exits (`PTRACE_O_TRACEEXIT`), reads the mark and lets the process end.
"""

import argparse
import ctypes
import json
import os
import platform
import signal
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

SEIZE, CONTINUE, LISTEN = 0x4206, 7, 0x4208
# The folder of the programs in the target directory, as a release has them: they carry their C library, musl.
RELEASED = Path(f"{platform.machine()}-unknown-linux-musl") / "release"
TRACE_EXIT, EVENT_EXIT, EVENT_STOP = 0x40, 6, 128
STOPS = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


@dataclass(frozen=True)
class Taken:
    """Seconds, MiB, and the exit code."""

    code: int
    wall: float
    cpu: float
    rss: float


@dataclass(frozen=True)
class Figure:
    """A figure of a benchmark that measures v2only alone, and the value that it should not exceed, if there is one."""

    case: str
    figure: str
    value: float
    target: float | None = None


def benchmark(about: str, measure) -> int:
    """The command line of such a benchmark. `measure` gets an empty folder and the program, and gives the figures."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or Path(__file__).resolve().parent.parent.parent / "target")
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=target.absolute() / RELEASED / "v2only")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="v2only-bench-") as folder:
        figures = measure(Path(folder), options.program)
    missed = [it for it in figures if it.target is not None and it.value > it.target]
    for it in figures:
        print(f"{it.case}: {it.figure} {it.value:.2f}, target {it.target}{', MISSED' * (it in missed)}")
    if options.json:
        options.json.write_text(json.dumps([asdict(it) for it in figures], indent=1) + "\n")
    return int(bool(missed))


def ptrace(request: int, pid: int, data: int = 0) -> None:
    if libc.ptrace(request, pid, None, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace({request:#x}) of {pid}: {os.strerror(number)}")


def high_water_mark(pid: int) -> float:
    """The highest resident set that a living process had, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory any more")


def run(argv: list[str], environment: dict[str, str], file_actions: list, started=lambda pid: None, folder: str = ".") -> Taken:
    """Runs a program in a folder to its end, in the thread that calls this. `started` is called with its process id."""
    # The gate keeps the program from ending before it is traced.
    reader, gate = os.pipe()
    gated = ["/bin/sh", "-c", 'cd "$0" && read go <&3; exec 3<&-; exec "$@"', folder, *argv]
    pid = os.posix_spawn("/bin/sh", gated, environment, file_actions=[*file_actions, (os.POSIX_SPAWN_DUP2, reader, 3)])
    os.close(reader)
    try:
        ptrace(SEIZE, pid, TRACE_EXIT)
        started(pid)
        begun = time.perf_counter()
    finally:
        os.write(gate, b"go\n")
        os.close(gate)
    rss = None
    while True:
        _, status, used = os.wait4(pid, 0)
        if not os.WIFSTOPPED(status):
            break
        event, number = status >> 16, os.WSTOPSIG(status)
        if event == EVENT_EXIT:
            rss = high_water_mark(pid)
        if event == EVENT_STOP and number in STOPS:
            ptrace(LISTEN, pid)
        else:
            # A signal that the program was sent is passed on.
            ptrace(CONTINUE, pid, 0 if event else number)
    if rss is None:
        raise RuntimeError(f"{argv[0]} was not seen ending")
    return Taken(os.waitstatus_to_exitcode(status), time.perf_counter() - begun, used.ru_utime + used.ru_stime, rss)
