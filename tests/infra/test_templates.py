"""The SAM and CloudFormation templates, before they are deployed."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import servers
import templates
import trace_document as trace

PATTERNS = servers.REPOSITORY / "infra" / "event-patterns"
# One good value and several bad ones of each parameter that is checked by its spelling.
SPELLINGS = {
    "OrganizationId": ("o-a1b2c3d4e5", ["", "111122223333", "o-A1b2c3d4e5", "o-short"]),
    "ExternalId": ("made-up-for-a-test", ["", "short", "with a space in it", "x" * 129]),
    "PolicyDocument": ("version: 1\nmode: observe\n", ["", "mode: observe"]),
    "PolicyPublicKey": (
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ["c2VjcmV0", "-----BEGIN PUBLIC KEY-----", "MCowBQYDK2VuAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    ),
    "LogKeyArn": ("arn:aws:kms:eu-central-1:111122223333:key/0a0b", ["alias/logs", "arn:aws:s3:::bucket"]),
    "AlarmTopicArn": ("arn:aws-us-gov:sns:us-gov-west-1:111122223333:alarms", ["alarms", "arn:aws:sqs:x:1:y"]),
    "SweepEvery": ("rate(6 hours)", ["", "6 hours", "rate(hourly)", "cron()"]),
    "ReviewEvery": ("cron(0 6 * * ? *)", ["", "daily", "rate(1)"]),
    "HubAccountId": ("111122223333", ["", "12", "11112222333a"]),
    "HubRegion": ("us-gov-west-1", ["", "Frankfurt", "eu-central"]),
    "OperatorRole": ("aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Operators_*", ["", "arn:aws:iam::1:role/x"]),
    "TrustedAccountId": ("111122223333", ["", "12", "11112222333a"]),
    "TrustedPrincipal": ("role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Audit_*", ["", "security-audit", "arn:aws:iam::1:role/x"]),
    "RolesRegion": ("ap-southeast-2", ["", "all", "eu_central_1"]),
}


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess:
    program = Path(sys.executable).with_name(name)
    environment = servers.clean_environment(SAM_CLI_TELEMETRY="0", AWS_DEFAULT_REGION="us-east-1")
    return subprocess.run([str(program), *arguments], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", templates.NAMES)
def test_cfn_lint_has_nothing_to_say(name):
    ran = tool("cfn-lint", "--", str(templates.SAM / f"{name}.yaml"))
    said = [it for it in ran.stdout.splitlines() if it.strip()]
    assert (ran.returncode, said) == (0, []), ran.stdout + ran.stderr


POLICIES = servers.REPOSITORY / "policies"


@pytest.mark.parametrize("name", ["cloudformation/organization-policies.yaml", "config/conformance-pack.yaml"])
def test_cfn_lint_has_nothing_to_say_about_the_templates_of_policies(name, tmp_path):
    ran = tool("cfn-lint", "--", str(POLICIES / name))
    said = [it for it in ran.stdout.splitlines() if it.strip()]
    assert (ran.returncode, said) == (0, []), ran.stdout + ran.stderr
    wrong = tmp_path / "wrong.yaml"
    text = (POLICIES / name).read_text()
    wrong.write_text(text.replace("SERVICE_CONTROL_POLICY", "SCP").replace("ConfigRuleName", "RuleName"))
    assert tool("cfn-lint", "--", str(wrong)).returncode != 0


@pytest.mark.parametrize("name", templates.NAMES)
def test_sam_finds_it_valid(name):
    ran = tool("sam", "validate", "--lint", "-t", str(templates.SAM / f"{name}.yaml"))
    assert ran.returncode == 0 and "is a valid SAM Template" in ran.stdout, ran.stdout + ran.stderr


def test_cfn_lint_would_have_something_to_say(tmp_path):
    """That the two tests above can fail."""
    wrong = (
        (templates.SAM / "member.yaml").read_text().replace("MessageRetentionPeriod: 1209600", "MessageRetention: 1")
    )
    (tmp_path / "wrong.yaml").write_text(wrong)
    assert tool("cfn-lint", str(tmp_path / "wrong.yaml")).returncode != 0
    assert tool("sam", "validate", "--lint", "-t", str(tmp_path / "wrong.yaml")).returncode != 0


def checked(path: Path) -> subprocess.CompletedProcess:
    """The Guard rules of policies/guard, as `v2only check` asks them."""
    argv = [os.environ["V2ONLY_BIN"], "check", str(path)]
    return subprocess.run(argv, env=servers.clean_environment(), capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", templates.NAMES)
def test_our_own_guard_rules_pass(name, tmp_path):
    path = templates.SAM / f"{name}.yaml"
    ran = checked(path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # The same with something in it that they are about.
    violating = path.read_text().replace(
        "\nResources:\n", "\nResources:\n  Wrong:\n    Type: AWS::EC2::LaunchTemplate\n    Properties: { LaunchTemplateData: {} }\n"
    )
    (tmp_path / "wrong.yaml").write_text(violating)
    assert checked(tmp_path / "wrong.yaml").returncode == 10


@pytest.mark.parametrize("name", templates.INSTALLATION)
def test_patterns_are_the_shipped_ones(name):
    rules = [it["Properties"] for it in templates.load(name)["Resources"].values() if it["Type"] == "AWS::Events::Rule"]
    assert len(rules) == {"template": 4, "member": 2, "single-account": 2}[name]
    for rule in rules:
        pattern = PATTERNS / f"{rule['Name'].removeprefix('v2only-')}.json"
        assert rule["EventPattern"] == json.loads(pattern.read_text())


@pytest.mark.parametrize("name", ["template", "single-account"])
def test_the_dashboard_is_the_shipped_one(name):
    body = templates.load(name)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert body.strip() == (servers.REPOSITORY / "infra" / "dashboard.json").read_text().strip()


@pytest.mark.parametrize("name", templates.INSTALLATION)
def test_the_trace_is_the_shipped_one(name):
    document = templates.load(name)["Resources"]["TraceImdsV1"]
    assert document["Type"] == "AWS::SSM::Document"
    properties = document["Properties"]
    assert properties["Content"] == trace.document()
    # A new version, because what is named cannot be replaced.
    kept = {name: properties[name] for name in ("Name", "DocumentType", "TargetType", "UpdateMethod")}
    assert kept == {
        "Name": "v2only-TraceImdsV1",
        "DocumentType": "Command",
        "TargetType": "/AWS::EC2::Instance",
        "UpdateMethod": "NewVersion",
    }


def without_organization(template: dict) -> dict:
    """What is left of the central account's template when there is no other account."""
    left = json.loads(json.dumps(template))
    for name in ("OrganizationId", "ExternalId"):
        del left["Parameters"][name]
    groups = left["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    groups[:] = [it for it in groups if it["Label"]["default"] != "Organization"]
    del left["Resources"]["Bus"], left["Outputs"]["BusArn"]
    for name, it in list(left["Resources"].items()):
        properties = it["Properties"]
        if "EventBusName" in properties:
            del left["Resources"][name]
        if it["Type"] == "AWS::SQS::QueuePolicy" and name != "SweeperQueuePolicy":
            for statement in properties["PolicyDocument"]["Statement"]:
                for operator in {"ArnEquals", "ArnNotEquals"} & set(statement["Condition"]):
                    rules = statement["Condition"][operator]
                    rules["aws:SourceArn"] = [it for it in rules["aws:SourceArn"] if "v2only-events" not in str(it)]
        if it["Type"] == "AWS::IAM::Role" and name != "ScheduleRole":
            [hub] = [policy for policy in properties["Policies"] if policy["PolicyName"] == "hub"]
            alone = ("ReadTheDocument", "KeepItsWork", "PostponeMessages")
            kept = [it for it in hub["PolicyDocument"]["Statement"] if it["Sid"] in alone]
            hub["PolicyDocument"]["Statement"] = kept
        if it["Type"] == "AWS::Serverless::Function":
            alone = ("V2ONLY_POLICY_PARAMETER", "V2ONLY_POLICY_PUBLIC_KEY", "V2ONLY_SWEEP_QUEUE")
            variables = properties["Environment"]["Variables"]
            properties["Environment"]["Variables"] = {it: variables[it] for it in alone if it in variables}
    del left["Description"]
    return left


def test_one_account_is_the_central_account_without_the_others():
    single = templates.load("single-account")
    assert single.pop("Description")
    assert single == without_organization(templates.load("template"))


@pytest.mark.parametrize("name", ["template", "single-account"])
def test_the_document_is_signed_only_where_that_is_asked_for(name):
    template = templates.load(name)
    assert template["Parameters"]["PolicyPublicKey"]["Default"] == ""
    nothing = {"Ref": "AWS::NoValue"}
    functions = [it["Properties"] for it in template["Resources"].values() if it["Type"] == "AWS::Serverless::Function"]
    assert len(functions) == 3
    for it in functions:
        # `sam deploy --guided` would ask for the signing profile of each function that names one, even in a condition.
        assert "CodeSigningConfigArn" not in it
        key = it["Environment"]["Variables"]["V2ONLY_POLICY_PUBLIC_KEY"]
        assert key == {"Fn::If": ["HasPolicyKey", {"Ref": "PolicyPublicKey"}, nothing]}


@pytest.mark.parametrize("name", templates.INSTALLATION)
def test_endpoints_can_be_disabled_only_where_that_is_asked_for(name):
    template = templates.load(name)
    assert template["Parameters"]["DisableEndpoints"]["Default"] == "false"
    asked = {"Fn::Equals": [{"Ref": "DisableEndpoints"}, "true"]}
    makes = {"Fn::And": [{"Condition": "MakesRoles"}, asked]}
    assert template["Conditions"]["DisablesEndpoints"] == (makes if name == "member" else asked)
    policy = template["Resources"]["DisableEndpointsPolicy"]
    assert policy["Condition"] == "DisablesEndpoints"
    assert policy["Properties"]["Roles"] == [{"Ref": "Ec2EnforcerRole"}, {"Ref": "SweeperRole"}]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "ec2:ModifyInstanceMetadataOptions"
    assert statement["Condition"] == {"StringEquals": {"ec2:Attribute/HttpEndpoint": "disabled"}}
    # No other statement of a function lets an endpoint be disabled.
    del template["Resources"]["DisableEndpointsPolicy"]
    assert "ec2:Attribute/HttpEndpoint" not in json.dumps(template)


@pytest.mark.parametrize("name", ["member", "reader"])
def test_a_template_for_member_accounts_can_go_into_a_stack_set(name):
    """Service-managed StackSets take no transform, and no more than 51,200 bytes without a bucket."""
    assert "Transform" not in templates.load(name)
    assert (templates.SAM / f"{name}.yaml").stat().st_size <= 51_200


@pytest.mark.parametrize("name", templates.NAMES)
def test_every_parameter_is_checked(name):
    for parameter, it in templates.load(name)["Parameters"].items():
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(it), parameter
        if "AllowedPattern" in it:
            assert it["ConstraintDescription"]
            good, bad = SPELLINGS[parameter]
            accepts = re.compile(it["AllowedPattern"]).fullmatch
            assert accepts(good) and accepts(it.get("Default", good)), parameter
            assert not any(accepts(value) for value in bad if value != it.get("Default")), parameter


@pytest.mark.parametrize("name", ["template", "single-account"])
def test_functions_are_built_from_their_crates(name):
    resources = templates.load(name)["Resources"].values()
    functions = [it for it in resources if it["Type"] == "AWS::Serverless::Function"]
    assert len(functions) == len(list((servers.REPOSITORY / "functions").iterdir()))
    for function in functions:
        crate = (templates.SAM / function["Properties"]["CodeUri"]).resolve()
        named = tomllib.loads((crate / "Cargo.toml").read_text())["package"]["name"]
        assert function["Properties"]["FunctionName"] == f"v2only-{named}"
        assert function["Metadata"] == {"BuildMethod": "rust-cargolambda"}


@pytest.mark.parametrize("name", templates.NAMES)
def test_no_partition_is_taken_for_granted(name):
    assert not re.search(
        r"arn:aws(-cn|-us-gov)?:", re.sub(r"AllowedPattern: .*", "", (templates.SAM / f"{name}.yaml").read_text())
    )


CENTRAL = ("template", "single-account")


def by_type(name: str, kind: str) -> dict:
    """The properties of every resource of a type."""
    resources = templates.load(name)["Resources"]
    return {it: properties["Properties"] for it, properties in resources.items() if properties["Type"] == kind}


@pytest.mark.parametrize("name", CENTRAL)
def test_nobody_but_the_rules_and_the_operators_sends_an_event(name):
    """Who sends an event chooses its account, so `sqs:SendMessage` in the central account is not enough."""
    policies = by_type(name, "AWS::SQS::QueuePolicy")
    operator = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${OperatorRole}"}
    for function in ("Ec2Enforcer", "NotebookEnforcer"):
        statements = {it["Sid"]: it for it in policies[f"{function}QueuePolicy"]["PolicyDocument"]["Statement"]}
        rules = statements["RulesSend"]["Condition"]["ArnEquals"]["aws:SourceArn"]
        denied = statements["OnlyRulesSend"]
        assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "sqs:SendMessage")
        assert denied["Condition"] == {
            "ArnNotEquals": {"aws:SourceArn": rules},
            "ArnNotLike": {"aws:PrincipalArn": operator},
        }
    statements = {it["Sid"]: it for it in policies["SweeperQueuePolicy"]["PolicyDocument"]["Statement"]}
    denied = statements["OnlyOurselvesSend"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "sqs:SendMessage")
    role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/v2only-"
    own = [{"Fn::Sub": f"{role}schedule"}, {"Fn::Sub": f"{role}sweeper"}]
    assert denied["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": [*own, operator]}}


@pytest.mark.parametrize("name", CENTRAL)
def test_every_account_is_a_group_of_its_own_in_the_queues(name):
    """Without a group the events of one account delay those of all others."""
    targets = [target for rule in by_type(name, "AWS::Events::Rule").values() for target in rule["Targets"]]
    assert targets and all(it["SqsParameters"] == {"MessageGroupId": "$.account"} for it in targets)
    mappings = by_type(name, "AWS::Lambda::EventSourceMapping").values()
    assert all(it["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}} for it in mappings)


@pytest.mark.parametrize("name", CENTRAL)
def test_a_contested_resource_rings(name):
    alarms = by_type(name, "AWS::CloudWatch::Alarm").values()
    contested = [it for it in alarms if it["MetricName"] == "Contested"]
    functions = {it["Dimensions"][0]["Value"] for it in contested}
    assert functions == {"ec2-enforcer", "notebook-enforcer", "sweeper"}
    assert all((it["Threshold"], it["ComparisonOperator"]) == (0, "GreaterThanThreshold") for it in contested)
    assert all("AlarmActions" in it for it in contested)

