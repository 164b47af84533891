"""How `v2only` reaches a machine: the wheel, the archives, the formula, the image, the action and the hooks.

The wheel is made by maturin around the binary that `cargo build --workspace` made: a stand-in for cargo asks for that
build, because a build of the package alone has other features and would compile the SDK again. The image is replayed
without a container runtime: its files are copied as the Containerfile says, and its command runs with this folder as
its root.
"""

import hashlib
import json
import os
import re
import runpy
import shutil
import struct
import subprocess
import sys
import tarfile
import tomllib
import zipfile
import zlib
from pathlib import Path

import pytest
import servers
import yaml

PACKAGING = servers.REPOSITORY / "packaging"
MANIFEST = tomllib.loads((servers.REPOSITORY / "Cargo.toml").read_text())
VERSION = MANIFEST["workspace"]["package"]["version"]
RELEASE = yaml.safe_load((servers.REPOSITORY / ".github" / "workflows" / "release.yml").read_text())
TARGETS = [it["target"] for it in RELEASE["jobs"]["cli"]["strategy"]["matrix"]["include"]]
# Every artifact of the build of the workspace is fresh, and maturin takes the one that it asked for. It moves what it
# takes out of the way for a moment, so it gets a copy: other tests run the program meanwhile.
STAND_IN = """#!{python}
import json, os, shutil, subprocess, sys

if sys.argv[1] not in ("rustc", "build"):
    os.execv("{cargo}", ["cargo", *sys.argv[1:]])
argv = ["{cargo}", "build", "--locked", "--workspace", "--all-targets", "--message-format", "json-render-diagnostics"]
built = subprocess.run(argv, stdout=subprocess.PIPE, text=True)
for line in built.stdout.splitlines():
    message = json.loads(line)
    # The test of a binary is an executable as well.
    if message.get("profile", dict()).get("test"):
        continue
    if message.get("executable") and os.path.basename(message["executable"]) == "v2only":
        copy = shutil.copy2(message["executable"], os.path.dirname(os.path.abspath(__file__)) + "/v2only")
        message.update(executable=copy, filenames=[copy])
    print(json.dumps(message))
sys.exit(built.returncode)
"""


def run(*argv, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(it) for it in argv], capture_output=True, text=True, timeout=120, check=False, **options)


def told(ran: subprocess.CompletedProcess) -> str:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


# --- The wheel ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    cargo = folder / "cargo"
    cargo.write_text(STAND_IN.format(cargo=shutil.which("cargo"), python=sys.executable))
    cargo.chmod(0o755)
    environment = servers.clean_environment(
        CARGO=str(cargo),
        CARGO_NET_OFFLINE="true",
        CARGO_TARGET_DIR=str(servers.target_directory()),
        PATH=f"{folder}:{os.environ['PATH']}",
        # As `tests/run` builds.
        RUSTC_WORKSPACE_WRAPPER="clippy-driver",
        CLIPPY_ARGS=os.environ.get("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__"),
    )
    maturin = Path(sys.executable).with_name("maturin")
    flags = ["--profile", "dev", "--compatibility", "linux", "--auditwheel", "skip", "--out", folder / "out"]
    told(run(maturin, "build", *flags, cwd=servers.REPOSITORY, env=environment))
    [wheel] = (folder / "out").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The command in an environment that had nothing in it."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    told(run(sys.executable, "-m", "venv", folder))
    told(run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-index", wheel))
    return folder / "bin" / "v2only"


def test_the_wheel_holds_the_command_and_nothing_to_import(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [it for it in names if it.endswith("/METADATA")]
        text = archive.read(metadata).decode()
    assert wheel.name.startswith(f"v2only-{VERSION}-py3-none-")
    assert f"v2only-{VERSION}.data/scripts/v2only" in names
    assert not [it for it in names if it.endswith(".py")]
    assert "\nLicense-Expression: Apache-2.0\n" in text and "\n# v2only\n" in text


def test_the_demo_runs_from_the_installed_wheel(installed):
    assert told(run(installed, "--version", env={})) == f"v2only {VERSION}\n"
    assert "Checked at the end" in told(run(installed, "demo", env={}))


def test_what_is_pinned_is_pinned_once():
    built_by = tomllib.loads((servers.REPOSITORY / "pyproject.toml").read_text())["build-system"]["requires"]
    [maturin] = built_by
    lock = (PACKAGING / "build-tools.lock.txt").read_text()
    requirements = (servers.REPOSITORY / "tests" / "infra" / "requirements.lock.txt").read_text()
    assert f"\n{maturin} \\\n" in lock and f"\n{maturin}\n" in requirements
    ziglang = re.compile(r"^ziglang==(\S+).*\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE)
    functions = ziglang.search((servers.REPOSITORY / "infra" / "build-tools.lock.txt").read_text())
    assert ziglang.search(lock).groups() == functions.groups()


# --- Archives -----------------------------------------------------------------------------------------------------


def packed(binary: Path, target: str, out: Path) -> Path:
    told(run(PACKAGING / "archive", "--target", target, "--binary", binary, "--out", out, env=servers.clean_environment()))
    [archive] = [it for it in out.iterdir() if it.name.startswith(f"v2only-{target}.") and it.suffix != ".json"]
    return archive


def with_section(target: str, content: bytes) -> bytes:
    """A binary that holds nothing but a section `.dep-v0`, in the format of a target."""
    if "linux" in target:
        names = b"\0.dep-v0\0.shstrtab\0"
        header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 64, 0, 64, 0, 0, 64, 3, 2)
        at = 64 + 3 * 64
        sections = [(0, 0, 0, 0), (1, 1, at, len(content)), (9, 3, at + len(content), len(names))]
        table = [struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 1, 0) for name, kind, offset, size in sections]
        return header + b"".join(table) + content + names
    if "darwin" in target:
        segment = struct.pack("<II16sQQQQiiII", 0x19, 152, b"__DATA", 0, 0, 0, 0, 3, 3, 1, 0)
        section = struct.pack("<16s16sQQIIIIIIII", b".dep-v0", b"__DATA", 0, len(content), 32 + 24 + 152, 0, 0, 0, 0, 0, 0, 0)
        other = struct.pack("<II16x", 0x1B, 24)
        return struct.pack("<IIIIIIII", 0xFEEDFACF, 0x0100000C, 0, 2, 2, 24 + 152, 0, 0) + other + segment + section + content
    padded = content.ljust(-(-len(content) // 512) * 512, b"\0")
    header = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 16, 0x22)
    at = len(header) + 16 + 40
    return header + bytes(16) + struct.pack("<8sIIIIIIHHI", b".dep-v0", len(content), 0, len(padded), at, 0, 0, 0, 0, 0) + padded


def program(folder: Path, target: str, without: str = "") -> Path:
    """A binary that lists all crates of the lock file but one, as cargo-auditable has it."""
    locked = tomllib.loads((servers.REPOSITORY / "Cargo.lock").read_text())["package"]
    packages = [{"name": it["name"], "version": it["version"], "source": "local"} for it in locked if it["name"] != without]
    folder.mkdir(parents=True)
    path = folder / ("v2only.exe" if "windows" in target else "v2only")
    path.write_bytes(with_section(target, zlib.compress(json.dumps({"packages": packages}).encode())))
    return path


@pytest.mark.parametrize("target", TARGETS)
def test_a_binary_that_does_not_list_its_crates_is_not_packed(target, tmp_path):
    argv = [PACKAGING / "archive", "--target", target, "--out", tmp_path / "out", "--binary"]
    refused = run(*argv, program(tmp_path / "less", target, without="ring"), env=servers.clean_environment())
    assert refused.returncode == 1 and "the binary does not list ring " in refused.stderr, refused.stderr
    unlisted = program(tmp_path / "none", target)
    unlisted.write_bytes(unlisted.read_bytes().replace(b".dep-v0", b".dep-v9"))
    refused = run(*argv, unlisted, env=servers.clean_environment())
    assert refused.returncode == 1 and "the binary does not list its crates" in refused.stderr, refused.stderr
    assert not (tmp_path / "out").exists()


def test_the_wheel_is_built_by_a_cargo_that_lists_crates(tmp_path):
    """A stand-in for cargo-auditable, whose compilation takes minutes, notes how it is called."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (tmp_path / ".crates.toml").write_text(f'"cargo-auditable {runpy.run_path(str(servers.REPOSITORY / "infra" / "build"))["AUDITABLE"]}"')
    (bin_folder / "cargo-auditable").write_text(f'#!/bin/sh\necho "$CARGO $*" >"{tmp_path}/called"\n')
    (bin_folder / "cargo-auditable").chmod(0o755)
    cargo = told(run(PACKAGING / "audited-cargo", tmp_path)).strip()
    told(run(cargo, "rustc", "--bin", "v2only", env=servers.clean_environment(CARGO=cargo)))
    called, *words = (tmp_path / "called").read_text().split()
    assert words == ["auditable", "rustc", "--bin", "v2only"] and called != cargo, "the cargo of the caller would call itself"
    steps = [step.get("run", "") for step in RELEASE["jobs"]["cli"]["steps"]]
    [wheel] = [it for it in steps if "maturin build" in it]
    assert wheel.index("CARGO=$(python3 packaging/audited-cargo ") < wheel.index("export CARGO") < wheel.index("maturin build")


@pytest.mark.parametrize("target", TARGETS)
def test_an_archive_holds_the_command_and_is_the_same_each_time(target, tmp_path):
    name = "v2only.exe" if "windows" in target else "v2only"
    archive = packed(program(tmp_path / "one", target), target, tmp_path / "out")
    again = packed(program(tmp_path / "two", target), target, tmp_path / "again")
    assert (archive.name, archive.read_bytes()) == (again.name, again.read_bytes())
    told_files = {f"v2only-{target}/{it}" for it in (name, "LICENSE", "README.md")}
    if archive.suffix == ".zip":
        assert set(zipfile.ZipFile(archive).namelist()) == told_files
    else:
        with tarfile.open(archive) as files:
            assert set(files.getnames()) == told_files
            assert files.getmember(f"v2only-{target}/v2only").mode == 0o755
    bill = json.loads((tmp_path / "out" / f"v2only-{target}.cdx.json").read_text())
    names = {it["name"] for it in bill["components"]}
    assert bill["metadata"]["component"]["name"] == "v2only"
    assert {"clap", "v2only-lambda", "v2only-sandbox", "ring"} <= names and "insta" not in names


def test_binstall_finds_the_archives_of_a_release():
    package = tomllib.loads((servers.REPOSITORY / "crates" / "cli" / "Cargo.toml").read_text())["package"]
    binstall = package["metadata"]["binstall"]
    ends = {"tgz": ".tar.gz", "zip": ".zip"}
    released = {f"v2only-{it}.{'zip' if 'windows' in it else 'tar.gz'}" for it in TARGETS}
    # Linux with glibc gets the binary that needs no C library.
    for target in [*TARGETS, "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]:
        settings = binstall | binstall["overrides"].get(target, {})
        url = settings["pkg-url"].replace("{ target }", target).replace("{ archive-suffix }", ends[settings["pkg-fmt"]])
        assert url.startswith("{ repo }/releases/download/v{ version }/")
        assert url.rsplit("/", 1)[1] in released, target
        folder = settings["bin-dir"].split("/")[0].replace("{ target }", target)
        assert url.endswith((f"/{folder}.tar.gz", f"/{folder}.zip"))


def test_the_formula_has_the_checksums_of_a_release(tmp_path):
    lines = {it: hashlib.sha256(it.encode()).hexdigest() for it in TARGETS}
    checksums = tmp_path / "SHA256SUMS"
    checksums.write_text("".join(f"{sha256}  v2only-{it}.tar.gz\n" for it, sha256 in lines.items()))
    argv = [PACKAGING / "formula", "--repository", "somebody/v2only", "--checksums", checksums]
    formula = told(run(*argv))
    urls = re.findall(r'url "(.*)"\n +sha256 "(.*)"', formula)
    assert len(urls) == 4 and "@" not in formula
    for url, sha256 in urls:
        [target] = [it for it in TARGETS if url.endswith(f"/v2only-{it}.tar.gz")]
        assert url.startswith(f"https://github.com/somebody/v2only/releases/download/v{VERSION}/")
        assert sha256 == lines[target]
    checksums.write_text("")
    missing = run(*argv)
    assert missing.returncode == 1 and "v2only-aarch64-apple-darwin.tar.gz" in missing.stderr


# --- The image ----------------------------------------------------------------------------------------------------


def instructions() -> list[list[str]]:
    text = (PACKAGING / "Containerfile").read_text()
    return [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]


def replayed(context: Path, root: Path) -> None:
    """Copies what the Containerfile copies, with its modes."""
    for name, rest in instructions():
        if name != "COPY":
            continue
        *flags, source, target = rest.split()
        modes = [it.removeprefix("--chmod=") for it in flags]
        source, target = context / source.replace("${TARGETARCH}", "amd64"), root / target.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
        for mode in modes:
            target.chmod(int(mode, 8))


def test_the_image_runs_the_demo_as_nobody(tmp_path):
    if os.geteuid() != 0 or run("unshare", "--mount", "--pid", "--fork", "true").returncode != 0:
        pytest.skip("only root can give a process another root folder")
    binary = Path(os.environ["V2ONLY_BIN"])
    (tmp_path / "certificates").write_text("none\n")
    environment = servers.clean_environment(SSL_CERT_FILE=str(tmp_path / "certificates"))
    told(run(PACKAGING / "image-context", tmp_path / "context", f"amd64={binary}", env=environment))
    root = tmp_path / "root"
    replayed(tmp_path / "context", root)
    # The binary of a release needs no C library; this one does. A container has /proc and /dev of its own.
    for library in re.findall(r"(/\S+) \(0x", told(run("ldd", binary))):
        (root / library.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library.lstrip("/"))
    for folder in ("proc", "dev"):
        (root / folder).mkdir()
    (root / "dev" / "null").touch()
    said = dict(it for it in instructions() if it[0] in ("USER", "WORKDIR", "ENTRYPOINT", "CMD"))
    user, group = said["USER"].split(":")
    assert int(user) > 0 and int(group) > 0
    script = """root=$1 user=$2; shift 2
        mount -t proc proc "$root/proc" && mount --bind /dev/null "$root/dev/null" || exit 99
        exec chroot --userspec="$user" "$root" "$@"
    """
    command = [*json.loads(said["ENTRYPOINT"]), *json.loads(said["CMD"])]
    alone = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", script, "sh", root, said["USER"], *command]
    assert "Checked at the end" in told(run(*alone, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}))


# --- GitHub and pre-commit ----------------------------------------------------------------------------------------

OPEN = "Resources:\n  Open:\n    Type: AWS::EC2::LaunchTemplate\n    Properties: { LaunchTemplateData: {} }\n"


def acted(folder: Path, **inputs: str) -> subprocess.CompletedProcess:
    """The action with its default inputs but for these; the command of the build stands in for the wheel."""
    action = yaml.safe_load((servers.REPOSITORY / "action.yml").read_text())
    [step] = action["runs"]["steps"]
    values = {name: inputs.get(name, it["default"]) for name, it in action["inputs"].items()}
    variables = {name: values[re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", it)[1]] for name, it in step["env"].items()}
    pipx = folder / "pipx"
    pipx.write_text(f'#!/bin/sh\necho "$3" >"{folder}/spec"\nshift 4\nexec "{Path(os.environ["V2ONLY_BIN"]).absolute()}" "$@"\n')
    pipx.chmod(0o755)
    environment = servers.clean_environment(
        PATH=f"{folder}:{os.environ['PATH']}", GITHUB_ACTION_PATH=str(servers.REPOSITORY), **variables
    )
    return run("bash", "-c", step["run"], cwd=folder, env=environment)


def test_the_action_annotates_the_lines_of_a_change(tmp_path):
    (tmp_path / "stack.yaml").write_text(OPEN)
    ran = acted(tmp_path)
    assert ran.returncode == 10, ran.stderr
    [annotation] = ran.stdout.splitlines()
    assert re.match(r"::error file=\./stack\.yaml,line=\d+,col=\d+,title=http-tokens-not-stated::", annotation)
    assert (tmp_path / "spec").read_text() == f"v2only=={VERSION}\n"


def test_the_action_hands_its_inputs_on_as_words(tmp_path):
    policy = servers.REPOSITORY / "policies" / "scp" / "no-way-back.json"
    ran = acted(tmp_path, command="policies check", paths=f"{policy}\n\n")
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr
    refused = acted(tmp_path, command="enforce; true")
    assert refused.returncode == 2 and refused.stdout.startswith("::error title=v2only::")
    file = acted(tmp_path, paths="$(touch made)\n--help")
    assert file.returncode == 3 and not (tmp_path / "made").exists()


def test_the_hooks_are_commands_that_exist(tmp_path):
    (tmp_path / "stack.yaml").write_text(OPEN)
    shutil.copy(servers.REPOSITORY / "policies" / "scp" / "no-way-back.json", tmp_path / "policy.json")
    hooks = yaml.safe_load((servers.REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    assert [it["id"] for it in hooks] == ["v2only-check", "v2only-policies-check"]
    codes = []
    for hook in hooks:
        program, *words = hook["entry"].split()
        assert program == "v2only" and hook["language"] == "system"
        files = ["policy.json"] if hook.get("pass_filenames", True) else []
        argv = [os.environ["V2ONLY_BIN"], *words, *hook.get("args", []), *files]
        codes.append(run(*argv, cwd=tmp_path, env=servers.clean_environment()).returncode)
    assert codes == [10, 0]
