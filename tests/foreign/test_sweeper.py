"""The released sweeper where we wrote neither side: ministack runs the real zip and keeps its queue; moto holds the
estate it sweeps.

The policy has an opinion on the hop limit, because moto does not know the filter that AWS has for `HttpTokens`. moto
does not know account defaults either: that what launches start from cannot be read is said, and keeps nothing else from
being swept.
"""

import json
import time

import pytest
import recorded

POLICY = "version: 1\nmode: enforce\ninstances: { hop_limit: { max: 2 }, usage_gate: { applies_to: none } }\n"
REGION = "us-east-1"
SWEEP_SECONDS = 120


@pytest.fixture(scope="module")
def queue(ministack, moto, client, function_zip) -> str:
    """The URL of the queue that the deployed sweeper takes its tasks from."""
    iam, lambda_, sqs = (client(it, ministack) for it in ("iam", "lambda", "sqs"))
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [service]})
    role = iam.create_role(RoleName="sweeper", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    url = sqs.create_queue(QueueName="v2only-sweeper", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    variables = {f"AWS_ENDPOINT_URL_{it}": moto for it in ("EC2", "AUTO_SCALING", "CLOUDWATCH", "SAGEMAKER")}
    variables |= {"AWS_ENDPOINT_URL_SQS": ministack, "V2ONLY_SWEEP_QUEUE": url}
    variables |= {"V2ONLY_POLICY": POLICY, "V2ONLY_LOOPBACK_ONLY": "1", recorded.NAME: "sweeper"}
    lambda_.create_function(
        FunctionName="v2only-sweeper",
        Runtime="provided.al2023",
        Role=role,
        Handler="bootstrap",
        Code={"ZipFile": function_zip("sweeper").read_bytes()},
        Timeout=30,
        Environment={"Variables": variables},
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName="v2only-sweeper", WaiterConfig={"Delay": 1})
    lambda_.create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName="v2only-sweeper",
        BatchSize=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    return url


def launch(ec2, tokens: str) -> str:
    launched = ec2.run_instances(
        ImageId="ami-12345678",
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        MetadataOptions={"HttpTokens": tokens, "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1},
    )
    return launched["Instances"][0]["InstanceId"]


def tokens(ec2, instance: str) -> str:
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return found[0]["Instances"][0]["MetadataOptions"]["HttpTokens"]


def test_a_task_in_the_queue_fixes_every_region(ministack, moto, client, queue):
    ec2 = {region: client("ec2", moto, region=region) for region in (REGION, "eu-west-1")}
    violating = {region: launch(it, "optional") for region, it in ec2.items()}
    fine = launch(ec2[REGION], "required")
    with recorded.SESSION.since() as made:
        client("sqs", ministack).send_message(QueueUrl=queue, MessageBody=json.dumps({"task": "sweep"}))
        end = time.monotonic() + SWEEP_SECONDS
        while any(tokens(ec2[region], it) != "required" for region, it in violating.items()):
            assert time.monotonic() < end, f"not swept within {SWEEP_SECONDS} s"
            time.sleep(0.2)
    # That each is granted to the sweeper is asked of every call when the session ends.
    assert {"sqs:SendMessage", "ec2:DescribeInstances", "ec2:ModifyInstanceMetadataOptions"} <= set(made)
    assert tokens(ec2[REGION], fine) == "required"
