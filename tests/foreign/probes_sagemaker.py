"""Questions about SageMaker."""

from probes import probe


@probe("sagemaker:DescribeNotebookInstance", "minimum IMDS version")
def notebook(server):
    configuration = {"MinimumInstanceMetadataServiceVersion": "2"}
    sagemaker, _ = server.notebook("described", InstanceMetadataServiceConfiguration=configuration)
    shown = sagemaker.describe_notebook_instance(NotebookInstanceName="described")
    return shown["NotebookInstanceStatus"], shown.get("InstanceMetadataServiceConfiguration")


@probe("sagemaker:ListNotebookInstances", "by name")
def notebooks(server):
    sagemaker, _ = server.notebook("listed")
    found = sagemaker.list_notebook_instances(NameContains="listed")["NotebookInstances"]
    return [(it["NotebookInstanceName"], it["InstanceType"]) for it in found]


@probe("sagemaker:ListTags", "tags of a creation")
def notebook_tags(server):
    sagemaker, arn = server.notebook("tagged", Tags=[{"Key": "app", "Value": "shop"}])
    return sagemaker.list_tags(ResourceArn=arn)["Tags"]


@probe("sagemaker:AddTags", "another value")
def add_tags(server):
    sagemaker, arn = server.notebook("added", Tags=[{"Key": "app", "Value": "shop"}])
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "app", "Value": "web"}])
    return sagemaker.list_tags(ResourceArn=arn)["Tags"]


@probe("sagemaker:DeleteTags", "one of two")
def delete_tags(server):
    tags = [{"Key": "app", "Value": "shop"}, {"Key": "team", "Value": "a"}]
    sagemaker, arn = server.notebook("deleted", Tags=tags)
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["app"])
    return sagemaker.list_tags(ResourceArn=arn)["Tags"]


@probe("sagemaker:StopNotebookInstance", "the status")
def stop(server):
    sagemaker, _ = server.notebook("stopped")
    sagemaker.stop_notebook_instance(NotebookInstanceName="stopped")
    server.advance(600)
    return sagemaker.describe_notebook_instance(NotebookInstanceName="stopped")["NotebookInstanceStatus"]


@probe("sagemaker:StartNotebookInstance", "the status")
def start(server):
    sagemaker, _ = server.notebook("started")
    sagemaker.stop_notebook_instance(NotebookInstanceName="started")
    server.advance(600)
    sagemaker.start_notebook_instance(NotebookInstanceName="started")
    server.advance(600)
    return sagemaker.describe_notebook_instance(NotebookInstanceName="started")["NotebookInstanceStatus"]


@probe("sagemaker:UpdateNotebookInstance", "minimum IMDS version of a stopped notebook")
def update_notebook(server):
    sagemaker, _ = server.notebook("updated")
    sagemaker.stop_notebook_instance(NotebookInstanceName="updated")
    server.advance(600)
    configuration = {"MinimumInstanceMetadataServiceVersion": "2"}
    sagemaker.update_notebook_instance(NotebookInstanceName="updated", InstanceMetadataServiceConfiguration=configuration)
    server.advance(600)
    shown = sagemaker.describe_notebook_instance(NotebookInstanceName="updated")
    return shown.get("InstanceMetadataServiceConfiguration")
