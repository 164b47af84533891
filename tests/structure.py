#!/usr/bin/env python3
"""Finds import rings: files of one crate that import each other, directly or through others; and `mod.rs` files.

    python3 tests/structure.py [--crate NAME]

A module is `name.rs` beside its folder; `mod.rs` is for folders of tests only.

Exit status: 0 without a finding, 1 with one, 2 if a crate of that name does not exist.

What counts as an import of a file:

- a `use` of an item that the file defines, and a path such as `crate::a::item` or `a::item` in code;
- an item that a module re-exports counts for the file that defines the item, not for the module.

What does not count: `mod a;`, a re-export (`pub use a::Item`) whose name the file does not use itself,
and `use crate::a` alone, which only names a module: the paths that start with `a::` count.
Method calls and macros that name no path are invisible to this check.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

NOISE = re.compile(
    r"""
      //[^\n]*
    | /\*(?:[^*]|\*(?!/))*\*/
    | b?c?r(?P<hash>\#*)".*?"(?P=hash)
    | [bc]?"(?:\\.|[^"\\])*"
    | b?'(?:\\[^\n]+?|[^'\\\n])'
    """,
    re.VERBOSE | re.DOTALL,
)
TOKEN = re.compile(r"(?:r\#)?[A-Za-z_]\w*|::|[^\s\w]")
WORD = re.compile(r"[A-Za-z_]\w*$")
DEFINES = {"fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"}


@dataclass
class Import:
    """One name that a `use` declaration binds; `name` is None for a glob."""

    path: list[str]
    name: str | None
    public: bool


@dataclass
class Module:
    """A module with its file, which it shares with its inline modules."""

    file: Path
    parent: Module | None
    children: dict[str, Module] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    defined: set[str] = field(default_factory=set)
    paths: list[list[str]] = field(default_factory=list)
    words: set[str] = field(default_factory=set)

    def root(self) -> Module:
        return self if self.parent is None else self.parent.root()


def tokens_of(text: str) -> list[str]:
    """The tokens of Rust source, without comments and literals, path attributes kept as `pathattribute_` tokens."""
    text = re.sub(r'#\[path\s*=\s*"([^"]+)"\]', lambda found: f" pathattribute_{found[1].encode().hex()} ", text)
    return TOKEN.findall(NOISE.sub(" ", text))


class Reader:
    """Reads one file and the files of its `mod` declarations into a tree of modules."""

    def __init__(self, file: Path, module: Module, folder: Path) -> None:
        self.tokens = tokens_of(file.read_text(encoding="utf-8"))
        self.at = 0
        self.file = file
        self.block(module, folder, inline=False)

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def skip_visibility(self) -> None:
        if self.peek() == "(":
            while self.peek() not in (")", ""):
                self.at += 1
            self.at += 1

    def block(self, module: Module, folder: Path, inline: bool) -> None:
        """Reads up to the closing brace of the module, or to the end of the file."""
        depth, public, attribute, before = 0, False, None, ""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token == "}" and inline and depth == 0:
                return
            depth += (token == "{") - (token == "}")
            if token == "pub":
                self.skip_visibility()
                public = True
                continue
            if token.startswith("pathattribute_"):
                attribute = bytes.fromhex(token.removeprefix("pathattribute_")).decode()
                continue
            if token == "mod" and WORD.match(self.peek()) and self.peek(1) in (";", "{"):
                self.child(module, folder, attribute)
                attribute = None
            elif token == "use" and before not in ("+", "<", ":", "->"):
                self.tree([], module, public)
            elif WORD.match(token):
                self.word(token, before, module)
            public = False
            before = token

    def child(self, module: Module, folder: Path, attribute: str | None) -> None:
        name, opens = self.peek(), self.peek(1)
        self.at += 2
        if opens == "{":
            inner = module.children.setdefault(name, Module(self.file, module))
            self.block(inner, folder / name, inline=True)
            return
        candidates = [folder / f"{name}.rs", folder / name / "mod.rs"]
        if attribute:
            candidates = [self.file.parent / attribute]
        for file in candidates:
            if file.exists():
                inner = module.children.setdefault(name, Module(file, module))
                Reader(file, inner, file.parent if attribute else folder / name)
                return

    def tree(self, prefix: list[str], module: Module, public: bool) -> None:
        """Reads one tree of a `use` declaration, behind `use`, `{` or `,`."""
        path = list(prefix)
        while (token := self.peek()) not in (";", ",", "}", ""):
            self.at += 1
            if token == "{":
                while self.peek() not in ("}", ""):
                    self.tree(path, module, public)
                    if self.peek() == ",":
                        self.at += 1
                self.at += 1
                return
            if token == "*":
                module.imports.append(Import(path, None, public))
                return
            if token == "as":
                module.imports.append(Import(path, self.peek(), public))
                self.at += 1
                return
            if token != "::":
                path.append(token)
        if path and path[-1] == "self" and len(path) > 1:
            path = path[:-1]
        if path:
            module.imports.append(Import(path, path[-1], public))

    def word(self, token: str, before: str, module: Module) -> None:
        if token in DEFINES:
            name = self.peek(1) if self.peek() == "!" else self.peek()
            module.defined.add(name)
        if before in ("::", "."):
            return
        path = [token]
        while self.peek() == "::" and WORD.match(self.peek(1)):
            path.append(self.peek(1))
            self.at += 2
        module.words.add(token)
        if len(path) > 1:
            module.paths.append(path)


class Crate:
    """The files of one crate root and which file imports which."""

    def __init__(self, root: Path) -> None:
        self.top = Module(root, None)
        Reader(root, self.top, root.parent)
        self.edges: dict[Path, set[Path]] = {}
        self.modules(self.top)

    def modules(self, module: Module) -> None:
        targets = self.edges.setdefault(module.file, set())
        for binding in module.imports:
            targets |= self.imported(module, binding)
        for path in module.paths:
            if self.starts(module, path[0]):
                targets |= self.resolve(module, path)
        targets.discard(module.file)
        for child in module.children.values():
            self.modules(child)

    @staticmethod
    def starts(module: Module, name: str) -> bool:
        """Whether a path in code that starts with this name leads to a module of this crate."""
        named = any(binding.name == name for binding in module.imports)
        return name in ("crate", "self", "super") or name in module.children or named

    def imported(self, module: Module, binding: Import) -> set[Path]:
        if binding.name is None:
            source = self.module_at(module, binding.path)
            if source is None or binding.public:
                return set()
            own = {source.file} if source.defined & module.words else set()
            exported = [other for other in source.imports if other.name in module.words]
            return own.union(*(self.resolve(source, other.path) for other in exported))
        if binding.public and binding.name not in module.words:
            return set()
        return self.resolve(module, binding.path)

    def module_at(self, module: Module, path: list[str], seen: frozenset[int] = frozenset()) -> Module | None:
        """The module that a path names, or None."""
        here: Module | None = module
        for place, name in enumerate(path):
            if here is None:
                return None
            if name == "crate":
                here = module.root()
            elif name == "super":
                here = here.parent
            elif name != "self":
                here = self.step(here, name, seen)
        return here

    def step(self, module: Module, name: str, seen: frozenset[int]) -> Module | None:
        if name in module.children:
            return module.children[name]
        for binding in module.imports:
            leads_on = binding.name == name and binding.path != [name] and id(binding) not in seen
            if leads_on:
                return self.module_at(module, binding.path, seen | {id(binding)})
        return None

    def resolve(self, module: Module, path: list[str], seen: frozenset[int] = frozenset()) -> set[Path]:
        """The files that define what a path names. A path to a module alone names no file."""
        here: Module | None = module
        for place, name in enumerate(path):
            last = place + 1 == len(path)
            if name == "crate":
                here = module.root()
            elif name == "super":
                here = here.parent if here else None
            elif name != "self" and here is not None:
                onward = self.step(here, name, seen)
                if onward is None or (last and self.also_item(here, name)):
                    return self.item(here, name, seen)
                here = onward
            if here is None:
                return set()
        return set()

    @staticmethod
    def also_item(module: Module, name: str) -> bool:
        return name in module.defined or (
            name in module.children and any(binding.name == name for binding in module.imports)
        )

    def item(self, module: Module, name: str, seen: frozenset[int]) -> set[Path]:
        """The files that define the item of this name in this module."""
        if name in module.defined:
            return {module.file}
        for binding in module.imports:
            if binding.name == name and id(binding) not in seen:
                return self.resolve(module, binding.path, seen | {id(binding)})
        for binding in module.imports:
            if binding.name is None and id(binding) not in seen:
                source = self.module_at(module, binding.path)
                if source and source is not module and (found := self.item(source, name, seen | {id(binding)})):
                    return found
        return set()

    def rings(self) -> list[list[Path]]:
        return components(self.edges)


def components(edges: dict[Path, set[Path]]) -> list[list[Path]]:
    """The strongly connected components of more than one file, largest first (Kosaraju)."""
    order: list[Path] = []
    for start in edges:
        visit(start, edges, set(order), order)
    reverse: dict[Path, set[Path]] = {file: set() for file in edges}
    for file, targets in edges.items():
        for target in targets:
            reverse.setdefault(target, set()).add(file)
    done: set[Path] = set()
    found: list[list[Path]] = []
    for start in reversed(order):
        group: list[Path] = []
        visit(start, reverse, done, group)
        done |= set(group)
        if len(group) > 1:
            found.append(sorted(group))
    return sorted(found, key=len, reverse=True)


def visit(start: Path, edges: dict[Path, set[Path]], done: set[Path], order: list[Path]) -> None:
    """Adds what can be reached from `start` to `order`, a file after the files it leads to."""
    if start in done:
        return
    seen = done | {start}
    stack = [(start, iter(sorted(edges.get(start, ()))))]
    while stack:
        file, targets = stack[-1]
        onward = next((target for target in targets if target not in seen), None)
        if onward is None:
            order.append(file)
            stack.pop()
        else:
            seen.add(onward)
            stack.append((onward, iter(sorted(edges.get(onward, ())))))


def shortest(ring: list[Path], edges: dict[Path, set[Path]]) -> list[Path]:
    """One shortest way round in a ring, as an example."""
    members, best = set(ring), list(ring)
    for start in ring:
        came: dict[Path, Path | None] = {start: None}
        queue = [start]
        for file in queue:
            for target in sorted(edges[file] & members):
                if target == start:
                    way = [file]
                    while (previous := came[way[-1]]) is not None:
                        way.append(previous)
                    best = min(best, way[::-1], key=len)
                elif target not in came:
                    came[target] = file
                    queue.append(target)
    return best


def crate_roots(workspace: Path) -> dict[str, list[Path]]:
    """The crate roots of every package in the workspace, by the name of the package."""
    found: dict[str, list[Path]] = {}
    for manifest in sorted(workspace.rglob("Cargo.toml")):
        if "target" in manifest.relative_to(workspace).parts:
            continue
        name = re.search(r'^\[package\][^\[]*?^name\s*=\s*"([^"]+)"', manifest.read_text(encoding="utf-8"), re.M | re.S)
        folder = manifest.parent
        roots = [folder / "src" / "lib.rs", folder / "src" / "main.rs", *sorted((folder / "src" / "bin").glob("*.rs"))]
        roots += [*sorted(folder.glob("*/main.rs")), *sorted((folder / "tests").glob("*.rs"))]
        if name:
            found[name[1]] = list(dict.fromkeys(root for root in roots if root.exists()))
    return found


def mod_files(workspace: Path) -> list[Path]:
    """The `mod.rs` files outside of folders named `tests`."""
    files = ((file, set(file.relative_to(workspace).parts)) for file in sorted(workspace.rglob("mod.rs")))
    return [file for file, parts in files if not parts & {"target", "tests", "node_modules"}]


def report(workspace: Path, only: str | None) -> int:
    roots = crate_roots(workspace)
    if only is not None and only not in roots:
        print(f"no crate named {only}; crates: {', '.join(sorted(roots))}", file=sys.stderr)
        return 2
    failed = 0
    for file in mod_files(workspace) if only is None else []:
        failed += 1
        print(f"{file.relative_to(workspace)}: name this module {file.parent.name}.rs, beside its folder")
    for name, files in roots.items():
        for root in files if only in (None, name) else []:
            crate = Crate(root)
            for ring in crate.rings():
                failed += 1
                print(f"{name}: {len(ring)} files import each other:")
                print("".join(f"  {file.relative_to(workspace)}\n" for file in ring), end="")
                example = shortest(ring, crate.edges)
                print("  for example: " + " -> ".join(file.stem for file in [*example, example[0]]))
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Finds import rings in the crates of this workspace.")
    parser.add_argument("--crate", help="the only crate to check")
    parser.add_argument("--workspace", type=Path, default=ROOT, help="the folder with the crates")
    chosen = parser.parse_args()
    return report(chosen.workspace.resolve(), chosen.crate)


if __name__ == "__main__":
    sys.exit(main())
