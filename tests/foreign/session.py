"""What a session of pytest has, here and in `tests/infra`: programs, servers of others, and clients for them.

What is missing fails the test that needs it. Only `tests/run --fast` leaves tests out, and pytest names them.
"""

import os
from pathlib import Path

import clients
import pytest
import recorded
import requests_model
import servers

FAST = os.environ.get("V2ONLY_FAST") == "yes"
# Fixtures that `tests/run --fast` does without, and what each stands for.
SLOW = {"moto": "moto", "ministack": "ministack", "function_zip": "the release build"}
# Each takes a minute or more.
LONGEST = [
    "test_doctor.py",
    "test_deployments.py",
    "test_killed.py",
    "test_organization.py",
    "test_package.py",
    "test_walk.py",
    "test_policies.py",
    "test_terraform.py",
]
PROGRAMS = {
    "V2ONLY_SANDBOX_BIN": "debug/v2only-sandbox",
    "V2ONLY_BIN": "debug/v2only",
    "V2ONLY_AWS_CLI": "venv/bin/aws",
    "V2ONLY_POLICY_LINTERS": "venv-policies/bin/python",
    "V2ONLY_LAMBDA_DIR": "lambda",
    "V2ONLY_MINISTACK_BIN": "venv-ministack/bin/ministack",
}


def need(path: Path, how: str) -> Path:
    if not path.exists():
        pytest.fail(f"{path} does not exist; run `{how}`", pytrace=False)
    return path


def pytest_configure() -> None:
    """Programs are where `tests/run` says, or in the target folder. Clients inside this process have no credentials of
    the caller, whichever way pytest was started, and an endpoint where nobody listens for one that was not told where
    to call.
    """
    for name, path in PROGRAMS.items():
        os.environ.setdefault(name, str(servers.target_directory() / path))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    safe = servers.clean_environment()
    os.environ.update({name: safe[name] for name in safe if name.startswith("AWS_") or name == "NO_PROXY"})
    os.environ["V2ONLY_LOOPBACK_ONLY"] = "1"


def pytest_terminal_summary(terminalreporter) -> None:
    """How many requests of ours were held against botocore's model, and how many calls of the shipped roles were not made; with
    `-v`, which."""
    requests = sum(requests_model.checked.values())
    if requests:
        roles = tuple(it.stem.removeprefix("role-") for it in recorded.IAM.glob("role-*.json"))
        missing = sorted(recorded.granted(roles) - {action for _, action in recorded.SESSION.calls})
        line = f"botocore's models: {requests} requests of {len(requests_model.checked)} operations"
        terminalreporter.write_line(f"{line}; {len(missing)} calls of the shipped roles were not made")
        if missing and terminalreporter.verbosity > 0:
            terminalreporter.write_line(f"not made: {', '.join(missing)}")


def pytest_collection_modifyitems(items) -> None:
    """Files that take longest come first, so that none of them runs alone at the end. Tests say by their fixtures what they
    need; `--fast` leaves out, by name, those that need one of SLOW."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    for item in items:
        needs = [SLOW[name] for name in getattr(item, "fixturenames", ()) if name in SLOW]
        if FAST and needs:
            item.add_marker(pytest.mark.skip(reason=f"--fast: needs {' and '.join(sorted(needs))}"))


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """The URL of moto. Every test makes its own resources; nobody resets it."""
    with servers.moto(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def ministack(tmp_path_factory):
    """The URL of ministack, an AWS that is not ours: it runs functions and delivers events to them, and deploys."""
    program = need(Path(os.environ["V2ONLY_MINISTACK_BIN"]), "tests/run --only foreign")
    with servers.ministack(program, tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="session")
def function_zip():
    """Gives the path of a function's released zip by the function's name."""
    folder = Path(os.environ["V2ONLY_LAMBDA_DIR"])
    return lambda name: need(folder / f"{name}.zip", "tests/run --only package")


@pytest.fixture(scope="session")
def client():
    """Makes boto3 clients that try once and never look for credentials; `account` is whom the caller claims to be,
    which ministack believes.
    """

    def make(service: str, endpoint: str, region: str = "us-east-1", account: str = "test"):
        return clients.client(endpoint, service, account, region)

    return make
