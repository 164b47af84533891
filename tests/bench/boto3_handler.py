"""The plain boto3 counterpart of the functions: what a short script in place of them would be.

Makes its clients at init, as Lambda's guidance says, then serves the Runtime API with the standard library, which
is lighter than the runtime client that AWS ships. It keeps no policy, exemptions, reports or retries of its own, so
a comparison with it favours it.

usage: boto3_handler.py ec2-enforcer|notebook-enforcer
"""

import json
import os
import sys
import urllib.request

import boto3


def instances(ec2, event: dict) -> list[str]:
    named = [it["instanceId"] for it in event["detail"]["responseElements"]["instancesSet"]["items"]]
    fixed = []
    # A filter takes 200 values.
    for begin in range(0, len(named), 200):
        described = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": named[begin : begin + 200]}])
        for reservation in described["Reservations"]:
            for instance in reservation["Instances"]:
                options = instance["MetadataOptions"]
                if options["HttpTokens"] != "required" and options["HttpEndpoint"] == "enabled":
                    ec2.modify_instance_metadata_options(
                        InstanceId=instance["InstanceId"], HttpTokens="required", HttpEndpoint="enabled"
                    )
                    fixed.append(instance["InstanceId"])
    return fixed


def notebook(sagemaker, event: dict) -> list[str]:
    name = event["detail"]["NotebookInstanceArn"].rsplit("/", 1)[1]
    described = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    version = described.get("InstanceMetadataServiceConfiguration", {}).get("MinimumInstanceMetadataServiceVersion")
    if described["NotebookInstanceStatus"] not in ("Stopped", "Failed") or version == "2":
        return []
    sagemaker.update_notebook_instance(
        NotebookInstanceName=name,
        InstanceMetadataServiceConfiguration={"MinimumInstanceMetadataServiceVersion": "2"},
    )
    return [name]


HANDLERS = {"ec2-enforcer": ("ec2", instances), "notebook-enforcer": ("sagemaker", notebook)}


def serve(handle, client) -> None:
    base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
    while True:
        with urllib.request.urlopen(f"{base}/next") as invocation:
            request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.load(invocation)
        answer = json.dumps({"fixed": handle(client, event)}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{base}/{request_id}/response", answer, method="POST")).close()


def main() -> None:
    service, handle = HANDLERS[sys.argv[1]]
    client = boto3.client(service)
    # The functions hold a Parameter Store client as well, for their policy document.
    boto3.client("ssm")
    serve(handle, client)


if __name__ == "__main__":
    main()
