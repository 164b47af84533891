"""Runs Terraform without the network, in a copy of what it reads, so that nothing is written beside the sources."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import servers

# Where people and packages put providers that are not to be downloaded; the variable is for everywhere else.
VARIABLE = "TERRAFORM_PLUGIN_MIRROR"
PROVIDER = Path("registry.terraform.io/hashicorp/aws")
RUN_SECONDS = 300


def plugins() -> Path | None:
    """The first folder that holds Terraform's AWS provider in the layout of a filesystem mirror."""
    named = os.environ.get(VARIABLE)
    usual = [
        Path.home() / ".terraform.d/plugins",
        *map(Path, ("/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins")),
    ]
    folders = [Path(named)] if named else [*usual, *sorted(Path("/opt").glob("*"))]
    return next((it for it in folders if (it / PROVIDER).is_dir()), None)


def needed() -> Path:
    """The folder of the provider; a test that has no Terraform, or no provider for it, is skipped and says so."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    folder = plugins()
    if folder is None:
        pytest.skip(f"terraform's AWS provider is not on this machine; {VARIABLE} may name a filesystem mirror with it")
    return folder


def settings() -> str:
    """Terraform's own settings, by which it takes its provider from this machine and from nowhere else."""
    return f"""provider_installation {{
  filesystem_mirror {{
    path    = {json.dumps(str(needed()))}
    include = ["hashicorp/*"]
  }}
  direct {{
    exclude = ["*/*/*"]
  }}
}}
disable_checkpoint = true
"""


class Terraform:
    """One root module in a copy of the repository's `infra` and `policies`."""

    def __init__(self, copy: Path, module: str, environment: dict[str, str]):
        self.folder = copy / "infra" / "terraform" / module
        self.environment = environment

    def run(self, *arguments: str, expect: int = 0) -> str:
        argv = ["terraform", *arguments, "-no-color"]
        ran = subprocess.run(
            argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=RUN_SECONDS
        )
        said = ran.stdout + ran.stderr
        assert ran.returncode == expect, f"{' '.join(argv)} ended with {ran.returncode}:\n{said[-6000:]}"
        return said

    def output(self) -> dict:
        return {name: it["value"] for name, it in json.loads(self.run("output", "-json")).items()}


def copied(folder: Path) -> Path:
    """Copies what the modules read, and writes Terraform's own settings beside it."""
    for name in ("infra", "policies"):
        shutil.copytree(servers.REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns(".terraform*"))
    (folder / "settings.tfrc").write_text(settings())
    return folder


def made(copy: Path, module: str, **extra: str) -> Terraform:
    """Terraform in `module`, initialised. `extra` goes into its environment."""
    environment = servers.clean_environment(
        TF_CLI_CONFIG_FILE=str(copy / "settings.tfrc"), TF_IN_AUTOMATION="1", TF_INPUT="0", **extra
    )
    kept = {
        name: value
        for name, value in environment.items()
        if not re.match("TF_(LOG|VAR|CLI_ARGS|DATA|WORK)", name) or name in extra
    }
    terraform = Terraform(copy, module, kept)
    terraform.run("init", "-input=false")
    return terraform
