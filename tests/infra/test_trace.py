"""The trace of version-1 calls, run for real: against a server on loopback in place of the metadata service.

Callers call before it begins and until it has ended, so that nothing depends on how fast this machine is. It looks into
packets, which takes root; where the tests do not run as root, those are skipped by name.
"""

import contextlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import trace_document as trace

SECONDS = 5
TIMEOUT = 60
NOBODY = 65534

# Each calls over and over again, under a name of its own.
CALLER = """
import encodings.idna, http.client, os, socket, sys, time
name, port, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
open("/proc/self/comm", "w").write(name)
if len(sys.argv) > 4:
    os.setuid(int(sys.argv[4]))
TOKEN = {"X-aws-ec2-metadata-token": "AQAEAsecret=="}
def with_client(request):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while True:
        request(connection)
        connection.getresponse().read()
        time.sleep(0.05)
def in_pieces():
    while True:
        with socket.create_connection(("127.0.0.1", port)) as it:
            it.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in (b"GET /latest/meta-data/ HTTP/1.1\\r\\nHost: x\\r\\nx-AWS-ec2-", b"metadata-token: t\\r\\n\\r\\n"):
                it.sendall(piece)
                time.sleep(0.05)
            it.recv(1000)
ways = {
    "bare": lambda: with_client(lambda it: it.request("GET", "/latest/meta-data/iam/?secret=1")),
    "token": lambda: with_client(lambda it: it.request("GET", "/latest/meta-data/", headers=TOKEN)),
    "asking": lambda: with_client(lambda it: it.request(
        "PUT", "/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})),
    "pieces": in_pieces,
}
ways[how]()
"""


class Metadata(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_PUT = do_GET

    def log_message(self, *arguments):
        pass


@pytest.fixture
def port():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def calling(port, *callers, prefix=()):
    started = [
        subprocess.Popen([*prefix, sys.executable, "-c", CALLER, name, str(port), *how], stderr=subprocess.DEVNULL)
        for name, *how in callers
    ]
    try:
        yield [it.pid for it in started]
    finally:
        for it in started:
            it.kill()
            it.wait()


def run(port, folder, shell="sh", interpreter=None, **variables):
    """What the trace prints, with this interpreter as its `python3`."""
    folder.mkdir(exist_ok=True)
    if interpreter:
        (folder / "python3").symlink_to(interpreter)
    here = folder / "empty"
    here.mkdir()
    environment = {
        "PATH": f"{folder}:/usr/bin:/bin:/usr/sbin:/sbin",
        "V2ONLY_TRACE_TARGET": "127.0.0.1",
        "V2ONLY_TRACE_PORT": str(port),
        **variables,
    }
    ran = subprocess.run(
        [shell, "-c", trace.for_seconds(SECONDS)],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert ran.returncode == 0, ran.stderr
    assert list(here.iterdir()) == [], "it leaves nothing behind"
    summary, callers = trace.read(ran.stdout)
    return summary, {it["process"]: it for it in callers}


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="looking into packets takes root")


def interpreters():
    """The Python that runs the tests, and an old one where there is one: Amazon Linux 2 has Python 2.7."""
    old = shutil.which("python2.7")
    works = old and subprocess.run([old, "-c", "pass"], capture_output=True).returncode == 0
    missing = pytest.mark.skip(reason="there is no Python 2.7 here")
    return [
        pytest.param(Path(sys.executable).resolve(), id="this"),
        pytest.param(old, id="2.7", marks=[] if works else [missing]),
    ]


@as_root
@pytest.mark.parametrize("interpreter", interpreters())
def test_who_calls_without_a_token_is_named_and_who_brings_one_is_not_blamed(port, tmp_path, interpreter):
    callers = [("asks-v1", "bare"), ("asks-v2", "token"), ("begins-v2", "asking"), ("in-pieces", "pieces")]
    with calling(port, *callers) as pids:
        summary, seen = run(port, tmp_path / "run", interpreter=interpreter)
    assert (summary["v2only"], summary["version"], summary["method"]) == ("trace-imds-v1", 1, "packets")
    v1 = seen["asks-v1"]
    assert v1["without_token"] > 0 and v1["with_token"] == 0
    assert v1["pids"] == [pids[0]] and v1["user"] == "root"
    assert v1["exe"] == os.path.realpath(sys.executable)
    assert v1["paths"] == ["/latest/meta-data/iam/"], "without what stands behind the question mark"
    for name in ("asks-v2", "begins-v2", "in-pieces"):
        assert seen[name]["with_token"] > 0 and seen[name]["without_token"] == 0, name
    assert summary["without_token"] == v1["without_token"]
    assert "AQAEAsecret" not in str(seen), "no token is shown"


@as_root
def test_users_and_short_lived_callers(port, tmp_path):
    loop = f"while :; do {sys.executable} -c 'import urllib.request as it; it.urlopen(\"http://127.0.0.1:{port}/latest/user-data\").read()'; done"
    short = subprocess.Popen(["sh", "-c", loop], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        with calling(port, ("somebody", "bare", str(NOBODY))):
            summary, seen = run(port, tmp_path / "run", interpreter=Path(sys.executable).resolve())
    finally:
        os.killpg(short.pid, 9)
        short.wait()
    assert (seen["somebody"]["uid"], seen["somebody"]["user"]) == (NOBODY, "nobody")
    others = [it for name, it in seen.items() if name != "somebody"]
    assert sum(it["without_token"] for it in others) > 0, "counted, with or without a name"
    assert any("had ended before" in it for it in summary["not_seen"])


@as_root
def test_containers_with_a_network_of_their_own_are_looked_into(port, tmp_path):
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode != 0:
        pytest.skip("no network namespace can be made here")
    inside = f"""
import fcntl, http.server, socket, struct, subprocess, sys, threading
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14x", b"lo", 1 | 64))
class Metadata(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *arguments):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", {port}), Metadata)
threading.Thread(target=server.serve_forever, daemon=True).start()
subprocess.run([sys.executable, "-c", {CALLER!r}, "in-a-box", "{port}", "bare"])
"""
    box = subprocess.Popen(["unshare", "-n", sys.executable, "-c", inside], start_new_session=True)
    try:
        with calling(port, ("outside", "token")):
            summary, seen = run(port, tmp_path / "run", interpreter=Path(sys.executable).resolve())
    finally:
        os.killpg(box.pid, 9)
        box.wait()
    assert summary["namespaces"] >= 2
    assert seen["in-a-box"]["without_token"] > 0
    assert seen["outside"]["without_token"] == 0


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_without_python_connections_are_sampled_and_tokens_are_said_to_be_unknown(port, tmp_path, shell):
    with calling(port, ("asks-v1", "bare"), ("asks-v2", "token")) as pids:
        summary, seen = run(port, tmp_path / "run", shell=shell, V2ONLY_TRACE_METHOD="sampling")
    assert (summary["method"], summary["without_token"]) == ("sampling", None)
    assert summary["connections"] >= 2
    assert any("token" in it for it in summary["not_seen"])
    for name, pid in zip(("asks-v1", "asks-v2"), pids, strict=True):
        assert seen[name]["pids"] == [pid]
        assert (seen[name]["connections"], seen[name]["without_token"]) == (1, None)


def test_where_packets_may_not_be_looked_into_it_falls_back(port, tmp_path):
    """A Python that cannot open such a socket, as where the agent is not root."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import socket\ndel socket.AF_PACKET\n")
    with calling(port, ("asks-v1", "bare")):
        interpreter = Path(sys.executable).resolve()
        summary, seen = run(port, folder, interpreter=interpreter, PYTHONPATH=str(folder))
    assert summary["method"] == "sampling" and "asks-v1" in seen


def test_nobody_calls(port, tmp_path):
    summary, seen = run(port, tmp_path / "run", interpreter=Path(sys.executable).resolve())
    assert seen == {}
    assert (summary["without_token"] or 0, summary["connections"] or 0) == (0, 0)


@as_root
def test_what_it_prints_fits_into_what_systems_manager_keeps(capsys, monkeypatch):
    source = trace.python().rsplit("\ntrace = Trace()\n", 1)[0]
    monkeypatch.setattr(sys, "argv", ["-", "1", "127.0.0.1", "80"])
    known = {"__name__": "trace"}
    exec(compile(source, "trace", "exec"), known)
    it = known["Trace"]()
    for number in range(1, 1001):
        flow = known["Flow"]()
        flow.who = {"process": f"caller-{number}", "pid": number, "uid": 0, "exe": "/opt/" + "x" * 200}
        for _ in range(number):
            it.count(flow, b"\x7f\0\0\1", "without_token", "/latest/")
    it.tell()
    printed = capsys.readouterr().out
    summary, callers = trace.read(printed)
    assert len(printed) < 24_000
    assert summary["left_out"] == 1000 - len(callers) > 0
    assert summary["without_token"] == sum(range(1001)), "counts are of all"
    assert callers[0]["process"] == "caller-1000", "most calls first"


def test_the_document_is_one_that_systems_manager_takes():
    document = trace.document()
    assert document["schemaVersion"] == "2.2"
    actions = [(it["action"], it["name"]) for it in document["mainSteps"]]
    assert actions == [("aws:runShellScript", "traceLinux"), ("aws:runPowerShellScript", "traceWindows")]
    parameter = document["parameters"]["DurationSeconds"]
    accepts = re.compile(parameter["allowedPattern"]).fullmatch
    assert accepts(parameter["default"]) and all(accepts(str(it)) for it in range(1, 901))
    assert not any(accepts(it) for it in ("0", "901", "1000", "-1", "60; reboot", "060", "", "1.5", "60\n"))
    at_boot = document["parameters"]["AtBoot"]
    assert (at_boot["default"], at_boot["allowedValues"]) == ("no", ["no", "install", "collect", "remove"])
    for step in document["mainSteps"]:
        assert int(step["inputs"]["timeoutSeconds"]) > 900
    # A document of Systems Manager has at most 64 KB.
    assert trace.PATH.stat().st_size < 64 * 1024


@pytest.mark.parametrize("platform", ["Linux", "Windows"])
def test_a_script_takes_two_parameters_and_nothing_from_elsewhere(platform):
    script = trace.script(platform)
    assert sorted(re.findall(r"\{\{.*?\}\}", script)) == ["{{ AtBoot }}", "{{ DurationSeconds }}"]
    fetches = r"\b(yum|dnf|apt|apt-get|pip|curl|wget|Invoke-WebRequest|Install-\w+|iwr|choco)\b"
    assert not re.search(fetches, script)
    # What looks on changes nothing. The part for the next boot has tests of its own.
    looks_on = script.split("\n# At boot: ")[0]
    assert not re.search(r"\b(rm|mv|cp|chmod|kill|systemctl|Remove-\w+|Set-\w+|New-\w+|Stop-\w+)\b", looks_on)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shells_can_read_it(shell):
    ran = subprocess.run([shell, "-n", "-c", trace.for_seconds(60)], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
