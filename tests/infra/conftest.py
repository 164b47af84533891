"""What the tests of the deployment templates share.

`tests/run` says where the tools are; a plain `pytest tests/infra` finds them in the target folder. A missing tool that
`tests/run` installs or builds fails the test that needs it. Terraform and its provider are not ours to install: where
they are not, the tests that need them are skipped and say so.
"""

import os
import sys
from pathlib import Path

import boto3
import botocore.config
import pytest

HERE = Path(__file__).resolve().parent
# The servers are started as the tests against foreign servers start them.
sys.path.append(str(HERE.parent / "foreign"))

import servers
from recorded import held_against_the_roles  # noqa: F401, a fixture

FAST = os.environ.get("V2ONLY_FAST") == "yes"
# Fixtures that `tests/run --fast` does without, and what each stands for.
SLOW = {"ministack": "ministack", "moto": "moto", "function_zip": "the release build"}


def need(path: Path, how: str) -> Path:
    if not path.exists():
        pytest.fail(f"{path} does not exist; run `{how}`", pytrace=False)
    return path


def pytest_configure() -> None:
    target = servers.target_directory()
    os.environ.setdefault("V2ONLY_BIN", str(target / "debug" / "v2only"))
    os.environ.setdefault("V2ONLY_SANDBOX_BIN", str(target / "debug" / "v2only-sandbox"))
    os.environ.setdefault("V2ONLY_AWS_CLI", str(target / "venv" / "bin" / "aws"))
    os.environ.setdefault("V2ONLY_LAMBDA_DIR", str(target / "lambda"))
    os.environ.setdefault("V2ONLY_MINISTACK_BIN", str(target / "venv-ministack" / "bin" / "ministack"))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    safe = servers.clean_environment()
    os.environ.update({name: safe[name] for name in safe if name.startswith("AWS_") or name == "NO_PROXY"})
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    os.environ["V2ONLY_LOOPBACK_ONLY"] = "1"


def pytest_collection_modifyitems(items) -> None:
    for item in items:
        needs = [SLOW[name] for name in getattr(item, "fixturenames", ()) if name in SLOW]
        if FAST and needs:
            item.add_marker(pytest.mark.skip(reason=f"--fast: needs {' and '.join(sorted(needs))}"))


@pytest.fixture(scope="session")
def ministack(tmp_path_factory):
    """The URL of ministack, an AWS that is not ours: CloudFormation with SAM, and the services Terraform calls."""
    program = need(Path(os.environ["V2ONLY_MINISTACK_BIN"]), "tests/run --only infra")
    with servers.ministack(program, tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """The URL of moto, which holds the instances that a deployed function repairs."""
    with servers.moto(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def function_zip():
    """Gives the path of a function's released zip by the function's name."""
    folder = Path(os.environ["V2ONLY_LAMBDA_DIR"])
    return lambda name: need(folder / f"{name}.zip", "tests/run --only package")


@pytest.fixture(scope="session")
def client():
    """Makes boto3 clients that try once; `account` is whom the caller claims to be, which ministack believes."""

    def make(service: str, endpoint: str, region: str = "us-east-1", account: str = "test"):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="test",
            config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60),
        )

    return make
