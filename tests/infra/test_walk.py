"""A walk through the documentation in a fresh clone: infra/README.md, the README, and the book. Every command is typed as
it stands there, in its order, with credentials that are good for nothing, up to the point where AWS is needed. A command
that stands on several pages is typed once.

A command that needs AWS must get as far as trying to reach it: a wrong option, a missing file or variable ends earlier,
with other words. Not typed as they stand:

- `cargo build --release` takes 10 GB and tens of minutes: its packages are looked up, and the released binaries are put
  where it would leave them. `infra/build` gets `--binaries`, and so compiles nothing.
- `sam build` finds the stand-in for cargo-lambda of test_sam_build.py.
- `aws logs tail` is of version 2 of the AWS CLI, and the one that can be installed from PyPI is version 1: left out.
- `sam deploy --guided` is answered with Enter, as often as it asks.
- `cargo demo` is the built `v2only` with the zips of the released functions. `cargo install` compiles for minutes: its package is
  looked up. `tests/run` is what runs this test.
- `v2only enforce` refuses to run where nobody can answer: it gets `--yes`.

The last line of the first report is typed once more where an organization answers: the embedded AWS of `v2only sandbox`.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
import servers
import terraform
from documentation import BOOK, GUIDE, PAGES, blocks
from test_doctor import AWS
from test_sam_build import STAND_IN

# How the programs say that nobody answers at AWS's endpoint.
NOBODY = ("Could not connect to the endpoint URL", "connection refused", "no connection:", "Unable to connect")
DONE, AWS_IS_NEEDED = "done", "AWS is needed"
LAUNCH = {
    "eventVersion": "1.11",
    "eventType": "AwsApiCall",
    "eventTime": "2026-11-20T10:15:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "RunInstances",
    "eventID": "00000000-0000-4000-8000-000000000002",
    "awsRegion": "eu-central-1",
    "recipientAccountId": "111122223333",
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana", "accountId": "111122223333"},
    "requestParameters": {"instancesSet": {"items": [{}]}, "metadataOptions": {"httpTokens": "required"}},
    "responseElements": {
        "instancesSet": {
            "items": [
                {
                    "instanceId": "i-00000000000000001",
                    "metadataOptions": {"httpTokens": "required", "httpEndpoint": "enabled"},
                }
            ]
        }
    },
}
EVENT = {
    "version": "0",
    "id": "00000000-0000-4000-8000-000000000001",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2026-11-20T10:15:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0"],
    "detail": {"instance-id": "i-0123456789abcdef0", "state": "running"},
}


def cloned(folder: Path) -> Path:
    """What `git clone` would give, with what is not committed yet."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=servers.REPOSITORY, capture_output=True, check=False, timeout=60)
    if listed.returncode:
        pytest.skip("this is no git repository")
    for name in listed.stdout.decode().split("\0"):
        source = servers.REPOSITORY / name
        if name and source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


class Walk:
    def __init__(self, folder: Path, function_zip):
        self.clone = cloned(folder / "v2only")
        self.names = sorted(it.name for it in (self.clone / "functions").iterdir())
        tools = folder / "tools"
        tools.mkdir()
        programs = {
            "aws": AWS.format(program=os.environ["V2ONLY_AWS_CLI"]),
            "cargo": STAND_IN.format(cargo=shutil.which("cargo"), notes=folder / "notes"),
            "cargo-lambda": "#!/bin/sh\n",
            "sam": f'#!/bin/sh\nexec {shlex.quote(str(Path(sys.executable).with_name("sam")))} "$@"\n',
            "v2only": f'#!/bin/sh\nexec {shlex.quote(os.environ["V2ONLY_BIN"])} "$@"\n',
            "python3": f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n',
        }
        for name, text in programs.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        self.environment = servers.clean_environment(
            AWS_ACCESS_KEY_ID="111122223333",
            AWS_SECRET_ACCESS_KEY="good-for-nothing",
            AWS_DEFAULT_REGION="eu-central-1",
            AWS_MAX_ATTEMPTS="1",
            CARGO_NET_OFFLINE="true",
            CARGO_TARGET_DIR=str(self.clone / "target"),
            PATH=f"{tools}:{os.environ['PATH']}",
            SAM_CLI_TELEMETRY="0",
            TF_IN_AUTOMATION="1",
            TF_INPUT="0",
            V2ONLY_LOOPBACK_ONLY="1",
        )
        # What a person brings along: a document, as the documentation tells them to, and a saved event.
        (self.clone / "policy.yaml").write_text("version: 1\nmode: observe\n")
        (self.clone / "event.json").write_text(json.dumps(EVENT))
        shutil.copy(self.clone / "policies" / "scp" / "require-v2-at-launch.json", self.clone / "my-scp.json")
        (self.clone / "cloudtrail").mkdir()
        (self.clone / "cloudtrail" / "records.json").write_text(json.dumps({"Records": [LAUNCH]}))
        # `check --changed-since origin/main`: the clone as it came.
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", str(self.clone)]
        for words in ["init -q", "add .", "commit -q -m a", "update-ref refs/remotes/origin/main HEAD"]:
            subprocess.run([*git, *words.split()], check=True, env=self.environment)
        self.zips = function_zip(self.names[0]).parent
        self.binaries = {it: zipfile.ZipFile(function_zip(it)).read("bootstrap") for it in self.names}
        self.seen: list[tuple[str, str]] = []

    def type(self, line: str, cwd: Path) -> None:
        ran = subprocess.run(
            ["sh", "-c", line],
            cwd=cwd,
            env=self.environment,
            input="\n" * 40,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = ran.stdout + ran.stderr
        if ran.returncode == 0:
            ended = DONE
        else:
            assert any(it in said for it in NOBODY), f"{line} in {cwd} ended with {ran.returncode}:\n{said[-3000:]}"
            ended = AWS_IS_NEEDED
        self.seen.append((line, ended))

    def block(self, lines: list[str]) -> None:
        cwd = self.clone
        for line in lines:
            argv = shlex.split(line)
            if argv[0] == "cd":
                cwd = cwd / argv[1]
                assert cwd.is_dir(), line
            elif argv[:3] == ["cargo", "build", "--release"]:
                self.build(argv[3:])
            elif argv == ["cargo", "demo"]:
                self.demo(line, cwd)
            elif argv[:2] == ["cargo", "install"]:
                self.install(argv[2:])
            elif argv[0].startswith("tests/"):
                # They run for minutes or hours.
                assert os.access(cwd / argv[0], os.X_OK), line
                self.seen.append((line, "left out"))
            elif argv[:2] == ["cargo", "test"] or argv[:3] == ["cargo", "run", "--profile"]:
                self.type(f"cargo pkgid --offline {argv[argv.index('-p') + 1]}", self.clone)
            elif argv[:2] == ["v2only", "enforce"] or "--at-boot" in argv:
                # Both ask before they change anything, and here is nobody to answer.
                self.type(f"{line.partition('#')[0]} --yes", cwd)
            elif argv[0] == "infra/build":
                self.type(f"{line} --arch x86_64 --binaries {self.left_by_cargo('x86_64')}", cwd)
            elif tuple(argv[:3]) == ("aws", "logs", "tail"):
                self.seen.append((line, "left out"))
            elif argv[0] == "terraform" and (shutil.which("terraform") is None or terraform.plugins() is None):
                self.seen.append((line, "skipped"))
            else:
                self.type(line, cwd)

    def build(self, flags: list[str]) -> None:
        named = [flags[at + 1] for at, flag in enumerate(flags) if flag == "-p"]
        assert len(flags) == 2 * len(named)
        for name in named:
            subprocess.run(["cargo", "pkgid", "--offline", "-p", name], cwd=self.clone, check=True, timeout=60)
        self.left_by_cargo("release")
        self.seen.append((" ".join(["cargo build --release", *flags]), DONE))

    def install(self, arguments: list[str]) -> None:
        locked, at, package, *features = arguments
        assert (locked, at) == ("--locked", "--path")
        self.type(f"cargo tree --offline --depth 0 --manifest-path {package}/Cargo.toml {' '.join(features)}", self.clone)

    def demo(self, line: str, cwd: Path) -> None:
        self.type(f"v2only demo --functions {self.zips}", cwd)
        self.seen.append((line, DONE))

    def left_by_cargo(self, folder: str) -> Path:
        target = self.clone / "target"
        (target / folder).mkdir(parents=True, exist_ok=True)
        for name, binary in self.binaries.items():
            (target / folder / name).write_bytes(binary)
        return target


def test_every_command_of_the_documentation_gets_as_far_as_aws(function_zip, tmp_path):
    walk = Walk(tmp_path, function_zip)
    if terraform.plugins():
        settings = terraform.settings()
        (tmp_path / "settings.tfrc").write_text(settings)
        walk.environment["TF_CLI_CONFIG_FILE"] = str(tmp_path / "settings.tfrc")
    for lines in blocks(GUIDE):
        walk.block(lines)
    typed = {tuple(lines) for lines in blocks(GUIDE)}
    for page in PAGES:
        for lines in blocks(page):
            if tuple(lines) not in typed:
                typed.add(tuple(lines))
                walk.block(lines)
    ended = dict(walk.seen)
    skipped = [line for line, how in walk.seen if how == "skipped"]
    here = [line for line, how in walk.seen if how == DONE]
    there = [line for line, how in walk.seen if how == AWS_IS_NEEDED]
    for begins in ("cargo build", "infra/package", "sed ", "sam build", "v2only validate", "infra/build", "cargo demo"):
        assert any(it.startswith(begins) for it in here), (begins, ended)
    for begins in ("v2only replay", "v2only policies render", "cargo tree"):
        assert any(it.startswith(begins) for it in here), (begins, ended)
    for begins in ("v2only scan", "v2only readiness", "v2only enforce", "v2only uninstall-plan", "aws ec2"):
        assert any(it.startswith(begins) for it in there), (begins, ended)
    for begins in ("sam deploy", "aws organizations", "aws cloudformation", "aws ssm", "aws sqs", "v2only doctor"):
        assert any(it.startswith(begins) for it in there), (begins, ended)
    # Nothing that speaks to AWS ended well, or it would have spoken to somebody.
    assert not [it for it in here if it.startswith(("aws", "sam deploy", "terraform apply", "v2only doctor", "v2only scan"))]
    if skipped:
        pytest.skip(f"all but terraform was walked: {len(here) + len(there)} commands")
    assert any(it.startswith("terraform init") for it in here)
    assert len([it for it in there if it.startswith("terraform apply")]) == 2


def ec2_of(url: str, account: str):
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "sandbox"}
    return boto3.client("ec2", endpoint_url=url, region_name="eu-central-1", **keys)


def open_instance(url: str, account: str) -> None:
    """Launches an instance that answers IMDSv1."""
    options = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
    ec2_of(url, account).run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, MetadataOptions=options)


@contextmanager
def organization(tmp_path, members: list[str], roles: list[str]):
    """The variables of a shell that reaches the embedded AWS of `v2only sandbox`, with `v2only` on its path."""
    argv = [os.environ["V2ONLY_BIN"], "sandbox", "--output", "json", "--any-image"]
    argv += [word for it in roles for word in ("--member-role", it)] + [word for it in members for word in ("--member", it)]
    environment = servers.clean_environment(PATH=f"{tmp_path}:{os.environ['PATH']}", V2ONLY_LOOPBACK_ONLY="1")
    (tmp_path / "v2only").symlink_to(Path(os.environ["V2ONLY_BIN"]).absolute())
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment) as sandbox:
        try:
            text, depth = "", 0
            for line in sandbox.stdout:
                text += line
                depth += line.count("{") - line.count("}")
                if depth == 0:
                    break
            yield environment | json.loads(text)["environment"]
        finally:
            sandbox.kill()


def typed(line: str, environment: dict[str, str], cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(["sh", "-c", line], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def test_the_first_report_of_an_organization_is_a_page(tmp_path):
    """`v2only sandbox` has the roles that the stack set of the guide would have created."""
    members = ["222233334444", "333344445555"]
    [lines] = [lines for lines in blocks(GUIDE) if lines[-1].endswith("--output html > report.html")]
    assert len(lines) == 5
    with organization(tmp_path, members, ["v2only-scanner"]) as environment:
        open_instance(environment["AWS_ENDPOINT_URL"], members[0])
        ran = typed(lines[-1], environment, tmp_path)
    assert ran.returncode == 10, ran.stderr
    page = (tmp_path / "report.html").read_text()
    assert page.lower().startswith("<!doctype html") and members[0] in page


def test_a_role_that_cannot_be_assumed_is_reported_with_what_to_check(tmp_path):
    with organization(tmp_path, ["222233334444"], ["v2only-scanner"]) as environment:
        ran = typed("v2only scan --org --role-name v2only-nobody", environment, tmp_path)
    assert ran.returncode == 3, ran.stderr
    assert "sts:AssumeRole: AccessDenied" in ran.stderr and "role/v2only-nobody" in ran.stderr
    [hint] = [it for it in ran.stderr.splitlines() if it.startswith("hint: ")]
    for words in ("--role-name", "trust policy", "--external-id", "sts:AssumeRole"):
        assert words in hint, hint


def test_an_organization_is_walked_from_the_demo_to_the_undo(tmp_path):
    """The commands of `roll-out.md`, in 12 accounts; what a person types besides is the policy document and `--yes`."""
    page = (BOOK / "roll-out.md").read_text().split("## An organization from one terminal")[1]
    commands = [it for it in page.split("```text")[1].split("```")[0].splitlines() if it]
    demo, report, validate, observe, enforce, undo = commands
    members = [f"{number:012d}" for number in range(200000000001, 200000000012)]
    roles = ["v2only-scanner", "v2only-enforcer", "v2only-rollback"]
    document = tmp_path / "policy.yaml"
    begun = time.monotonic()
    with organization(tmp_path, members, roles) as environment:
        url, home = environment["AWS_ENDPOINT_URL"], environment["AWS_ACCESS_KEY_ID"]
        accounts = [home, *members]

        def answers_v1() -> list[str]:
            open_ones = []
            for account in accounts:
                described = ec2_of(url, account).describe_instances()["Reservations"]
                instances = [it for reservation in described for it in reservation["Instances"]]
                assert len(instances) == 1
                open_ones += [account for it in instances if it["MetadataOptions"]["HttpTokens"] == "optional"]
            return open_ones

        for account in accounts:
            open_instance(url, account)
        at_home = {name: it for name, it in environment.items() if not name.startswith("AWS_")}
        assert typed(demo, at_home, tmp_path).returncode == 0
        assert typed(report, environment, tmp_path).returncode == 10
        written = (tmp_path / "report.html").read_text()
        assert all(it in written for it in accounts)
        document.write_text("version: 1\nmode: observe\ninstances: { usage_gate: { applies_to: none } }\n")
        assert typed(validate, environment, tmp_path).returncode == 0
        observed = typed(observe, environment, tmp_path)
        assert observed.returncode == 10 and "in 12 accounts" in observed.stderr, observed.stderr
        assert answers_v1() == accounts
        document.write_text(document.read_text().replace("observe", "enforce"))
        enforced = typed(f"{enforce} --yes --soak 0s", environment, tmp_path)
        assert enforced.returncode == 0, enforced.stdout[-3000:] + enforced.stderr[-3000:]
        assert answers_v1() == []
        # The run ends with the command that undoes it.
        assert "v2only rollback first.ndjson" in enforced.stdout + enforced.stderr
        undone = typed(f"{undo} --yes", environment, tmp_path)
        assert undone.returncode == 0, undone.stderr
        assert answers_v1() == accounts
    took = time.monotonic() - begun
    # The embedded AWS answers at once, so what takes time is v2only.
    assert took < 900, f"the walk took {took:.0f} seconds"


def test_an_interrupt_of_enforce_ends_after_the_changes_under_way(tmp_path):
    """A real SIGINT: the run says how many changes it made, where the journal is, and how to undo them."""
    with organization(tmp_path, [], []) as environment:
        url, home = environment["AWS_ENDPOINT_URL"], environment["AWS_ACCESS_KEY_ID"]
        options = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
        client = ec2_of(url, home)
        for _ in range(3):
            client.run_instances(ImageId="ami-0123456789abcdef0", MinCount=100, MaxCount=100, MetadataOptions=options)
        document = tmp_path / "policy.yaml"
        document.write_text("version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n")
        journal = tmp_path / "j.ndjson"
        argv = ["v2only", "enforce", "--yes", "-p", "policy.yaml", "--region", "eu-central-1", "--journal", "j.ndjson", "--soak", "0s"]
        with subprocess.Popen(argv, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            end = time.monotonic() + 120
            while time.monotonic() < end and not (journal.exists() and journal.read_text().count("\n") > 1):
                time.sleep(0.01)
            run.send_signal(signal.SIGINT)
            out, err = run.communicate(timeout=120)
        described = [it for page in client.get_paginator("describe_instances").paginate() for it in page["Reservations"]]
        instances = [it for reservation in described for it in reservation["Instances"]]
        closed = {it["InstanceId"] for it in instances if it["MetadataOptions"]["HttpTokens"] == "required"}
    assert run.returncode == 3, out + err
    assert "the run was interrupted" in err, err
    assert "v2only rollback j.ndjson" in out + err
    # What was under way was finished, and the journal has each change; what had not begun was left.
    assert 0 < len(closed) < len(instances) == 300
    recorded = {line.get("id") for line in map(json.loads, journal.read_text().splitlines())}
    assert closed <= recorded, closed - recorded
