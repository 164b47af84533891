"""A walk through infra/README.md in a fresh clone: every command is typed as it stands there, in its order, with credentials
that are good for nothing, up to the point where AWS is needed.

A command that needs AWS must get as far as trying to reach it: a wrong option, a missing file or variable ends earlier,
with other words. Not typed as they stand:

- `cargo build --release` takes 10 GB and tens of minutes: its packages are looked up, and the released binaries are put
  where it would leave them. `infra/build` gets `--binaries`, and so compiles nothing.
- `sam build` finds the stand-in for cargo-lambda of test_sam_build.py.
- `aws logs tail` is of version 2 of the AWS CLI, and the one that can be installed from PyPI is version 1: left out.
- `sam deploy --guided` is answered with Enter, as often as it asks.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import servers
import terraform
from test_doctor import AWS
from test_readme import TEXT
from test_sam_build import STAND_IN

# How the programs say that nobody answers at AWS's endpoint.
NOBODY = ("Could not connect to the endpoint URL", "connection refused", "no connection:", "Unable to connect")
DONE, AWS_IS_NEEDED = "done", "AWS is needed"


def blocks() -> list[list[str]]:
    """The commands of each block, one string each."""
    found = re.findall(r"^ *```sh\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL)
    return [[it.strip() for it in block.replace("\\\n", " ").splitlines() if it.strip()] for block in found]


def cloned(folder: Path) -> Path:
    """What `git clone` would give, with what is not committed yet."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=servers.REPOSITORY, capture_output=True, check=False, timeout=60)
    if listed.returncode:
        pytest.skip("this is no git repository")
    for name in listed.stdout.decode().split("\0"):
        source = servers.REPOSITORY / name
        if name and source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


class Walk:
    def __init__(self, folder: Path, function_zip):
        self.clone = cloned(folder / "v2only")
        self.names = sorted(it.name for it in (self.clone / "functions").iterdir())
        tools = folder / "tools"
        tools.mkdir()
        programs = {
            "aws": AWS.format(program=os.environ["V2ONLY_AWS_CLI"]),
            "cargo": STAND_IN.format(cargo=shutil.which("cargo"), notes=folder / "notes"),
            "cargo-lambda": "#!/bin/sh\n",
            "sam": f'#!/bin/sh\nexec {shlex.quote(str(Path(sys.executable).with_name("sam")))} "$@"\n',
            "v2only": f'#!/bin/sh\nexec {shlex.quote(os.environ["V2ONLY_BIN"])} "$@"\n',
            "python3": f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n',
        }
        for name, text in programs.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        self.environment = servers.clean_environment(
            AWS_ACCESS_KEY_ID="111122223333",
            AWS_SECRET_ACCESS_KEY="good-for-nothing",
            AWS_DEFAULT_REGION="eu-central-1",
            AWS_MAX_ATTEMPTS="1",
            CARGO_NET_OFFLINE="true",
            CARGO_TARGET_DIR=str(self.clone / "target"),
            PATH=f"{tools}:{os.environ['PATH']}",
            SAM_CLI_TELEMETRY="0",
            TF_IN_AUTOMATION="1",
            TF_INPUT="0",
            V2ONLY_LOOPBACK_ONLY="1",
        )
        # What a person brings along: a document, as the README says.
        (self.clone / "policy.yaml").write_text("version: 1\nmode: observe\n")
        self.binaries = {it: zipfile.ZipFile(function_zip(it)).read("bootstrap") for it in self.names}
        self.seen: list[tuple[str, str]] = []

    def type(self, line: str, cwd: Path) -> None:
        ran = subprocess.run(
            ["sh", "-c", line],
            cwd=cwd,
            env=self.environment,
            input="\n" * 40,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = ran.stdout + ran.stderr
        if ran.returncode == 0:
            ended = DONE
        else:
            assert any(it in said for it in NOBODY), f"{line} in {cwd} ended with {ran.returncode}:\n{said[-3000:]}"
            ended = AWS_IS_NEEDED
        self.seen.append((line, ended))

    def block(self, lines: list[str]) -> None:
        cwd = self.clone
        for line in lines:
            argv = shlex.split(line)
            if argv[0] == "cd":
                cwd = cwd / argv[1]
                assert cwd.is_dir(), line
            elif argv[:3] == ["cargo", "build", "--release"]:
                self.build(argv[3:])
            elif argv[0] == "infra/build":
                self.type(f"{line} --arch x86_64 --binaries {self.left_by_cargo('x86_64')}", cwd)
            elif tuple(argv[:3]) == ("aws", "logs", "tail"):
                self.seen.append((line, "left out"))
            elif argv[0] == "terraform" and (shutil.which("terraform") is None or terraform.plugins() is None):
                self.seen.append((line, "skipped"))
            else:
                self.type(line, cwd)

    def build(self, flags: list[str]) -> None:
        named = [flags[at + 1] for at, flag in enumerate(flags) if flag == "-p"]
        assert len(flags) == 2 * len(named)
        for name in named:
            subprocess.run(["cargo", "pkgid", "--offline", "-p", name], cwd=self.clone, check=True, timeout=60)
        self.left_by_cargo("release")
        self.seen.append((" ".join(["cargo build --release", *flags]), DONE))

    def left_by_cargo(self, folder: str) -> Path:
        target = self.clone / "target"
        (target / folder).mkdir(parents=True, exist_ok=True)
        for name, binary in self.binaries.items():
            (target / folder / name).write_bytes(binary)
        return target


def test_every_command_of_the_readme_gets_as_far_as_aws(function_zip, tmp_path):
    walk = Walk(tmp_path, function_zip)
    if terraform.plugins():
        settings = terraform.settings()
        (tmp_path / "settings.tfrc").write_text(settings)
        walk.environment["TF_CLI_CONFIG_FILE"] = str(tmp_path / "settings.tfrc")
    for lines in blocks():
        walk.block(lines)
    ended = dict(walk.seen)
    skipped = [line for line, how in walk.seen if how == "skipped"]
    here = [line for line, how in walk.seen if how == DONE]
    there = [line for line, how in walk.seen if how == AWS_IS_NEEDED]
    for begins in ("cargo build", "infra/package", "sed ", "sam build", "v2only validate", "infra/build"):
        assert any(it.startswith(begins) for it in here), (begins, ended)
    for begins in ("sam deploy", "aws organizations", "aws cloudformation", "aws ssm", "aws sqs", "v2only doctor"):
        assert any(it.startswith(begins) for it in there), (begins, ended)
    # Nothing that speaks to AWS ended well, or it would have spoken to somebody.
    assert not [it for it in here if it.startswith(("aws", "sam deploy", "terraform apply", "v2only doctor"))]
    if skipped:
        pytest.skip(f"all but terraform was walked: {len(here) + len(there)} commands")
    assert any(it.startswith("terraform init") for it in here)
    assert len([it for it in there if it.startswith("terraform apply")]) == 2
