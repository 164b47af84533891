"""The part of the trace that waits for the next boot: installed, run, collected and removed below a folder of its own.

The script is the shipped one, run by `sh` and `bash` as the agent and the unit run it. What systemd does with the unit is
checked by `systemd-analyze verify` where it is installed. No machine is booted.
"""

import contextlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import trace_document as trace
from test_trace import calling, port  # noqa: F401, a fixture

NAME = "v2only-trace-imds-v1"
WEEK = 7 * 24 * 3600


class Machine:
    """A root folder with what the script needs of systemd."""

    def __init__(self, root: Path, shell: str):
        self.root, self.shell, self.sent = root, shell, 0
        (root / "run/systemd/system").mkdir(parents=True)
        self.units = root / "etc/systemd/system"
        self.unit = self.units / f"{NAME}.service"
        self.link = self.units / "multi-user.target.wants" / f"{NAME}.service"
        self.folder = root / "var/lib" / NAME
        self.environment = {"PATH": os.environ["PATH"], "V2ONLY_TRACE_ROOT": str(root), "V2ONLY_TRACE_METHOD": "sampling"}

    def send(self, at_boot: str, seconds: int = 1) -> list[dict]:
        """What Systems Manager gets to see of a command."""
        self.sent += 1
        script = self.root / f"command-{self.sent}.sh"
        script.write_text(trace.for_seconds(seconds, at_boot))
        return self.lines(self.run(str(script)))

    def boot(self) -> subprocess.CompletedProcess:
        """What the unit starts, if one is enabled."""
        if not self.link.exists():
            return None
        assert f"ExecStart=-/bin/sh /var/lib/{NAME}/script boot\n" in self.link.read_text()
        return self.run(str(self.folder / "script"), "boot")

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.shell, *arguments], env=self.environment, capture_output=True, text=True, timeout=60
        )

    def lines(self, ran: subprocess.CompletedProcess) -> list[dict]:
        assert ran.returncode == 0, ran.stderr
        return [json.loads(it) for it in ran.stdout.splitlines()]

    def state(self, at_boot: str) -> str:
        [line] = self.send(at_boot)
        assert (line["v2only"], line["version"]) == ("trace-imds-v1-boot", 1)
        return line["state"]

    def left(self) -> list[str]:
        """The files that are there beside the commands."""
        found = (it.relative_to(self.root) for it in self.root.rglob("*") if not it.is_dir())
        return sorted(str(it) for it in found if not it.name.startswith("command-"))


@pytest.fixture(params=["dash", "bash"])
def machine(request, tmp_path):
    if not shutil.which(request.param):
        pytest.skip(f"there is no {request.param} here")
    return Machine(tmp_path, request.param)


def test_it_is_installed_traces_one_boot_removes_itself_and_is_collected_once(machine, port):
    machine.environment |= {"V2ONLY_TRACE_TARGET": "127.0.0.1", "V2ONLY_TRACE_PORT": str(port)}
    [line] = machine.send("install", seconds=3)
    assert line["state"] == "installed" and abs(line["time"] - time.time() - WEEK) < 60
    assert machine.link.resolve() == machine.unit
    assert [it.stat().st_mode & 0o77 for it in (machine.folder, machine.folder / "script")] == [0, 0], "for root only"
    assert machine.state("collect") == "waiting"

    with calling(port, ("at-boot", "bare")):
        machine.boot()
    assert machine.left() == [f"var/lib/{NAME}/result", f"var/lib/{NAME}/time"]
    assert (machine.folder / "result").stat().st_mode & 0o77 == 0
    assert machine.boot() is None, "one restart only"

    heading, summary, *callers = machine.send("collect")
    assert heading["state"] == "finished" and heading["time"] <= time.time() and heading["uptime"] > 0
    assert (summary["v2only"], summary["seconds"]) == ("trace-imds-v1", 3)
    assert "at-boot" in [it["process"] for it in callers]
    assert machine.left() == []
    assert machine.state("collect") == "none"


def test_what_is_there_is_not_installed_over_and_can_be_taken_back(machine):
    assert machine.state("install") == "installed"
    before = (machine.folder / "time").read_text()
    assert machine.state("install") == "waiting" and (machine.folder / "time").read_text() == before
    assert machine.state("remove") == "removed"
    assert machine.left() == [] and machine.state("remove") == "none"
    assert machine.state("install") == "installed"
    machine.boot()
    assert machine.state("install") == "finished", "a result is not lost"
    assert machine.state("remove") == "removed" and machine.left() == []


def test_after_its_deadline_it_removes_itself_and_traces_nothing(machine):
    machine.state("install")
    (machine.folder / "time").write_text(f"{int(time.time()) - 1}\n")
    began = time.monotonic()
    machine.boot()
    assert machine.left() == [] and time.monotonic() - began < 1
    machine.state("install")
    (machine.folder / "time").write_text("garbage\n")
    machine.boot()
    assert machine.left() == [], "a deadline that cannot be read has passed"
    for order in ("collect", "remove"):
        machine.state("install")
        (machine.folder / "time").write_text("1\n")
        assert machine.state(order) == {"collect": "expired", "remove": "removed"}[order]
        assert machine.left() == []
    machine.state("install")
    (machine.folder / "time").write_text("1\n")
    assert machine.state("install") == "installed", "what has expired is in nobody's way"


def test_a_trace_that_is_killed_does_not_come_back(machine):
    [line] = machine.send("install", seconds=60)
    assert line["state"] == "installed"
    running = subprocess.Popen(
        [machine.shell, str(machine.folder / "script"), "boot"], env=machine.environment, start_new_session=True
    )
    try:
        while machine.unit.exists() or (machine.folder / "script").exists():
            time.sleep(0.05)
        time.sleep(0.3)
        assert machine.state("collect") == "tracing"
        assert machine.state("install") == "tracing"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, 9)
        running.wait()
    assert machine.boot() is None
    (machine.folder / "time").write_text("1\n")
    assert machine.state("collect") == "failed" and machine.left() == []


def test_it_does_not_trace_while_its_unit_cannot_be_removed(machine):
    """As on a file system that is read-only: it would come back at every boot."""
    machine.state("install")
    fake = machine.root / "bin"
    fake.mkdir()
    (fake / "rm").write_text("#!/bin/sh\nexit 1\n")
    (fake / "rm").chmod(0o755)
    machine.environment["PATH"] = f"{fake}:{machine.environment['PATH']}"
    began = time.monotonic()
    machine.boot()
    assert time.monotonic() - began < 1
    assert not (machine.folder / "result").exists() and machine.unit.exists()


def test_where_systemd_does_not_run_nothing_is_installed(machine):
    shutil.rmtree(machine.root / "run")
    assert machine.state("install") == "unsupported"
    assert machine.left() == []


def test_an_installation_that_fails_leaves_nothing_behind(machine):
    """Here because the script is not a file that can be copied, as when it is handed over as text."""
    ran = subprocess.run(
        [machine.shell, "-c", trace.for_seconds(1, "install")],
        cwd=machine.root,
        env=machine.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 1 and machine.left() == [] and not machine.folder.exists()


def test_a_trace_now_reports_what_waits_and_leaves_it_there(machine):
    [summary] = machine.send("no")
    assert summary["v2only"] == "trace-imds-v1", "nothing is said where nothing waits"
    machine.state("install")
    heading, summary = machine.send("no")
    assert (heading["state"], summary["v2only"]) == ("waiting", "trace-imds-v1")
    assert machine.link.exists()


def test_the_result_is_bounded(machine):
    machine.state("install")
    script = machine.folder / "script"
    flood = "trace() { i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i + 1)); done; }"
    script.write_text(script.read_text().replace("\nname=", f"\n{flood}\nname=", 1))
    machine.boot()
    assert (machine.folder / "result").stat().st_size == 23_000


def test_the_unit_stands_in_nobodys_way(machine):
    machine.send("install", seconds=300)
    lines = machine.unit.read_text().splitlines()
    for line in ("DefaultDependencies=no", "RuntimeMaxSec=420", "After=systemd-remount-fs.service"):
        assert line in lines
    # Nothing that makes others wait for it or fail with it.
    assert not [it for it in lines if it.startswith(("RequiredBy=", "Type=", "Restart=", "BindsTo=", "Requires="))]
    assert os.readlink(machine.link) == f"../{NAME}.service"
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    ran = subprocess.run(["systemd-analyze", "verify", str(machine.unit)], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, [it for it in ran.stderr.splitlines() if NAME in it]) == (0, []), ran.stderr


def test_on_windows_it_says_that_it_is_not_supported():
    script = trace.script("Windows")
    before, after = script.split("if ('{{ AtBoot }}' -ne 'no') {\n", 1)
    assert "Get-NetTCPConnection" not in before
    line = json.loads(after.splitlines()[0].strip().strip("'"))
    assert (line["state"], after.splitlines()[1].strip()) == ("unsupported", "exit 0")
