"""What is deployed works: an event on the bus ends in a repaired instance, through the deployed rule's queue, mapping,
function and parameter. The zip is the released one, and neither side is ours: ministack delivers, moto holds the
instance.

EventBridge takes no event of a customer that calls itself `aws.*`, and neither does ministack. So the test puts a rule
of its own beside the deployed ones, for a source of its own, which gives the queue the event as AWS would send it.
"""

import json
import time

import cloudtrail
import recorded
from test_deployments import REGION, Stack, packaged

ACCOUNT = "111122240001"
SOURCE = "v2only.replay"
REPAIR_SECONDS = 30


def test_an_event_on_the_bus_ends_in_a_repaired_instance(ministack, moto, client, function_zip, tmp_path):
    client("s3", ministack, account=ACCOUNT).create_bucket(Bucket=f"code-{ACCOUNT}")
    body = packaged("single-account", tmp_path, function_zip, ministack, ACCOUNT)
    stack = Stack(
        client,
        ministack,
        ACCOUNT,
        "v2only",
        body,
        PolicyDocument="{ version: 1, mode: enforce, instances: { http_tokens: required } }",
        DelaySeconds="0",
    )
    try:
        lambda_ = client("lambda", ministack, account=ACCOUNT)
        name = "v2only-ec2-enforcer"
        there = lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        # Where AWS is; everything else is as deployed.
        here = {"AWS_ENDPOINT_URL_SSM": ministack, "AWS_ENDPOINT_URL_EC2": moto, "V2ONLY_LOOPBACK_ONLY": "1"}
        here[recorded.NAME] = "ec2-enforcer"
        credentials = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
        lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": there | here | credentials})
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

        # ministack's CloudFormation hands on the number of a parameter as text, over which its poller stumbles.
        for mapping in lambda_.list_event_source_mappings()["EventSourceMappings"]:
            concurrency = {"MaximumConcurrency": int(mapping["ScalingConfig"]["MaximumConcurrency"])}
            lambda_.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=concurrency)

        ec2 = client("ec2", moto, account=ACCOUNT)
        v1 = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
        [instance] = ec2.run_instances(
            ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1, MetadataOptions=v1
        )["Instances"]
        launched = {instance["InstanceId"]: instance["MetadataOptions"]}
        event = cloudtrail.envelope(cloudtrail.run_instances(launched, account=ACCOUNT, region=REGION))

        events = client("events", ministack, account=ACCOUNT)
        deployed = json.loads(events.describe_rule(Name=name)["EventPattern"])
        answer = events.test_event_pattern(EventPattern=json.dumps(deployed), Event=json.dumps(event))
        assert answer["Result"], "the deployed rule would not deliver this event"
        [target] = events.list_targets_by_rule(Rule=name)["Targets"]
        events.put_rule(Name="replay", EventPattern=json.dumps({"source": [SOURCE]}))
        kept = ("id", "account", "time", "region", "detail")
        fields = ", ".join(f'"{field}": <{field}>' for field in kept)
        whole = f'"source": "aws.ec2", "detail-type": "{cloudtrail.DETAIL_TYPE}", "resources": [], {fields}'
        as_aws = {
            "InputPathsMap": {field: f"$.{field}" for field in kept},
            "InputTemplate": f'{{"version": "0", {whole}}}',
        }
        put = events.put_targets(
            Rule="replay", Targets=[{"Id": "queue", "Arn": target["Arn"], "InputTransformer": as_aws}]
        )
        assert put["FailedEntryCount"] == 0, put
        entry = {"Source": SOURCE, "DetailType": cloudtrail.DETAIL_TYPE, "Detail": json.dumps(event["detail"])}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

        def options() -> dict:
            found = ec2.describe_instances(InstanceIds=list(launched))["Reservations"][0]["Instances"][0]
            return found["MetadataOptions"]

        end = time.monotonic() + REPAIR_SECONDS
        while options()["HttpTokens"] != "required":
            assert time.monotonic() < end, f"the instance was not repaired within {REPAIR_SECONDS} s"
            time.sleep(0.05)
        assert options()["HttpEndpoint"] == "enabled"
        events.remove_targets(Rule="replay", Ids=["queue"])
        events.delete_rule(Name="replay")
    finally:
        stack.delete()
