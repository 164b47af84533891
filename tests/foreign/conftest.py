"""What the tests against clients and servers of others share.

`tests/run` says where the binaries are; a plain `pytest tests/foreign` finds them in the target folder. What is
missing fails the test that needs it. Only `tests/run --fast` leaves tests out, and pytest names them.
"""

import os
from pathlib import Path

import boto3
import botocore.config
import pytest
import servers
from recorded import held_against_the_roles  # noqa: F401, a fixture

FAST = os.environ.get("V2ONLY_FAST") == "yes"
# Fixtures that `tests/run --fast` does without, and what each stands for.
SLOW = {"moto": "moto", "ministack": "ministack", "function_zip": "the release build"}


def default(name: str, value: Path) -> Path:
    """The path in the variable `name`, which is set to `value` when it is not set yet."""
    return Path(os.environ.setdefault(name, str(value)))


def need(path: Path, how: str) -> Path:
    if not path.exists():
        pytest.fail(f"{path} does not exist; run `{how}`", pytrace=False)
    return path


def pytest_configure() -> None:
    target = servers.target_directory()
    default("V2ONLY_SANDBOX_BIN", target / "debug" / "v2only-sandbox")
    default("V2ONLY_BIN", target / "debug" / "v2only")
    default("V2ONLY_LAMBDA_DIR", target / "lambda")
    default("V2ONLY_MINISTACK_BIN", target / "venv-ministack" / "bin" / "ministack")
    # For the clients inside this process, whichever way pytest was started: no credentials of the caller, and an
    # endpoint where nobody listens for a client that was not told where to call.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    safe = servers.clean_environment()
    for name in (
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "NO_PROXY",
    ):
        os.environ[name] = safe[name]
    os.environ["V2ONLY_LOOPBACK_ONLY"] = "1"


def pytest_collection_modifyitems(items) -> None:
    """Tests say by their fixtures what they need; `--fast` leaves out, by name, those that need one of SLOW."""
    for item in items:
        needs = [SLOW[name] for name in getattr(item, "fixturenames", ()) if name in SLOW]
        if FAST and needs:
            item.add_marker(pytest.mark.skip(reason=f"--fast: needs {' and '.join(sorted(needs))}"))


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """The URL of moto, also in V2ONLY_MOTO_URL. Every test makes its own resources; nobody resets it."""
    with servers.moto(tmp_path_factory.mktemp("moto")) as url:
        os.environ["V2ONLY_MOTO_URL"] = url
        yield url
        del os.environ["V2ONLY_MOTO_URL"]


@pytest.fixture(scope="session")
def ministack(tmp_path_factory):
    """The URL of ministack, which runs Lambda functions and delivers EventBridge events to them."""
    program = need(Path(os.environ["V2ONLY_MINISTACK_BIN"]), "tests/run --only foreign")
    with servers.ministack(program, tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture
def sandbox(tmp_path):
    """The URL of a fresh embedded AWS for this test alone."""
    program = need(Path(os.environ["V2ONLY_SANDBOX_BIN"]), "cargo build --workspace")
    with servers.sandbox(program, tmp_path / "sandbox") as url:
        yield url


@pytest.fixture(scope="session")
def function_zip():
    """Gives the path of a function's released zip by the function's name."""
    folder = Path(os.environ["V2ONLY_LAMBDA_DIR"])
    return lambda name: need(folder / f"{name}.zip", "tests/run --only package")


@pytest.fixture(scope="session")
def client():
    """Makes boto3 clients that try once and never look for credentials."""

    def make(service: str, endpoint: str, region: str = "us-east-1"):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
        )

    return make
