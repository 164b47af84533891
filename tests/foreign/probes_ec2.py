"""Questions about Amazon EC2."""

from probes import probe


@probe("ec2:DescribeInstances", "metadata options of a launch")
def launched(server):
    return server.options(server.launch(MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 3}))


@probe("ec2:DescribeInstances", "filter by HttpTokens")
def filtered(server):
    server.launch()
    closed = server.launch(MetadataOptions={"HttpTokens": "required"})
    only = [{"Name": "metadata-options.http-tokens", "Values": ["required"]}]
    pages = server.client("ec2").describe_instances(Filters=only)["Reservations"]
    found = [it["InstanceId"] for page in pages for it in page["Instances"]]
    options = {server.options(it)[0] for it in found}
    return closed in found, options


@probe("ec2:DescribeInstances", "pages of 5")
def pages(server):
    ids = [it["InstanceId"] for it in server.client("ec2").run_instances(
        ImageId=server.image(), MinCount=7, MaxCount=7, InstanceType="t3.micro",
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "probe", "Value": "pages"}]}],
    )["Instances"]]  # fmt: skip
    tagged = [{"Name": "tag:probe", "Values": ["pages"]}]
    found = server.client("ec2").get_paginator("describe_instances").paginate(
        Filters=tagged, PaginationConfig={"PageSize": 5}
    )
    sizes = [sum(len(it["Instances"]) for it in page["Reservations"]) for page in found]
    return len(ids), sizes


@probe("ec2:ModifyInstanceMetadataOptions", "keeps the hop limit")
def modified(server):
    identifier = server.launch(MetadataOptions={"HttpPutResponseHopLimit": 3})
    tokens = {"HttpTokens": "required", "HttpEndpoint": "enabled"}
    server.client("ec2").modify_instance_metadata_options(InstanceId=identifier, **tokens)
    server.advance(60)
    return server.options(identifier)


@probe("ec2:ModifyInstanceMetadataOptions", "tokens without the endpoint")
def tokens_alone(server):
    modify = server.client("ec2").modify_instance_metadata_options
    return bool(modify(InstanceId=server.launch(), HttpTokens="required"))


@probe("ec2:ModifyInstanceMetadataOptions", "a hop limit of 65")
def too_far(server):
    identifier = server.launch()
    modify = server.client("ec2").modify_instance_metadata_options
    return bool(modify(InstanceId=identifier, HttpPutResponseHopLimit=65, HttpEndpoint="enabled"))


@probe("ec2:ModifyInstanceMetadataOptions", "an unknown instance")
def unknown_instance(server):
    modify = server.client("ec2").modify_instance_metadata_options
    return bool(modify(InstanceId="i-00000000000000dad", HttpTokens="required", HttpEndpoint="enabled"))


@probe("ec2:CreateTags", "an instance")
def tagged(server):
    ec2, identifier = server.client("ec2"), server.launch()
    ec2.create_tags(Resources=[identifier], Tags=[{"Key": "app", "Value": "shop"}])
    shown = ec2.describe_instances(InstanceIds=[identifier])["Reservations"][0]["Instances"][0]
    return shown["Tags"]


@probe("ec2:DescribeRegions", "two by name")
def regions(server):
    found = server.client("ec2").describe_regions(RegionNames=["eu-west-1", "us-east-1"])["Regions"]
    return sorted((it["RegionName"], it["OptInStatus"]) for it in found)


@probe("ec2:GetInstanceMetadataDefaults", "nothing set")
def defaults(server):
    return bool(server.client("ec2").get_instance_metadata_defaults()["AccountLevel"].get("HttpTokens"))


@probe("ec2:ModifyInstanceMetadataDefaults", "the next launch")
def defaults_hold(server):
    ec2 = server.client("ec2")
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    try:
        return server.options(server.launch())
    finally:
        ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1)


@probe("ec2:DescribeLaunchTemplates", "versions of a new template")
def templates(server):
    identifier = server.template("described", HttpTokens="optional")
    shown = server.client("ec2").describe_launch_templates(LaunchTemplateIds=[identifier])["LaunchTemplates"][0]
    return shown["LaunchTemplateName"], shown["DefaultVersionNumber"], shown["LatestVersionNumber"]


@probe("ec2:DescribeLaunchTemplateVersions", "metadata options")
def versions(server):
    identifier = server.template("versions", HttpTokens="optional", HttpEndpoint="enabled")
    shown = server.client("ec2").describe_launch_template_versions(LaunchTemplateId=identifier, Versions=["$Default"])
    options = shown["LaunchTemplateVersions"][0]["LaunchTemplateData"]["MetadataOptions"]
    return options.get("HttpTokens"), options.get("HttpEndpoint")


@probe("ec2:CreateLaunchTemplateVersion", "inherits from its source")
def inherits(server):
    ec2, identifier = server.client("ec2"), server.template("inherits", HttpPutResponseHopLimit=2)
    data = {"MetadataOptions": {"HttpTokens": "required"}}
    made = ec2.create_launch_template_version(LaunchTemplateId=identifier, SourceVersion="1", LaunchTemplateData=data)
    number = made["LaunchTemplateVersion"]["VersionNumber"]
    shown = ec2.describe_launch_template_versions(LaunchTemplateId=identifier, Versions=[str(number)])
    data = shown["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return number, data.get("InstanceType"), data["MetadataOptions"].get("HttpTokens")


@probe("ec2:ModifyLaunchTemplate", "the default version")
def default_version(server):
    ec2, identifier = server.client("ec2"), server.template("default", HttpTokens="optional")
    data = {"MetadataOptions": {"HttpTokens": "required"}}
    ec2.create_launch_template_version(LaunchTemplateId=identifier, SourceVersion="1", LaunchTemplateData=data)
    changed = ec2.modify_launch_template(LaunchTemplateId=identifier, DefaultVersion="2")["LaunchTemplate"]
    return changed["DefaultVersionNumber"], changed["LatestVersionNumber"]


@probe("ec2:DescribeFleets", "no fleet")
def fleets(server):
    return server.client("ec2").describe_fleets()["Fleets"]


@probe("ec2:DescribeSpotFleetRequests", "no request")
def spot_fleets(server):
    return server.client("ec2").describe_spot_fleet_requests()["SpotFleetRequestConfigs"]


@probe("ec2:DescribeImages", "an image that requires IMDSv2")
def images(server):
    ec2 = server.client("ec2")
    made = ec2.register_image(Name="closed", Architecture="x86_64", RootDeviceName="/dev/xvda", ImdsSupport="v2.0")
    return ec2.describe_images(ImageIds=[made["ImageId"]])["Images"][0].get("ImdsSupport")


@probe("ec2:ModifyImageAttribute", "ImdsSupport")
def mark_image(server):
    ec2 = server.client("ec2")
    image = ec2.register_image(Name="open", Architecture="x86_64", RootDeviceName="/dev/xvda")["ImageId"]
    ec2.modify_image_attribute(ImageId=image, ImdsSupport={"Value": "v2.0"})
    return ec2.describe_images(ImageIds=[image])["Images"][0].get("ImdsSupport")
