"""`tests/corpus` counts what became of every file, and names files that nothing was said about."""

import os
import subprocess
import sys

import servers

SCRIPT = servers.REPOSITORY / "tests" / "corpus"
OPEN = "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n  Group:\n    Type: AWS::EKS::Nodegroup\n"


def corpus(folder, program) -> subprocess.CompletedProcess:
    environment = servers.clean_environment(V2ONLY_BIN=str(program))
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)], env=environment, capture_output=True, text=True, timeout=120
    )


def repository(folder, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def counts(ran, name: str) -> list[int]:
    row = next(it for it in ran.stdout.splitlines() if it.startswith(name))
    return [int(it) for it in row[len(name) :].split()]


def test_every_file_is_read_skipped_or_unreadable(tmp_path):
    repository(tmp_path / "one", {"stack.yaml": OPEN, "deep/values.yaml": "a: b\n", "broken.yaml": OPEN + "  A: [\n"})
    repository(tmp_path / "other", {"package.json": "{}\n", ".git/stack.yaml": OPEN})
    source = 'resource "aws_instance" "web" {}\nresource "aws_eks_node_group" "a" {}\nresource "aws_vpc" "a" {}\n'
    repository(tmp_path / "sources", {"main.tf": source, "deep/broken.tf": "resource {", "deep/variables.tf": ""})
    ran = corpus(tmp_path, os.environ["V2ONLY_BIN"])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # read, judged, named, skipped, unreadable, silent, different, failed
    assert counts(ran, "one") == [1, 1, 1, 1, 1, 0, 0, 0]
    assert counts(ran, "other") == [0, 0, 0, 1, 0, 0, 0, 0]
    assert counts(ran, "sources") == [2, 1, 1, 0, 1, 0, 0, 0]
    assert counts(ran, "3 in all") == [3, 2, 2, 2, 2, 0, 0, 0]


def test_a_program_that_passes_over_a_template_is_found_out(tmp_path):
    """That the test above can fail: this program skips what it should judge, and does not list another file."""
    repository(tmp_path / "repositories" / "one", {"a.yaml": OPEN, "b.yaml": "a: b\n"})
    blind = tmp_path / "blind"
    blind.write_text(
        f"#!{sys.executable}\n"
        "import json, subprocess, sys\n"
        "if '--types' in sys.argv:\n"
        f"    sys.exit(subprocess.call([{os.environ['V2ONLY_BIN']!r}, *sys.argv[1:]]))\n"
        "skipped = [{'file': sys.argv[2] + '/a.yaml', 'why': 'no template'}]\n"
        "print(json.dumps({'files': [], 'findings': [], 'skipped': skipped, 'unread': []}))\n"
    )
    blind.chmod(0o755)
    ran = corpus(tmp_path / "repositories", blind)
    assert ran.returncode == 1
    assert counts(ran, "one")[5] == 2
    assert ran.stderr.count("silent: ") == 2, ran.stderr


def test_a_folder_without_repositories_is_wrong_usage(tmp_path):
    assert corpus(tmp_path, os.environ["V2ONLY_BIN"]).returncode == 2
