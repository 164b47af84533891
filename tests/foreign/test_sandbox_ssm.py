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

    def of(self, service):
        return client(self.url, service, ACCOUNT, REGION)

    def order(self, what, **order):
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        data = json.dumps({"account": ACCOUNT, "region": REGION, **order}).encode()
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
