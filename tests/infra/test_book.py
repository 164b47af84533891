"""The book in docs/: every page is in the summary, every link resolves, and the exit codes are those of the code."""

import re
import runpy
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SOURCE = REPOSITORY / "docs" / "src"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def links(page: Path) -> list[Path]:
    targets = [target for target in LINK.findall(page.read_text()) if ":" not in target]
    return [(page.parent / target).resolve() for target in targets]


def test_every_link_resolves():
    targets = [(page, target) for page in SOURCE.rglob("*.md") for target in links(page)]
    assert len(targets) >= 10
    assert not [(page.name, str(target)) for page, target in targets if not target.exists()]


def test_the_summary_lists_every_page():
    summary = SOURCE / "SUMMARY.md"
    assert set(links(summary)) == set(SOURCE.rglob("*.md")) - {summary}


def test_the_exit_codes_are_those_of_the_code():
    code = (REPOSITORY / "crates" / "cli" / "src" / "exit.rs").read_text()
    body = code.split("pub const fn code", 1)[1].split("\n    }\n", 1)[0]
    page = (SOURCE / "reference" / "exit-codes.md").read_text()
    published = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    assert published == re.findall(r"=> (\d+),", body)


def test_the_page_of_the_policy_document_is_up_to_date():
    generated = runpy.run_path(str(REPOSITORY / "docs" / "generate.py"))
    assert generated["PAGE"].read_text() == generated["page"](), "run docs/generate.py"
