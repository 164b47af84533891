"""The servers that are asked, and the questions about them.

A probe makes what it needs, calls one operation, and returns what must not depend on the server.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox_aws import V1_IMAGE, Aws

NOTEBOOK = {"InstanceType": "ml.t3.medium", "RoleArn": "arn:aws:iam::111122223333:role/notebook"}
PROBES: dict[tuple[str, str], Callable] = {}


@dataclass(frozen=True)
class Server:
    """A server, and what a probe needs to know of it."""

    aws: Aws
    is_sandbox: bool

    def client(self, service: str):
        region = "us-east-1" if service == "organizations" else "eu-central-1"
        return self.aws.client(service, region=region, checked=False)

    def image(self) -> str:
        if self.is_sandbox:
            return V1_IMAGE
        return self.client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]

    def launch(self, **more) -> str:
        """A running instance."""
        request = {"ImageId": self.image(), "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro", **more}
        identifier = self.client("ec2").run_instances(**request)["Instances"][0]["InstanceId"]
        self.advance(60)
        return identifier

    def advance(self, seconds: int) -> None:
        if self.is_sandbox:
            self.aws.advance(seconds)

    def options(self, identifier: str) -> tuple:
        found = self.client("ec2").describe_instances(InstanceIds=[identifier])["Reservations"][0]["Instances"][0]
        options = found.get("MetadataOptions", {})
        return tuple(options.get(it) for it in ("HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit"))

    def template(self, name: str, **options) -> str:
        data = {"ImageId": self.image(), "InstanceType": "t3.micro", "MetadataOptions": options}
        made = self.client("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return made["LaunchTemplate"]["LaunchTemplateId"]

    def notebook(self, name: str, **more):
        sagemaker = self.client("sagemaker")
        arn = sagemaker.create_notebook_instance(NotebookInstanceName=name, **NOTEBOOK, **more)["NotebookInstanceArn"]
        self.advance(600)
        return sagemaker, arn

    def queue(self, name: str):
        sqs = self.client("sqs")
        return sqs, sqs.create_queue(QueueName=name)["QueueUrl"]


def probe(operation: str, name: str) -> Callable:
    def add(play: Callable) -> Callable:
        PROBES[operation, name] = play
        return play

    return add
