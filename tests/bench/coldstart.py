#!/usr/bin/env python3
"""Cold starts of the functions beside a plain boto3 handler with the same clients, interleaved in one run.

    tests/bench/run --rounds 1 coldstart                     # installs and builds everything first
    target/venv-bench/bin/python tests/bench/coldstart.py    # once more

Absolute times depend on the machine and on its other work; the ratios are the result. For every start the harness
plays Lambda's Runtime API on loopback and the embedded AWS (or, with --aws moto, moto) plays AWS. Measured:

  ready   process start to the first GET /next, in ms of wall time
  fixed   process start to the answer, the instance or notebook then being IMDSv2-only, in ms of wall time
  rss     highest resident memory of the process, in MiB
  cpu     CPU of the process from the event to its answer, in ms, over HTTP and over HTTPS; the difference is TLS
  calls   AWS calls per event

What Lambda itself adds (its sandbox, unpacking, the CPU share of the memory setting) is left out on both sides.
The run fails when a handler does not do its job, never because of a figure.
"""

import argparse
import datetime
import http.client
import http.server
import ipaddress
import json
import os
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "foreign"))

import boto3  # noqa: E402
import cloudtrail  # noqa: E402
import measured  # noqa: E402
import servers  # noqa: E402

REGION = "us-east-1"
FUNCTIONS = ("ec2-enforcer", "notebook-enforcer")
POLICIES = {
    "ec2-enforcer": "version: 1\nmode: enforce\ninstances: { http_tokens: required }\n",
    "notebook-enforcer": "version: 1\nmode: enforce\nnotebooks: { minimum_version: 2 }\n",
}
# The sandbox takes an access key of twelve digits for the account itself; moto takes any.
ACCESS_KEY = "111122223333"
# How long a started process may take to answer.
PATIENCE_SECONDS = 60


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A process is killed after each start, so broken connections are expected."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One segment an answer: otherwise a delayed acknowledgement adds 40 ms to some of them.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status: int, headers: dict, body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def serve(handler) -> Server:
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def cpu_ms(pid: int) -> float:
    """CPU the process has used, all threads that still live, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total / 1e6


def peak_rss_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell the highest resident memory")


class Lambda:
    """The Runtime API for one process at a time: hands out one event, notes when it is asked and answered."""

    def __init__(self):
        outer = self

        class Api(Handler):
            def do_GET(self):
                outer.next(self)

            def do_POST(self):
                outer.response(self)

        self.server = serve(Api)

    def next(self, request: Handler) -> None:
        now = time.perf_counter()
        if self.asked is not None:
            # The second one: the process is idle, and is killed while it waits.
            threading.Event().wait(PATIENCE_SECONDS)
            return
        self.asked = now
        self.started.wait()
        self.cpu_before = cpu_ms(self.pid)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:{self.account}:function:bench",
        }
        request.answer(200, headers, self.event)

    def response(self, request: Handler) -> None:
        body = request.body()
        self.answered = time.perf_counter()
        self.cpu_after = cpu_ms(self.pid)
        self.verdict = (request.path.rsplit("/", 1)[1], body.decode(errors="replace"))
        request.answer(202, {}, b"")
        self.done.set()

    def run(self, argv: list[str], environment: dict[str, str], event: dict, log: Path) -> dict[str, float]:
        """Starts a process, gives it the event, and kills it after its answer; raises when that is an error."""
        self.asked = self.answered = self.verdict = None
        self.started, self.done = threading.Event(), threading.Event()
        self.event, self.account = json.dumps(event).encode(), event["account"]
        environment = {
            **environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "_HANDLER": "bootstrap",
        }
        with log.open("wb") as output:
            begun = time.perf_counter()
            process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            self.pid = process.pid
            self.started.set()
            end = time.monotonic() + PATIENCE_SECONDS
            while not self.done.wait(0.05):
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{argv}: no answer; its output:\n{log.read_text(errors='replace')[-3000:]}")
            if self.verdict[0] != "response":
                raise RuntimeError(f"{argv}: answered with an error: {self.verdict[1]}")
            return {
                "ready": (self.asked - begun) * 1e3,
                "fixed": (self.answered - begun) * 1e3,
                "rss": peak_rss_mib(process.pid),
                "cpu": self.cpu_after - self.cpu_before,
            }
        finally:
            process.kill()
            process.wait()


class Proxy:
    """Counts the AWS calls on their way to `upstream`, behind TLS when given a context."""

    def __init__(self, upstream: str, tls: ssl.SSLContext | None = None):
        target = urllib.parse.urlsplit(upstream)
        calls = self.calls = Counter()

        class Forward(Handler):
            def setup(self):
                if tls:
                    self.request = tls.wrap_socket(self.request, server_side=True)
                super().setup()
                self.upstream = http.client.HTTPConnection(target.hostname, target.port, timeout=PATIENCE_SECONDS)

            def do_POST(self):
                body = self.body()
                action = (
                    self.headers.get("X-Amz-Target") or urllib.parse.parse_qs(body.decode()).get("Action", ["?"])[0]
                )
                calls[action.rsplit(".", 1)[-1]] += 1
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in ("transfer-encoding", "content-length", "connection", "expect")
                }
                self.upstream.request("POST", self.path, body, headers)
                answer = self.upstream.getresponse()
                kept = {
                    name: value
                    for name, value in answer.getheaders()
                    if name.lower() not in ("transfer-encoding", "content-length", "connection")
                }
                self.answer(answer.status, kept, answer.read())

        self.server = serve(Forward)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context for 127.0.0.1, and a bundle that trusts it among the system's own authorities."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.timezone.utc)

    def build(subject: str, issuer: str, key, signer, authority: bool):
        def name(value):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, value)])

        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(signer, hashes.SHA256())

    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = build("v2only bench", "v2only bench", root_key, root_key, True)
    leaf = build("127.0.0.1", "v2only bench", leaf_key, root_key, False)
    pem = serialization.Encoding.PEM
    (folder / "leaf.pem").write_bytes(
        leaf.public_bytes(pem)
        + leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    system = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    bundle = folder / "bundle.pem"
    bundle.write_bytes((Path(system).read_bytes() if Path(system).exists() else b"") + root.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    return context, bundle


class Aws:
    """The resources under test, made and checked through a client of the harness's own."""

    def __init__(self, url: str):
        def client(service):
            return boto3.client(
                service,
                region_name=REGION,
                endpoint_url=url,
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key="test",
            )

        self.ec2, self.sagemaker = client("ec2"), client("sagemaker")
        self.url = url
        self.account = client("sts").get_caller_identity()["Account"]

    def prepare(self, function: str) -> tuple[dict, object]:
        """A violating resource: the event about it, and a function that tells whether it is fixed."""
        return self.instance() if function == "ec2-enforcer" else self.notebook()

    def instance(self):
        options = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
        made = self.ec2.run_instances(
            ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1, MetadataOptions=options
        )["Instances"][0]
        name = made["InstanceId"]
        event = cloudtrail.envelope(cloudtrail.run_instances({name: options}, account=self.account, region=REGION))

        def fixed() -> bool:
            found = self.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
            return found["MetadataOptions"]["HttpTokens"] == "required"

        return event, fixed

    def notebook(self):
        """A stopped notebook that answers version 1, put there through the sandbox's own control API."""
        name = f"bench-{uuid.uuid4().hex[:12]}"
        order = {"account": self.account, "region": REGION, "name": name, "status": "Stopped", "minimum_version": "1"}
        request = urllib.request.Request(f"{self.url}/_sandbox/notebooks", json.dumps(order).encode(), method="POST")
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()

        def fixed() -> bool:
            found = self.sagemaker.describe_notebook_instance(NotebookInstanceName=name)
            return found["InstanceMetadataServiceConfiguration"]["MinimumInstanceMetadataServiceVersion"] == "2"

        return cloudtrail.notebook_state_change(name, "Stopped", account=self.account, region=REGION), fixed


def soon(true) -> bool:
    """A notebook shows its new version only once its update is through."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def measure(options, folder: Path, upstream: str) -> dict:
    """Samples by function, handler and figure; the calls of one event beside them."""
    aws, api = Aws(upstream), Lambda()
    tls, bundle = certificate(folder)
    ways = {"direct": upstream, "http": Proxy(upstream), "https": Proxy(upstream, tls)}
    base = {
        name: value
        for name, value in servers.clean_environment().items()
        # Python may keep its bytecode, and nothing but the bundle says whom to trust.
        if not name.startswith(("PYTHON", "SSL_CERT_"))
    } | {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CA_BUNDLE": str(bundle),
        "SSL_CERT_FILE": str(bundle),
    }
    result = {}
    for function in options.functions:
        handlers = {
            "v2only": [str(options.bin / function)],
            "boto3": [sys.executable, str(HERE / "boto3_handler.py"), function],
        }
        samples = {name: defaultdict(list) for name in handlers}
        calls = {name: Counter() for name in handlers}
        # The first round fills the caches of the disk, and is not counted.
        for repetition in range(-1, options.reps):
            for way, through in ways.items():
                for name, argv in handlers.items():
                    url = through if way == "direct" else through.url
                    event, fixed = aws.prepare(function)
                    environment = base | {"AWS_ENDPOINT_URL": url}
                    if name == "v2only":
                        environment |= {"V2ONLY_POLICY": POLICIES[function], "V2ONLY_LOOPBACK_ONLY": "1"}
                    if way == "http":
                        through.calls.clear()
                    sample = api.run(argv, environment, event, folder / "output.log")
                    if not soon(fixed):
                        raise RuntimeError(f"{name} {function} over {way} answered, but did not fix the resource")
                    if repetition < 0:
                        continue
                    if way == "direct":
                        for figure in ("ready", "fixed", "rss"):
                            samples[name][figure].append(sample[figure])
                    else:
                        samples[name][f"cpu over {way}"].append(sample["cpu"])
                        if way == "http":
                            calls[name] = Counter(through.calls)
        result[function] = {name: {"samples": dict(samples[name]), "calls": dict(calls[name])} for name in handlers}
    return result


UNITS = {"ready": "ms", "fixed": "ms", "rss": "MiB", "cpu over http": "ms", "cpu over https": "ms"}


def show(result: dict) -> dict:
    """Prints the table; gives the figures behind it."""
    summary = {}
    for function, handlers in result.items():
        print(f"\n{function}")
        print(f"  {'':16s} {'v2only':>10s} {'boto3':>10s}   ratio    spread of v2only, of boto3")
        summary[function] = {}
        for figure, unit in UNITS.items():
            ours, theirs = (handlers[name]["samples"][figure] for name in ("v2only", "boto3"))
            mine, other = statistics.median(ours), statistics.median(theirs)
            print(
                f"  {figure:16s} {mine:10.1f} {other:10.1f} {unit:3s} 1/{other / mine:<5.1f} "
                f"{min(ours):.1f}-{max(ours):.1f}, {min(theirs):.1f}-{max(theirs):.1f}"
            )
            summary[function][figure] = {
                "unit": unit,
                "v2only": mine,
                "boto3": other,
                "ratio": mine / other,
                "starts": len(ours),
            }
        tls = {}
        for name in ("v2only", "boto3"):
            medians = {it: statistics.median(handlers[name]["samples"][f"cpu over {it}"]) for it in ("http", "https")}
            tls[name] = medians["https"] - medians["http"]
        print(f"  {'cpu of TLS':16s} {tls['v2only']:10.1f} {tls['boto3']:10.1f} ms")
        summary[function]["cpu of TLS"] = {"unit": "ms", **tls}
        for name in ("v2only", "boto3"):
            counted = handlers[name]["calls"]
            print(f"  calls of {name}: {sum(counted.values())} ({', '.join(f'{n} {a}' for a, n in counted.items())})")
            summary[function].setdefault("calls", {})[name] = counted
    return summary


def main() -> int:
    target = servers.target_directory()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=15, help="starts of each handler in each way (default: 15)")
    parser.add_argument("--aws", choices=("sandbox", "moto"), default="sandbox")
    parser.add_argument("--bin", type=Path, default=target / measured.RELEASED, help="where the function binaries are")
    parser.add_argument("--sandbox", type=Path, default=target / "release" / "v2only-sandbox")
    parser.add_argument("--functions", nargs="+", choices=FUNCTIONS, default=None)
    parser.add_argument("--json", type=Path, help="also write all samples and medians to this file")
    options = parser.parse_args()
    if options.functions is None:
        # moto knows neither the metadata version of notebooks nor how to update one.
        options.functions = FUNCTIONS if options.aws == "sandbox" else FUNCTIONS[:1]
    elif options.aws == "moto" and "notebook-enforcer" in options.functions:
        parser.error("moto cannot update a notebook; use --aws sandbox")

    # For the harness's own clients.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"

    folder = Path(tempfile.mkdtemp(prefix="v2only-bench-"))
    try:
        if options.aws == "moto":
            running = servers.moto_alone(folder / "aws")
        else:
            running = servers.sandbox_alone(options.sandbox, folder / "aws", "--any-image")
        with running as upstream:
            result = measure(options, folder, upstream)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    load = os.getloadavg()[0]
    print(f"{options.reps} starts of each, against {options.aws}; load {load:.1f} on {os.cpu_count()} CPUs")
    summary = show(result)
    if options.json:
        options.json.write_text(json.dumps({"load": load, "summary": summary, "runs": result}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
