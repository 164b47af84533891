"""`infra/build` and `infra/package`: what is refused, that the same input gives the same bytes, and what is written beside
the zips. Nothing is compiled here but programs of one line: what a release build makes is tested in `tests/foreign`.
"""

import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import servers

INFRA = servers.REPOSITORY / "infra"
FUNCTIONS = sorted(it.name for it in (servers.REPOSITORY / "functions").iterdir() if it.is_dir())


def load(name: str):
    loader = importlib.machinery.SourceFileLoader(f"infra_{name}", str(INFRA / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = writes
    return module


build = load("build")
package = build.package


def compiled(folder: Path, *flags: str, source: str = "int main(void) { return 0; }") -> bytes:
    (folder / "one.c").write_text(source)
    subprocess.run(["cc", "-o", "one", "one.c", *flags], cwd=folder, check=True, timeout=60)
    return (folder / "one").read_bytes()


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> bytes:
    """A dynamic program that asks for GLIBC of 2.34 at most, whatever this machine has."""
    folder = tmp_path_factory.mktemp("program")
    binary = compiled(folder)
    newest = package.newest_glibc(binary)
    if package.numbers(newest) > package.NEWEST_GLIBC:
        binary = binary.replace(newest.encode() + b"\0", b"GLIBC_2.34\0".ljust(len(newest) + 1, b"\0"))
    return binary


def for_arm64(binary: bytes) -> bytes:
    """The same with the other machine in its header: enough for those who read headers."""
    return binary[:18] + (183).to_bytes(2, "little") + binary[20:]


def other_version(binary: bytes, version: bytes) -> bytes:
    """The program, asking for another version of GLIBC than for its newest."""
    newest = package.newest_glibc(binary).encode()
    assert len(version) == len(newest)
    return binary.replace(newest + b"\0", version + b"\0")


def refused(binary: bytes, because: str, wanted: str | None = None) -> None:
    with pytest.raises(package.Refused, match=re.escape(because)):
        package.check(binary, wanted)


def test_a_program_that_the_runtime_can_start_is_taken(program, tmp_path):
    host = package.check(program, None)
    assert package.check(program, host) == host
    alone = compiled(tmp_path, "-nostdlib", "-static", source="void _start(void) { for (;;) {} }")
    assert package.check(alone, host) == host
    assert package.newest_glibc(alone) is None


def test_what_the_runtime_could_not_start_is_refused(program):
    newest = package.newest_glibc(program)
    newer = f"GLIBC_{'9.99' if len(newest) == 10 else '9.99.99'[: len(newest) - 6]}".encode()
    refused(other_version(program, newer), f"it needs {newer.decode()}, and provided.al2023 has GLIBC_2.34")
    refused(program.replace(b"libc.so.6\0", b"libx.so.6\0"), "it needs libx.so.6, which provided.al2023 does not have")
    other = {"x86_64": "arm64", "arm64": "x86_64"}[package.check(program, None)]
    refused(program, "it is built for", other)
    refused(b"MZ" + program[2:], "it is not a Linux binary")
    refused(program[:4] + b"\x01" + program[5:], "it is not a 64-bit")
    refused(program[:18] + b"\x03\x00" + program[20:], "ELF machine 3")
    refused(program[:200], "it is no whole ELF binary")


def test_a_version_that_is_only_spoken_of_is_not_asked_for(tmp_path):
    said = compiled(tmp_path, source='const char *it = "GLIBC_9.99"; int main(void) { return it[0]; }')
    assert b"GLIBC_9.99" in said
    assert package.newest_glibc(said) != "GLIBC_9.99"


def test_versions_are_those_that_readelf_reads(program, tmp_path, function_zip):
    binaries = [program]
    binaries += [zipfile.ZipFile(function_zip(it)).read("bootstrap") for it in FUNCTIONS]
    for binary in binaries:
        (tmp_path / "it").write_bytes(binary)
        argv = ["readelf", "--wide", "--version-info", "--dynamic", str(tmp_path / "it")]
        said = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout
        elf = package.Elf(binary)
        assert set(elf.versions()) == set(re.findall(r"Name: (\S+)  Flags:", said))
        assert set(elf.libraries()) == set(re.findall(r"\(NEEDED\) .*\[(\S+)\]", said))


TABLES = (b".eh_frame", b".eh_frame_hdr")


def test_a_packed_function_has_no_unwind_tables(program, function_zip):
    tables = [it for it in package.sections(program) if it[0] in TABLES]
    emptied = package.without_unwind_tables(program)
    assert len(tables) == 2 and len(emptied) == len(program)
    inside = {at for _, offset, length in tables for at in range(offset, offset + length)}
    assert all(byte == (0 if at in inside else program[at]) for at, byte in enumerate(emptied))
    for name in FUNCTIONS:
        binary = zipfile.ZipFile(function_zip(name)).read("bootstrap")
        found = {section: binary[offset : offset + length] for section, offset, length in package.sections(binary)}
        assert all(len(found[section]) > 1000 and not any(found[section]) for section in TABLES)
    with pytest.raises(package.Refused, match="it is no whole ELF binary"):
        package.without_unwind_tables(program[: len(program) // 2])


def test_a_panic_without_unwind_tables_is_told_and_ends_the_process(tmp_path):
    (tmp_path / "one.rs").write_text('fn main() { None::<()>.expect("the table of limits") }')
    argv = ["rustc", "-Cpanic=abort", "-Copt-level=z", "-Clto=fat", "-o", "one", "one.rs"]
    subprocess.run(argv, cwd=tmp_path, check=True, timeout=120)
    (tmp_path / "one").write_bytes(package.without_unwind_tables((tmp_path / "one").read_bytes()))
    for backtrace in "0", "1":
        environment = servers.clean_environment(RUST_BACKTRACE=backtrace)
        ran = subprocess.run(["./one"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == -signal.SIGABRT, ran.stderr
        assert "the table of limits" in ran.stderr


def test_numbers_are_compared_and_not_texts():
    assert package.numbers("GLIBC_2.4") < package.numbers("GLIBC_2.34") < package.numbers("GLIBC_2.34.1")
    assert package.numbers("GLIBC_PRIVATE") > package.NEWEST_GLIBC


@pytest.fixture(scope="module")
def binaries(program, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("binaries")
    host = package.check(program, None)
    for arch in build.TRIPLES:
        (folder / arch).mkdir()
        for name in FUNCTIONS:
            assert host == "x86_64", "the other machine is made of this one"
            (folder / arch / name).write_bytes(program if arch == "x86_64" else for_arm64(program))
    return folder


def released(binaries: Path, out: Path, cwd: Path, **extra: str) -> subprocess.CompletedProcess:
    argv = [sys.executable, "-I", str(INFRA / "build"), "--binaries", str(binaries), "--out", str(out)]
    environment = servers.clean_environment(CARGO_NET_OFFLINE="true", **extra)
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def release(binaries, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    ran = released(binaries, folder / "out", folder)
    assert ran.returncode == 0, ran.stderr
    return folder / "out"


def contents(folder: Path) -> dict[str, bytes]:
    return {it.relative_to(folder).as_posix(): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def test_a_release_holds_every_function_for_both_architectures(release):
    each = {f"{arch}/{name}.{end}" for arch in ("x86_64", "arm64") for name in FUNCTIONS for end in ("zip", "cdx.json")}
    assert set(contents(release)) == each | {"SHA256SUMS"}


def test_the_same_input_gives_the_same_bytes_wherever_and_whenever(release, binaries, tmp_path):
    elsewhere = tmp_path / "a folder with another name"
    shutil.copytree(binaries, elsewhere / "binaries")
    for number, it in enumerate(sorted(elsewhere.rglob("*"))):
        os.utime(it, (10**9 + number, 10**9 + number))
        it.chmod(0o700)
    (elsewhere / "cwd").mkdir()
    again = released(
        elsewhere / "binaries", tmp_path / "out", elsewhere / "cwd", TZ="Asia/Tokyo", RUSTFLAGS="-g", LC_ALL="de_DE.UTF-8"
    )
    assert again.returncode == 0, again.stderr
    assert contents(tmp_path / "out") == contents(release)


def test_checksums_are_those_of_sha256sum(release, tmp_path):
    argv = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    said = subprocess.run(argv, cwd=release, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.count(": OK\n") == len(contents(release)) - 1
    shutil.copytree(release, tmp_path / "touched")
    with (tmp_path / "touched" / "arm64" / "ec2-enforcer.zip").open("ab") as file:
        file.write(b"!")
    assert subprocess.run(argv, cwd=tmp_path / "touched", capture_output=True, check=False, timeout=60).returncode == 1


def test_a_refused_binary_leaves_the_last_release_where_it_is(release, binaries, program, tmp_path):
    shutil.copytree(binaries, tmp_path / "binaries")
    shutil.copytree(release, tmp_path / "out")
    (tmp_path / "binaries" / "arm64" / FUNCTIONS[0]).write_bytes(program)
    ran = released(tmp_path / "binaries", tmp_path / "out", tmp_path)
    assert (ran.returncode, "it is built for x86_64, not for arm64" in ran.stderr) == (1, True), ran.stderr
    assert contents(tmp_path / "out") == contents(release)


@pytest.mark.parametrize("arch", build.TRIPLES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_bill_of_materials_lists_what_is_linked_and_nothing_else(release, function_zip, name, arch):
    bill = json.loads((release / arch / f"{name}.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["name"] == name
    locked = tomllib.loads((servers.REPOSITORY / "Cargo.lock").read_text())["package"]
    checksums = {(it["name"], it["version"]): it.get("checksum") for it in locked}
    found = {(it["name"], it["version"]): it for it in bill["components"]}
    for key, it in found.items():
        if key[0] == "std":
            continue
        said = it.get("hashes", [{}])[0].get("content")
        assert (said, it.get("purl")) == (checksums[key], checksums[key] and f"pkg:cargo/{key[0]}@{key[1]}")
        assert it["licenses"][0]["expression"]
    references = {it["bom-ref"] for it in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert {it["ref"] for it in bill["dependencies"]} == references
    assert {on for it in bill["dependencies"] for on in it["dependsOn"]} <= references
    # The paths of sources in the panics of the released binary: an account of what is in it that cargo did not write.
    binary = zipfile.ZipFile(function_zip(name)).read("bootstrap")
    inside = set(re.findall(rb"/([a-z0-9_-]+?)-(\d+\.\d+\.\d+)(?:/src)?/[a-z0-9_/]+\.rs", binary))
    linked = {(crate.decode(), version.decode()) for crate, version in inside} & set(checksums)
    assert len(linked) > 20
    assert linked <= set(found), linked - set(found)
    names = {crate for crate, _ in found}
    assert {"ring", "v2only-policy", "lambda_runtime"} <= names
    # Of the command line, of tests, and of builds.
    assert not names & {"clap", "comfy-table", "insta", "proptest", "aws-sdk-lambda", "serde_derive", "cc", "axum"}


def test_nothing_of_the_callers_settings_gets_into_a_build(monkeypatch, tmp_path):
    for name in ("RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_PROFILE_RELEASE_DEBUG", "RUSTC_WRAPPER", "CFLAGS", "CC_x"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "cargo"))
    around = build.environment(tmp_path, tmp_path / "bin")
    assert "theirs" not in around.values()
    flags = around["CARGO_ENCODED_RUSTFLAGS"].split("\x1f")
    assert f"--remap-path-prefix={tmp_path}/cargo=/cargo" in flags
    assert f"--remap-path-prefix={servers.REPOSITORY}=/v2only" in flags
    # rustc takes the last that fits: the target folder may lie in the repository.
    assert flags[-1] == f"--remap-path-prefix={tmp_path}/release-build=/target"


def test_what_a_release_is_made_by_is_pinned():
    manifest = tomllib.loads((servers.REPOSITORY / "Cargo.toml").read_text())
    oldest = manifest["workspace"]["package"]["rust-version"]
    assert tuple(map(int, build.TOOLCHAIN.split("."))) >= tuple(map(int, oldest.split(".")))
    for lock, tools in {"build": ["cargo-zigbuild", "ziglang"], "package": ["zopfli"]}.items():
        text = (INFRA / f"{lock}-tools.lock.txt").read_text()
        pinned = re.findall(r"^([a-z-]+)==[\d.]+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
        assert [name for name, _ in pinned] == tools
    assert build.functions() == FUNCTIONS


# The SDKs of what only the command line reads.
SURFACES = {"aws-sdk-config", "aws-sdk-elasticbeanstalk", "aws-sdk-emr", "aws-sdk-imagebuilder", "aws-sdk-lightsail"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_links_no_sdk_of_the_other_surfaces(name):
    crates = {crate for _, crate, _, _ in build.tree(name, build.TRIPLES["arm64"], dict(os.environ))}
    assert "aws-sdk-ec2" in crates
    assert not crates & SURFACES


def test_a_release_of_the_command_line_links_all_of_them():
    crates = {crate for _, crate, _, _ in build.tree("v2only", build.TRIPLES["arm64"], dict(os.environ))}
    assert crates >= SURFACES


def test_every_release_of_the_command_line_is_built_with_the_feature():
    wheel = tomllib.loads((servers.REPOSITORY / "pyproject.toml").read_text())["tool"]["maturin"]
    assert wheel["features"] == ["full"] == build.FEATURES["v2only"][1:]
    for page in ("README.md", "docs/src/install.md"):
        lines = (servers.REPOSITORY / page).read_text().splitlines()
        installs = [line for line in lines if line.startswith("cargo install") and "crates/cli" in line]
        assert installs == ["cargo install --locked --path crates/cli --features full"], page
