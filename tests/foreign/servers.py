"""Starts and stops the servers that the tests talk to, each on a free loopback port, in a cleaned environment."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import recorded

REPOSITORY = Path(__file__).resolve().parent.parent.parent
# A server that has not answered by then has failed; none needs more than a few seconds.
START_SECONDS = 60
STOP_SECONDS = 5


def target_directory() -> Path:
    chosen = os.environ.get("CARGO_TARGET_DIR")
    return Path(chosen).absolute() if chosen else REPOSITORY / "target"


def clean_environment(**extra: str) -> dict[str, str]:
    """The caller's environment without its AWS, v2only and proxy settings; an accidental call to AWS fails."""
    dropped = (
        "AWS_",
        "V2ONLY_",
        "MOTO_",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {
        **kept,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
        **extra,
    }


def v2only(url: str, account: str, arguments: list[str], **extra: str) -> dict:
    """What `subprocess` needs to run the built `v2only` with the credentials of an account of this AWS."""
    environment = clean_environment(
        AWS_ENDPOINT_URL=url,
        AWS_ACCESS_KEY_ID=account,
        AWS_SECRET_ACCESS_KEY="test",
        V2ONLY_LOOPBACK_ONLY="1",
        **recorded.named(*arguments),
        **extra,
    )
    return {"args": [os.environ["V2ONLY_BIN"], *arguments], "env": environment, "text": True}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """A child process with its own process group, so that what it started itself ends with it."""

    def __init__(self, argv: list[str], workdir: Path, environment: dict[str, str], *, piped: bool = False):
        self.name = Path(argv[0]).name
        workdir.mkdir(parents=True, exist_ok=True)
        self.log = workdir / f"{self.name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                argv,
                cwd=workdir,
                env=environment,
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else log,
                stderr=log,
                start_new_session=True,
            )

    def failed(self, why: str) -> RuntimeError:
        return RuntimeError(f"{self.name}: {why}; its last output:\n{self.log.read_text(errors='replace')[-3000:]}")

    def wait_for_http(self, url: str) -> None:
        """Returns once any HTTP answer comes from `url`."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise self.failed(f"ended with {self.process.returncode} while starting")
            try:
                direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                direct.open(url, timeout=5).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        raise self.failed(f"gave no answer within {START_SECONDS} s")

    def stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
                break
        # The leader has gone; what it left behind goes too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


@contextlib.contextmanager
def stopping(server: Server):
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def moto_alone(workdir: Path):
    """moto, yielding its URL. For benchmarks: nothing stands in between."""
    port = free_port()
    program = Path(sys.executable).with_name("moto_server")
    argv = [str(program), "-H", "127.0.0.1", "-p", str(port)]
    url = f"http://127.0.0.1:{port}"
    with stopping(Server(argv, workdir, clean_environment())) as server:
        server.wait_for_http(f"{url}/moto-api/")
        yield url


@contextlib.contextmanager
def moto(workdir: Path):
    """moto, yielding the URL of a relay to it."""
    with moto_alone(workdir) as url, recorded.relay(urllib.parse.urlsplit(url).port) as relayed:
        yield relayed


@contextlib.contextmanager
def ministack(program: Path, workdir: Path):
    """ministack, yielding the URL of a relay to it. Without these settings it would listen on all interfaces."""
    port = free_port()
    workdir.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        # It unpacks function code into the system's folder for temporary files.
        TMPDIR=str(workdir),
    )
    with stopping(Server([str(program)], workdir, environment)) as server:
        server.wait_for_http(f"http://127.0.0.1:{port}/")
        with recorded.relay(port) as url:
            yield url


@contextlib.contextmanager
def sandbox_alone(program: Path, workdir: Path, *arguments: str):
    """Our embedded AWS, yielding its URL, which it prints as one line of JSON. It ends with its standard input. For
    benchmarks: nothing stands in between.
    """
    server = Server([str(program), *arguments], workdir, clean_environment(), piped=True)
    with stopping(server):
        ready, _, _ = select.select([server.process.stdout], [], [], START_SECONDS)
        line = server.process.stdout.readline() if ready else b""
        try:
            endpoint = json.loads(line)["endpoint"]
        except (ValueError, KeyError, TypeError):
            raise server.failed(f"printed {line!r} where its endpoint was expected") from None
        yield endpoint


@contextlib.contextmanager
def sandbox(program: Path, workdir: Path, *arguments: str, recorder: recorded.Recorder = recorded.SESSION):
    """Our embedded AWS, yielding the URL of a relay to it."""
    with sandbox_alone(program, workdir, *arguments) as endpoint:
        port = urllib.parse.urlsplit(endpoint).port
        with recorded.relay(port, recorder, answers=True) as url:
            yield url
