"""The released function where we wrote neither side: ministack runs the real zip as a `provided.al2023` function
and delivers events to it; moto holds the instances it repairs.

Not asserted here, because moto does not do it as AWS does: that a change keeps the hop limit and the other options
that it does not name.
"""

import json
import time
import uuid

import cloudtrail
import pytest
import recorded

# The account of ministack; events and the function live there. moto answers in its own account.
ACCOUNT = "000000000000"
ENFORCE = "version: 1\nmode: enforce\ninstances: { http_tokens: required }\n"
OBSERVE = ENFORCE.replace("enforce", "observe")
# EventBridge takes nothing from a customer that calls itself `aws.*`, and neither does ministack.
REPLAY_SOURCE = "v2only.replay"
DELIVERY_SECONDS = 60


@pytest.fixture
def ec2(moto, client):
    return client("ec2", moto)


@pytest.fixture(scope="module")
def function(ministack, moto, client, function_zip):
    """Creates a function from the released zip, in the mode of the policy document it is given; gives its name."""
    iam, lambda_ = client("iam", ministack), client("lambda", ministack)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = iam.create_role(RoleName="ec2-enforcer", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    made = {}

    def make(policy: str) -> str:
        if policy not in made:
            name = f"ec2-enforcer-{uuid.uuid4().hex[:8]}"
            lambda_.create_function(
                FunctionName=name,
                Runtime="provided.al2023",
                Role=role,
                Handler="bootstrap",
                Code={"ZipFile": function_zip("ec2-enforcer").read_bytes()},
                Timeout=30,
                Environment={
                    "Variables": {
                        "AWS_ENDPOINT_URL_EC2": moto,
                        "V2ONLY_POLICY": policy,
                        "V2ONLY_LOOPBACK_ONLY": "1",
                        recorded.NAME: "ec2-enforcer",
                    }
                },
            )
            lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
            made[policy] = name
        return made[policy]

    return make


@pytest.fixture
def invoke(ministack, client):
    """Runs the function with an event and waits for its answer: (error or None, payload)."""
    lambda_ = client("lambda", ministack)

    def call(name: str, event: dict):
        answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(event))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read() or b"null")

    return call


def launch(ec2, count: int = 1, **options) -> dict[str, dict]:
    """Launches instances with these metadata options; maps their ids to the options as described."""
    instances = ec2.run_instances(
        ImageId="ami-12345678", InstanceType="t3.micro", MinCount=count, MaxCount=count, MetadataOptions=options
    )["Instances"]
    return {instance["InstanceId"]: instance["MetadataOptions"] for instance in instances}


def options_of(ec2, instance: str) -> dict:
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return found[0]["Instances"][0]["MetadataOptions"]


def until(true, what: str) -> None:
    end = time.monotonic() + DELIVERY_SECONDS
    while not true():
        assert time.monotonic() < end, f"{what} did not happen within {DELIVERY_SECONDS} s"
        time.sleep(0.05)


def test_an_event_through_eventbridge_repairs_every_instance_it_names(ministack, client, ec2, function):
    name = function(ENFORCE)
    events, lambda_ = client("events", ministack), client("lambda", ministack)
    arn = lambda_.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [REPLAY_SOURCE]}))["RuleArn"]
    lambda_.add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    # Gives the function the envelope that the same event has when AWS itself sends it.
    kept = ("id", "account", "time", "region", "detail")
    template = ", ".join(f'"{field}": <{field}>' for field in kept)
    transformer = {
        "InputPathsMap": {field: f"$.{field}" for field in kept},
        "InputTemplate": f'{{"version": "0", "source": "aws.ec2", "detail-type": "{cloudtrail.DETAIL_TYPE}", '
        f'"resources": [], {template}}}',
    }
    put = events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "InputTransformer": transformer}])
    assert put["FailedEntryCount"] == 0, put

    launched = launch(ec2, count=3, HttpTokens="optional", HttpEndpoint="enabled")
    with recorded.SESSION.since() as made:
        detail = cloudtrail.run_instances(launched, account=ACCOUNT)
        entry = {"Source": REPLAY_SOURCE, "DetailType": cloudtrail.DETAIL_TYPE, "Detail": json.dumps(detail)}
        sent = events.put_events(Entries=[entry])
        assert sent["FailedEntryCount"] == 0, sent
        until(
            lambda: all(options_of(ec2, instance)["HttpTokens"] == "required" for instance in launched),
            "the repair of all three instances",
        )
    assert all(options_of(ec2, instance)["HttpEndpoint"] == "enabled" for instance in launched)
    assert made == ["ec2:DescribeInstances"] + ["ec2:ModifyInstanceMetadataOptions"] * 3


def test_a_batch_from_a_queue_is_repaired_and_leaves_the_queue(ministack, client, ec2, function):
    sqs, lambda_ = client("sqs", ministack), client("lambda", ministack)
    queue = sqs.create_queue(QueueName=f"events-{uuid.uuid4().hex[:8]}", Attributes={"VisibilityTimeout": "60"})[
        "QueueUrl"
    ]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    launches = [launch(ec2, HttpTokens="optional", HttpEndpoint="enabled") for _ in range(3)]
    entries = [
        {
            "Id": str(number),
            "MessageBody": json.dumps(cloudtrail.envelope(cloudtrail.run_instances(it, account=ACCOUNT))),
        }
        for number, it in enumerate(launches)
    ]
    assert not sqs.send_message_batch(QueueUrl=queue, Entries=entries).get("Failed")
    mapping = lambda_.create_event_source_mapping(
        FunctionName=function(ENFORCE),
        EventSourceArn=arn,
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )["UUID"]
    try:
        until(
            lambda: all(options_of(ec2, id)["HttpTokens"] == "required" for it in launches for id in it),
            "the repair of the instances of all three messages",
        )

        def left() -> int:
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            return sum(
                int(it) for it in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values()
            )

        until(lambda: left() == 0, "the removal of the answered messages")
    finally:
        lambda_.delete_event_source_mapping(UUID=mapping)


def test_eventbridge_refuses_an_event_that_claims_to_be_from_aws(ministack, client):
    """Why the test above needs a source of its own; when this changes, that detour can go."""
    entry = {"Source": "aws.ec2", "DetailType": cloudtrail.DETAIL_TYPE, "Detail": "{}"}
    assert client("events", ministack).put_events(Entries=[entry])["FailedEntryCount"] == 1


def test_a_compliant_launch_costs_no_call(ec2, function, invoke):
    launched = launch(ec2, HttpTokens="required", HttpEndpoint="enabled")
    with recorded.SESSION.since() as made:
        error, answer = invoke(
            function(ENFORCE), cloudtrail.envelope(cloudtrail.run_instances(launched, account=ACCOUNT))
        )
    assert error is None, answer
    assert made == []


def test_a_second_delivery_changes_nothing(ec2, function, invoke):
    launched = launch(ec2, HttpTokens="optional", HttpEndpoint="enabled")
    event = cloudtrail.envelope(cloudtrail.run_instances(launched, account=ACCOUNT))
    assert invoke(function(ENFORCE), event)[0] is None
    with recorded.SESSION.since() as made:
        error, answer = invoke(function(ENFORCE), event)
    assert error is None, answer
    assert made == ["ec2:DescribeInstances"]


def test_turning_v1_back_on_is_repaired(ec2, function, invoke):
    [instance] = launch(ec2, HttpTokens="required", HttpEndpoint="enabled")
    asked = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
    ec2.modify_instance_metadata_options(InstanceId=instance, **asked)
    assert options_of(ec2, instance)["HttpTokens"] == "optional"
    event = cloudtrail.envelope(cloudtrail.modify_instance_metadata_options(instance, asked, account=ACCOUNT))
    error, answer = invoke(function(ENFORCE), event)
    assert error is None, answer
    assert options_of(ec2, instance)["HttpTokens"] == "required"


def test_observe_mode_reads_and_changes_nothing(ec2, function, invoke):
    launched = launch(ec2, HttpTokens="optional", HttpEndpoint="enabled")
    [instance] = launched
    with recorded.SESSION.since() as made:
        error, answer = invoke(
            function(OBSERVE), cloudtrail.envelope(cloudtrail.run_instances(launched, account=ACCOUNT))
        )
    assert error is None, answer
    assert options_of(ec2, instance)["HttpTokens"] == "optional"
    assert made == ["ec2:DescribeInstances"]


def test_a_switched_off_endpoint_stays_off(ec2, function, invoke):
    [instance] = launch(ec2, HttpTokens="optional", HttpEndpoint="disabled")
    asked = {"HttpTokens": "optional", "HttpEndpoint": "disabled"}
    event = cloudtrail.envelope(cloudtrail.modify_instance_metadata_options(instance, asked, account=ACCOUNT))
    with recorded.SESSION.since() as made:
        error, answer = invoke(function(ENFORCE), event)
    assert error is None, answer
    assert options_of(ec2, instance)["HttpEndpoint"] == "disabled"
    assert "ec2:ModifyInstanceMetadataOptions" not in made


def test_an_event_of_another_kind_is_ignored(function, invoke):
    detail = cloudtrail.api_call("ec2", "DescribeVolumes", None, None, account=ACCOUNT, region="us-east-1")
    with recorded.SESSION.since() as made:
        error, answer = invoke(function(ENFORCE), cloudtrail.envelope(detail))
    assert error is None, answer
    assert made == []


def test_a_malformed_event_is_an_error_that_names_the_field(function, invoke):
    event = cloudtrail.envelope(cloudtrail.run_instances({}, account=ACCOUNT))
    event["account"] = 7
    with recorded.SESSION.since() as made:
        error, answer = invoke(function(ENFORCE), event)
    assert error is not None, answer
    assert answer["errorType"] == "Malformed"
    assert "account" in answer["errorMessage"]
    assert made == []
