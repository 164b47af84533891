"""The documentation that people follow: the guide to the deployment, the README, and the book in docs/."""

import re
import shlex
from pathlib import Path

import servers

README = servers.REPOSITORY / "README.md"
GUIDE = servers.REPOSITORY / "infra" / "README.md"
BOOK = servers.REPOSITORY / "docs" / "src"
PAGES = [GUIDE, README, *sorted(BOOK.rglob("*.md"))]


def blocks(page: Path) -> list[list[str]]:
    """The commands of each shell block of a page, one string each."""
    found = re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [[line.strip() for line in block.replace("\\\n", " ").splitlines() if line.strip()] for block in found]


def commands(*pages: Path) -> list[list[str]]:
    """The words of every command of these pages; without pages, of all."""
    return [shlex.split(line) for page in pages or PAGES for block in blocks(page) for line in block]
