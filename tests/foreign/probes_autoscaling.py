"""Questions about Auto Scaling and CloudWatch."""

from probes import probe


def configuration(server, name: str, **options) -> None:
    server.client("autoscaling").create_launch_configuration(
        LaunchConfigurationName=name, ImageId=server.image(), InstanceType="t3.micro", MetadataOptions=options
    )


def group(server, name: str, template: str) -> dict:
    autoscaling = server.client("autoscaling")
    of = {"LaunchTemplateId": template, "Version": "$Default"}
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=1, DesiredCapacity=0, LaunchTemplate=of, AvailabilityZones=["eu-central-1a"]
    )
    return describe_group(server, name)


def describe_group(server, name: str) -> dict:
    found = server.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return found["AutoScalingGroups"][0]


@probe("autoscaling:DescribeAutoScalingGroups", "the version of the launch template")
def groups(server):
    of = group(server, "described", server.template("of-a-group"))["LaunchTemplate"]
    return of["LaunchTemplateName"], of["Version"]


@probe("autoscaling:UpdateAutoScalingGroup", "another version of the launch template")
def update_group(server):
    template = server.template("updated")
    group(server, "updated", template)
    of = {"LaunchTemplateId": template, "Version": "1"}
    server.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="updated", LaunchTemplate=of)
    return describe_group(server, "updated")["LaunchTemplate"]["Version"]


@probe("autoscaling:DescribeLaunchConfigurations", "metadata options")
def configurations(server):
    configuration(server, "closed", HttpTokens="required", HttpEndpoint="enabled")
    found = server.client("autoscaling").describe_launch_configurations(LaunchConfigurationNames=["closed"])
    options = found["LaunchConfigurations"][0].get("MetadataOptions", {})
    return options.get("HttpTokens"), options.get("HttpEndpoint")


@probe("cloudwatch:GetMetricData", "a metric without data")
def metric(server):
    dimensions = [{"Name": "InstanceId", "Value": "i-00000000000000dad"}]
    name = {"Namespace": "AWS/EC2", "MetricName": "MetadataNoToken", "Dimensions": dimensions}
    query = {"Id": "calls", "MetricStat": {"Metric": name, "Period": 3600, "Stat": "Sum"}}
    times = {"StartTime": "2026-10-31T00:00:00Z", "EndTime": "2026-11-01T00:00:00Z"}
    found = server.client("cloudwatch").get_metric_data(MetricDataQueries=[query], **times)["MetricDataResults"]
    return [(it["Id"], it["Values"], it["StatusCode"]) for it in found]
