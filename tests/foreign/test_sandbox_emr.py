"""EMR in the embedded AWS, as boto3 sees it, and as moto sees what it has."""

import json

import pytest
from sandbox_aws import ACCOUNT, REGION, Aws, refused

pytest_plugins = ["sandbox_fixtures"]

NODES = {"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True}


def document(version, hops=1):
    block = {"MinimumInstanceMetadataServiceVersion": version, "HttpPutResponseHopLimit": hops}
    return json.dumps({"InstanceMetadataServiceConfiguration": block})


@pytest.fixture
def emr(aws):
    return aws.client("emr")


def test_security_configurations_are_kept_as_they_were_written(aws, emr):
    emr.create_security_configuration(Name="closed", SecurityConfiguration=document(2))
    emr.create_security_configuration(Name="open", SecurityConfiguration=document(1))
    emr.create_security_configuration(Name="silent", SecurityConfiguration="{}")
    shown = emr.describe_security_configuration(Name="closed")
    assert shown["SecurityConfiguration"] == document(2)
    names = [it["Name"] for it in emr.list_security_configurations()["SecurityConfigurations"]]
    assert names == ["closed", "open", "silent"]
    record = [it["detail"] for it in aws.control("events")][-1]
    assert (record["eventSource"], record["requestParameters"]["name"]) == ("elasticmapreduce.amazonaws.com", "silent")


def test_a_cluster_names_its_security_configuration(aws, emr):
    emr.create_security_configuration(Name="open", SecurityConfiguration=document(1))
    cluster = emr.run_job_flow(
        Name="nightly",
        ReleaseLabel="emr-7.1.0",
        Instances=NODES,
        SecurityConfiguration="open",
        Tags=[{"Key": "app", "Value": "reports"}],
    )
    assert cluster["ClusterArn"] == f"arn:aws:elasticmapreduce:{REGION}:{ACCOUNT}:cluster/{cluster['JobFlowId']}"
    shown = emr.describe_cluster(ClusterId=cluster["JobFlowId"])["Cluster"]
    assert (shown["SecurityConfiguration"], shown["ReleaseLabel"]) == ("open", "emr-7.1.0")
    assert shown["Tags"] == [{"Key": "app", "Value": "reports"}]
    bare = emr.run_job_flow(Name="bare", Instances=NODES)["JobFlowId"]
    assert "SecurityConfiguration" not in emr.describe_cluster(ClusterId=bare)["Cluster"]
    emr.terminate_job_flows(JobFlowIds=[bare])
    active = emr.list_clusters(ClusterStates=["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"])["Clusters"]
    assert [it["Name"] for it in active] == ["nightly"]
    assert sorted(it["Name"] for it in emr.list_clusters()["Clusters"]) == ["bare", "nightly"]


def test_refusals_pages_and_throttling(aws, emr):
    create = emr.create_security_configuration
    refused("InvalidRequestException", create, Name="x", SecurityConfiguration="no json")
    refused("InvalidRequestException", create, Name="x", SecurityConfiguration=document(3))
    refused("InvalidRequestException", emr.describe_security_configuration, Name="gone")
    refused("InvalidRequestException", emr.describe_cluster, ClusterId="j-GONE")
    flow = {"Name": "n", "Instances": NODES, "SecurityConfiguration": "gone"}
    refused("InvalidRequestException", emr.run_job_flow, **flow)
    for number in range(60):
        create(Name=f"c-{number:02}", SecurityConfiguration="{}")
        emr.run_job_flow(Name=f"c-{number:02}", Instances=NODES)
    pages = emr.get_paginator("list_security_configurations").paginate()
    assert [len(page["SecurityConfigurations"]) for page in pages] == [50, 10]
    assert [len(page["Clusters"]) for page in emr.get_paginator("list_clusters").paginate()] == [50, 10]
    aws.control("throttling", enforced=True)
    for _ in range(10):
        emr.list_security_configurations()
    refused("ThrottlingException", emr.list_security_configurations)


def test_moto_knows_security_configurations_and_clusters_alike(aws, moto):
    def story(server):
        emr = server.client("emr", checked=False)
        emr.create_security_configuration(Name="moto-open", SecurityConfiguration=document(1))
        text = emr.describe_security_configuration(Name="moto-open")["SecurityConfiguration"]
        cluster = emr.run_job_flow(
            Name="moto-nightly",
            ReleaseLabel="emr-7.1.0",
            Instances=NODES,
            SecurityConfiguration="moto-open",
            JobFlowRole="EMR_EC2_DefaultRole",
            ServiceRole="EMR_DefaultRole",
        )["JobFlowId"]
        shown = emr.describe_cluster(ClusterId=cluster)["Cluster"]
        listed = [it["Id"] == cluster for it in emr.list_clusters()["Clusters"]]
        return [json.loads(text), shown["Name"], shown["SecurityConfiguration"], shown["ReleaseLabel"], listed]

    assert story(aws) == story(Aws(moto))
