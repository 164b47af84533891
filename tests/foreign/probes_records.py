"""Questions about SQS, Security Hub, CloudTrail and AWS Config."""

import json

from probes import probe


@probe("sqs:SendMessage", "a batch, one entry twice")
def twice(server):
    sqs, url = server.queue("twice")
    entries = [{"Id": "a", "MessageBody": "1"}, {"Id": "a", "MessageBody": "2"}]
    return bool(sqs.send_message_batch(QueueUrl=url, Entries=entries))


@probe("sqs:SendMessage", "a batch")
def batch(server):
    sqs, url = server.queue("batch")
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(it), "MessageBody": "{}"} for it in range(3)])
    return sorted(it["Id"] for it in sent["Successful"]), sent.get("Failed", [])


@probe("sqs:ChangeMessageVisibility", "a batch")
def visibility(server):
    sqs, url = server.queue("visibility")
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    entries = [{"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 0}]
    changed = sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
    again = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"])["Messages"][0]
    return [it["Id"] for it in changed["Successful"]], again["Attributes"]["ApproximateReceiveCount"]


@probe("sqs:GetQueueUrl", "an unknown queue")
def no_queue(server):
    return bool(server.client("sqs").get_queue_url(QueueName="nothing"))


@probe("sqs:GetQueueAttributes", "the visibility timeout")
def attributes(server):
    sqs, url = server.queue("attributes")
    names = ["VisibilityTimeout", "QueueArn"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return found["VisibilityTimeout"], found["QueueArn"].rsplit(":", 1)[-1]


@probe("securityhub:BatchImportFindings", "one finding")
def findings(server):
    return hub(server, "imported")


@probe("securityhub:GetFindings", "by id")
def get_findings(server):
    hub(server, "found")
    only = {"Id": [{"Value": "found", "Comparison": "EQUALS"}]}
    return [it["Title"] for it in server.client("securityhub").get_findings(Filters=only)["Findings"]]


@probe("securityhub:BatchUpdateFindings", "an unknown finding")
def update_findings(server):
    unknown = [{"Id": "nothing", "ProductArn": "arn:aws:securityhub:eu-central-1:111122223333:product/111122223333/default"}]
    told = server.client("securityhub").batch_update_findings(FindingIdentifiers=unknown, Workflow={"Status": "RESOLVED"})
    return len(told["ProcessedFindings"]), [it["ErrorCode"] for it in told["UnprocessedFindings"]]


def hub(server, identifier: str) -> tuple:
    account = server.client("sts").get_caller_identity()["Account"]
    finding = {
        "SchemaVersion": "2018-10-08", "Id": identifier, "GeneratorId": "probe", "AwsAccountId": account,
        "ProductArn": f"arn:aws:securityhub:eu-central-1:{account}:product/{account}/default",
        "Types": ["Software and Configuration Checks"], "CreatedAt": "2026-11-01T00:00:00Z",
        "UpdatedAt": "2026-11-01T00:00:00Z", "Severity": {"Label": "HIGH"}, "Title": identifier, "Description": "-",
        "Resources": [{"Type": "Other", "Id": "probe"}],
    }  # fmt: skip
    told = server.client("securityhub").batch_import_findings(Findings=[finding])
    return told["SuccessCount"], told["FailedCount"]


@probe("cloudtrail:LookupEvents", "the launch that was just made")
def lookup(server):
    server.launch()
    only = [{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}]
    server.advance(1800)
    found = server.client("cloudtrail").lookup_events(LookupAttributes=only)["Events"]
    return {json.loads(it["CloudTrailEvent"])["eventSource"] for it in found}


@probe("config:SelectAggregateResourceConfig", "an unknown aggregator")
def aggregated(server):
    select = server.client("config").select_aggregate_resource_config
    return bool(select(Expression="SELECT resourceId", ConfigurationAggregatorName="nothing"))
