"""What the tests of the deployment templates share.

`tests/run` says where the tools are; a plain `pytest tests/infra` finds them in the target folder. A missing tool that
`tests/run` installs or builds fails the test that needs it. Terraform and its provider are not ours to install: where
they are not, the tests that need them are skipped and say so.
"""

import os
import sys
from pathlib import Path

# The servers are started as the tests against foreign servers start them.
sys.path.append(str(Path(__file__).resolve().parent.parent / "foreign"))

import session
from recorded import held_against_the_roles  # noqa: F401, a fixture
from session import (  # noqa: F401, fixtures and hooks
    client,
    function_zip,
    ministack,
    moto,
    need,
    pytest_collection_modifyitems,
    pytest_terminal_summary,
)


def pytest_configure() -> None:
    session.pytest_configure()
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
