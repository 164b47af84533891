"""What the embedded AWS does when it is told to: faults, throttles, events, the log of calls."""

from sandbox_aws import ACCOUNT, REGION, launch, refused

pytest_plugins = ["sandbox_fixtures"]


def test_a_retry_after_a_lost_answer_launches_once(aws):
    patient = aws.client("ec2", attempts=3)
    aws.control("inject", service="ec2", action="RunInstances", effect="drop-after", times=1)
    launched = launch(patient)
    calls = aws.control("calls")
    assert [(call["action"], call["error"]) for call in calls] == [
        ("RunInstances", "ConnectionDropped"),
        ("RunInstances", None),
    ]
    everything = patient.describe_instances()["Reservations"]
    assert [it["InstanceId"] for part in everything for it in part["Instances"]] == [launched["InstanceId"]]


def test_throttles_and_ordered_errors(aws, ec2):
    aws.control("throttling", enforced=True)
    for _ in range(2):
        ec2.modify_instance_metadata_defaults(HttpTokens="required")
    answer = refused("RequestLimitExceeded", ec2.modify_instance_metadata_defaults, HttpTokens="required")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    denial = {"status": 403, "code": "UnauthorizedOperation", "message": "You are not authorized."}
    aws.control("inject", service="ec2", action="DescribeInstances", effect="error-before", times=1, **denial)
    answer = refused("UnauthorizedOperation", ec2.describe_instances)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    ec2.describe_instances()


def test_events_tell_what_happened(aws, ec2):
    identifier = launch(ec2)["InstanceId"]
    order = {"account": ACCOUNT, "region": REGION, "actor": {"auto-scaling": "shop"}, "tokens": "optional"}
    scaled = aws.control("launch-as", **order)["instance_ids"]
    aws.advance(10)
    events = aws.control("events")
    launches = [it["detail"] for it in events if it["detail"].get("eventName") == "RunInstances"]
    ids = [[it["instanceId"] for it in one["responseElements"]["instancesSet"]["items"]] for one in launches]
    assert ids == [[identifier], scaled]
    assert launches[1]["userIdentity"]["invokedBy"] == "autoscaling.amazonaws.com"
    running = [it["detail"]["instance-id"] for it in events if it["detail"].get("state") == "running"]
    assert sorted(running) == sorted([identifier, *scaled])
