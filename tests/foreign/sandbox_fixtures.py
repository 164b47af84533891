"""A fresh embedded AWS for each test, whose clock stands still until it is told."""

import os
from pathlib import Path

import pytest
import servers
from sandbox_aws import Aws


@pytest.fixture
def aws(tmp_path):
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    if not program.exists():
        pytest.fail(f"{program} does not exist; run `cargo build --workspace`", pytrace=False)
    with servers.sandbox(program, tmp_path / "sandbox", "--manual-clock") as endpoint:
        yield Aws(endpoint)


@pytest.fixture
def ec2(aws):
    return aws.client("ec2")
