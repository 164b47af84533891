"""The plain boto3 counterpart of `v2only enforce --kind instance`: lists the instances that answer version 1 and has them
require tokens, one account and Region after the other.

    boto3_fix.py ROLE REGION[,REGION…] [ACCOUNT[,ACCOUNT…]]     without accounts: the credentials' own

No policy, no exemptions, no usage, no journal, no second look. So a comparison with it favours it.
"""

import sys

import boto3
from boto3_list import FILTERS


def sessions(role: str, accounts: list[str]):
    if not accounts:
        yield boto3
    for account in accounts:
        arn = f"arn:aws:iam::{account}:role/{role}"
        key = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="fix")["Credentials"]
        yield boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])


def main() -> None:
    role, regions, accounts = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(",") if sys.argv[3:] else []
    for session in sessions(role, accounts):
        for region in regions:
            ec2 = session.client("ec2", region_name=region)
            pages = ec2.get_paginator("describe_instances").paginate(Filters=FILTERS, PaginationConfig={"PageSize": 1000})
            for page in pages:
                for reservation in page["Reservations"]:
                    for instance in reservation["Instances"]:
                        ec2.modify_instance_metadata_options(
                            InstanceId=instance["InstanceId"], HttpTokens="required", HttpEndpoint="enabled"
                        )


if __name__ == "__main__":
    main()
