"""Questions about EMR, Elastic Beanstalk, Lightsail and Image Builder."""

import json

from probes import probe


@probe("elasticmapreduce:DescribeSecurityConfiguration", "the document")
def emr(server):
    document = json.dumps({"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": 2}})
    client = server.client("emr")
    client.create_security_configuration(Name="closed", SecurityConfiguration=document)
    return json.loads(client.describe_security_configuration(Name="closed")["SecurityConfiguration"])


@probe("elasticmapreduce:ListSecurityConfigurations", "names")
def emr_list(server):
    server.client("emr").create_security_configuration(Name="listed", SecurityConfiguration="{}")
    found = server.client("emr").list_security_configurations()["SecurityConfigurations"]
    return "listed" in {it["Name"] for it in found}


@probe("elasticmapreduce:ListClusters", "names")
def clusters(server):
    cluster(server, "listed")
    return "listed" in {it["Name"] for it in server.client("emr").list_clusters()["Clusters"]}


@probe("elasticmapreduce:DescribeCluster", "name and release")
def describe_cluster(server):
    shown = server.client("emr").describe_cluster(ClusterId=cluster(server, "described"))["Cluster"]
    return shown["Name"], shown["ReleaseLabel"]


def cluster(server, name: str) -> str:
    nodes = {"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True}
    return server.client("emr").run_job_flow(Name=name, ReleaseLabel="emr-7.1.0", Instances=nodes)["JobFlowId"]


@probe("elasticbeanstalk:DescribeEnvironments", "name and platform")
def environments(server):
    name = environment(server, "described")
    found = server.client("elasticbeanstalk").describe_environments(EnvironmentNames=[name])["Environments"]
    return [(it["EnvironmentName"], it["ApplicationName"]) for it in found]


@probe("elasticbeanstalk:ListTagsForResource", "tags of a creation")
def environment_tags(server):
    client = server.client("elasticbeanstalk")
    name = environment(server, "tagged", Tags=[{"Key": "app", "Value": "shop"}])
    arn = client.describe_environments(EnvironmentNames=[name])["Environments"][0]["EnvironmentArn"]
    found = client.list_tags_for_resource(ResourceArn=arn)["ResourceTags"]
    return [it for it in found if not it["Key"].startswith(("elasticbeanstalk:", "Name"))]


@probe("elasticbeanstalk:DescribeConfigurationSettings", "the switch")
def settings(server):
    option = {"Namespace": "aws:autoscaling:launchconfiguration", "OptionName": "DisableIMDSv1", "Value": "true"}
    name = environment(server, "settings", OptionSettings=[option])
    shown = server.client("elasticbeanstalk").describe_configuration_settings(
        ApplicationName="settings", EnvironmentName=name
    )
    found = shown["ConfigurationSettings"][0]["OptionSettings"]
    return [it["Value"] for it in found if it["OptionName"] == "DisableIMDSv1"]


def environment(server, name: str, **more) -> str:
    client = server.client("elasticbeanstalk")
    client.create_application(ApplicationName=name)
    stack = "64bit Amazon Linux 2 v3.8.0 running Docker"
    client.create_environment(ApplicationName=name, EnvironmentName=name, SolutionStackName=stack, **more)
    return name


@probe("lightsail:GetInstance", "metadata options")
def lightsail(server):
    return lightsail_options(server, "described")


@probe("lightsail:GetInstances", "names")
def lightsail_list(server):
    lightsail_options(server, "listed")
    return "listed" in {it["name"] for it in server.client("lightsail").get_instances()["instances"]}


@probe("lightsail:UpdateInstanceMetadataOptions", "tokens")
def lightsail_update(server):
    lightsail_options(server, "updated")
    client = server.client("lightsail")
    client.update_instance_metadata_options(instanceName="updated", httpTokens="required")
    return client.get_instance(instanceName="updated")["instance"]["metadataOptions"]["httpTokens"]


@probe("lightsail:GetInstanceMetricData", "a metric without data")
def lightsail_metric(server):
    lightsail_options(server, "measured")
    found = server.client("lightsail").get_instance_metric_data(
        instanceName="measured", metricName="MetadataNoToken", period=3600, unit="Count", statistics=["Sum"],
        startTime="2026-10-31T00:00:00Z", endTime="2026-11-01T00:00:00Z",
    )  # fmt: skip
    return found["metricName"], found["metricData"]


def lightsail_options(server, name: str) -> tuple:
    client = server.client("lightsail")
    client.create_instances(
        instanceNames=[name], availabilityZone="eu-central-1a", blueprintId="amazon_linux_2", bundleId="nano_3_0"
    )
    options = client.get_instance(instanceName=name)["instance"]["metadataOptions"]
    return options["httpTokens"], options["httpEndpoint"]


@probe("imagebuilder:GetInfrastructureConfiguration", "metadata options")
def infrastructure(server):
    return configured(server, "described", {"httpTokens": "required"})


@probe("imagebuilder:ListInfrastructureConfigurations", "names")
def infrastructures(server):
    configured(server, "listed", {"httpTokens": "required"})
    found = server.client("imagebuilder").list_infrastructure_configurations()["infrastructureConfigurationSummaryList"]
    return "listed" in {it["name"] for it in found}


@probe("imagebuilder:UpdateInfrastructureConfiguration", "metadata options")
def infrastructure_update(server):
    client = server.client("imagebuilder")
    configured(server, "updated", {"httpTokens": "optional"})
    found = client.list_infrastructure_configurations()["infrastructureConfigurationSummaryList"]
    arn = next(it["arn"] for it in found if it["name"] == "updated")
    client.update_infrastructure_configuration(
        infrastructureConfigurationArn=arn,
        clientToken="update",
        instanceProfileName="builder",
        instanceMetadataOptions={"httpTokens": "required"},
    )
    shown = client.get_infrastructure_configuration(infrastructureConfigurationArn=arn)
    return shown["infrastructureConfiguration"]["instanceMetadataOptions"]


def configured(server, name: str, options: dict) -> dict:
    client = server.client("imagebuilder")
    arn = client.create_infrastructure_configuration(
        name=name, clientToken=name, instanceProfileName="builder", instanceMetadataOptions=options
    )["infrastructureConfigurationArn"]
    shown = client.get_infrastructure_configuration(infrastructureConfigurationArn=arn)
    return shown["infrastructureConfiguration"]["instanceMetadataOptions"]
