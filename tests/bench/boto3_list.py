"""The plain boto3 counterpart of `v2only scan --kind instance`: lists the instances that answer version 1, and prints
them.

Asks AWS for the same pages with the same filters, and judges nothing: no policy, no exemptions, no usage, no causes. So
a comparison with it favours it.
"""

import json
import sys

import boto3

FILTERS = [
    {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    {"Name": "metadata-options.http-tokens", "Values": ["optional"]},
    {"Name": "metadata-options.http-endpoint", "Values": ["enabled"]},
]


def main() -> None:
    ec2 = boto3.client("ec2")
    pages = ec2.get_paginator("describe_instances").paginate(Filters=FILTERS, PaginationConfig={"PageSize": 1000})
    found = [
        {"id": instance["InstanceId"], **instance["MetadataOptions"]}
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
