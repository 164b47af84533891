"""The Terraform modules by Terraform's own means: no AWS, no credentials, a provider that is mocked."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import servers
import terraform

MODULES = ["", "modules/member", "modules/reader", "modules/guardrails", "examples/single-account", "examples/organization"]
SOURCES = servers.REPOSITORY / "infra" / "terraform"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    terraform.needed()
    return terraform.copied(tmp_path_factory.mktemp("terraform"))


def test_every_file_is_formatted(copy):
    terraform.Terraform(copy, "", terraform.made(copy, "").environment).run("fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("module", MODULES)
def test_the_module_is_valid(copy, module):
    assert "Success" in terraform.made(copy, module).run("validate")


def test_with_a_mocked_provider(copy):
    said = terraform.made(copy, "").run("test")
    runs = sum(
        len(re.findall(r'^run "', it.read_text(), re.MULTILINE)) for it in (SOURCES / "tests").glob("*.tftest.hcl")
    )
    assert runs >= 10 and f"{runs} passed, 0 failed" in said, said


def test_every_variable_and_output_is_described_and_every_variable_of_a_module_checked():
    for module in MODULES:
        for file in (SOURCES / module).glob("*.tf"):
            for kind, name, body in re.findall(
                r'^(variable|output) "(\w+)" \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL
            ):
                assert re.search(r'^  description = ".+"', body, re.MULTILINE), f"{file}: {kind} {name}"
                # A folder is not checked by its spelling, and examples hand on to modules.
                if kind == "variable" and "examples" not in module and name not in ("zips", "policies"):
                    assert "validation {" in body, f"{file}: variable {name}"


def contents(folder: Path) -> dict[str, bytes]:
    return {it.relative_to(folder).as_posix(): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def test_the_modules_read_copies_of_the_shipped_files_and_nothing_outside_of_their_folder():
    infra, policies = servers.REPOSITORY / "infra", servers.REPOSITORY / "policies"
    shipped = {"dashboard.json": (infra / "dashboard.json").read_bytes()}
    shipped |= {f"{name}/{path}": it for name in ("event-patterns", "ssm") for path, it in contents(infra / name).items()}
    for name in ("iam", "scp", "declarative"):
        shipped |= {f"policies/{name}/{path}": it for path, it in contents(policies / name).items()}
    assert contents(SOURCES / "files") == shipped, "run infra/terraform/copy-files"
    for module in filter(lambda it: "examples" not in it, MODULES):
        for file in (SOURCES / module).glob("*.tf"):
            for path in re.findall(r"\$\{path\.module\}/([^\"$]*)", file.read_text()):
                assert (SOURCES / module / path).resolve().is_relative_to(SOURCES), f"{file}: {path}"


USERS = """
provider "aws" { region = "eu-central-1" }
module "hub" {
  source = "git::file://%(url)s"
  zips   = "."
}
module "member" {
  source         = "git::file://%(url)s//modules/member"
  hub_account_id = "111122223333"
  hub_region     = "eu-central-1"
  roles_region   = "eu-central-1"
  external_id    = "made-up-for-a-test"
}
module "reader" {
  source             = "git::file://%(url)s//modules/reader"
  trusted_account_id = "111122223333"
}
module "guardrails" {
  source                   = "git::file://%(url)s//modules/guardrails"
  service_control_policies = ["no-way-back"]
}
"""


def test_the_modules_work_from_a_git_url_of_this_folder_alone(copy, tmp_path):
    """A registry has no more of the repository than the folder of the module."""
    repository = tmp_path / "terraform-aws-v2only"
    shutil.copytree(SOURCES, repository, ignore=shutil.ignore_patterns(".terraform*", "examples"))
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "Modules"]):
        subprocess.run([*git, *command], cwd=repository, check=True, timeout=60)
    user = copy / "infra" / "terraform" / "user"
    user.mkdir()
    (user / "main.tf").write_text(USERS % {"url": repository})
    root = terraform.made(copy, "user")
    assert "Success" in root.run("validate")
    modules = user / ".terraform" / "modules"
    read = {it.relative_to(modules).as_posix() for it in modules.rglob("files/policies/*/*.json")}
    assert {"hub/files/policies/iam/role-hub.json", "guardrails/files/policies/scp/no-way-back.json"} <= read


def test_modules_repeat_no_pattern_and_no_statement():
    text = "".join(it.read_text() for it in SOURCES.rglob("*.tf"))
    assert "RunInstances" not in text and "ec2:" not in text and "sagemaker:" not in text
