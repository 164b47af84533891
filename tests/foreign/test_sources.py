"""boto3 makes an estate in the embedded AWS; the built `v2only` scans it and fixes what instances take their options
from; boto3 checks the result.
"""

import copy
import json
import os
import subprocess
from pathlib import Path

import pytest
import servers
from clients import client

ACCOUNT = "111122223333"
REGION = "eu-central-1"
V1_IMAGE = "ami-0a1b2c3d4e5f60002"
V2_IMAGE = "ami-0a1b2c3d4e5f62023"
VOLUME = {"DeviceName": "/dev/xvdb", "Ebs": {"SnapshotId": "snap-0123456789abcdef0", "VolumeSize": 20}}
POLICY = """
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
launch_templates: { fix: new-version }
images: { fix: mark-v2 }
account_defaults: { http_tokens: required, hop_limit: 2, enforced: enabled }
"""


class Estate:
    def __init__(self, url, folder):
        self.url, self.folder, self.runs = url, folder, 0
        self.ec2, self.autoscaling = self.of("ec2"), self.of("autoscaling")
        (folder / "policy.yaml").write_text(POLICY)

    def of(self, service):
        return client(self.url, service, ACCOUNT, REGION)

    def template(self, name, tokens=None, **data):
        options = {"MetadataOptions": {"HttpTokens": tokens}} if tokens else {}
        made = self.ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": V1_IMAGE, "InstanceType": "t3.micro", **options, **data},
        )
        return made["LaunchTemplate"]["LaunchTemplateId"]

    def group(self, name, **source):
        self.autoscaling.create_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, MaxSize=4, **source)

    def launch(self, **request):
        launched = self.ec2.run_instances(MinCount=1, MaxCount=1, **request)
        return launched["Instances"][0]["InstanceId"]

    def v2only(self, *arguments):
        arguments = [*arguments, "--policy", "policy.yaml", "--output", "json"]
        command = servers.v2only(self.url, ACCOUNT, arguments, AWS_REGION=REGION)
        return subprocess.run(**command, cwd=self.folder, capture_output=True, timeout=120, check=False)

    def scan(self, *arguments):
        ran = self.v2only("scan", *arguments)
        assert ran.returncode in (0, 10), ran.stderr
        return {it["id"]: it for it in json.loads(ran.stdout)["findings"]}

    def enforce(self, *arguments):
        self.runs += 1
        ran = self.v2only("enforce", "--yes", "--journal", f"{self.runs}.ndjson", *arguments)
        assert ran.returncode in (0, 10), ran.stderr
        return json.loads(ran.stdout)

    def journal(self):
        lines = (self.folder / f"{self.runs}.ndjson").read_text().splitlines()
        return {it["id"]: it for it in map(json.loads, lines)}

    def version(self, template, version):
        found = self.ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=[version])
        return found["LaunchTemplateVersions"][0]

    def defaults(self):
        return self.ec2.get_instance_metadata_defaults()["AccountLevel"]


@pytest.fixture
def estate(sandbox, tmp_path):
    return Estate(sandbox, tmp_path)


def without_options(version):
    data = copy.deepcopy(version["LaunchTemplateData"])
    data.pop("MetadataOptions", None)
    return data


def test_a_new_version_differs_in_the_metadata_options_alone(estate):
    web = estate.template("web", "optional", BlockDeviceMappings=[VOLUME], UserData="IyEvYmluL3NoCg==")
    before = estate.version(web, "1")
    estate.enforce("--kind", "launch-template")
    after = estate.version(web, "$Default")
    assert after["VersionNumber"] == 2
    assert after["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"
    assert without_options(after) == without_options(before), "snapshots and all"
    assert estate.version(web, "1") == {**before, "DefaultVersion": False}
    line = estate.journal()[f"{web}:1"]
    assert (line["kind"], line["before"]["default_version"], line["change"]["from_version"]) == ("launch-template", 1, 1)
    assert line["change"]["http_tokens"] == "required" and line["change"]["make_default"]
    assert estate.enforce("--kind", "launch-template")["findings"] == [], "a second run has nothing to do"
    assert estate.version(web, "$Latest")["VersionNumber"] == 2


def test_other_options_of_a_template_are_kept(estate):
    options = {"HttpTokens": "optional", "HttpPutResponseHopLimit": 3, "InstanceMetadataTags": "enabled"}
    web = estate.template("web", MetadataOptions=options)
    estate.enforce("--kind", "launch-template")
    made = estate.version(web, "$Default")["LaunchTemplateData"]["MetadataOptions"]
    assert {name: made[name] for name in options} == {**options, "HttpTokens": "required"}
    assert "HttpEndpoint" not in made, "what was not said is not said now"


def test_default_and_latest_are_both_fixed_and_go_on_meaning_what_they_meant(estate):
    web = estate.template("web", "optional")
    estate.ec2.create_launch_template_version(
        LaunchTemplateId=web, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.large"}
    )
    tidy = estate.template("tidy", "optional")
    estate.ec2.create_launch_template_version(
        LaunchTemplateId=tidy,
        LaunchTemplateData={
            "ImageId": V1_IMAGE,
            "InstanceType": "t3.large",
            "MetadataOptions": {"HttpTokens": "required"},
        },
    )
    estate.enforce("--kind", "launch-template")
    for template in (web, tidy):
        shown = {it: estate.version(template, it)["LaunchTemplateData"] for it in ("$Default", "$Latest")}
        kinds = {alias: data["InstanceType"] for alias, data in shown.items()}
        assert kinds == {"$Default": "t3.micro", "$Latest": "t3.large"}
        assert {data["MetadataOptions"]["HttpTokens"] for data in shown.values()} == {"required"}
    assert estate.scan("--kind", "launch-template") == {}


def test_versions_that_groups_pin_are_found_and_reported(estate):
    web = estate.template("web", "optional")
    for _ in range(2):
        estate.ec2.create_launch_template_version(
            LaunchTemplateId=web,
            SourceVersion="1",
            LaunchTemplateData={"MetadataOptions": {"HttpTokens": "required"}},
        )
    estate.ec2.modify_launch_template(LaunchTemplateId=web, DefaultVersion="2")
    assert estate.scan("--kind", "launch-template") == {}
    specification = {"LaunchTemplateId": web, "Version": "1"}
    estate.group(
        "pinned", MixedInstancesPolicy={"LaunchTemplate": {"LaunchTemplateSpecification": specification}}
    )
    found = estate.scan("--kind", "launch-template")
    # The version, and the group that names it.
    assert {name: it["hold"] for name, it in found.items()} == {f"{web}:1": "pinned", "pinned": "pinned"}
    assert found["pinned"]["kind"] == "auto-scaling-group"
    assert "pinned" in " ".join(found[f"{web}:1"]["reasons"])


def test_instances_are_traced_to_what_set_their_options(estate):
    loud, silent = estate.template("loud", "optional"), estate.template("silent")
    estate.autoscaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId=V1_IMAGE, InstanceType="t3.micro"
    )
    estate.group("legacy", LaunchConfigurationName="old")
    ids = {
        "loud": estate.launch(LaunchTemplate={"LaunchTemplateId": loud}),
        "silent": estate.launch(LaunchTemplate={"LaunchTemplateId": silent}),
        "alone": estate.launch(ImageId=V1_IMAGE),
        "against its image": estate.launch(ImageId=V2_IMAGE, MetadataOptions={"HttpTokens": "optional"}),
    }
    estate.ec2.create_launch_template_version(
        LaunchTemplateId=loud, SourceVersion="1", LaunchTemplateData={"MetadataOptions": {"HttpTokens": "required"}}
    )
    estate.ec2.modify_launch_template(LaunchTemplateId=loud, DefaultVersion="2")
    found = estate.scan()
    causes = {name: found[instance]["cause"]["http_tokens"] for name, instance in ids.items()}
    assert causes == {"loud": "source", "silent": "nobody", "alone": "nobody", "against its image": "elsewhere"}
    cause = found[ids["loud"]]["cause"]
    assert (cause["launch_template"], cause["launch_template_version"]) == (loud, 1)
    assert found["old"]["kind"] == "launch-configuration"
    assert "legacy" in " ".join(found["old"]["reasons"])


def test_the_complete_estate_converges_and_enforcement_comes_last(estate):
    web = estate.template("web", "optional")
    image = estate.ec2.register_image(
        Name="golden", RootDeviceName="/dev/xvda", Architecture="x86_64", VirtualizationType="hvm"
    )["ImageId"]
    instance = estate.launch(LaunchTemplate={"LaunchTemplateId": web})
    first = estate.enforce("--accept-irreversible")
    outcomes = {it["id"]: it["outcome"] for it in first["findings"]}
    assert outcomes == {"account-default": "advanced", f"{web}:1": "fixed", image: "fixed", instance: "fixed"}
    assert estate.defaults()["HttpTokens"] == "required" and "HttpTokensEnforced" not in estate.defaults()
    second = estate.enforce("--accept-irreversible")
    assert {it["id"]: it["outcome"] for it in second["findings"]} == {"account-default": "fixed"}
    assert estate.defaults()["HttpTokensEnforced"] == "enabled"
    assert estate.defaults()["HttpPutResponseHopLimit"] == 2
    assert estate.ec2.describe_images(ImageIds=[image])["Images"][0]["ImdsSupport"] == "v2.0"
    third = estate.enforce("--accept-irreversible")
    assert third["findings"] == [] and third["exit_code"] == 0
    estate.launch(LaunchTemplate={"LaunchTemplateId": web})
    estate.launch(ImageId=V1_IMAGE)
    assert [it for it in estate.scan() if it.startswith("i-")] == [], "new launches are right from the start"


def test_many_templates_take_one_call_for_each_page(estate):
    for number in range(205):
        estate.template(f"web-{number}", "required" if number % 2 else "optional")
    ran = estate.v2only("scan", "--kind", "launch-template")
    told = json.loads(ran.stdout)
    assert len(told["findings"]) == 103
    calls = told["api_calls"]
    assert (calls["ec2:DescribeLaunchTemplates"], calls["ec2:DescribeLaunchTemplateVersions"]) == (2, 2), calls
    assert calls["ec2:DescribeImages"] == 1


def test_versions_that_groups_pin_are_read_from_every_page(tmp_path):
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    with servers.sandbox(program, tmp_path / "sandbox", "--versions-per-page", "1") as url:
        estate = Estate(url, tmp_path)
        web = estate.template("web", "optional")
        for _ in range(4):
            estate.ec2.create_launch_template_version(
                LaunchTemplateId=web, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.large"}
            )
        for number in ("2", "3", "4"):
            estate.group(f"pins-{number}", LaunchTemplate={"LaunchTemplateId": web, "Version": number})
        versions = {f"{web}:{number}" for number in (1, 2, 3, 4, 5)}
        groups = {f"pins-{number}" for number in (2, 3, 4)}
        assert versions | groups == set(estate.scan("--kind", "launch-template"))
