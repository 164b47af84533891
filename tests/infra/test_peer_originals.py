"""`tests/peers` reads the verdicts that fixtures of other checkers state, and notices where the table says another."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import servers

SCRIPT = servers.REPOSITORY / "tests" / "peers"

# A table with one rule for each reader.
TABLE = """
[[rule]]
peer = "checkov"
about = "tokens"
folder = "checks/example_Sets"
fixture = [{ file = "main.tf", resources = [
  { name = "good", is = "instance", options = { tokens = "required" }, peer = "right" },
  { name = "bad", is = "instance", peer = "wrong" },
] }]

[[rule]]
peer = "checkov"
about = "hops"
folder = "checks/example_Names"
fixture = [
  { file = "X-FAILED.yaml", resources = [{ name = "Far", is = "template", options = { hops = 3 }, peer = "wrong" }] },
  { file = "X-PASSED.yaml", resources = [{ name = "Near", is = "template", options = { hops = 1 }, peer = "right" }] },
]

[[rule]]
peer = "trivy"
about = "tokens"
folder = "rules/tokens.yaml"
fixture = [
  { file = "terraform.good.0", peer = "right", resources = [{ name = "a", is = "instance" }] },
  { file = "terraform.bad.0", peer = "wrong", resources = [{ name = "a", is = "instance" }] },
  { file = "terraform.bad.1", peer = "wrong", resources = [{ name = "a", is = "instance" }] },
  { file = "cloudformation.good.0", peer = "right", resources = [{ name = "A", is = "instance" }] },
]

[[rule]]
peer = "trivy-adapter"
about = "tokens"
folder = "adapt_test.go"
fixture = [
  { file = "closed", peer = "right", resources = [{ name = "a", is = "instance" }] },
  { file = "open", peer = "wrong", resources = [{ name = "a", is = "instance" }] },
]

[[rule]]
peer = "kics"
about = "tokens"
folder = "queries/test"
fixture = [
  { file = "positive1.tf", right = "unknown", why = "Neither: its code is elsewhere.", resources = [
    { name = "remote", is = "module", source = "acme/instance/aws", peer = "wrong" },
  ] },
  { file = "negative1.json", resources = [{ name = "Off", is = "instance", options = { endpoint = "disabled" }, peer = "right" }] },
]

[[rule]]
peer = "semgrep"
about = "tokens"
folder = "hcl"
fixture = [{ file = "imds.tf", resources = [
  { name = "outer", is = "instance", options = { tokens = "optional" }, peer = "wrong" },
  { name = "next", is = "instance", peer = "wrong" },
  { name = "fine", is = "instance", options = { tokens = "required" }, peer = "right" },
] }]

[[rule]]
peer = "sentinel"
about = "tokens"
folder = "mocks"
fixture = [{ file = "policy-failure-silent", resources = [{ name = "web", is = "instance", peer = "wrong" }] }]
"""

REQUIRED = '{\n  metadata_options {\n    http_tokens = "required"\n  }\n}\n'


def template(name: str, hops: int) -> str:
    data = "{MetadataOptions: {HttpTokens: required, HttpPutResponseHopLimit: %d}}" % hops
    return f"Resources:\n  {name}:\n    Type: AWS::EC2::LaunchTemplate\n    Properties: {{LaunchTemplateData: {data}}}\n"


def case(name: str, source: str, tokens: str) -> str:
    option = f'HttpTokens: types.StringTest("{tokens}")'
    expected = f"\t\t\t\tInstances: []T{{\n\t\t\t\t\t{{{option}}},\n\t\t\t\t}},\n"
    return f'\t\t{{\n\t\t\tname: "{name}",\n\t\t\tterraform: `{source}`,\n\t\t\texpected: E{{\n{expected}\t\t\t}},\n\t\t}},\n'


FILES = {
    "checks/example_Sets/main.tf": f'resource "aws_instance" "good" {REQUIRED}resource "aws_instance" "bad" {{}}\n',
    "checks/test_Sets.py": 'passing_resources = {"aws_instance.good"}\nfailing_resources = {"aws_instance.bad"}\n',
    "checks/example_Names/X-FAILED.yaml": template("Far", 3),
    "checks/example_Names/X-PASSED.yaml": template("Near", 1),
    "rules/tokens.yaml": "terraform:\n  links:\n    - https://example.com/\n  good:\n    - |-\n"
    '      resource "aws_instance" "a" {\n        metadata_options {\n          http_endpoint = "disabled"\n        }\n      }\n'
    '  bad:\n    - |-\n      resource "aws_instance" "a" {\n      }\n    - |-\n      resource "aws_instance" "a" {\n\n      }\n'
    "cloudformation:\n  good:\n    - |-\n      Resources:\n        A:\n          Type: AWS::EC2::Instance\n"
    "          Properties: {MetadataOptions: {HttpTokens: required}}\n",
    "adapt_test.go": "var tests = []T{\n"
    + case("closed", f'resource "aws_instance" "a" {REQUIRED}', "required")
    + case("open", 'resource "aws_instance" "a" {}\n', "optional"),
    "queries/test/positive1.tf": 'module "remote" {\n  source = "acme/instance/aws"\n}\n',
    "queries/test/negative1.json": '{"Resources": {"Off": {"Type": "AWS::EC2::Instance", "Properties": {"MetadataOptions": '
    '{"HttpEndpoint": "disabled"}}}}}\n',
    "queries/test/positive_expected_result.json": "[]\n",
    "hcl/imds.tf": 'resource "aws_instance" "outer" {\n  metadata_options {\n    # ruleid: imds\n    http_tokens = "optional"\n'
    '  }\n}\n\n# ruleid: imds\nresource "aws_instance" "next" {}\n\n'
    f'# ok: imds\nresource "aws_instance" "fine" {REQUIRED}',
    "mocks/policy-failure-silent/mock-tfplan-v2.sentinel": 'planned_values = {\n\t"resources": {\n\t\t"aws_instance.web": {\n'
    '\t\t\t"address": "aws_instance.web",\n\t\t\t"mode": "managed",\n\t\t\t"name": "web",\n\t\t\t"provider_name": "aws",\n'
    '\t\t\t"type": "aws_instance",\n\t\t\t"values": {\n\t\t\t\t"tags": [\n\t\t\t\t\t"a",\n\t\t\t\t],\n\t\t\t},\n\t\t},\n\t},\n}\n',
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "checkouts" / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "checkouts" / "all"


def peers(checkout: Path, table: str = TABLE, program: str | Path | None = None) -> subprocess.CompletedProcess:
    path = checkout.parent.parent / "table" / "all.toml"
    path.parent.mkdir()
    path.write_text(table)
    argv = [sys.executable, str(SCRIPT), str(checkout.parent), "--table", str(path.parent)]
    environment = servers.clean_environment(V2ONLY_BIN=str(program or os.environ["V2ONLY_BIN"]))
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120)


def test_every_reader_finds_the_verdicts_of_its_peer(checkout):
    ran = peers(checkout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = [" ".join(it.split()) for it in ran.stdout.splitlines()]
    assert "checkov 4 100% / 100% 0 of 0 100% / 100%" in lines
    assert "trivy 4 100% / 100% 0 of 0 100% / 100%" in lines
    assert "trivy-adapter 2 100% / 100% 0 of 0 100% / 100%" in lines
    assert "kics 2 100% / 100% 1 of 1 100% / 100%" in lines
    assert "semgrep 3 100% / 100% 0 of 0 100% / 100%" in lines
    assert "sentinel 1 100% / 100% 0 of 0 100% / 100%" in lines
    assert lines[-1] == "kics positive1.tf module.remote: wrong, v2only unknown. Neither: its code is elsewhere."


def test_a_fixture_that_states_another_verdict_than_the_table_is_noticed(checkout):
    module = checkout / "checks" / "test_Sets.py"
    module.write_text('passing_resources = {"aws_instance.good", "aws_instance.bad"}\n')
    ran = peers(checkout)
    assert ran.returncode == 1
    assert ran.stderr == "checkov main.tf aws_instance.bad: states right, the table says wrong\n"


def test_a_new_fixture_is_noticed(checkout):
    (checkout / "queries" / "test" / "negative2.tf").write_text("")
    ran = peers(checkout)
    assert (ran.returncode, ran.stderr) == (1, "not in the table: queries/test/negative2.tf\n")


def test_a_program_that_reports_nothing_has_no_recall(checkout, tmp_path):
    """That the tests above can fail."""
    blind = tmp_path / "blind"
    blind.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "files = [{'file': os.path.join(sys.argv[2], it, 'x')} for it in os.listdir(sys.argv[2])]\n"
        "print(json.dumps({'files': files, 'findings': []}))\n"
    )
    blind.chmod(0o755)
    ran = peers(checkout, program=blind)
    assert ran.returncode == 1
    assert "semgrep imds.tf aws_instance.next: v2only says right, the table expects wrong" in ran.stderr
    assert " ".join(ran.stdout.splitlines()[1].split()).startswith("checkov 4 100% / 0%")


def test_a_folder_without_a_checkout_is_wrong_usage(tmp_path):
    (tmp_path / "checkouts" / "other").mkdir(parents=True)
    ran = peers(tmp_path / "checkouts" / "other")
    assert ran.returncode == 2 and "holds no checkout" in ran.stderr
