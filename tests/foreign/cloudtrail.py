"""Events as EventBridge delivers them for calls that CloudTrail recorded, reduced to what a reader may rely on.

Shapes: RunInstances answers with `instancesSet.items[].metadataOptions` in camel case; ModifyInstanceMetadataOptions
wraps request and answer once more, the request in Pascal case; SageMaker writes camel case throughout.
"""

import datetime
import uuid

DETAIL_TYPE = "AWS API Call via CloudTrail"
# News of a day ago is held back for what it would stop, so these are of now.
TIME = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def api_call(source: str, name: str, request, response, *, account: str, region: str) -> dict:
    """The `detail` of one recorded call; `source` is a short name such as `ec2`."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:alice",
            "arn": f"arn:aws:sts::{account}:assumed-role/Developer/alice",
            "accountId": account,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLE",
                    "arn": f"arn:aws:iam::{account}:role/Developer",
                    "accountId": account,
                    "userName": "Developer",
                },
                "attributes": {"creationDate": TIME, "mfaAuthenticated": "false"},
            },
        },
        "eventTime": TIME,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "aws-cli/2.x",
        "requestParameters": request,
        "responseElements": response,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def run_instances(launched: dict[str, dict], *, account: str, region: str = "us-east-1") -> dict:
    """`launched` maps an instance id to its metadata options as the API describes them (Pascal case)."""
    items = [
        {
            "instanceId": instance,
            "imageId": "ami-12345678",
            "instanceState": {"code": 0, "name": "pending"},
            "instanceType": "t3.micro",
            "operator": {"managed": False},
            "metadataOptions": {"state": "pending"}
            | {name[0].lower() + name[1:]: value for name, value in options.items() if name != "State"},
        }
        for instance, options in launched.items()
    ]
    request = {
        "instancesSet": {"items": [{"imageId": "ami-12345678", "minCount": len(items), "maxCount": len(items)}]},
        "instanceType": "t3.micro",
        "clientToken": str(uuid.uuid4()),
    }
    response = {
        "requestId": str(uuid.uuid4()),
        "reservationId": "r-0123456789abcdef1",
        "ownerId": account,
        "groupSet": {},
        "instancesSet": {"items": items},
    }
    return api_call("ec2", "RunInstances", request, response, account=account, region=region)


def modify_instance_metadata_options(instance: str, options: dict, *, account: str, region: str = "us-east-1") -> dict:
    """`options` as they were asked for, in Pascal case."""
    described = {name[0].lower() + name[1:]: value for name, value in options.items()}
    return api_call(
        "ec2",
        "ModifyInstanceMetadataOptions",
        {"ModifyInstanceMetadataOptionsRequest": {"InstanceId": instance, **options}},
        {
            "ModifyInstanceMetadataOptionsResponse": {
                "requestId": str(uuid.uuid4()),
                "instanceId": instance,
                "instanceMetadataOptions": {"state": "pending", **described},
            }
        },
        account=account,
        region=region,
    )


def envelope(detail: dict, *, source: str = "aws.ec2", detail_type: str = DETAIL_TYPE) -> dict:
    """The event around a recorded call, as a rule hands it to its target."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": detail["recipientAccountId"],
        "time": TIME,
        "region": detail["awsRegion"],
        "resources": [],
        "detail": detail,
    }


def notebook_state_change(name: str, status: str, *, account: str, region: str = "us-east-1") -> dict:
    """A whole event: SageMaker sends these itself, without CloudTrail."""
    arn = f"arn:aws:sagemaker:{region}:{account}:notebook-instance/{name}"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "SageMaker Notebook Instance State Change",
        "source": "aws.sagemaker",
        "account": account,
        "time": TIME,
        "region": region,
        "resources": [arn],
        "detail": {
            "NotebookInstanceArn": arn,
            "NotebookInstanceName": name,
            "NotebookInstanceStatus": status,
            "InstanceType": "ml.t3.medium",
        },
    }
