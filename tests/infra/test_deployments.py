"""Every template and module is deployed into an AWS that is not ours, read back, and removed again.

ministack keeps accounts apart by the caller's access key, so each deployment has accounts of its own. What it does not
do as AWS does, and what is asserted instead:

- EventBridge forgets the policy of a bus: it is compared as the template and the plan have it, not as deployed.
- CloudWatch leaves most of an alarm out of its answers in XML, which is what Terraform reads. That the alarms are right
  is read back in JSON.
- So a second plan wants to set just these again; that it wants nothing else is asserted.
- CloudFormation does not know its pseudo parameters in conditions: they are written out there.
"""

import concurrent.futures
import dataclasses
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import servers
import templates
import terraform
from deployed import Deployed

ORGANIZATION = "o-a1b2c3d4e5"
EXTERNAL_ID = "made-up-for-a-test"
DOCUMENT = "version: 1\nmode: observe\n"
REGION = "us-east-1"
STACK_SECONDS = 120
# Those that events reach, and all of them.
ENFORCERS = ("ec2-enforcer", "notebook-enforcer")
FUNCTIONS = (*ENFORCERS, "sweeper")
# What ministack does not tell Terraform, by kind of resource.
LOST = {
    "aws_cloudwatch_event_bus_policy": {"policy"},
    "aws_cloudwatch_metric_alarm": {
        "actions_enabled",
        "alarm_description",
        "dimensions",
        "period",
        "statistic",
        "treat_missing_data",
    },
}


@dataclasses.dataclass
class Seen:
    """A deployment as read back: while it stood, and after it was removed."""

    stood: dict
    left: dict
    plan: list = dataclasses.field(default_factory=list)
    types: frozenset = frozenset()
    bus_policy: dict | None = None


def of_hub(seen: dict, hub: str) -> dict:
    return json.loads(json.dumps(seen).replace(hub, "HUB"))


# --- CloudFormation and SAM ---------------------------------------------------------------------------------------


def packaged(name: str, folder: Path, function_zip, url: str, account: str) -> str:
    """The template with zips that were built already, as infra/README.md deploys it: `sed`, then `sam package`."""
    (folder / "lambda").mkdir(parents=True, exist_ok=True)
    for function in FUNCTIONS:
        (folder / "lambda" / f"{function}.zip").write_bytes(function_zip(function).read_bytes())
    template = folder / "lambda" / f"{name}.yaml"
    template.write_text(templates.without_trace(templates.with_zips(templates.SAM / f"{name}.yaml")))
    sam = Path(sys.executable).with_name("sam")
    argv = [str(sam), "package", "-t", str(template), "--s3-bucket", f"code-{account}", "--region", REGION]
    environment = servers.clean_environment(
        SAM_CLI_TELEMETRY="0", AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="test"
    ) | {"AWS_ENDPOINT_URL": url}
    ran = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count(f"CodeUri: s3://code-{account}/") == len(FUNCTIONS), ran.stdout + ran.stderr
    return ran.stdout[ran.stdout.index("AWSTemplateFormatVersion") :]


class Stack:
    def __init__(self, client, url: str, account: str, name: str, body: str, **parameters: str):
        self.formation = client("cloudformation", url, region=REGION, account=account)
        self.name = name
        # As `sam deploy` does with what is too long to be sent along.
        template = {"TemplateBody": body}
        if len(body) > 51_200:
            bucket = f"code-{account}"
            client("s3", url, region=REGION, account=account).put_object(Bucket=bucket, Key="template", Body=body)
            template = {"TemplateURL": f"{url}/{bucket}/template"}
        self.formation.create_stack(
            StackName=name,
            **template,
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": it, "ParameterValue": value} for it, value in parameters.items()],
        )
        status, why = self.settled()
        assert status == "CREATE_COMPLETE", (status, why)

    def settled(self) -> tuple[str, str]:
        end = time.monotonic() + STACK_SECONDS
        while time.monotonic() < end:
            stacks = self.formation.list_stacks()["StackSummaries"]
            stack = next(it for it in stacks if it["StackName"] == self.name)
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                return stack["StackStatus"], stack.get("StackStatusReason", "")
            time.sleep(0.1)
        pytest.fail(f"stack {self.name} did not settle within {STACK_SECONDS} s")

    def delete(self) -> None:
        self.formation.delete_stack(StackName=self.name)
        status, why = self.settled()
        assert status == "DELETE_COMPLETE", (status, why)


@pytest.fixture(scope="module")
def of_sam(ministack, client, function_zip, tmp_path_factory) -> dict[str, Seen]:
    hub, member, alone = "111122220001", "111122220002", "111122220003"
    seen = {}
    for account in (hub, alone):
        client("s3", ministack, account=account).create_bucket(Bucket=f"code-{account}")

    def body(name: str, account: str) -> str:
        return packaged(name, tmp_path_factory.mktemp(name), function_zip, ministack, account)

    def look(account: str, stack: Stack) -> Seen:
        deployed = Deployed(client, ministack, account, REGION)
        stood = deployed.kinds()
        stack.delete()
        return Seen(of_hub(stood, hub), deployed.kinds())

    in_organization = {"OrganizationId": ORGANIZATION, "ExternalId": EXTERNAL_ID, "PolicyDocument": DOCUMENT}
    central = Stack(client, ministack, hub, "v2only", body("template", hub), **in_organization)
    seen["hub"] = look(hub, central)
    ours = {"HubAccountId": hub, "HubRegion": REGION, "ExternalId": EXTERNAL_ID, "RolesRegion": REGION}

    def as_member(account: str, **parameters: str) -> Seen:
        text = templates.with_conditions_written_out("member", {"AWS::AccountId": account, "AWS::Region": REGION})
        text = templates.without_trace(text)
        return look(account, Stack(client, ministack, account, "v2only-member", text, **ours | parameters))

    seen["member"] = as_member(member)
    seen["member, another Region"] = as_member(member, RolesRegion="eu-central-1")
    seen["hub, as a member of its own"] = as_member(hub)
    seen["hub, another Region"] = as_member(hub, HubRegion="eu-central-1")
    single = Stack(client, ministack, alone, "v2only", body("single-account", alone), PolicyDocument=DOCUMENT)
    seen["single account"] = look(alone, single)
    return seen


# --- Terraform ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_terraform(ministack, client, function_zip, tmp_path_factory) -> dict[str, Seen]:
    terraform.needed()
    hub, member, alone = "111122230001", "111122230002", "111122230003"
    zips = function_zip("ec2-enforcer").parent
    shared = {
        "AWS_ENDPOINT_URL": ministack,
        "AWS_SECRET_ACCESS_KEY": "test",
        "TF_VAR_zips": str(zips),
        "TF_VAR_region": REGION,
        "TF_VAR_policy_document": DOCUMENT,
    }
    of_organization = {
        "TF_VAR_member_regions": json.dumps([REGION]),
        "TF_VAR_organization_id": ORGANIZATION,
        "TF_VAR_external_id": EXTERNAL_ID,
        "TF_VAR_management_role_arn": "arn:aws:iam::111122230009:role/deploy",
        "TF_VAR_member_role_arn": f"arn:aws:iam::{member}:role/deploy",
    }

    def through(module: str, account: str, others: list[str], **extra: str) -> dict[str, Seen]:
        copy = terraform.copied(tmp_path_factory.mktemp("terraform"))
        for path in ("main.tf", "modules/member/main.tf"):
            source = copy / "infra" / "terraform" / path
            source.write_text(templates.without_trace(source.read_text()))
        root = terraform.made(copy, module, AWS_ACCESS_KEY_ID=account, **shared, **extra)
        root.run("apply", "-auto-approve")
        root.run("plan", "-out=second.plan")
        plan = json.loads(root.run("show", "-json", "second.plan"))
        types = frozenset(it["type"] for it in plan["resource_changes"])
        deployed = {it: Deployed(client, ministack, it, REGION) for it in (account, *others)}
        stood = {it: of_hub(found.kinds(), hub) for it, found in deployed.items()}
        policy = wanted_bus_policy(plan, account) if others else None
        root.run("destroy", "-auto-approve")
        return {
            it: Seen(stood[it], found.kinds(), changes(plan), types, policy if it == account else None)
            for it, found in deployed.items()
        }

    with concurrent.futures.ThreadPoolExecutor() as both:
        one = both.submit(through, "examples/single-account", alone, [])
        many = both.submit(through, "examples/organization", hub, [member], **of_organization)
        single, organization = one.result(), many.result()
    return {"single account": single[alone], "hub": organization[hub], "member": organization[member]}


def wanted_bus_policy(plan: dict, account: str) -> dict:
    [bus] = [it for it in plan["resource_changes"] if it["type"] == "aws_cloudwatch_event_bus_policy"]
    return json.loads(bus["change"]["after"]["policy"].replace(account, "ACCOUNT"))


def changes(plan: dict) -> list[tuple[str, str, set[str]]]:
    """What a plan would do: the resource's type, how, and which of its attributes would change."""
    found = []
    for it in plan.get("resource_changes", []):
        before, after = it["change"]["before"] or {}, it["change"]["after"] or {}
        if it["change"]["actions"] not in (["no-op"], ["read"]):
            differ = {name for name in {*before, *after} if before.get(name) != after.get(name)}
            found.append((it["type"], "+".join(it["change"]["actions"]), differ))
    return found


# --- What stands --------------------------------------------------------------------------------------------------

SAM_DEPLOYMENTS = ["hub", "member", "single account"]


def statements(path: str) -> list:
    return json.loads((servers.REPOSITORY / "policies" / "iam" / path).read_text())["Statement"]


@pytest.fixture(scope="module", params=["sam", "terraform"])
def seen(request) -> dict[str, Seen]:
    """The deployments by one of the two ways to deploy."""
    return request.getfixturevalue(f"of_{request.param}")


@pytest.mark.parametrize("name", SAM_DEPLOYMENTS)
def test_rules_have_the_shipped_patterns_and_lose_nothing(seen, name):
    rules = seen[name].stood["rules"]
    buses = ["default", "v2only-events"] if name == "hub" else ["default"]
    assert set(rules) == {f"{bus}/v2only-{function}" for bus in buses for function in ENFORCERS}
    for path, rule in rules.items():
        function = path.split("/v2only-")[1]
        pattern = servers.REPOSITORY / "infra" / "event-patterns" / f"{function}.json"
        assert rule["pattern"] == json.loads(pattern.read_text())
        assert rule["state"] == "ENABLED"
        [target] = rule["targets"]
        assert target["DeadLetterConfig"]["Arn"].endswith(":v2only-undelivered")
        if name == "member":
            assert target["Arn"] == f"arn:aws:events:{REGION}:HUB:event-bus/v2only-events"
            assert target["RoleArn"] == f"arn:aws:iam::ACCOUNT:role/v2only-forwarder-{REGION}"
        else:
            assert target["Arn"].endswith(f":v2only-{function}")


@pytest.mark.parametrize("name", ["hub", "single account"])
def test_a_queue_takes_only_from_its_rules_and_gives_up_into_its_own_dlq(seen, name):
    queues = seen[name].stood["queues"]
    assert set(queues) == {"v2only-undelivered", *(f"v2only-{it}{end}" for it in FUNCTIONS for end in ("", "-dlq"))}
    for function in FUNCTIONS:
        queue, dlq = queues[f"v2only-{function}"], queues[f"v2only-{function}-dlq"]
        *allowed, others, deny = queue["Policy"]["Statement"]
        assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert (others["Effect"], others["Action"]) == ("Deny", "sqs:SendMessage")
        assert queue["RedrivePolicy"]["deadLetterTargetArn"].endswith(f":v2only-{function}-dlq")
        assert int(queue["RedrivePolicy"]["maxReceiveCount"]) == (5 if function == "sweeper" else 10)
        [source] = dlq["RedriveAllowPolicy"]["sourceQueueArns"]
        assert source.endswith(f":v2only-{function}")
        assert int(dlq["MessageRetentionPeriod"]) > int(queue["MessageRetentionPeriod"])
        if function == "sweeper":
            # The schedules and the function itself send by their roles.
            assert not allowed
            senders = others["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
            assert {it.split(":role/")[1] for it in senders} == {"v2only-owner", "v2only-schedule", "v2only-sweeper"}
            continue
        [allow] = allowed
        assert (allow["Effect"], allow["Principal"]) == ("Allow", {"Service": "events.amazonaws.com"})
        sources = allow["Condition"]["ArnEquals"]["aws:SourceArn"]
        sources = sources if isinstance(sources, list) else [sources]
        paths = [it.split(":rule/")[1] for it in sources]
        buses = ["", "v2only-events/"] if name == "hub" else [""]
        assert paths == [f"{bus}v2only-{function}" for bus in buses]
        assert others["Condition"]["ArnNotEquals"] == allow["Condition"]["ArnEquals"], "the rules alone may send"
    assert all(it["SqsManagedSseEnabled"] == "true" for it in queues.values())


@pytest.mark.parametrize("name", ["hub", "single account"])
def test_no_message_is_seen_twice_while_the_function_works(seen, name):
    stood = seen[name].stood
    for function in FUNCTIONS:
        visible = int(stood["queues"][f"v2only-{function}"]["VisibilityTimeout"])
        assert visible >= 6 * stood["functions"][f"v2only-{function}"]["Timeout"]
        mapping = stood["mappings"][f"v2only-{function}"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}
        assert mapping["EventSourceArn"].endswith(f":v2only-{function}")


@pytest.mark.parametrize("name", ["hub", "single account"])
def test_only_the_sweeper_may_hand_work_on_to_itself(of_terraform, name):
    stood = of_terraform[name].stood["recursion"]
    assert {it for it in FUNCTIONS if stood[f"v2only-{it}"] == "Allow"} == {"sweeper"}
    # The emulator leaves this property of a template out.
    template = templates.load("template" if name == "hub" else "single-account")
    functions = [it["Properties"] for it in template["Resources"].values() if it["Type"] == "AWS::Serverless::Function"]
    assert {it["FunctionName"] for it in functions if it.get("RecursiveLoop") == "Allow"} == {"v2only-sweeper"}


@pytest.mark.parametrize("name", ["hub", "single account"])
def test_functions_run_under_the_shipped_statements(seen, name):
    roles = seen[name].stood["roles"]
    assert set(roles) == {"v2only-schedule", *(f"v2only-{it}" for it in FUNCTIONS)}
    for function in FUNCTIONS:
        hub = statements("role-sweeper-hub.json" if function == "sweeper" else "role-hub.json")
        if name == "single account":
            hub = [it for it in hub if it["Sid"] in ("ReadTheDocument", "KeepItsWork", "PostponeMessages")]
        role = roles[f"v2only-{function}"]
        assert set(role["policies"]) == {"act", "hub", "run"}
        assert role["policies"]["act"]["Statement"] == statements(f"role-{function}.json")
        assert role["policies"]["hub"]["Statement"] == hub
        run = {it["Sid"]: it for it in role["policies"]["run"]["Statement"]}
        assert set(run) == {"TakeFromTheQueue", "WriteTheLog"}
        assert run["TakeFromTheQueue"]["Resource"].endswith(f":v2only-{function}")
        assert run["WriteTheLog"]["Resource"].endswith(f":log-group:/aws/lambda/v2only-{function}:*")
        [trust] = role["trust"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize("name", ["hub", "single account"])
def test_schedules_put_tasks_that_the_sweeper_knows_into_its_queue(seen, name):
    stood = seen[name].stood
    source = (servers.REPOSITORY / "crates" / "enforcer" / "src" / "sweep" / "task.rs").read_text()
    assert {it["when"] for it in stood["schedules"].values()} == {"rate(6 hours)", "cron(0 6 * * ? *)"}
    assert set(stood["schedules"]) == {"v2only-sweep", "v2only-review-exemptions"}
    for path, schedule in stood["schedules"].items():
        task = path.removeprefix("v2only-")
        assert json.loads(schedule["target"]["Input"]) == {"task": task}
        assert f'r#"{{"task": "{task}"}}"#' in source or f'json!({{"task": "{task}"}})' in source
        assert schedule["target"]["Arn"].endswith(":v2only-sweeper")
        assert schedule["target"]["DeadLetterConfig"]["Arn"].endswith(":v2only-undelivered")
        assert schedule["target"]["RoleArn"].endswith(":role/v2only-schedule")
        assert schedule["state"] == "ENABLED"
    [may] = stood["roles"]["v2only-schedule"]["policies"]["send"]["Statement"]
    assert may["Action"] == "sqs:SendMessage"
    assert {it.rsplit(":", 1)[1] for it in may["Resource"]} == {"v2only-sweeper", "v2only-undelivered"}


def test_member_roles_let_in_one_role_of_the_central_account_with_the_external_id(seen):
    roles = seen["member"].stood["roles"]
    assert set(roles) == {f"v2only-forwarder-{REGION}", *(f"v2only-{it}" for it in FUNCTIONS)}
    for function in FUNCTIONS:
        role = roles[f"v2only-{function}"]
        assert {it: role["policies"][it]["Statement"] for it in role["policies"]} == {
            "act": statements(f"role-{function}.json")
        }
        [trust] = role["trust"]["Statement"]
        assert trust["Principal"] == {"AWS": "arn:aws:iam::HUB:root"}
        assert trust["Condition"] == {
            "StringEquals": {"sts:ExternalId": EXTERNAL_ID},
            "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::HUB:role/v2only-{function}"},
        }
    forwarder = roles[f"v2only-forwarder-{REGION}"]
    [may] = forwarder["policies"]["forward"]["Statement"]
    bus = f"arn:aws:events:{REGION}:HUB:event-bus/v2only-events"
    assert (may["Action"], may["Resource"]) == ("events:PutEvents", bus)
    [trust] = forwarder["trust"]["Statement"]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "ACCOUNT"}


@pytest.mark.parametrize("name", ["hub", "single account"])
def test_functions_have_the_environment_they_know(seen, name):
    settings = (servers.REPOSITORY / "crates" / "aws" / "src" / "settings.rs").read_text()
    known = set(re.findall(r'^pub const \w+: &str = "(V2ONLY_\w+)";', settings, re.MULTILINE))
    for function in FUNCTIONS:
        wanted = {"V2ONLY_POLICY_PARAMETER": "/v2only/policy"}
        if name == "hub":
            wanted |= {
                "V2ONLY_MEMBER_ROLE": f"v2only-{function}",
                "V2ONLY_EXTERNAL_ID": EXTERNAL_ID,
                "V2ONLY_ORGANIZATION_ID": ORGANIZATION,
            }
        variables = dict(seen[name].stood["functions"][f"v2only-{function}"]["Environment"]["Variables"])
        if function == "sweeper":
            known_url = variables.pop("V2ONLY_SWEEP_QUEUE")
            assert known_url.startswith("http") and known_url.endswith("/v2only-sweeper")
            assert "V2ONLY_SWEEP_QUEUE" in known
        deployed = seen[name].stood["functions"][f"v2only-{function}"]
        assert variables == wanted
        assert set(wanted) <= known
        assert (deployed["Runtime"], deployed["Handler"]) == ("provided.al2023", "bootstrap")
    assert seen[name].stood["parameters"] == {"/v2only/policy": {"value": DOCUMENT, "type": "String"}}


@pytest.mark.parametrize("name", ["hub", "single account"])
def test_alarms_watch_metrics_that_exist(seen, name):
    """An alarm on a queue, function or metric by a name that does not exist would never ring."""
    stood = seen[name].stood
    metrics = (servers.REPOSITORY / "crates" / "lambda" / "src" / "metrics.rs").read_text()
    counted = set(re.findall(r'\("([A-Z][A-Za-z]+)", (?:counts|it)\.', metrics))
    mains = {it: (servers.REPOSITORY / "functions" / it / "src" / "main.rs").read_text() for it in FUNCTIONS}
    assert all(f'from_env("{it}")' in text for it, text in mains.items())
    assert len(stood["alarms"]) == 8 * len(FUNCTIONS) + 3
    filtered = {it["metricName"] for found in stood["metric filters"].values() for it in found["metricTransformations"]}
    for alarm in stood["alarms"].values():
        [dimension] = alarm["Dimensions"]
        there = {
            "AWS/SQS": stood["queues"],
            "AWS/Lambda": stood["functions"],
            "v2only": dict.fromkeys(FUNCTIONS),
        }[alarm["Namespace"]]
        assert dimension["Value"] in there, alarm
        assert alarm["Namespace"] != "v2only" or alarm["MetricName"] in counted | filtered
        idle = alarm["ComparisonOperator"] == "LessThanThreshold"
        assert alarm["TreatMissingData"] == ("breaching" if idle else "notBreaching"), alarm
    drawn = [
        it for widget in stood["dashboards"]["v2only"]["widgets"] for it in widget["properties"].get("metrics", [])
    ]
    ours = [it for it in drawn if it[0] == "v2only"]
    assert {it[1] for it in ours} == counted and {it[3] for it in ours} == set(FUNCTIONS)
    queues = [it[3] for it in drawn if it[0] == "AWS/SQS"]
    assert set(queues) <= set(stood["queues"])


@pytest.mark.parametrize("name", ["hub", "single account"])
def test_an_unusable_policy_document_is_counted_from_the_log(seen, name):
    """The pattern asks for words that the functions' lines have, in the log of the function."""
    lines = (servers.REPOSITORY / "crates" / "lambda" / "src" / "log_line.rs").read_text()
    assert 'LogEntry::StalePolicy(why) => short("error", "policy", None, why)' in lines
    assert '"level": "error", "function": function, "outcome": "settings"' in lines
    for function in FUNCTIONS:
        found = seen[name].stood["metric filters"][f"v2only-{function}-policy"]
        assert found["logGroupName"] == f"/aws/lambda/v2only-{function}"
        assert found["filterPattern"] == '{ $.level = "error" && ($.outcome = "policy" || $.outcome = "settings") }'
        [metric] = found["metricTransformations"]
        assert metric["dimensions"] == {"Function": "$.function"}


@pytest.mark.parametrize("name", SAM_DEPLOYMENTS)
def test_nothing_is_left_after_removal(seen, name):
    assert {kind: it for kind, it in seen[name].left.items() if it} == {}


@pytest.mark.parametrize("name", SAM_DEPLOYMENTS)
@pytest.mark.parametrize(
    "kind",
    [
        "buses",
        "rules",
        "queues",
        "functions",
        "mappings",
        "schedules",
        "roles",
        "parameters",
        "log groups",
        "metric filters",
        "alarms",
        "dashboards",
    ],
)
def test_sam_and_terraform_deploy_the_same(of_sam, of_terraform, name, kind):
    one, other = of_sam[name].stood[kind], of_terraform[name].stood[kind]
    assert templates.comparable(one) == templates.comparable(other)
    # Two empty answers would be equal as well.
    absent = {"member": {"buses", "functions", "mappings", "schedules", "parameters", "log groups", "metric filters", "dashboards"}}
    assert bool(one) == (kind not in absent.get(name, {"buses"} if name == "single account" else ()))


def test_the_bus_takes_events_of_the_organization_alone(of_terraform):
    properties = templates.load("template")["Resources"]["Bus"]["Properties"]
    policy = templates.resolved(properties["Policy"], OrganizationId=ORGANIZATION)
    assert policy == of_terraform["hub"].bus_policy
    [statement] = policy["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
    assert statement["Action"] == "events:PutEvents"


@pytest.mark.parametrize("name", SAM_DEPLOYMENTS)
def test_a_second_plan_is_empty(of_terraform, name):
    for kind, how, attributes in of_terraform[name].plan:
        assert how == "update" and attributes <= LOST.get(kind, set()), (kind, how, attributes)


def test_the_central_region_needs_no_rules_of_a_member(of_sam):
    """A StackSet for everybody includes the central account; there it must not clash with what stands already."""
    stood = of_sam["hub, as a member of its own"].stood
    assert {kind for kind, it in stood.items() if it} == set()


def test_other_regions_of_the_central_account_forward_and_make_no_second_roles(of_sam):
    stood = of_sam["hub, another Region"].stood
    assert set(stood["rules"]) == {f"default/v2only-{it}" for it in ENFORCERS}
    assert set(stood["roles"]) == {f"v2only-forwarder-{REGION}"}


def test_roles_are_made_in_one_region_only(of_sam):
    there, elsewhere = of_sam["member"].stood, of_sam["member, another Region"].stood
    assert set(elsewhere["roles"]) == {f"v2only-forwarder-{REGION}"}
    assert elsewhere["rules"] == there["rules"]


def test_guardrails_and_stack_sets_are_made_only_on_request(of_terraform):
    """What they make when they are asked for is in `terraform test`."""
    types = of_terraform["hub"].types
    assert "aws_lambda_function" in types
    assert not [it for it in types if it.startswith(("aws_organizations_", "aws_cloudformation_"))]
