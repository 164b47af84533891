"""Elastic Beanstalk in the embedded AWS, as boto3 sees it, and as moto sees what it has."""

import pytest
from sandbox_aws import ACCOUNT, REGION, Aws, refused

pytest_plugins = ["sandbox_fixtures"]

AL2 = "64bit Amazon Linux 2 v3.8.0 running Docker"
AL2023 = "64bit Amazon Linux 2023 v4.3.0 running Docker"
SWITCH = {"Namespace": "aws:autoscaling:launchconfiguration", "OptionName": "DisableIMDSv1"}


@pytest.fixture
def beanstalk(aws):
    return aws.client("elasticbeanstalk")


def create(beanstalk, name, stack=AL2, value=None, **more):
    settings = [] if value is None else [{**SWITCH, "Value": value}]
    return beanstalk.create_environment(
        ApplicationName="shop", EnvironmentName=name, SolutionStackName=stack, OptionSettings=settings, **more
    )


def disabled(beanstalk, name):
    """Every description of the environment: its deployment status and the value of the switch."""
    sets = beanstalk.describe_configuration_settings(ApplicationName="shop", EnvironmentName=name)
    return [
        (
            it["DeploymentStatus"],
            next(s["Value"] for s in it["OptionSettings"] if s["OptionName"] == "DisableIMDSv1"),
        )
        for it in sets["ConfigurationSettings"]
    ]


def test_the_switch_is_what_was_set_or_the_default_of_the_platform(beanstalk):
    beanstalk.create_application(ApplicationName="shop")
    create(beanstalk, "open")
    create(beanstalk, "closed", value="true")
    create(beanstalk, "new-platform", stack=AL2023)
    create(beanstalk, "opened", stack=AL2023, value="false")
    values = {name: disabled(beanstalk, name) for name in ("open", "closed", "new-platform", "opened")}
    assert values == {
        "open": [("deployed", "false")],
        "closed": [("deployed", "true")],
        "new-platform": [("deployed", "true")],
        "opened": [("deployed", "false")],
    }


def test_an_update_is_a_second_set_until_it_is_deployed(aws, beanstalk):
    beanstalk.create_application(ApplicationName="shop")
    create(beanstalk, "open")
    update = {"EnvironmentName": "open", "OptionSettings": [{**SWITCH, "Value": "true"}]}
    refused("InvalidParameterValue", beanstalk.update_environment, **update)
    aws.advance(60)
    assert beanstalk.update_environment(**update)["Status"] == "Updating"
    assert disabled(beanstalk, "open") == [("deployed", "false"), ("pending", "true")]
    aws.advance(60)
    assert disabled(beanstalk, "open") == [("deployed", "true")]
    record = [it["detail"] for it in aws.control("events")][-1]
    assert (record["eventName"], record["requestParameters"]["environmentName"]) == ("UpdateEnvironment", "open")


def test_tags_pages_and_refusals(aws, beanstalk):
    beanstalk.create_application(ApplicationName="shop")
    made = create(beanstalk, "open", Tags=[{"Key": "app", "Value": "shop"}])
    assert made["EnvironmentArn"] == f"arn:aws:elasticbeanstalk:{REGION}:{ACCOUNT}:environment/shop/open"
    tags = beanstalk.list_tags_for_resource(ResourceArn=made["EnvironmentArn"])["ResourceTags"]
    assert tags == [{"Key": "app", "Value": "shop"}]
    for number in range(4):
        create(beanstalk, f"env-{number}")
    first = beanstalk.describe_environments(MaxRecords=3)
    rest = beanstalk.describe_environments(MaxRecords=3, NextToken=first["NextToken"])
    assert [len(it["Environments"]) for it in (first, rest)] == [3, 2]
    assert "NextToken" not in rest
    assert beanstalk.describe_environments(EnvironmentNames=["gone-env"])["Environments"] == []
    gone = {"ApplicationName": "shop", "EnvironmentName": "gone-env"}
    refused("InvalidParameterValue", beanstalk.describe_configuration_settings, **gone)
    refused("InvalidParameterValue", beanstalk.create_application, ApplicationName="shop")
    refused("ResourceNotFoundException", beanstalk.list_tags_for_resource, ResourceArn=made["EnvironmentArn"] + "x")
    wrong = {"EnvironmentName": "open", "OptionSettings": [{**SWITCH, "Value": "yes"}]}
    refused("ConfigurationValidationException", beanstalk.update_environment, **wrong)
    aws.control("throttling", enforced=True)
    for _ in range(20):
        beanstalk.describe_environments()
    refused("Throttling", beanstalk.describe_environments)


def test_moto_creates_and_describes_environments_alike(aws, moto):
    def story(server):
        beanstalk = server.client("elasticbeanstalk", checked=False)
        beanstalk.create_application(ApplicationName="moto-shop")
        tags = [{"Key": "app", "Value": "shop"}]
        made = beanstalk.create_environment(
            ApplicationName="moto-shop", EnvironmentName="moto-open", SolutionStackName=AL2, Tags=tags
        )
        shown = beanstalk.describe_environments(EnvironmentNames=["moto-open"])["Environments"]
        # moto shows no solution stack, and an account of its own.
        told = [(it["EnvironmentName"], it["ApplicationName"]) for it in shown]
        shown_tags = beanstalk.list_tags_for_resource(ResourceArn=made["EnvironmentArn"])["ResourceTags"]
        return [told, shown_tags, made["EnvironmentArn"].split(":")[5:]]

    assert story(aws) == story(Aws(moto))
