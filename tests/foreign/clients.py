"""Clients of boto3 that try once and never look for credentials."""

import boto3
import botocore.config


def client(url: str, service: str, account: str = "test", region: str = "us-east-1"):
    """`account` is whom the caller claims to be, which the servers of these tests believe."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60),
    )
