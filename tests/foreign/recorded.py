"""Every AWS call that a binary of this project makes of a server of these tests, held against the roles it ships with and
against botocore's model of the operation; and every answer of the embedded AWS, held against the same model.

A relay stands in front of each server. It hands on every byte both ways, and of the requests it reads those that the AWS
SDK for Rust sends: boto3, the AWS CLI and Terraform are the tests' own. Who calls says so in its user agent, where the
SDK puts `AWS_SDK_UA_APP_ID`; a caller of ours that has no name is as wrong as a call that its roles do not grant.
"""

import asyncio
import contextlib
import functools
import json
import re
import threading
import urllib.parse
from pathlib import Path

import botocore.loaders
import models
import pytest
import requests_model

IAM = Path(__file__).resolve().parent.parent.parent / "policies" / "iam"
NAME = "AWS_SDK_UA_APP_ID"
SDK = "aws-sdk-rust/"

LOOK = ("hub", "scanner")
ACT = ("ec2-enforcer", "notebook-enforcer", "source-enforcer")
# Who calls, and the shipped roles for it: what docs/src/reference/permissions.md lists.
ROLES = {
    "ec2-enforcer": ("hub", "ec2-enforcer"),
    "notebook-enforcer": ("hub", "notebook-enforcer"),
    "sweeper": ("sweeper-hub", "sweeper"),
    "v2only-scan": LOOK,
    "v2only-scan--import": (*LOOK, "reporter"),
    "v2only-scan--inventory": (*LOOK, "inventory"),
    "v2only-enforce": (*LOOK, *ACT),
    "v2only-enforce--import": (*LOOK, *ACT, "reporter"),
    "v2only-rollback": ("hub", "rollback"),
    "v2only-doctor": ("doctor",),
    "v2only-uninstall-plan": ("doctor",),
}
# Needs no permission, and none can be granted.
OF_EVERYBODY = "sts:GetCallerIdentity"
# Services that sign by another name than their permissions have, and calls that take the permission of another.
PREFIXES = {"monitoring": "cloudwatch"}
PERMISSIONS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def named(command: str, *arguments: str) -> dict[str, str]:
    """The variable by which a run of `v2only` says who it is."""
    flag = next((it for it in ("--import", "--inventory") if it in arguments), "")
    return {NAME: f"v2only-{command}{flag}"}


@functools.cache
def granted(roles: tuple[str, ...]) -> frozenset[str]:
    statements = [it for role in roles for it in json.loads((IAM / f"role-{role}.json").read_text())["Statement"]]
    actions = [[it["Action"]] if isinstance(it["Action"], str) else it["Action"] for it in statements]
    return frozenset([OF_EVERYBODY, *(action for each in actions for action in each)])


def outside(calls: list[tuple[str, str]]) -> list[str]:
    """What is wrong with these calls, each once."""
    wrong = {}
    for caller, action in calls:
        if caller not in ROLES:
            wrong[caller, action] = f"{caller!r} calls {action}, and nobody is called so: set {NAME} where it is started"
        elif action not in granted(ROLES[caller]):
            roles = " or ".join(f"role-{it}.json" for it in ROLES[caller])
            wrong[caller, action] = f"{caller} calls {action}, which is not in {roles}"
    return list(wrong.values())


class Recorder:
    """The calls of ours in the order in which they came, as pairs of a caller and an IAM action."""

    def __init__(self):
        self.calls: list[tuple[str, str]] = []
        # What does not fit botocore's model, each once.
        self.misshapen: dict[str, None] = {}

    def note(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[str, str]:
        """Notes a request; gives the service that it is signed for, and the operation."""
        caller = re.search(r" app/(\S+)", headers["user-agent"])
        service, name = operation(method, target, headers, body)
        self.calls.append((caller[1] if caller else "", permission(service, name)))
        try:
            requests_model.check(service, name, target, headers, body)
        except Exception as why:  # noqa: BLE001, a request that cannot be read does not fit either
            self.misshapen[f"request {service}:{name}: {type(why).__name__}: {why}"] = None
        return service, name

    def answered(self, service: str, name: str, status: int, body: bytes) -> None:
        """Notes the answer to such a request."""
        try:
            model = requests_model.service_model(service).operation_model(name)
            models.check_answer(model, {"status_code": status, "body": body})
        except Exception as why:  # noqa: BLE001, as above
            self.misshapen[f"answer {service}:{name}: {type(why).__name__}: {why}"] = None

    @contextlib.contextmanager
    def since(self):
        """A list of the actions of ours, filled when the block ends."""
        begin, actions = len(self.calls), []
        try:
            yield actions
        finally:
            actions.extend(it for _, it in self.calls[begin:])


# Those of this whole session.
SESSION = Recorder()


@pytest.fixture(scope="session", autouse=True)
def held_against_the_roles():
    """Begins before every server and ends after it: then nobody calls any more."""
    yield
    wrong = outside(SESSION.calls)
    assert not wrong, "\n".join(["calls that no shipped role grants:", *wrong])
    misshapen = list(SESSION.misshapen)
    assert not misshapen, "\n".join(["requests and answers that do not fit botocore's model:", *misshapen])


def action(method: str, target: str, headers: dict[str, str], body: bytes) -> str:
    """The IAM action of a request."""
    return permission(*operation(method, target, headers, body))


def permission(service: str, name: str) -> str:
    whole = f"{PREFIXES.get(service, service)}:{name}"
    return PERMISSIONS.get(whole, whole)


def operation(method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[str, str]:
    """The service and the operation of a request, in whichever of AWS's protocols."""
    scope = re.search(r"Credential=[^/]*/[^/]*/[^/]*/([^/]+)/", headers.get("authorization", ""))
    service = scope[1] if scope else "unsigned"
    path = urllib.parse.urlsplit(target).path
    cbor = re.fullmatch(r"/service/[^/]+/operation/([^/]+)", path)
    if "x-amz-target" in headers:
        name = headers["x-amz-target"].rsplit(".", 1)[-1]
    elif cbor:
        name = cbor[1]
    elif headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        name = urllib.parse.parse_qs(body.decode()).get("Action", ["?"])[0]
    else:
        name = of_path(service, method, path)
    return service, name


def of_path(service: str, method: str, path: str) -> str:
    """The name of a call that is told from its path, as botocore knows it."""
    for name, pattern in paths(service).get(method, []):
        if pattern.fullmatch(path.rstrip("/")):
            return name
    return f"{method} {path}"


@functools.cache
def paths(service: str) -> dict[str, list[tuple[str, re.Pattern]]]:
    try:
        operations = botocore.loaders.Loader().load_service_model(service, "service-2")["operations"]
    except botocore.loaders.UnknownServiceError:
        return {}
    found: dict[str, list[tuple[str, re.Pattern]]] = {}
    # The path that says most comes first: `/functions/{name}` would do for `/functions/event-source`.
    for name, it in sorted(operations.items(), key=lambda it: it[1]["http"]["requestUri"].count("{")):
        words = re.split(r"\{[^}]*\}", it["http"]["requestUri"].partition("?")[0])
        pattern = re.compile("[^/]+".join(map(re.escape, words)).rstrip("/"))
        found.setdefault(it["http"]["method"], []).append((name, pattern))
    return found


class Requests:
    """Reads the requests of one connection, as long as they are of ours: a client keeps its connections to itself."""

    def __init__(self, note):
        self.note, self.buffer, self.ours = note, b"", True
        # The requests that wait for their answers, in order.
        self.waiting: list[tuple[str, str]] = []

    def feed(self, data: bytes) -> None:
        if not self.ours:
            return
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.strip().lower(): value.strip() for name, _, value in (it.partition(":") for it in lines)}
            self.ours = headers.get("user-agent", "").startswith(SDK)
            if not self.ours:
                self.buffer = b""
                return
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            method, target, _ = first.split(" ")
            self.waiting.append(self.note(method, target, headers, rest[:length]))
            self.buffer = rest[length:]


class Answers:
    """Reads the answers on the same connection. Each has its length: the embedded AWS sends nothing in chunks."""

    def __init__(self, requests: Requests, note):
        self.requests, self.note, self.buffer = requests, note, b""

    def feed(self, data: bytes) -> None:
        if not self.requests.ours:
            return
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?im)^content-length: *(\d+)", head)[1])
            if len(rest) < length:
                return
            self.note(*self.requests.waiting.pop(0), int(head.split(b" ")[1]), rest[:length])
            self.buffer = rest[length:]


@contextlib.contextmanager
def relay(port: int, recorder: Recorder = SESSION, *, answers: bool = False):
    """The URL of a relay to a port of this machine; `answers` says whether answers are checked as well. Nothing is changed on the way, and nothing answered: when one side
    ends, or falls silent, that is what the other side sees.
    """
    connections: set[asyncio.Task] = set()

    async def pump(source, sink, look) -> None:
        try:
            while data := await source.read(65536):
                look(data)
                sink.write(data)
                await sink.drain()
            sink.write_eof()
        except OSError:
            sink.transport.abort()
            raise

    async def connection(client_reads, client_writes) -> None:
        connections.add(asyncio.current_task())
        server_writes = None
        try:
            server_reads, server_writes = await asyncio.open_connection("127.0.0.1", port)
            requests = Requests(recorder.note)
            look = Answers(requests, recorder.answered).feed if answers else lambda _: None
            up = asyncio.create_task(pump(client_reads, server_writes, requests.feed))
            down = asyncio.create_task(pump(server_reads, client_writes, look))
            try:
                # A client that has sent all may still be answered; a server that has closed answers no more.
                await down
            finally:
                up.cancel()
                await asyncio.gather(up, down, return_exceptions=True)
        except OSError:
            client_writes.transport.abort()
        except asyncio.CancelledError:
            pass
        finally:
            for it in filter(None, (client_writes, server_writes)):
                it.close()
            connections.discard(asyncio.current_task())

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def wait_for(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    async def stop(listener) -> None:
        listener.close()
        for it in list(connections):
            it.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    listener = wait_for(asyncio.start_server(connection, "127.0.0.1", 0))
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        wait_for(stop(listener))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
