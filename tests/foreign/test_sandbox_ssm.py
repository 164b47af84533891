"""boto3 as a client of the embedded AWS's Systems Manager: commands on instances, and the two runbooks of AWS."""

import json
import time
import urllib.request

import pytest
from clients import client
from botocore.exceptions import ClientError

ACCOUNT = "111122223333"
REGION = "eu-central-1"
IMAGE = "ami-0a1b2c3d4e5f60002"
DOCUMENT = "v2only-TraceImdsV1"
CONFIGURE, REQUIRE = "AWSSupport-ConfigureEC2Metadata", "AWSConfigRemediation-EnforceEC2InstanceIMDSv2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/v2only-automation"


class Aws:
    def __init__(self, url):
        self.url = url
        self.ec2, self.ssm, self.cloudtrail = map(self.of, ("ec2", "ssm", "cloudtrail"))

    def of(self, service, account=ACCOUNT, region=REGION):
        return client(self.url, service, account, region)

    def order(self, what, **order):
        self.post(what, {"account": ACCOUNT, "region": REGION, **order})

    def role(self, account, name):
        self.post("roles", {"account": account, "name": name})

    def post(self, what, order):
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        data = json.dumps(order).encode()
        direct.open(urllib.request.Request(f"{self.url}/_sandbox/{what}", data, method="POST")).close()

    def launch(self):
        return self.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]

    def options(self, instance):
        [found] = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
        return found["Instances"][0]["MetadataOptions"]

    def ended(self, execution):
        """The execution once it has ended, a second after it began."""
        while True:
            it = self.ssm.get_automation_execution(AutomationExecutionId=execution)["AutomationExecution"]
            if it["AutomationExecutionStatus"] not in ("Pending", "InProgress"):
                return it
            time.sleep(0.1)

    def automate(self, document, parameters, *instances):
        given = {name: [value] for name, value in parameters.items()}
        target = {"Key": "ParameterValues", "Values": list(instances)}
        started = self.ssm.start_automation_execution(
            DocumentName=document, Parameters=given, TargetParameterName="InstanceId", Targets=[target], MaxErrors="1"
        )
        return self.ended(started["AutomationExecutionId"])


@pytest.fixture
def aws(sandbox):
    return Aws(sandbox)


def test_a_command_runs_on_one_platform_and_is_skipped_on_the_other(aws):
    instance = aws.launch()
    aws.order("command-document", name=DOCUMENT, steps=[["traceLinux", "Linux"], ["traceWindows", "Windows"]])
    aws.order("managed-instance", instance_id=instance, does={"platform": "Windows", "output": "x" * 30_000})
    sent = aws.ssm.send_command(DocumentName=DOCUMENT, InstanceIds=[instance], Parameters={"DurationSeconds": ["1"]})
    asked = {"CommandId": sent["Command"]["CommandId"], "InstanceId": instance}
    with pytest.raises(aws.ssm.exceptions.InvocationDoesNotExist):
        aws.ssm.get_command_invocation(**asked, PluginName="traceLinux")
    time.sleep(0.3)
    skipped = aws.ssm.get_command_invocation(**asked, PluginName="traceLinux")
    assert skipped["Status"] == "Success" and "skipped" in skipped["StandardOutputContent"]
    with pytest.raises(aws.ssm.exceptions.InvalidPluginName):
        aws.ssm.get_command_invocation(**asked)
    aws.ssm.get_waiter("command_executed").wait(
        **asked, PluginName="traceWindows", WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    ran = aws.ssm.get_command_invocation(**asked, PluginName="traceWindows")
    assert (ran["Status"], len(ran["StandardOutputContent"])) == ("Success", 24_000)


def test_the_inventory_comes_in_pages(aws):
    instance = aws.launch()
    applications = [[f"package-{number}", "1.0"] for number in range(60)]
    aws.order("managed-instance", instance_id=instance, does={"platform": "Linux", "applications": applications})
    asked = {"InstanceId": instance, "TypeName": "AWS:Application"}
    first = aws.ssm.list_inventory_entries(**asked)
    rest = aws.ssm.list_inventory_entries(**asked, NextToken=first["NextToken"])
    assert (len(first["Entries"]), len(rest["Entries"]), "NextToken" in rest) == (50, 10, False)
    assert first["Entries"][0]["Name"] == "package-0" and rest["TypeName"] == "AWS:Application"
    other = aws.ssm.list_inventory_entries(**asked | {"InstanceId": "i-0123456789abcdef0"})
    assert other["Entries"] == []
    with pytest.raises(ClientError, match="InvalidNextToken"):
        aws.ssm.list_inventory_entries(**asked, NextToken="x")


def test_who_is_not_managed_and_what_is_not_there_is_refused(aws):
    instance = aws.launch()
    with pytest.raises(aws.ssm.exceptions.InvalidDocument):
        aws.ssm.send_command(DocumentName=DOCUMENT, InstanceIds=[instance])
    aws.order("command-document", name=DOCUMENT, steps=[["traceLinux", "Linux"]])
    with pytest.raises(aws.ssm.exceptions.InvalidInstanceId):
        aws.ssm.send_command(DocumentName=DOCUMENT, InstanceIds=[instance])


def test_runbooks_change_what_they_are_told_to(aws):
    one, other = aws.launch(), aws.launch()
    told = {"EnforceIMDSv2": "required", "HttpPutResponseHopLimit": "0", "MetadataAccess": "enabled"}
    before = aws.options(one)
    assert aws.automate(CONFIGURE, told, one)["AutomationExecutionStatus"] == "Success"
    after = aws.options(one)
    assert (after["HttpTokens"], after["HttpPutResponseHopLimit"]) == ("required", before["HttpPutResponseHopLimit"])
    assert aws.options(other)["HttpTokens"] == "optional"
    aws.automate(REQUIRE, {"AutomationAssumeRole": ROLE, "HttpPutResponseHopLimit": "3"}, other)
    assert (aws.options(other)["HttpTokens"], aws.options(other)["HttpPutResponseHopLimit"]) == ("required", 3)
    attribute = {"AttributeKey": "EventName", "AttributeValue": "ModifyInstanceMetadataOptions"}
    newest = aws.cloudtrail.lookup_events(LookupAttributes=[attribute])["Events"][0]
    identity = json.loads(newest["CloudTrailEvent"])["userIdentity"]
    assert identity["arn"].endswith(":assumed-role/v2only-automation/Automation")
    assert identity["invokedBy"] == "ssm.amazonaws.com"


def test_a_runbook_that_is_told_nothing_opens_version_1(aws):
    """As on AWS: why every parameter is said."""
    instance = aws.launch()
    aws.automate(REQUIRE, {"AutomationAssumeRole": ROLE}, instance)
    assert aws.options(instance)["HttpTokens"] == "required"
    aws.automate(CONFIGURE, {}, instance)
    assert aws.options(instance)["HttpTokens"] == "optional"


def test_an_execution_ends_as_failed_where_an_instance_cannot_be_changed(aws):
    instance = aws.launch()
    ended = aws.automate(REQUIRE, {"AutomationAssumeRole": ROLE}, "i-0123456789abcdef0", instance)
    assert ended["AutomationExecutionStatus"] == "Failed"
    assert "InvalidInstanceID.NotFound" in ended["FailureMessage"]
    assert ended["ProgressCounters"]["SuccessSteps"] == 1, "one error is allowed"
    assert aws.options(instance)["HttpTokens"] == "required"


OTHER, WEST = "222233334444", "eu-west-1"
ADMINISTRATION, EXECUTION = (f"AWS-SystemsManager-Automation{it}Role" for it in ("Administration", "Execution"))


def location(account, region, *instances, **more):
    values = [{"Key": "ParameterValues", "Values": list(instances)}]
    return {"Accounts": [account], "Regions": [region], "Targets": values, **more}


def start_at(aws, *locations, role=ADMINISTRATION):
    return aws.ssm.start_automation_execution(
        DocumentName=REQUIRE,
        Parameters={"AutomationAssumeRole": [f"arn:aws:iam::{ACCOUNT}:role/{role}"]},
        TargetParameterName="InstanceId",
        TargetLocations=list(locations),
    )["AutomationExecutionId"]


def launched(aws, account, region):
    ec2 = aws.of("ec2", account, region)
    instance = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    return ec2, instance


def tokens(ec2, instance):
    [found] = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return found["Instances"][0]["MetadataOptions"]["HttpTokens"]


def test_one_execution_has_a_step_and_a_child_for_each_account_and_region(aws):
    for account, name in ((ACCOUNT, ADMINISTRATION), (ACCOUNT, EXECUTION), (OTHER, "Own")):
        aws.role(account, name)
    here, (there, instance) = aws.launch(), launched(aws, OTHER, WEST)
    ended = aws.ended(
        start_at(aws, location(ACCOUNT, REGION, here), location(OTHER, WEST, instance, ExecutionRoleName="Own"))
    )
    assert ended["AutomationExecutionStatus"] == "Success"
    assert (aws.options(here)["HttpTokens"], tokens(there, instance)) == ("required", "required")
    one, other = ended["StepExecutions"]
    assert [it["TargetLocation"]["Accounts"] for it in (one, other)] == [[ACCOUNT], [OTHER]]
    [child] = other["Outputs"]["AutomationExecutionId"]
    found = aws.of("ssm", OTHER, WEST).get_automation_execution(AutomationExecutionId=child)["AutomationExecution"]
    assert found["ParentAutomationExecutionId"] == ended["AutomationExecutionId"]
    with pytest.raises(aws.ssm.exceptions.AutomationExecutionNotFoundException):
        aws.ssm.get_automation_execution(AutomationExecutionId=child)


@pytest.mark.parametrize(("may_fail", "status", "changed"), [("0", "Failed", "optional"), ("1", "Success", "required")])
def test_a_role_that_cannot_be_assumed_fails_its_step_and_the_whole_if_more_fail_than_may(
    aws, may_fail, status, changed
):
    aws.role(ACCOUNT, ADMINISTRATION)
    aws.role(ACCOUNT, EXECUTION)
    here, (there, instance) = aws.launch(), launched(aws, OTHER, WEST)
    rate = {"TargetLocationMaxErrors": may_fail, "TargetLocationMaxConcurrency": "1"}
    ended = aws.ended(
        start_at(aws, location(OTHER, WEST, instance, **rate), location(ACCOUNT, REGION, here, **rate))
    )
    assert ended["AutomationExecutionStatus"] == status
    step = ended["StepExecutions"][0]
    assert step["StepStatus"] == "Failed" and f"role/{EXECUTION}" in step["FailureMessage"]
    assert (tokens(there, instance), aws.options(here)["HttpTokens"]) == ("optional", changed)


def test_what_locations_are_refused(aws):
    aws.role(ACCOUNT, ADMINISTRATION)
    here = aws.launch()
    for locations, role, refusal in (
        ([location(ACCOUNT, REGION, here)], "Nobody", "InvalidAutomationExecutionParametersException"),
        ([location(ACCOUNT, REGION)], ADMINISTRATION, "InvalidTarget"),
        ([location(ACCOUNT, REGION, here, TargetLocationMaxConcurrency="0")], ADMINISTRATION, "ValidationException"),
        ([location(str(100000000000 + it), REGION, here) for it in range(101)], ADMINISTRATION, "ValidationException"),
    ):
        with pytest.raises(ClientError, match=refusal):
            start_at(aws, *locations, role=role)
    assert aws.options(here)["HttpTokens"] == "optional"


@pytest.mark.parametrize(
    ("document", "parameters", "refusal"),
    [
        (REQUIRE, {}, "InvalidAutomationExecutionParametersException"),
        (CONFIGURE, {"EnforceIMDSv2": "yes"}, "InvalidAutomationExecutionParametersException"),
        (CONFIGURE, {"HttpPutResponseHopLimit": "65"}, "InvalidAutomationExecutionParametersException"),
        (CONFIGURE, {"Tokens": "required"}, "InvalidAutomationExecutionParametersException"),
        ("AWS-RestartEC2Instance", {}, "AutomationDefinitionNotFoundException"),
    ],
)
def test_what_automation_refuses(aws, document, parameters, refusal):
    with pytest.raises(ClientError, match=refusal):
        aws.automate(document, parameters, aws.launch())
    with pytest.raises(aws.ssm.exceptions.AutomationExecutionNotFoundException):
        aws.ssm.get_automation_execution(AutomationExecutionId="0" * 36)
