#!/usr/bin/env python3
"""Writes log files of CloudTrail with recorded launches, and measures `v2only readiness --from-trail` on them.

    tests/bench/trail.py write FOLDER [LAUNCHES]     50,000 launches unless another number is named
    tests/bench/trail.py measure FOLDER [PROGRAM]    the release binary unless another is named

`write` makes `.json.gz` files of 500 records as CloudTrail writes them, always the same records: for each launch one
other call, 40 principals, 12 paths, 60 launch templates. `measure` prints the CPU time and the largest resident memory of
one run, and checks the number of launches.

Targets for the release binary and 50,000 launches: 10 s of CPU time and 64 MiB.
"""

import gzip
import json
import os
import sys
import tempfile
from pathlib import Path

import measured

ROOT = Path(__file__).resolve().parent.parent.parent
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


def write(folder: Path, launches: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    records, file = [], 0
    for number in range(launches):
        records += [launch(number)] + [other(number * OTHERS_FOR_EACH + it) for it in range(OTHERS_FOR_EACH)]
        if len(records) >= RECORDS_IN_FILE or number == launches - 1:
            text = json.dumps({"Records": records}, separators=(",", ":")).encode()
            (folder / f"{file:05}.json.gz").write_bytes(gzip.compress(text, 5, mtime=0))
            records, file = [], file + 1
    (folder / "launches.txt").write_text(str(launches))
    print(f"{launches} launches among {launches * (1 + OTHERS_FOR_EACH)} records in {file} files")


def measure(folder: Path, program: Path) -> int:
    wanted = int((folder / "launches.txt").read_text())
    argv = [str(program), "readiness", "--from-trail", "--trail-files", str(folder), "--output", "json", "--fail-on", "never"]
    with tempfile.TemporaryFile() as output, open(os.devnull, "w") as nowhere:
        actions = [(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)]
        taken = measured.run(argv, dict(os.environ), actions)
        output.seek(0)
        document = json.load(output)
    read = document["read"]
    print(f"{read['records']} records, {read['launches']} launches, {len(document['groups'])} groups")
    print(f"{taken.cpu:.1f} s of CPU time (target {CPU_SECONDS:.0f}), {taken.rss:.0f} MiB (target {MEMORY:.0f})")
    good = taken.code == 0 and read["launches"] == wanted and read["unreadable"] == 0
    return 0 if good and taken.cpu <= CPU_SECONDS and taken.rss <= MEMORY else 1


def main(arguments: list[str]) -> int:
    match arguments:
        case ["write", folder]:
            write(Path(folder), LAUNCHES)
        case ["write", folder, launches]:
            write(Path(folder), int(launches))
        case ["measure", folder]:
            return measure(Path(folder), ROOT / "target/release/v2only")
        case ["measure", folder, program]:
            return measure(Path(folder), Path(program))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
