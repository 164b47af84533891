"""What is shipped: the zips that `infra/package` makes of the release binaries."""

import subprocess
import sys
import zipfile

import pytest
import servers

# The sizes that docs/src/testing.md promises, in bytes.
LARGEST_ZIP = {"ec2-enforcer": 2_400_000, "notebook-enforcer": 2_300_000, "sweeper": 2_800_000}

pytestmark = pytest.mark.parametrize("name", LARGEST_ZIP)


def test_the_zip_is_what_the_runtime_starts(function_zip, name):
    with zipfile.ZipFile(function_zip(name)) as archive:
        [entry] = archive.infolist()
        assert entry.filename == "bootstrap"
        assert entry.external_attr >> 16 == 0o100755
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert archive.read(entry)[:4] == b"\x7fELF"


def test_the_zip_is_small(function_zip, name):
    assert function_zip(name).stat().st_size <= LARGEST_ZIP[name]


def test_the_same_binary_gives_the_same_bytes(function_zip, name, tmp_path):
    shipped = function_zip(name)
    program = servers.REPOSITORY / "infra" / "package"
    subprocess.run([sys.executable, str(program), name, "--out", str(tmp_path)], check=True, timeout=300)
    assert (tmp_path / f"{name}.zip").read_bytes() == shipped.read_bytes()
