"""`v2only doctor` and `v2only uninstall-plan` on installations that stand in an AWS that is not ours.

A whole one is called well. Each thing that is broken on purpose is named, alone; the command that the doctor prints for
it is typed into a shell, with the AWS CLI, and after it the doctor calls all well again.

What ministack does not do as AWS does, and what is done instead:

- it does not know `GetInstanceMetadataDefaults`: the endpoint of EC2 is the embedded AWS of this repository;
- its EventBridge forgets the policy of a bus, and its Organizations knows no account but the caller's: in an organization
  the findings about these two are expected, and nothing else;
- it lets everybody assume every role: that a role nobody may assume is not called open is tested in `crates/cli/tests`.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import recorded
import servers
import templates
import terraform
from test_deployments import DOCUMENT, EXTERNAL_ID, ORGANIZATION, REGION, Stack, packaged

ALONE, HUB, MEMBER, TERRAFORMED = "111122250001", "111122250002", "111122250003", "111122250004"
ROLE = "v2only-doctor"
NAME = "v2only-ec2-enforcer"


# Version 1 of the AWS CLI does not take the endpoint of SQS from the environment.
AWS = """#!/bin/sh
[ "$1" = sqs ] && set -- "$@" --endpoint-url "$AWS_ENDPOINT_URL"
exec {program} "$@"
"""
# Says to the server which command it is.
V2ONLY = f"""#!/bin/sh
exec env {recorded.NAME}="v2only-$1" {{program}} "$@"
"""


class Person:
    """Somebody at a terminal, with the credentials of an account."""

    def __init__(self, url: str, ec2: str, account: str, folder: Path, *flags: str):
        self.folder, self.flags = folder, flags
        tools = folder / "tools"
        tools.mkdir()
        programs = {it: Path(os.environ[f"V2ONLY_{it}"]).absolute() for it in ("BIN", "AWS_CLI")}
        assert all(it.exists() for it in programs.values()), f"{programs}: run `tests/run --only infra`"
        for name, text, program in (("v2only", V2ONLY, "BIN"), ("aws", AWS, "AWS_CLI")):
            (tools / name).write_text(text.format(program=programs[program]))
            (tools / name).chmod(0o755)
        self.environment = servers.clean_environment(
            AWS_ACCESS_KEY_ID=account,
            AWS_SECRET_ACCESS_KEY="test",
            AWS_ENDPOINT_URL=url,
            AWS_ENDPOINT_URL_EC2=ec2,
            V2ONLY_LOOPBACK_ONLY="1",
            PATH=f"{tools}:/usr/bin:/bin",
        )
        (folder / "policy.yaml").write_text(DOCUMENT)

    def types(self, line: str) -> subprocess.CompletedProcess:
        ran = subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ran

    def asks(self, command: str, *more: str) -> tuple[int, dict]:
        ran = self.types(" ".join(["v2only", command, "--region", REGION, *self.flags, *more, "--output", "json"]))
        assert ran.stdout, ran.stderr
        return ran.returncode, json.loads(ran.stdout)

    def findings(self, *more: str) -> tuple[int, list[dict]]:
        code, said = self.asks("doctor", *more)
        assert said["exit_code"] == code
        return code, [it for it in said["findings"] if it["state"] != "ok"]


@pytest.fixture(scope="module")
def defaults(tmp_path_factory):
    """An EC2 that knows account defaults."""
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    assert program.exists(), f"{program} does not exist; run `cargo build --workspace`"
    with servers.sandbox(program, tmp_path_factory.mktemp("sandbox")) as url:
        yield url


def in_numbers(client, url: str, account: str) -> None:
    """ministack's CloudFormation hands on the number of a parameter as text, which is no answer of Lambda's."""
    lambda_ = client("lambda", url, account=account)
    for it in lambda_.list_event_source_mappings()["EventSourceMappings"]:
        concurrency = {"MaximumConcurrency": int(it["ScalingConfig"]["MaximumConcurrency"])}
        lambda_.update_event_source_mapping(UUID=it["UUID"], ScalingConfig=concurrency)


def record(client, url: str, account: str) -> None:
    client("s3", url, account=account).create_bucket(Bucket=f"trail-{account}")
    trails = client("cloudtrail", url, account=account)
    trails.create_trail(Name="all", S3BucketName=f"trail-{account}", IsMultiRegionTrail=True)
    trails.start_logging(Name="all")


@pytest.fixture(scope="module")
def alone(ministack, client, function_zip, defaults, tmp_path_factory):
    client("s3", ministack, account=ALONE).create_bucket(Bucket=f"code-{ALONE}")
    body = packaged("single-account", tmp_path_factory.mktemp("alone"), function_zip, ministack, ALONE)
    stack = Stack(client, ministack, ALONE, "v2only", body, PolicyDocument=DOCUMENT)
    in_numbers(client, ministack, ALONE)
    record(client, ministack, ALONE)
    folder = str(function_zip("ec2-enforcer").parent)
    yield Person(ministack, defaults, ALONE, tmp_path_factory.mktemp("person"), "--zip", folder)
    stack.delete()


@pytest.fixture(scope="module")
def organization(ministack, client, function_zip, defaults, tmp_path_factory):
    client("s3", ministack, account=HUB).create_bucket(Bucket=f"code-{HUB}")
    body = packaged("template", tmp_path_factory.mktemp("hub"), function_zip, ministack, HUB)
    parameters = {"OrganizationId": ORGANIZATION, "ExternalId": EXTERNAL_ID, "PolicyDocument": DOCUMENT}
    central = Stack(client, ministack, HUB, "v2only", body, **parameters)
    in_numbers(client, ministack, HUB)
    ours = {"HubAccountId": HUB, "HubRegion": REGION, "ExternalId": EXTERNAL_ID, "RolesRegion": REGION}
    text = templates.with_conditions_written_out("member", {"AWS::AccountId": MEMBER, "AWS::Region": REGION})
    member = Stack(client, ministack, MEMBER, "v2only-member", templates.without_trace(text), **ours)
    for it in (HUB, MEMBER):
        record(client, ministack, it)
    flags = ("--accounts", MEMBER, "--role-name", ROLE)
    yield Person(ministack, defaults, HUB, tmp_path_factory.mktemp("person"), *flags)
    member.delete()
    central.delete()


def test_a_deployed_stack_is_called_well(alone):
    with recorded.SESSION.since() as made:
        code, said = alone.asks("doctor")
    assert code == 0, [it for it in said["findings"] if it["state"] != "ok"]
    # That its role grants each is asked of every call when the session ends.
    assert {"lambda:GetFunction", "scheduler:GetSchedule", "ec2:GetInstanceMetadataDefaults"} <= set(made)
    assert said["installation"] == "single-account"
    pieces = [it["piece"] for it in said["findings"]]
    assert {it: pieces.count(it) for it in pieces} == {
        "trail": 1,
        "rule": 2,
        "target": 2,
        "queue": 7,
        "mapping": 3,
        "function": 3,
        "schedule": 2,
        "parameter": 1,
        "declarative policy": 1,
    }
    [code] = {it["why"] for it in said["findings"] if it["piece"] == "function"}
    assert "is the zip" in code


def test_what_terraform_deploys_is_called_well(ministack, client, function_zip, defaults, tmp_path):
    terraform.needed()
    copy = terraform.copied(tmp_path / "copy")
    main = copy / "infra" / "terraform" / "main.tf"
    main.write_text(templates.without_trace(main.read_text()))
    shared = {
        "AWS_ACCESS_KEY_ID": TERRAFORMED,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": ministack,
        "TF_VAR_zips": str(function_zip("ec2-enforcer").parent),
        "TF_VAR_region": REGION,
        "TF_VAR_policy_document": DOCUMENT,
    }
    root = terraform.made(copy, "examples/single-account", **shared)
    root.run("apply", "-auto-approve")
    try:
        record(client, ministack, TERRAFORMED)
        (tmp_path / "person").mkdir()
        person = Person(ministack, defaults, TERRAFORMED, tmp_path / "person")
        assert person.findings() == (0, [])
        code, plan = person.asks("uninstall-plan", "--with", "terraform")
        assert code == 0
        [destroy] = [it["command"] for it in plan["steps"] if it["phase"] == "remove"]
        assert destroy == "terraform -chdir=infra/terraform/examples/single-account destroy"
        assert (servers.REPOSITORY / "infra/terraform/examples/single-account").is_dir()
    finally:
        root.run("destroy", "-auto-approve")


def queue_url(client) -> str:
    return client("sqs").get_queue_url(QueueName=NAME)["QueueUrl"]


def set_queue(client, **attributes: str) -> None:
    client("sqs").set_queue_attributes(QueueUrl=queue_url(client), Attributes=attributes)


def remove_target(client) -> None:
    [target] = client("events").list_targets_by_rule(Rule=NAME)["Targets"]
    client("events").remove_targets(Rule=NAME, Ids=[target["Id"]])


def reshape_target(client) -> None:
    [target] = client("events").list_targets_by_rule(Rule=NAME)["Targets"]
    client("events").put_targets(Rule=NAME, Targets=[{**target, "InputPath": "$.detail"}])


def delete_rule(client) -> None:
    remove_target(client)
    client("events").delete_rule(Name=NAME)


def mapping(client) -> str:
    [it] = client("lambda").list_event_source_mappings(FunctionName=NAME)["EventSourceMappings"]
    return it["UUID"]


def set_environment(client, variables: dict) -> None:
    client("lambda").update_function_configuration(FunctionName=NAME, Environment={"Variables": variables})


HARM = {
    "a rule is disabled": (
        lambda c: c("events").disable_rule(Name=NAME),
        ("rule", NAME, "is DISABLED"),
    ),
    "a rule has another pattern": (
        lambda c: c("events").put_rule(Name=NAME, EventPattern='{"source": ["aws.ec2"]}'),
        ("rule", NAME, "pattern"),
    ),
    "a rule is deleted": (delete_rule, ("rule", NAME, "is not there")),
    "a target is removed": (remove_target, ("target", NAME, "does not send to")),
    "a target changes what it sends": (reshape_target, ("target", NAME, "would not know the event")),
    "a queue has no DLQ": (lambda c: set_queue(c, RedrivePolicy=""), ("queue", NAME, "it has no DLQ")),
    "a queue shows messages too early": (
        lambda c: set_queue(c, VisibilityTimeout="30"),
        ("queue", NAME, "hidden for 360 seconds"),
    ),
    "a queue takes from nobody": (lambda c: set_queue(c, Policy=""), ("queue", NAME, "does not let")),
    "a mapping is disabled": (
        lambda c: c("lambda").update_event_source_mapping(UUID=mapping(c), Enabled=False),
        ("mapping", NAME, "is Disabled"),
    ),
    "a mapping is deleted": (
        lambda c: c("lambda").delete_event_source_mapping(UUID=mapping(c)),
        ("mapping", NAME, "is not there"),
    ),
    "a function has too little time": (
        lambda c: c("lambda").update_function_configuration(FunctionName=NAME, Timeout=3),
        ("function", NAME, "3 seconds"),
    ),
    "a function is stopped": (
        lambda c: c("lambda").put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=0),
        ("function", NAME, "is stopped"),
    ),
    "a function has a setting that is none": (
        lambda c: set_environment(c, {"V2ONLY_POLICY_PARAMETER": "/v2only/policy", "V2ONLY_POLICI": "x"}),
        ("function", NAME, "V2ONLY_POLICI is set"),
    ),
    "the policy document is invalid": (
        lambda c: c("ssm").put_parameter(Name="/v2only/policy", Value="version: 1\nmode: on\n", Overwrite=True),
        ("parameter", "/v2only/policy", "is no policy document"),
    ),
    "the policy document is deleted": (
        lambda c: c("ssm").delete_parameter(Name="/v2only/policy"),
        ("parameter", "/v2only/policy", "is not there"),
    ),
    "the trail is switched off": (
        lambda c: c("cloudtrail").stop_logging(Name="all"),
        ("trail", "all", "is switched off"),
    ),
    "the trail records no calls that write": (
        lambda c: c("cloudtrail").put_event_selectors(
            TrailName="all", EventSelectors=[{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]
        ),
        ("trail", "all", "does not record"),
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_what_is_broken_is_named_and_what_is_printed_fixes_it(alone, client, ministack, name):
    harm, (piece, named, why) = HARM[name]
    harm(lambda service: client(service, ministack, account=ALONE))
    code, [found] = alone.findings()
    assert (code, found["piece"], found["name"], found["state"]) == (10, piece, named, "problem")
    assert why in found["why"], found
    typed = alone.types(found["command"])
    assert typed.returncode == 0, (found["command"], typed.stderr)
    assert alone.findings() == (0, []), found["command"]


def test_what_was_given_up_is_counted(alone, client, ministack):
    """ministack does not know the command that sends it again: that the AWS CLI does is in test_readme.py."""
    sqs = client("sqs", ministack, account=ALONE)
    url = sqs.get_queue_url(QueueName=f"{NAME}-dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    code, [found] = alone.findings()
    assert (code, found["piece"], found["name"]) == (10, "queue", f"{NAME}-dlq")
    assert found["why"].startswith("1 event was given up")
    arn = f"arn:aws:sqs:{REGION}:{ALONE}:{NAME}-dlq"
    assert found["command"] == f"aws sqs start-message-move-task --source-arn {arn} --region {REGION}"
    sqs.purge_queue(QueueUrl=url)
    assert alone.findings() == (0, [])


def test_without_a_trail_there_is_no_health(alone, client, ministack):
    """The command needs a bucket, which is for a person to choose; with one it works."""
    trails = client("cloudtrail", ministack, account=ALONE)
    trails.delete_trail(Name="all")
    code, [found] = alone.findings()
    assert (code, found["piece"], found["name"]) == (10, "trail", "(any)")
    [placeholder] = re.findall(r"A-BUCKET-[A-Z-]+", found["command"])
    typed = alone.types(found["command"].replace(placeholder, f"trail-{ALONE}"))
    assert typed.returncode == 0, typed.stderr
    assert alone.findings() == (0, [])
    trails.delete_trail(Name="v2only")
    trails.create_trail(Name="all", S3BucketName=f"trail-{ALONE}", IsMultiRegionTrail=True)
    trails.start_logging(Name="all")


def test_code_that_is_not_the_zip_is_named_and_the_zip_is_put(alone, client, ministack):
    lambda_ = client("lambda", ministack, account=ALONE)
    other = Path(alone.flags[1]) / "notebook-enforcer.zip"
    lambda_.update_function_code(FunctionName=NAME, ZipFile=other.read_bytes())
    code, [found] = alone.findings()
    assert (code, found["piece"], found["name"]) == (10, "function", NAME)
    assert found["why"] == f"its code is not {alone.flags[1]}/ec2-enforcer.zip"
    typed = alone.types(found["command"])
    assert typed.returncode == 0, typed.stderr
    assert alone.findings() == (0, [])


# What there is to say of a complete organization in this emulator.
LACKS = [("bus", HUB, "problem"), ("service control policy", MEMBER, "unread")]


def test_an_organization_is_well_but_for_what_the_emulator_forgets(organization):
    code, found = organization.findings()
    assert [(it["piece"], it["account"], it["state"]) for it in found] == LACKS, found
    # What could not be read outranks what is wrong.
    assert code == 3
    # It is the shipped policy that the doctor asks for.
    said = re.search(r"--policy '([^']+)'", found[0]["command"])[1]
    properties = templates.load("template")["Resources"]["Bus"]["Properties"]
    shipped = templates.resolved(properties["Policy"], OrganizationId=ORGANIZATION)
    assert json.loads(said) == json.loads(json.dumps(shipped).replace("ACCOUNT", HUB))


@pytest.mark.parametrize("bus", ["default", "v2only-events"])
def test_a_rule_of_the_organization_is_fixed_on_its_own_bus(organization, client, ministack, bus):
    events = client("events", ministack, account=HUB)
    events.disable_rule(Name=NAME, EventBusName=bus)
    _, found = organization.findings()
    [broken] = [it for it in found if it["piece"] == "rule"]
    assert broken["name"] == (NAME if bus == "default" else f"{bus}/{NAME}")
    assert organization.types(broken["command"]).returncode == 0
    assert events.describe_rule(Name=NAME, EventBusName=bus)["State"] == "ENABLED"
    assert len(organization.findings()[1]) == len(LACKS)


def test_a_member_that_does_not_forward_is_named_with_its_account(organization, client, ministack):
    events = client("events", ministack, account=MEMBER)
    [target] = events.list_targets_by_rule(Rule=NAME)["Targets"]
    events.remove_targets(Rule=NAME, Ids=[target["Id"]])
    _, found = organization.findings()
    [broken] = [it for it in found if it["piece"] == "target"]
    assert (broken["account"], broken["name"]) == (MEMBER, NAME)
    assert "event-bus/v2only-events" in broken["why"]
    organization.environment["AWS_ACCESS_KEY_ID"] = MEMBER
    typed = organization.types(broken["command"])
    organization.environment["AWS_ACCESS_KEY_ID"] = HUB
    assert typed.returncode == 0, typed.stderr
    assert len(organization.findings()[1]) == len(LACKS)
    [fixed] = events.list_targets_by_rule(Rule=NAME)["Targets"]
    assert {**fixed, "Id": ""} == {**target, "Id": ""}


def test_what_cannot_be_reached_is_not_called_well(alone):
    """The queues are behind a port where nobody listens."""
    environment = dict(alone.environment)
    alone.environment["AWS_ENDPOINT_URL_SQS"] = "http://127.0.0.1:9"
    try:
        code, found = alone.findings()
    finally:
        alone.environment = environment
    assert code == 3
    assert {(it["piece"], it["state"]) for it in found} == {("queue", "unread")}
    assert len(found) == 7


def test_the_plan_of_a_removal_can_be_carried_out(ministack, client, function_zip, defaults, tmp_path):
    """Every command of a stack's removal is typed, in order, and leaves nothing behind."""
    account = "111122250005"
    client("s3", ministack, account=account).create_bucket(Bucket=f"code-{account}")
    body = packaged("single-account", tmp_path, function_zip, ministack, account)
    Stack(client, ministack, account, "v2only", body, PolicyDocument=DOCUMENT)
    in_numbers(client, ministack, account)
    (tmp_path / "person").mkdir()
    person = Person(ministack, defaults, account, tmp_path / "person")
    code, plan = person.asks("uninstall-plan", "--with", "stack")
    assert code == 0
    phases = [it["phase"] for it in plan["steps"]]
    assert phases == sorted(phases, key=["keep", "settle", "silence", "drain", "unlock", "remove", "afterwards"].index)
    before = client("events", ministack, account=account).describe_rule(Name=NAME)["State"]
    assert before == "ENABLED", "the plan changes nothing"
    for it in plan["steps"]:
        typed = person.types(it["command"])
        assert typed.returncode == 0, (it["command"], typed.stderr)
    assert (person.folder / "v2only-policy.yaml").read_text().strip() == DOCUMENT.strip()
    left = person.types(f"v2only uninstall-plan --region {REGION}")
    assert left.stdout == f"nothing of v2only is in {account}/{REGION}\n", left.stdout


def test_the_doctor_knows_every_function_there_is():
    """A new folder in `functions` is a new line of `expected.rs`; a function without an event pattern has a schedule."""
    source = (servers.REPOSITORY / "crates/installation/src/expected.rs").read_text()
    known = set(re.findall(r'folder: "([a-z0-9-]+)"', source))
    assert known == {it.name for it in (servers.REPOSITORY / "functions").iterdir() if it.is_dir()}
    resources = templates.load("template")["Resources"].values()
    names = {it["Properties"]["FunctionName"] for it in resources if it["Type"] == "AWS::Serverless::Function"}
    assert set(re.findall(r'name: "(v2only-[a-z0-9-]+)"', source)) == names
