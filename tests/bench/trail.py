#!/usr/bin/env python3
"""What `v2only readiness --from-trail` takes for a large trail.

    tests/bench/trail.py [--program FILE] [--json FILE]    the release binary unless another is named

Writes `.json.gz` files of 500 records as CloudTrail writes them, always the same records: 50,000 launches, for each one other call,
40 principals, 12 paths, 60 launch templates. Measures one run, and checks the number of launches.
"""

import gzip
import json
import os
import sys
import tempfile
from pathlib import Path

import measured

CPU_SECONDS, MEMORY = 10.0, 64.0
LAUNCHES = 50_000
OTHERS_FOR_EACH = 1
RECORDS_IN_FILE = 500
ACCOUNT, REGION = "111122223333", "eu-central-1"
AUTO_SCALING = "autoscaling.amazonaws.com"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.9.0 (+https://www.terraform.io) terraform-provider-aws/6.1.0"
# The user agent, the service, and the tags of the instances.
PATHS = [
    ("AWS Internal", None, {}),
    ("aws-cli/2.31.0 md/Botocore#1.40.0", None, {}),
    ("Boto3/1.40.0 md/Botocore#1.40.0", None, {}),
    (TERRAFORM, None, {}),
    ("APN/1.0 HashiCorp/1.0 Packer/1.11.0", None, {}),
    ("", AUTO_SCALING, {"aws:autoscaling:groupName": "web"}),
    ("", AUTO_SCALING, {"aws:autoscaling:groupName": "eks", "eks:nodegroup-name": "nodes"}),
    ("", AUTO_SCALING, {"AWSBatchServiceTag": "batch"}),
    ("", AUTO_SCALING, {"elasticbeanstalk:environment-name": "shop"}),
    ("", "elasticmapreduce.amazonaws.com", {"aws:elasticmapreduce:job-flow-id": "j-1"}),
    ("", "imagebuilder.amazonaws.com", {"CreatedBy": "EC2 Image Builder"}),
    ("", "ec2fleet.amazonaws.com", {"aws:ec2:fleet-id": "fleet-1"}),
]


def call(number: int, principal: int, service: str | None, user_agent: str) -> dict:
    """What the records of all calls have."""
    role = f"role-{principal}"
    minute = number % 1440
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLE{principal:09}:session",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session",
            "accountId": ACCOUNT,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": f"AROAEXAMPLE{principal:09}",
                    "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                    "accountId": ACCOUNT,
                    "userName": role,
                },
                "attributes": {"creationDate": "2026-11-01T00:00:00Z", "mfaAuthenticated": "false"},
            },
        }
        | ({"invokedBy": service} if service else {}),
        "eventTime": f"2026-11-{number // 1440 % 28 + 1:02}T{minute // 60:02}:{minute % 60:02}:00Z",
        "awsRegion": REGION,
        "sourceIPAddress": service or "203.0.113.10",
        "userAgent": service or user_agent,
        "requestID": f"{number:08x}-0000-4000-8000-000000000000",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


def launch(number: int) -> dict:
    user_agent, service, tags = PATHS[number % len(PATHS)]
    template, version = f"lt-{number % 60:017x}", str(number % 3 + 1)
    tokens = "optional" if number % 5 == 0 else "required"
    instance, image = f"i-{number:017x}", f"ami-{number % 90:017x}"
    tags = tags | {"aws:ec2launchtemplate:id": template, "aws:ec2launchtemplate:version": version}
    interface = {
        "networkInterfaceId": f"eni-{number:017x}",
        "subnetId": "subnet-00000000000000001",
        "vpcId": "vpc-00000000000000001",
        "ownerId": ACCOUNT,
        "status": "in-use",
        "macAddress": "02:00:00:00:00:01",
        "privateIpAddress": "10.0.0.1",
        "groupSet": {"items": [{"groupId": "sg-00000000000000001", "groupName": "default"}]},
        "attachment": {"attachmentId": f"eni-attach-{number:017x}", "deviceIndex": 0, "status": "attaching"},
        "privateIpAddressesSet": {"item": [{"privateIpAddress": "10.0.0.1", "primary": True}]},
    }
    answered = {
        "instanceId": instance,
        "imageId": image,
        "instanceState": {"code": 0, "name": "pending"},
        "amiLaunchIndex": 0,
        "productCodes": {},
        "instanceType": "m7g.large",
        "placement": {"availabilityZone": f"{REGION}a", "tenancy": "default"},
        "monitoring": {"state": "disabled"},
        "tagSet": {"items": [{"key": key, "value": value} for key, value in tags.items()]},
        "networkInterfaceSet": {"items": [interface]},
        "cpuOptions": {"coreCount": 1, "threadsPerCore": 2},
        "metadataOptions": {
            "state": "pending",
            "httpTokens": tokens,
            "httpPutResponseHopLimit": 2,
            "httpEndpoint": "enabled",
            "httpProtocolIpv4": "enabled",
            "httpProtocolIpv6": "disabled",
            "instanceMetadataTags": "disabled",
        },
    }
    return call(number, number % 40, service, user_agent) | {
        "eventSource": "ec2.amazonaws.com",
        "eventName": "RunInstances",
        "eventID": f"{number:08x}-0000-4000-8000-000000000001",
        "requestParameters": {
            "instancesSet": {"items": [{"imageId": image, "minCount": 1, "maxCount": 1}]},
            "instanceType": "m7g.large",
            "launchTemplate": {"launchTemplateId": template, "version": version},
            "clientToken": f"token-{number}",
        },
        "responseElements": {
            "requestId": f"{number:08x}-0000-4000-8000-000000000000",
            "reservationId": f"r-{number:017x}",
            "ownerId": ACCOUNT,
            "groupSet": {},
            "instancesSet": {"items": [answered]},
        },
    }


def other(number: int) -> dict:
    """A call by software on an instance; every twentieth used credentials that were delivered to an IMDSv1 call."""
    record = call(number, number % 40, None, "Boto3/1.40.0 md/Botocore#1.40.0")
    if number % 2 == 0:
        instance = f"i-{number % 200:017x}"
        record["userIdentity"]["arn"] = f"arn:aws:sts::{ACCOUNT}:assumed-role/role-{number % 40}/{instance}"
        record["userIdentity"]["sessionContext"]["ec2RoleDelivery"] = "1.0" if number % 20 == 0 else "2.0"
    return record | {
        "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets",
        "eventID": f"{number:08x}-0000-4000-8000-000000000002",
        "requestParameters": {"Host": f"s3.{REGION}.amazonaws.com"},
        "responseElements": None,
    }


def write(folder: Path) -> None:
    records, file = [], 0
    for number in range(LAUNCHES):
        records += [launch(number)] + [other(number * OTHERS_FOR_EACH + it) for it in range(OTHERS_FOR_EACH)]
        if len(records) >= RECORDS_IN_FILE or number == LAUNCHES - 1:
            text = json.dumps({"Records": records}, separators=(",", ":")).encode()
            (folder / f"{file:05}.json.gz").write_bytes(gzip.compress(text, 5, mtime=0))
            records, file = [], file + 1


def measure(folder: Path, program: Path) -> list[measured.Figure]:
    write(folder)
    argv = [str(program), "readiness", "--from-trail", "--trail-files", str(folder), "--output", "json", "--fail-on", "never"]
    with tempfile.TemporaryFile() as output, open(os.devnull, "w") as nowhere:
        actions = [(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)]
        taken = measured.run(argv, dict(os.environ), actions)
        output.seek(0)
        read = json.load(output)["read"]
    if (taken.code, read["launches"], read["unreadable"]) != (0, LAUNCHES, 0):
        raise RuntimeError(f"readiness ended with {taken.code} and read {read}")
    case = f"`readiness --from-trail` of {LAUNCHES:,} launches among {read['records']:,} records"
    return [measured.Figure(case, "cpu", taken.cpu, CPU_SECONDS), measured.Figure(case, "rss", taken.rss, MEMORY)]


if __name__ == "__main__":
    sys.exit(measured.benchmark(__doc__, measure))
