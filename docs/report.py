#!/usr/bin/env python3
"""Writes docs/src/sample-report.html: what `v2only scan --output html` writes about an organization in the embedded AWS.

    docs/report.py [FOLDER]    FOLDER holds v2only and v2only-sandbox [default: the debug folder of the target folder]

Standard library only. Reaches the loopback interface and nothing else.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

DOCS = Path(__file__).resolve().parent
SAMPLE = DOCS / "src" / "sample-report.html"
HOME, SHOP, LAB = "111122223333", "444455556666", "777788889999"
NAMES = {HOME: "platform", SHOP: "shop", LAB: "research-lab"}
REGIONS = ("eu-central-1", "us-east-1")
ROLE = "v2only-scanner"
IMAGE = "ami-0a1b2c3d4e5f60002"
TODAY = datetime.now(UTC).date()
POLICY = f"""\
version: 1
mode: enforce
account_defaults: {{ http_tokens: required }}
exemptions:
  - match: {{ tag: {{ key: app, value: billing }} }}
    reason: the vendor's agent uses IMDSv1
    owner: billing@example.com
    until: {TODAY + timedelta(days=9)}
"""


def send(request: urllib.request.Request) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return answer.read().decode()


def control(endpoint: str, path: str, **order: object) -> None:
    send(urllib.request.Request(f"{endpoint}/_sandbox/{path}", json.dumps(order).encode()))


def query(endpoint: str, place: tuple[str, str], service: str, version: str, action: str, **parameters: str) -> str:
    """Calls the embedded AWS, which reads the account from the credential and checks no signature."""
    account, region = place
    body = urllib.parse.urlencode({"Action": action, "Version": version, **parameters}).encode()
    scope = f"{account}/20260101/{region}/{service}/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    return send(urllib.request.Request(endpoint, body, {"Authorization": signed, "X-Amz-Date": "20260101T000000Z"}))


def ec2(endpoint: str, account: str, region: str, action: str, **parameters: str) -> str:
    return query(endpoint, (account, region), "ec2", "2016-11-15", action, **parameters)


def profile(endpoint: str, account: str, name: str, policy: str) -> dict[str, str]:
    """An instance profile whose role has a managed policy of AWS."""
    principal = {"Service": "ec2.amazonaws.com"}
    trust = json.dumps({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}})
    arn = f"arn:aws:iam::aws:policy/{policy}"
    for action, parameters in [
        ("CreateRole", {"RoleName": name, "AssumeRolePolicyDocument": trust}),
        ("AttachRolePolicy", {"RoleName": name, "PolicyArn": arn}),
        ("CreateInstanceProfile", {"InstanceProfileName": name}),
        ("AddRoleToInstanceProfile", {"InstanceProfileName": name, "RoleName": name}),
    ]:
        query(endpoint, (account, "us-east-1"), "iam", "2010-05-08", action, **parameters)
    return {"IamInstanceProfile.Name": name}


def launch(endpoint: str, account: str, region: str, name: str, number: int, **parameters: str) -> None:
    tags = {"Name": name, "app": name.split("-")[0]}
    specification = {"TagSpecification.1.ResourceType": "instance"}
    for index, (key, value) in enumerate(tags.items(), 1):
        specification[f"TagSpecification.1.Tag.{index}.Key"] = key
        specification[f"TagSpecification.1.Tag.{index}.Value"] = value
    count = {"MinCount": str(number), "MaxCount": str(number), "InstanceType": "t3.micro", "ImageId": IMAGE}
    ec2(endpoint, account, region, "RunInstances", **count, **specification, **parameters)


def template(endpoint: str, account: str, region: str, name: str) -> dict[str, str]:
    data = {"LaunchTemplateData.ImageId": IMAGE, "LaunchTemplateData.MetadataOptions.HttpTokens": "optional"}
    made = ec2(endpoint, account, region, "CreateLaunchTemplate", LaunchTemplateName=name, **data)
    identifier = made.split("<launchTemplateId>")[1].split("<")[0]
    return {"LaunchTemplate.LaunchTemplateId": identifier}


def fill(endpoint: str) -> None:
    accounts = [{"id": identifier, "name": name} for identifier, name in NAMES.items() if identifier != HOME]
    control(endpoint, "organization", management=HOME, accounts=accounts)
    for account in NAMES:
        control(endpoint, "roles", account=account, name=ROLE)
    open_to_v1 = {"MetadataOptions.HttpTokens": "optional"}
    closed = {"MetadataOptions.HttpTokens": "required"}
    administrator = profile(endpoint, HOME, "operations", "AdministratorAccess")
    reader = profile(endpoint, SHOP, "billing", "AmazonS3ReadOnlyAccess")
    for account, region, name, number, options in [
        (HOME, REGIONS[0], "bastion", 1, open_to_v1 | administrator),
        (HOME, REGIONS[0], "ci-runner", 3, closed),
        (SHOP, REGIONS[0], "web-frontend", 6, template(endpoint, SHOP, REGIONS[0], "web")),
        (SHOP, REGIONS[0], "billing-agent", 2, open_to_v1 | reader),
        (SHOP, REGIONS[1], "search", 4, closed),
        (LAB, REGIONS[0], "notebook-gateway", 1, open_to_v1),
        (LAB, REGIONS[1], "batch-worker", 5, template(endpoint, LAB, REGIONS[1], "batch")),
    ]:
        launch(endpoint, account, region, name, number, **options)
    # AWS applies the options of a new instance after a moment.
    control(endpoint, "advance", seconds=60)


def report(binaries: Path) -> str:
    server = subprocess.Popen(
        [binaries / "v2only-sandbox", "--manual-clock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        endpoint = json.loads(server.stdout.readline())["endpoint"]
        fill(endpoint)
        environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": HOME,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "V2ONLY_LOOPBACK_ONLY": "1",
            "PATH": os.environ["PATH"],
            "TMPDIR": tempfile.gettempdir(),
        }
        regions = [word for region in REGIONS for word in ("--region", region)]
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "policy.yaml").write_text(POLICY)
            argv = [binaries / "v2only", "scan", "--org", "--role-name", ROLE, *regions, "--output", "html"]
            run = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if run.returncode != 10:
            sys.exit(f"scan ended with {run.returncode}:\n{run.stderr}")
        return run.stdout
    finally:
        server.stdin.close()
        server.wait(30)


def main() -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", DOCS.parent / "target"))
    binaries = Path(sys.argv[1] if len(sys.argv) > 1 else target / "debug").absolute()
    SAMPLE.write_text(report(binaries))


if __name__ == "__main__":
    main()
