#!/usr/bin/env python3
"""Tests of structure.py on small sample trees: `python3 tests/structure_test.py`."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import structure


class Rings(unittest.TestCase):
    def rings(self, files: dict[str, str]) -> list[list[str]]:
        """The rings of a crate with these files below `src`, as paths below `src`."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "src"
            for name, text in files.items():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                (source / name).write_text(text, encoding="utf-8")
            found = structure.Crate(source / "lib.rs").rings()
            return [[file.relative_to(source).as_posix() for file in ring] for ring in found]

    def test_two_files_that_use_each_other_are_a_ring(self) -> None:
        files = {"lib.rs": "mod a;\nmod b;", "a.rs": "use crate::b::B;\npub struct A;", "b.rs": "use super::a::A;\npub struct B;"}
        self.assertEqual(self.rings(files), [["a.rs", "b.rs"]])

    def test_a_way_back_through_a_third_file_is_a_ring(self) -> None:
        files = {
            "lib.rs": "mod a;\nmod b;\nmod c;",
            "a.rs": "use crate::b::{self, f as g};\nfn h() { g() }",
            "b.rs": "use crate::c::C;\npub fn f() {}",
            "c.rs": "pub struct C;\nfn k() { crate::a::h() }",
        }
        self.assertEqual(self.rings(files), [["a.rs", "b.rs", "c.rs"]])

    def test_a_declaration_and_a_reexport_are_no_import(self) -> None:
        files = {
            "lib.rs": "mod a;\npub use a::A;\npub struct Config;",
            "a.rs": "mod part;\npub use part::A;",
            "a/part.rs": "use crate::Config;\npub struct A(Config);",
        }
        self.assertEqual(self.rings(files), [])

    def test_a_reexport_that_the_parent_uses_itself_is_an_import(self) -> None:
        files = {"lib.rs": "mod a;\npub use a::A;\npub struct Config(A);", "a.rs": "use crate::Config;\npub struct A;"}
        self.assertEqual(self.rings(files), [["a.rs", "lib.rs"]])

    def test_a_reexported_name_counts_for_the_file_that_defines_it(self) -> None:
        through_parent = {
            "lib.rs": "mod state;\nmod operation;\npub use state::State;\nfn answer() { operation::run() }",
            "state.rs": "pub struct State;",
            "operation.rs": "use super::State;\npub fn run() {}",
        }
        self.assertEqual(self.rings(through_parent), [])
        defined_in_parent = through_parent | {
            "lib.rs": "mod operation;\npub struct State;\nfn answer() { operation::run() }"
        }
        self.assertEqual(self.rings(defined_in_parent), [["lib.rs", "operation.rs"]])

    def test_a_glob_reexport_is_followed(self) -> None:
        files = {
            "lib.rs": "mod all;\nmod x;\nmod y;",
            "all.rs": "pub use crate::x::*;",
            "x.rs": "pub struct X;\nfn f() { crate::y::g() }",
            "y.rs": "use crate::all::X;\npub fn g() {}",
        }
        self.assertEqual(self.rings(files), [["x.rs", "y.rs"]])

    def test_inline_modules_belong_to_their_file(self) -> None:
        files = {
            "lib.rs": "mod a;\nmod b;",
            "a.rs": "pub struct A;\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::b::B;\n    fn t(_: A, _: B) {}\n}",
            "b.rs": "pub struct B;\nfn f(_: crate::a::A) {}",
        }
        self.assertEqual(self.rings(files), [["a.rs", "b.rs"]])

    def test_tests_in_a_file_of_their_own_are_no_ring(self) -> None:
        files = {
            "lib.rs": "mod a;",
            "a.rs": "pub fn f() {}\n#[cfg(test)]\nmod tests;",
            "a/tests.rs": "use super::f;\nfn t() { f() }",
        }
        self.assertEqual(self.rings(files), [])

    def test_comments_strings_and_visibility_are_no_import(self) -> None:
        files = {
            "lib.rs": "mod a;\nmod b;",
            "a.rs": "use crate::b::B;\npub(in crate::b) struct A;\n",
            "b.rs": '// use crate::a::A;\n/* crate::a::A */\npub struct B;\nconst T: &str = r#"crate::a::A"#;\n',
        }
        self.assertEqual(self.rings(files), [])

    def test_mod_rs_and_path_attributes_are_found(self) -> None:
        files = {
            "lib.rs": 'mod a;\n#[path = "elsewhere.rs"]\nmod b;',
            "a/mod.rs": "use crate::b::B;\npub struct A;",
            "elsewhere.rs": "use crate::a::A;\npub struct B;",
        }
        self.assertEqual(self.rings(files), [["a/mod.rs", "elsewhere.rs"]])


class Workspace(unittest.TestCase):
    def test_mod_rs_is_refused_outside_tests(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a/src/b/mod.rs", "a/tests/it/mod.rs", "a/src/b/tests/mod.rs", "target/x/mod.rs"):
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_text("", encoding="utf-8")
            self.assertEqual(structure.mod_files(Path(folder)), [Path(folder) / "a/src/b/mod.rs"])
            self.assertEqual(structure.report(Path(folder), None), 1)

    def test_the_exit_status_tells_a_ring_and_an_unknown_crate(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {"whole": "mod a;", "ring": "mod a;\npub struct C;\nfn f() { a::g() }"}.items():
                source = Path(folder) / name / "src"
                source.mkdir(parents=True)
                (source.parent / "Cargo.toml").write_text(f'[package]\nname = "{name}"\n', encoding="utf-8")
                (source / "lib.rs").write_text(text, encoding="utf-8")
                (source / "a.rs").write_text("use crate::C;\npub fn g() {}", encoding="utf-8")
            self.assertEqual(structure.report(Path(folder), "ring"), 1)
            self.assertEqual(structure.report(Path(folder), "whole"), 0)
            self.assertEqual(structure.report(Path(folder), None), 1)
            self.assertEqual(structure.report(Path(folder), "none"), 2)


if __name__ == "__main__":
    unittest.main()
