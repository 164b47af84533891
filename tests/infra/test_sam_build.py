"""`sam build` finds both functions in the workspace and builds them for the architecture asked for.

cargo-lambda is stood in for: what it would compile is of no concern here, and takes minutes. cargo itself answers where
the workspace builds to and what its members are called.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import servers
import templates

STAND_IN = """#!/bin/sh
# `cargo lambda build`: notes how it was called, and leaves a binary where cargo-lambda does.
[ "$1" = lambda ] || exec {cargo} "$@"
echo "$(basename "$PWD") $*" >>{notes}
mkdir -p "$CARGO_TARGET_DIR/lambda/$(basename "$PWD")"
echo "built for $(basename "$PWD")" >"$CARGO_TARGET_DIR/lambda/$(basename "$PWD")/bootstrap"
"""


@pytest.mark.parametrize("name", ["template", "single-account"])
@pytest.mark.parametrize(("architecture", "flags"), [("x86_64", ""), ("arm64", " --arm64")])
def test_sam_builds_each_function_from_its_crate(tmp_path, name, architecture, flags):
    tools, notes = tmp_path / "tools", tmp_path / "notes"
    tools.mkdir()
    (tools / "cargo").write_text(STAND_IN.format(cargo=shutil.which("cargo"), notes=notes))
    (tools / "cargo-lambda").write_text("#!/bin/sh\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    environment = servers.clean_environment(
        PATH=f"{tools}:{os.environ['PATH']}",
        CARGO_TARGET_DIR=str(tmp_path / "target"),
        CARGO_NET_OFFLINE="true",
        SAM_CLI_TELEMETRY="0",
        AWS_DEFAULT_REGION="us-east-1",
    )
    argv = [str(Path(sys.executable).with_name("sam")), "build", "--beta-features"]
    argv += ["-t", str(templates.SAM / f"{name}.yaml"), "--build-dir", str(tmp_path / "built")]
    argv += ["--parameter-overrides", f"Architecture={architecture}"]
    ran = subprocess.run(argv, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    built = {f"{it} lambda build --release{flags}" for it in ("ec2-enforcer", "notebook-enforcer", "sweeper")}
    assert set(notes.read_text().splitlines()) == built
    for resource, function in {
        "Ec2EnforcerFunction": "ec2-enforcer",
        "NotebookEnforcerFunction": "notebook-enforcer",
        "SweeperFunction": "sweeper",
    }.items():
        assert (tmp_path / "built" / resource / "bootstrap").read_text() == f"built for {function}\n"
