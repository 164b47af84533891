"""boto3 and the AWS command line as clients of the embedded AWS: counts of version-1 calls, in each protocol that
CloudWatch speaks and clients still use.
"""

import json
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import botocore.config
import pytest
import servers
from botocore.exceptions import ClientError
from botocore.loaders import Loader

ACCOUNT = "111122223333"
REGION = "eu-central-1"
INSTANCE = "i-0a1b2c3d4e5f60001"
START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = 24 * 60 * 60


def client(url, protocol):
    """A client that speaks this protocol: botocore takes the first of its model that it knows."""
    session = botocore.session.get_session()
    loader = Loader(extra_search_paths=session.get_component("data_loader").search_paths)
    load = loader.load_service_model

    def only(service, *arguments, **options):
        model = load(service, *arguments, **options)
        if service == "cloudwatch" and "metadata" in model:
            model = {**model, "metadata": {**model["metadata"], "protocol": protocol, "protocols": [protocol]}}
        return model

    loader.load_service_model = only
    session.register_component("data_loader", loader)
    return boto3.Session(botocore_session=session).client(
        "cloudwatch",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
    )


@pytest.fixture(params=["smithy-rpc-v2-cbor", "json"])
def cloudwatch(sandbox, request):
    made = client(sandbox, request.param)
    assert made.meta.service_model.resolved_protocol == request.param
    return made


def count(sandbox, values, metric="MetadataNoToken", every=DAY):
    order = {
        "account": ACCOUNT,
        "region": REGION,
        "instance_id": INSTANCE,
        "metric": metric,
        "start": START.isoformat(),
        "every_seconds": every,
        "values": values,
    }
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = json.dumps(order).encode()
    direct.open(urllib.request.Request(f"{sandbox}/_sandbox/metric-data", data, method="POST")).close()


def query(number=0, instance=INSTANCE, metric="MetadataNoToken"):
    dimensions = [{"Name": "InstanceId", "Value": instance}]
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {"Namespace": "AWS/EC2", "MetricName": metric, "Dimensions": dimensions},
            "Period": DAY,
            "Stat": "Sum",
        },
    }


def read(cloudwatch, *queries, **more):
    return cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=START, EndTime=START + timedelta(days=30), **more
    )


def test_sums_by_day_come_with_their_times_and_no_data_is_complete_and_empty(sandbox, cloudwatch):
    count(sandbox, [1, 2, 4], every=DAY // 2)
    answer = read(cloudwatch, query(), query(1, metric="MetadataNoTokenRejected"))
    counted, rejected = answer["MetricDataResults"]
    assert [at.astimezone(UTC) for at in counted["Timestamps"]] == [START + timedelta(days=1), START]
    assert counted["Values"] == [4.0, 3.0]
    assert (counted["Id"], counted["StatusCode"]) == ("m0", "Complete")
    assert (rejected["Timestamps"], rejected["Values"], rejected["StatusCode"]) == ([], [], "Complete")
    assert "NextToken" not in answer


def test_pages_add_up(sandbox, cloudwatch):
    count(sandbox, list(range(10)))
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[query(), query(1)],
        StartTime=START,
        EndTime=START + timedelta(days=30),
        ScanBy="TimestampAscending",
        PaginationConfig={"PageSize": 4},
    )
    values = {"m0": [], "m1": []}
    last = {}
    for page in pages:
        for it in page["MetricDataResults"]:
            values[it["Id"]] += it["Values"]
            last[it["Id"]] = it["StatusCode"]
    assert values == {"m0": list(range(10)), "m1": list(range(10))}
    assert last == {"m0": "Complete", "m1": "Complete"}


def test_what_cloudwatch_refuses(cloudwatch):
    with pytest.raises(ClientError, match="ValidationError"):
        read(cloudwatch, *[query(number) for number in range(501)])
    with pytest.raises(ClientError, match="ValidationError"):
        read(cloudwatch, {**query(), "Id": INSTANCE})
    with pytest.raises(cloudwatch.exceptions.InvalidNextToken):
        read(cloudwatch, query(), NextToken="none")
    with pytest.raises(ClientError, match="NotSimulated"):
        cloudwatch.list_metrics()


def test_the_command_line_of_aws_reads_it(sandbox, tmp_path):
    count(sandbox, [5])
    environment = servers.clean_environment(
        AWS_ENDPOINT_URL=sandbox, AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY="test", AWS_REGION=REGION
    )
    program = Path(sys.executable).with_name("aws")
    command = [sys.executable, program, "cloudwatch", "get-metric-data", "--region", REGION]
    command += ["--start-time", START.isoformat(), "--end-time", (START + timedelta(days=2)).isoformat()]
    command += ["--metric-data-queries", json.dumps([query()])]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["MetricDataResults"][0]["Values"] == [5.0]
