#!/usr/bin/env python3
"""Finds retired words in the files that git tracks, and names what to write instead. Standard library only.

    tests/words.py              each hit as FILE:LINE: WORD -> REPLACEMENT, and the number of hits in each folder
    tests/words.py FOLDER…      the same for some files or folders

The words are in tests/words.txt. A closure over more than one line counts as a hit if its parameter is named `it`.
Exit code: 0 without a hit, 1 otherwise.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from structure import NOISE

REPOSITORY = Path(__file__).resolve().parent.parent
WORDS = Path(__file__).resolve().with_name("words.txt")
# The list itself, a text of others, and what tools write.
LEFT_OUT = {"tests/words.txt", "LICENSE", "Cargo.lock"}
INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
NAMED_IT = re.compile(r"(?<!\|)\|(?!\|)[^|\n.;{}]*\bit\b[^|\n.;{}]*\|")


def patterns() -> tuple[list[tuple[re.Pattern, str]], set[tuple[str, str]]]:
    """The patterns with their replacements, and the exceptions as a file and a word."""
    read, allowed = [], set()
    for number, line in enumerate(WORDS.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            pattern, arrow, replacement = line.partition(" -> ")
            if not arrow:
                sys.exit(f"{WORDS}:{number}: no ` -> ` in this line")
            if pattern.startswith("allow "):
                file, _, word = pattern.removeprefix("allow ").partition(": ")
                allowed.add((file, word))
            else:
                read.append((re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), replacement))
    return read, allowed


def tracked(chosen: list[str]) -> list[str]:
    listed = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "-z", "--", *chosen], capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and name not in LEFT_OUT]


def long_closures(text: str) -> list[int]:
    """The lines at which closures begin that have a parameter named `it` and end in a later line."""
    code, found = NOISE.sub(lambda noise: re.sub(r"[^\n]", " ", noise[0]), text), []
    for closure in NAMED_IT.finditer(code):
        depth, end = 0, closure.end()
        while end < len(code) and depth >= 0 and (depth or code[end] not in ",;"):
            depth += (code[end] in "([{") - (code[end] in ")]}")
            end += 1
        if "\n" in code[closure.start() : end - 1].rstrip():
            found.append(code.count("\n", 0, closure.start()) + 1)
    return found


def folder(name: str) -> str:
    """`crates/cli` for a file of that crate, and the first folder for others."""
    parts = Path(name).parts
    return "/".join(parts[: 2 if parts[0] in ("crates", "functions", "tests") and len(parts) > 2 else 1])


def main() -> int:
    (retired, allowed), hits = patterns(), Counter()
    # Files in which no pattern is found are most, and one search for all patterns finds them out in a third of the time.
    any_of_them = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in retired), re.IGNORECASE)
    for name in tracked([str(Path(it).absolute()) for it in sys.argv[1:]]):
        path = REPOSITORY / name
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for number in long_closures(text) if name.endswith(".rs") else []:
            print(f"{name}:{number}: it -> the noun that the closure is about")
            hits[folder(name)] += 1
        if not any_of_them.search(text) and not any_of_them.search(INNER_CAPITAL.sub(" ", text.replace("_", " "))):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            split = INNER_CAPITAL.sub(" ", line.replace("_", " "))
            for pattern, replacement in retired:
                exact = "(?-i:" in pattern.pattern
                hit = pattern.search(line) or (None if exact else pattern.search(split))
                if hit and (name, hit.group()) not in allowed:
                    print(f"{name}:{number}: {hit.group()} -> {replacement}")
                    hits[folder(name)] += 1
    if hits:
        print()
        for name, number in sorted(hits.items()):
            print(f"{number:6} {name}")
    print(f"{hits.total()} retired words")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
