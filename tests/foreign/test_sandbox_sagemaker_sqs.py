"""boto3 as a client of the embedded AWS: the wire formats of SQS and of SageMaker notebooks, field by field."""

import contextlib
import datetime
import hashlib
import json
import os
import urllib.request
from pathlib import Path

import boto3
import botocore.config
import pytest
import servers
from botocore.exceptions import ClientError

ACCOUNT = "111122223333"
REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecution"
# Where the sandbox's manual clock starts.
START = datetime.datetime(2026, 11, 1, 10, tzinfo=datetime.timezone.utc)


class Aws:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def client(self, service, region=REGION):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="sandbox",
            config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
        )

    def control(self, order, **members):
        body = json.dumps(members).encode() if members else b"{}"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(urllib.request.Request(f"{self.endpoint}/_sandbox/{order}", body, method="POST")) as answer:
            return json.load(answer)

    def events(self):
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{self.endpoint}/_sandbox/events") as answer:
            return json.load(answer)

    def advance(self, seconds):
        self.control("advance", seconds=seconds)

    def notebook(self, name, **members):
        return self.control("notebooks", account=ACCOUNT, region=REGION, name=name, **members)["arn"]


@pytest.fixture
def aws(tmp_path):
    with servers.sandbox(Path(os.environ["V2ONLY_SANDBOX_BIN"]), tmp_path / "sandbox", "--manual-clock") as endpoint:
        yield Aws(endpoint)


@pytest.fixture
def sqs(aws):
    return aws.client("sqs")


@pytest.fixture
def sagemaker(aws):
    return aws.client("sagemaker")


@contextlib.contextmanager
def refused(code, text=""):
    with pytest.raises(ClientError) as caught:
        yield caught
    error = caught.value.response["Error"]
    assert (error["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400)
    assert text in error["Message"]


def members(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# --- SQS ---------------------------------------------------------------------------------------------------


def test_a_queue_has_a_url_and_the_attributes_of_aws(sqs):
    url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    assert url == f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/work"
    assert sqs.get_queue_url(QueueName="work")["QueueUrl"] == url
    assert sqs.create_queue(QueueName="work")["QueueUrl"] == url
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes == {
        "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:work",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "CreatedTimestamp": str(int(START.timestamp())),
        "LastModifiedTimestamp": str(int(START.timestamp())),
        "VisibilityTimeout": "60",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
    }
    some = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    assert list(some) == ["QueueArn"]
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url)


def test_a_message_travels_with_its_digests_and_attributes(sqs):
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    body = "käse \U0001f9c0\n"
    attributes = {
        "kind": {"DataType": "String", "StringValue": "sweep"},
        "count": {"DataType": "Number", "StringValue": "7"},
    }
    sent = members(sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes))
    digest = hashlib.md5(body.encode()).hexdigest()
    assert sent == {
        "MessageId": sent["MessageId"],
        "MD5OfMessageBody": digest,
        "MD5OfMessageAttributes": attributes_md5(attributes),
    }
    [message] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
    now = str(int(START.timestamp() * 1000))
    assert message == {
        "MessageId": sent["MessageId"],
        "ReceiptHandle": message["ReceiptHandle"],
        "MD5OfBody": digest,
        "Body": body,
        "Attributes": {
            "SenderId": ACCOUNT,
            "SentTimestamp": now,
            "ApproximateReceiveCount": "1",
            "ApproximateFirstReceiveTimestamp": now,
        },
        "MessageAttributes": attributes,
        "MD5OfMessageAttributes": attributes_md5(attributes),
    }
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert members(sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])) == {}


def attributes_md5(attributes):
    """The algorithm of the SQS developer guide, written a second time."""
    digest = hashlib.md5()
    for name in sorted(attributes):
        kind, value = attributes[name]["DataType"], attributes[name]["StringValue"]
        for text in (name, kind):
            digest.update(len(text.encode()).to_bytes(4, "big") + text.encode())
        digest.update(b"\x01" + len(value.encode()).to_bytes(4, "big") + value.encode())
    return digest.hexdigest()


def test_only_the_attributes_that_were_asked_for_come_back(sqs):
    url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    text = {"DataType": "String", "StringValue": "x"}
    sqs.send_message(QueueUrl=url, MessageBody="a", MessageAttributes={"v2.a": text, "v2.b": text, "other": text})
    [plain] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert set(plain) == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body"}
    [some] = sqs.receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"], MessageAttributeNames=["v2.*"]
    )["Messages"]
    assert some["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert set(some["MessageAttributes"]) == {"v2.a", "v2.b"}


def test_batches_are_answered_entry_by_entry(sqs):
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    entries = [{"Id": str(n), "MessageBody": f"m{n}"} for n in range(9)]
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "late", "MessageBody": "x", "DelaySeconds": 901}])
    assert [it["Id"] for it in sent["Successful"]] == [str(n) for n in range(9)]
    assert sent["Successful"][0]["MD5OfMessageBody"] == hashlib.md5(b"m0").hexdigest()
    [failed] = sent["Failed"]
    assert (failed["Id"], failed["SenderFault"], failed["Code"]) == ("late", True, "InvalidParameterValue")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [it["Body"] for it in messages] == [f"m{n}" for n in range(9)]
    handles = [{"Id": f"d{n}", "ReceiptHandle": it["ReceiptHandle"]} for n, it in enumerate(messages)]
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[*handles, {"Id": "bad", "ReceiptHandle": "nonsense"}])
    assert len(deleted["Successful"]) == 9
    assert (deleted["Failed"][0]["Id"], deleted["Failed"][0]["Code"]) == ("bad", "ReceiptHandleIsInvalid")


def test_visibility_delay_and_redrive_follow_the_clock(aws, sqs):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": "2"}
    url = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": json.dumps(policy)})["QueueUrl"]
    sent = sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=5)

    def counts(queue):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        got = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return [int(got[name]) for name in names]

    assert counts(url) == [0, 0, 1]
    aws.advance(5)
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert counts(url) == [0, 1, 0]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=100)
    aws.advance(99)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    aws.advance(1)
    [message] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=1, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"
    aws.advance(1)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert (counts(url), counts(dead)) == ([0, 0, 0], [1, 0, 0])
    [letter] = sqs.receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"]
    assert letter["MessageId"] == sent["MessageId"]
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:work"
    described = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    assert json.loads(described) == {**policy, "maxReceiveCount": 2}


def test_sqs_errors_have_both_names(sqs):
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    missing = url.replace("work", "none")
    with refused("AWS.SimpleQueueService.NonExistentQueue", "does not exist") as caught:
        sqs.send_message(QueueUrl=missing, MessageBody="x")
    assert isinstance(caught.value, sqs.exceptions.QueueDoesNotExist)
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.get_queue_url(QueueName="none")
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense")
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="work", Attributes={"DelaySeconds": "9"})
    with pytest.raises(sqs.exceptions.InvalidAttributeName):
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Nonsense"])
    with pytest.raises(sqs.exceptions.InvalidAttributeValue):
        sqs.create_queue(QueueName="other", Attributes={"VisibilityTimeout": "43201"})
    with pytest.raises(sqs.exceptions.EmptyBatchRequest):
        sqs.send_message_batch(QueueUrl=url, Entries=[])
    with pytest.raises(sqs.exceptions.TooManyEntriesInBatchRequest):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(11)])
    with pytest.raises(sqs.exceptions.BatchEntryIdsNotDistinct):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}] * 2)
    with pytest.raises(sqs.exceptions.InvalidMessageContents):
        sqs.send_message(QueueUrl=url, MessageBody="\x01")
    with refused("InvalidParameterValue", "between 1 and 10"):
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=11)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [message] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    with pytest.raises(sqs.exceptions.MessageNotInflight):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=5)


def test_queues_belong_to_a_region(aws, sqs):
    sqs.create_queue(QueueName="work")
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        aws.client("sqs", "us-east-1").get_queue_url(QueueName="work")


# --- SageMaker ---------------------------------------------------------------------------------------------


def create(sagemaker, name="Research-Churn", **more):
    order = {"NotebookInstanceName": name, "InstanceType": "ml.t3.medium", "RoleArn": ROLE, **more}
    return members(sagemaker.create_notebook_instance(**order))


def version(number):
    return {"MinimumInstanceMetadataServiceVersion": number}


def test_every_member_of_a_creation_comes_back(aws, sagemaker):
    given = {
        "SubnetId": "subnet-0a1b2c3d4e5f60718",
        "IpAddressType": "ipv4",
        "KmsKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
        "DirectInternetAccess": "Disabled",
        "VolumeSizeInGB": 20,
        "DefaultCodeRepository": "https://example.com/repository.git",
        "AdditionalCodeRepositories": ["more"],
        "RootAccess": "Disabled",
        "PlatformIdentifier": "notebook-al2023-v1",
        "InstanceMetadataServiceConfiguration": version("1"),
    }
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/research-churn"
    tags = [{"Key": "team", "Value": "research"}]
    security_groups = ["sg-0f1e2d3c4b5a69788"]
    made = create(sagemaker, Tags=tags, SecurityGroupIds=security_groups, LifecycleConfigName="setup", **given)
    assert made == {"NotebookInstanceArn": arn}
    aws.advance(120)
    seen = members(sagemaker.describe_notebook_instance(NotebookInstanceName="Research-Churn"))
    assert seen.pop("NetworkInterfaceId").startswith("eni-0")
    assert seen == {
        **given,
        "NotebookInstanceArn": arn,
        "NotebookInstanceName": "Research-Churn",
        "NotebookInstanceStatus": "InService",
        "Url": f"research-churn.notebook.{REGION}.sagemaker.aws",
        "InstanceType": "ml.t3.medium",
        "SecurityGroups": security_groups,
        "RoleArn": ROLE,
        "NotebookInstanceLifecycleConfigName": "setup",
        "CreationTime": START,
        "LastModifiedTime": START + datetime.timedelta(seconds=120),
    }
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags


def test_a_notebook_from_before_the_setting_has_no_block(aws, sagemaker):
    aws.notebook("old", platform="notebook-al2-v1", age_seconds=86400.5)
    seen = members(sagemaker.describe_notebook_instance(NotebookInstanceName="old"))
    assert seen == {
        "NotebookInstanceArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/old",
        "NotebookInstanceName": "old",
        "NotebookInstanceStatus": "InService",
        "Url": f"old.notebook.{REGION}.sagemaker.aws",
        "InstanceType": "ml.t3.medium",
        "SecurityGroups": [],
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/service-role/notebooks",
        "CreationTime": START - datetime.timedelta(seconds=86400.5),
        "LastModifiedTime": START - datetime.timedelta(seconds=86400.5),
        "DirectInternetAccess": "Enabled",
        "VolumeSizeInGB": 5,
        "RootAccess": "Enabled",
        "PlatformIdentifier": "notebook-al2-v1",
    }


def test_stop_update_start(aws, sagemaker):
    aws.notebook("nb", minimum_version="1")
    name = {"NotebookInstanceName": "nb"}
    status = lambda: sagemaker.describe_notebook_instance(**name)["NotebookInstanceStatus"]  # noqa: E731
    assert members(sagemaker.stop_notebook_instance(**name)) == {}
    assert status() == "Stopping"
    aws.advance(60)
    update = {"InstanceMetadataServiceConfiguration": version("2"), "VolumeSizeInGB": 6}
    assert members(sagemaker.update_notebook_instance(**name, **update)) == {}
    assert status() == "Updating"
    aws.advance(20)
    assert status() == "Stopped"
    assert members(sagemaker.start_notebook_instance(**name)) == {}
    assert status() == "Pending"
    aws.advance(120)
    seen = sagemaker.describe_notebook_instance(**name)
    assert (seen["NotebookInstanceStatus"], seen["VolumeSizeInGB"]) == ("InService", 6)
    assert seen["InstanceMetadataServiceConfiguration"] == version("2")


def test_the_waiters_of_boto3_see_the_end(aws, sagemaker):
    aws.notebook("nb", status="Stopped")
    name = {"NotebookInstanceName": "nb"}
    once = {"Delay": 0, "MaxAttempts": 1}
    sagemaker.get_waiter("notebook_instance_stopped").wait(**name, WaiterConfig=once)
    sagemaker.start_notebook_instance(**name)
    aws.advance(120)
    sagemaker.get_waiter("notebook_instance_in_service").wait(**name, WaiterConfig=once)
    sagemaker.stop_notebook_instance(**name)
    aws.advance(60)
    sagemaker.delete_notebook_instance(**name)
    aws.advance(30)
    sagemaker.get_waiter("notebook_instance_deleted").wait(**name, WaiterConfig=once)


def test_refusals_are_validation_exceptions(aws, sagemaker):
    arn = aws.notebook("nb")
    name = {"NotebookInstanceName": "nb"}
    for call, target in ((sagemaker.start_notebook_instance, "Pending"), (sagemaker.delete_notebook_instance, "Deleting")):
        with refused("ValidationException", f"Status (InService) not in ([Stopped, Failed]). Unable to transition to ({target})"):
            call(**name)
    text = f"Unable to transition to (Updating) for Notebook Instance ({arn})."
    with refused("ValidationException", text):
        sagemaker.update_notebook_instance(**name, InstanceMetadataServiceConfiguration=version("2"))
    with refused("ValidationException", "RecordNotFound"):
        sagemaker.describe_notebook_instance(NotebookInstanceName="nobody")
    aws.notebook("old", status="Stopped", platform="notebook-al2-v2")
    with refused("ValidationException", "notebook-al2-v2 is no longer supported"):
        sagemaker.start_notebook_instance(NotebookInstanceName="old")
    with refused("ValidationException", "no longer supported"):
        create(sagemaker, PlatformIdentifier="notebook-al2-v3")
    with refused("ValidationException", "1|2"):
        create(sagemaker, InstanceMetadataServiceConfiguration=version("3"))


def test_failure_hanging_and_release(aws, sagemaker):
    aws.notebook("nb", status="Stopped")
    name, place = {"NotebookInstanceName": "nb"}, {"account": ACCOUNT, "region": REGION, "name": "nb"}
    aws.control("notebook-trouble", **place, trouble={"fail_next_start": "no capacity"})
    sagemaker.start_notebook_instance(**name)
    aws.advance(120)
    seen = sagemaker.describe_notebook_instance(**name)
    assert (seen["NotebookInstanceStatus"], seen["FailureReason"]) == ("Failed", "no capacity")
    aws.control("notebook-trouble", **place, trouble={"hang_in": "Pending"})
    sagemaker.start_notebook_instance(**name)
    aws.advance(36000)
    assert sagemaker.describe_notebook_instance(**name)["NotebookInstanceStatus"] == "Pending"
    aws.control("notebook-trouble", **place, trouble="release")
    assert sagemaker.describe_notebook_instance(**name)["NotebookInstanceStatus"] == "InService"


def test_a_list_has_pages_filters_and_order(aws, sagemaker):
    for n in range(23):
        aws.notebook(f"Nb-{n:02}", status="Stopped" if n < 3 else "InService", age_seconds=100 * (n + 1))
    pages = list(sagemaker.get_paginator("list_notebook_instances").paginate(PaginationConfig={"PageSize": 10}))
    assert [len(page["NotebookInstances"]) for page in pages] == [10, 10, 3]
    assert pages[0]["NotebookInstances"][1] == {
        "NotebookInstanceName": "Nb-01",
        "NotebookInstanceArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/nb-01",
        "NotebookInstanceStatus": "Stopped",
        "Url": f"nb-01.notebook.{REGION}.sagemaker.aws",
        "InstanceType": "ml.t3.medium",
        "CreationTime": START - datetime.timedelta(seconds=200),
        "LastModifiedTime": START - datetime.timedelta(seconds=200),
    }

    def names(**filters):
        rows = sagemaker.list_notebook_instances(MaxResults=100, **filters)["NotebookInstances"]
        return [row["NotebookInstanceName"] for row in rows]

    assert names(StatusEquals="Stopped") == ["Nb-00", "Nb-01", "Nb-02"]
    assert names(NameContains="b-2") == ["Nb-20", "Nb-21", "Nb-22"]
    assert names(CreationTimeAfter=START - datetime.timedelta(seconds=250)) == ["Nb-00", "Nb-01"]
    assert names(LastModifiedTimeBefore=START - datetime.timedelta(seconds=2200)) == ["Nb-22"]
    assert names(SortBy="CreationTime", SortOrder="Ascending")[0] == "Nb-22"
    with pytest.raises(ClientError):
        aws.client("sagemaker").list_notebook_instances(NextToken="nonsense")
    assert aws.client("sagemaker", "us-east-1").list_notebook_instances()["NotebookInstances"] == []


def test_tags_by_arn(aws, sagemaker):
    arn = aws.notebook("nb", tags={"team": "a"})
    added = members(sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "v2only:was-running", "Value": "yes"}]))
    both = [{"Key": "team", "Value": "a"}, {"Key": "v2only:was-running", "Value": "yes"}]
    assert added == {"Tags": both}
    assert members(sagemaker.list_tags(ResourceArn=arn, MaxResults=50)) == {"Tags": both}
    assert members(sagemaker.delete_tags(ResourceArn=arn, TagKeys=["team"])) == {}
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == both[1:]


def test_the_default_version_is_a_setting(aws, sagemaker):
    for n, (setting, expected) in enumerate((("1", version("1")), ("2", version("2")), ("absent", None))):
        aws.control("notebook-settings", default_version=setting)
        create(sagemaker, f"nb-{n}")
        seen = sagemaker.describe_notebook_instance(NotebookInstanceName=f"nb-{n}")
        assert seen.get("InstanceMetadataServiceConfiguration") == expected


def test_what_the_bus_hears(aws, sagemaker):
    aws.notebook("Research-Churn", status="Stopped", minimum_version="1", tags={"team": "research"})
    aws.control("reset-events")
    name = {"NotebookInstanceName": "Research-Churn"}
    sagemaker.update_notebook_instance(**name, InstanceMetadataServiceConfiguration=version("2"))
    with refused("ValidationException"):
        sagemaker.start_notebook_instance(**name)
    state, updated, start = aws.events()
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/research-churn"
    assert (state["detail-type"], state["source"]) == ("SageMaker Notebook Instance State Change", "aws.sagemaker")
    assert (state["account"], state["region"], state["time"]) == (ACCOUNT, REGION, "2026-11-01T10:00:00Z")
    assert state["resources"] == [arn]
    day = 24 * 3600 * 1000
    assert state["detail"] == {
        "NotebookInstanceArn": arn,
        "NotebookInstanceName": "Research-Churn",
        "NotebookInstanceStatus": "Updating",
        "FailureReason": "",
        "InstanceType": "ml.t3.medium",
        "SubnetId": None,
        "SecurityGroups": [],
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/service-role/notebooks",
        "KmsKeyId": None,
        "NetworkInterfaceId": None,
        "NotebookInstanceLifecycleConfigName": "",
        "LastModifiedTime": int(START.timestamp() * 1000),
        "CreationTime": int(START.timestamp() * 1000) - day,
        "DirectInternetAccess": "Enabled",
        "Tags": {"team": "research"},
    }
    detail = updated["detail"]
    assert updated["detail-type"] == "AWS API Call via CloudTrail"
    assert (detail["eventSource"], detail["eventName"]) == ("sagemaker.amazonaws.com", "UpdateNotebookInstance")
    assert detail["requestParameters"] == {
        "notebookInstanceName": "Research-Churn",
        "instanceMetadataServiceConfiguration": {"minimumInstanceMetadataServiceVersion": "2"},
    }
    assert detail["responseElements"] is None
    assert "errorCode" not in detail
    assert start["detail"]["errorCode"] == "ValidationException"
    assert "Unable to transition to (Pending)" in start["detail"]["errorMessage"]


def test_throttling_is_sagemakers_own_exception(aws, sagemaker):
    aws.notebook("nb")
    aws.control("throttling", enforced=True)
    with refused("ThrottlingException", "Rate exceeded"):
        for _ in range(30):
            sagemaker.describe_notebook_instance(NotebookInstanceName="nb")
