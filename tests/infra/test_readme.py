"""The commands of the documentation name what exists: files, commands, options, settings. Alarms and figures are those
of infra/README.md.
"""

import re
import subprocess

import botocore.session
import servers
import templates
from documentation import GUIDE, README, commands

TEXT = GUIDE.read_text()
# Of the AWS CLI itself, without an operation of the API behind it.
CUSTOM = {("logs", "tail")}
# Options of every command of the AWS CLI.
GLOBAL = {"no-overwrite", "query", "region"}


def test_the_readme_is_an_overview():
    assert len(README.read_text().splitlines()) <= 150
    typed = commands(README)
    # What continuous integration and tests/clean run.
    assert ["cargo", "demo"] in typed and ["tests/run"] in typed


def test_every_option_of_the_aws_commands_exists():
    models = botocore.session.get_session()
    checked = 0
    for argv in commands():
        if argv[0] != "aws" or tuple(argv[1:3]) in CUSTOM:
            continue
        model = models.get_service_model("s3" if argv[1] == "s3api" else argv[1])
        [operation] = [it for it in model.operation_names if botocore.xform_name(it, "-") == argv[2]]
        shape = model.operation_model(operation).input_shape
        known = {botocore.xform_name(it, "-") for it in shape.members}
        given = {it[2:] for it in argv[3:] if it.startswith("--")}
        assert given - GLOBAL <= known, (argv[:3], given - known)
        # The CLI makes up an idempotency token.
        required = {it for it in shape.required_members if not shape.members[it].metadata.get("idempotencyToken")}
        assert {botocore.xform_name(it, "-") for it in required} <= given, argv
        checked += 1
    assert checked >= 20


def test_every_path_in_the_commands_exists():
    seen = 0
    for argv in commands():
        for word in argv:
            path = word.removeprefix("file://")
            if re.match(r"infra/[\w./-]+$", path):
                assert (servers.REPOSITORY / path).exists(), path
                seen += 1
    assert seen >= 9
    for link in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (GUIDE.parent / link).exists(), link


def test_parameters_and_variables_in_the_commands_exist():
    known = {it for name in templates.NAMES for it in templates.load(name)["Parameters"]}
    named = set(re.findall(r"ParameterKey=(\w+)", TEXT)) | set(
        re.findall(r"\b([A-Z]\w+)=(?:o-|made-up|arm64)", TEXT)
    ) - {"ParameterValue"}
    assert {"HubAccountId", "RolesRegion", "OrganizationId", "ExternalId", "Architecture"} <= named <= known
    variables = "".join(it.read_text() for it in (GUIDE.parent / "terraform" / "examples").rglob("*.tf"))
    for name in re.findall(r"-var (\w+)=", TEXT):
        assert f'variable "{name}"' in variables


def test_every_kind_of_alarm_has_a_line_in_the_runbook():
    resources = templates.load("template")["Resources"].values()
    names = {it["Properties"]["AlarmName"] for it in resources if it["Type"] == "AWS::CloudWatch::Alarm"}
    for name in names:
        row = name if name == "v2only-undelivered" else "…-" + name.rsplit("-", 1)[1]
        assert f"| `{row}` |" in TEXT, name


def test_the_cost_adds_up():
    """What stands before each `=` is what stands after it, and the totals are the sums."""
    table = TEXT.split("| a million launches", 1)[1].split("Without any event", 1)[0]
    sums = [[], []]
    for line in table.splitlines():
        for column, cell in zip(sums, line.split("|")[2:4]):
            if " = " in cell:
                terms, result = re.sub(r"[,a-zA-Z]", "", cell).replace("×", "*").split(" = ")
                assert re.fullmatch(r"[\d.()+* ]+", terms), cell
                assert round(eval(terms), 2) == float(result), cell
                column.append(float(result))
    totals = re.findall(r"\*\*([\d.]+) USD\*\* \(([\d.]+) in one account\)", table)
    assert len(totals) == 2 and all(len(column) == 5 for column in sums)
    for column, (organization, alone) in zip(sums, totals):
        assert round(sum(column), 2) == float(organization)
        # Within one account nothing is sent to another.
        assert round(sum(column[1:]), 2) == float(alone)


def test_zips_are_deployed_as_the_tests_deploy_them():
    """`sed` of the guide and `templates.with_zips` of the tests are the same edit."""
    seds = [argv for argv in commands(GUIDE) if argv[0] == "sed"]
    assert len(seds) == 2
    for argv in seds:
        assert argv[1] == r"s|CodeUri: ../../functions/\(.*\)|CodeUri: \1.zip|"
        ran = subprocess.run(argv[:3], cwd=servers.REPOSITORY, capture_output=True, text=True, check=True, timeout=10)
        assert ran.stdout == templates.with_zips(servers.REPOSITORY / argv[2])
        assert ran.stdout.count(".zip") == 3
