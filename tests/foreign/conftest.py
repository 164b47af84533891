"""What the tests against clients and servers of others share.

`tests/run` says where the binaries are; a plain `pytest tests/foreign` finds them in the target folder.
"""

import os
from pathlib import Path

import pytest
import servers
from recorded import held_against_the_roles  # noqa: F401, a fixture
from session import (  # noqa: F401, fixtures and hooks
    client,
    function_zip,
    ministack,
    moto,
    need,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_terminal_summary,
)


@pytest.fixture
def sandbox(tmp_path):
    """The URL of a fresh embedded AWS for this test alone."""
    program = need(Path(os.environ["V2ONLY_SANDBOX_BIN"]), "cargo build --workspace")
    with servers.sandbox(program, tmp_path / "sandbox") as url:
        yield url
