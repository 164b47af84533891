"""The book in docs/: every page is in the summary, every link and path resolves, every finding has a page, and the exit
codes are those of the code.
"""

import os
import re
import runpy
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SOURCE = REPOSITORY / "docs" / "src"
README = REPOSITORY / "README.md"
PAGES = [README, *SOURCE.rglob("*.md")]
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)]*))?\)")
FOLDERS = "crates|docs|examples|functions|infra|policies|tests|\\.github"
# A path of the repository that no link can name, because it is outside of the book.
PATH = re.compile(rf"`((?:{FOLDERS})/[^`\s]*)`")
GENERATED = runpy.run_path(str(REPOSITORY / "docs" / "generate.py"))


def text(page: Path) -> str:
    """A page without its code blocks, whose `#` and `]` mean other things."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[tuple[Path, str]]:
    """The files that a page links to, each with the heading in it, if one is named."""
    targets = [(target, heading) for target, heading in LINK.findall(text(page)) if ":" not in target]
    return [((page.parent / target).resolve() if target else page, heading) for target, heading in targets]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as mdBook and GitHub make them."""
    found = re.findall(r"^#+ (.*)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def test_every_link_resolves():
    targets = [(page, *target) for page in PAGES for target in links(page)]
    assert len(targets) >= 100
    assert not [(page.name, str(target)) for page, target, _ in targets if not target.exists()]
    named = [(page, target, heading) for page, target, heading in targets if heading]
    assert len(named) >= 5
    assert not [(page.name, target.name, it) for page, target, it in named if it not in headings(target)]


def test_the_book_links_to_nothing_outside_of_it():
    """A published page has no neighbours but those of the book."""
    for page in SOURCE.rglob("*.md"):
        assert not [str(target) for target, _ in links(page) if not target.is_relative_to(SOURCE)], page.name


def test_every_path_exists():
    paths = [(page.name, path) for page in PAGES for path in PATH.findall(text(page))]
    assert len(paths) >= 20
    assert not [(page, path) for page, path in paths if not (REPOSITORY / path).exists()]


def test_the_book_builds(tmp_path):
    builder = Path(sys.executable).with_name("mdbook")
    assert builder.exists(), "run `tests/run --only infra`"
    argv = [builder, "build", REPOSITORY / "docs", "--dest-dir", tmp_path / "book"]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0 and not re.search("WARN|ERROR", ran.stdout + ran.stderr), ran.stdout + ran.stderr
    for page in set(SOURCE.rglob("*.md")) - {SOURCE / "SUMMARY.md"}:
        assert (tmp_path / "book" / page.relative_to(SOURCE)).with_suffix(".html").exists(), page


def test_the_summary_lists_every_page():
    summary = SOURCE / "SUMMARY.md"
    assert {target for target, _ in links(summary)} == set(SOURCE.rglob("*.md")) - {summary}


def test_every_finding_has_a_page():
    """The ids of the registry of rules, with title and severity."""
    rules = "".join(path.read_text() for path in (REPOSITORY / "crates" / "policy" / "src" / "rules").glob("*.rs"))
    about = re.findall(r'About = About \{\s*id: "([^"]+)".*?severity: Severity::(\w+)', rules, re.DOTALL)
    assert len(about) >= 11
    pages = {page.stem: page.read_text() for page in (SOURCE / "findings").glob("*.md") if page.stem != "index"}
    assert set(pages) == {rule for rule, _ in about}
    index = (SOURCE / "findings" / "index.md").read_text()
    for rule, severity in about:
        assert f"Severity: {severity.lower()}." in pages[rule], rule
        assert f"[`{rule}`]({rule}.md)" in index
        for heading in ("What it means", "How to see it", "What enforcing changes", "How to undo it"):
            assert f"\n## {heading}\n" in pages[rule], (rule, heading)


def test_the_exit_codes_are_those_of_the_code():
    code = (REPOSITORY / "crates" / "cli" / "src" / "term" / "exit.rs").read_text()
    body = code.split("pub const fn code", 1)[1].split("\n    }\n", 1)[0]
    page = (SOURCE / "reference" / "exit-codes.md").read_text()
    published = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    assert published == re.findall(r"=> (\d+),", body)


@pytest.mark.parametrize("page", GENERATED["PAGES"], ids=lambda page: page.stem)
def test_a_generated_page_is_up_to_date(page):
    if page.stem == "cli":
        assert os.access(GENERATED["binary"](), os.X_OK), "run `cargo build --workspace`"
    assert page.read_text() == GENERATED["PAGES"][page](), "run docs/generate.py"


def test_the_picture_is_the_output_of_scan():
    """Well-formed, and with text for people who cannot see it."""
    picture = xml.etree.ElementTree.parse(SOURCE / "images" / "scan.svg").getroot()
    described = picture.find("{http://www.w3.org/2000/svg}desc").text
    assert described.startswith("$ v2only scan ") and "IMDSv1" in described


def test_the_sample_report_is_made_from_the_templates():
    """docs/report.py writes it; ids and times differ from run to run, style, script and sections do not."""
    templates = REPOSITORY / "crates" / "cli" / "templates"
    sample = (SOURCE / "sample-report.html").read_text()
    for name in ("report.css", "report.js"):
        assert (templates / name).read_text().strip() in sample, f"{name} changed: run docs/report.py"
    headings = set(re.findall(r"<h2[^>]*>([^<{]+)</h2>", sample))
    known = set(re.findall(r"<h2[^>]*>([^<{]+)</h2>", (templates / "report.html").read_text()))
    assert headings and headings <= known, "run docs/report.py"
    assert "research-lab" in sample and 'class="command"' in sample, "run docs/report.py"
