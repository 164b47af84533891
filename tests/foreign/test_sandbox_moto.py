"""moto as a second opinion on the embedded AWS, where moto is right."""

from sandbox_aws import MEMBER, ORGANIZATION, V1_IMAGE, Aws, refused, without_metadata

pytest_plugins = ["sandbox_fixtures"]


def same_on_both(aws, moto, story):
    """Plays the same story on the sandbox and on moto; both must tell the same."""
    ours, theirs = story(aws), story(Aws(moto))
    assert ours == theirs


def test_moto_launches_describes_and_stops_alike(aws, moto):
    def story(server):
        region = "ap-southeast-2"
        ec2 = server.client("ec2", region=region, checked=False)
        image = V1_IMAGE if server is aws else ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "app", "Value": "shop"}]}]
        answer = ec2.run_instances(
            ImageId=image, MinCount=2, MaxCount=2, InstanceType="t3.micro", TagSpecifications=tags, ClientToken="once"
        )
        ids = [it["InstanceId"] for it in answer["Instances"]]
        told = [
            [it[name] for name in ("AmiLaunchIndex", "State", "InstanceType", "Tags", "EbsOptimized")]
            for it in answer["Instances"]
        ]
        if server is aws:
            aws.advance(10)
        by_tag = ec2.describe_instances(
            Filters=[{"Name": "tag:app", "Values": ["sh*"]}, {"Name": "instance-state-name", "Values": ["running"]}]
        )
        found = by_tag["Reservations"][0]["Instances"]
        told += [len(by_tag["Reservations"]), [it["InstanceId"] for it in found] == ids]
        told += [it["State"] for it in found]
        stopped = ec2.stop_instances(InstanceIds=ids[:1])["StoppingInstances"]
        told += [(it["CurrentState"], it["PreviousState"]) for it in stopped]
        told += [refused("InvalidInstanceID.NotFound", ec2.describe_instances, InstanceIds=["i-0000000000000dead"])["Error"]]
        both = {"InstanceIds": ids, "MaxResults": 5}
        told += [refused("InvalidParameterCombination", ec2.describe_instances, **both)["Error"]["Code"]]
        return told

    same_on_both(aws, moto, story)


def test_moto_tags_alike(aws, moto):
    def story(server):
        ec2 = server.client("ec2", region="ap-southeast-1", checked=False)
        image = V1_IMAGE if server is aws else ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        identifier = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        ec2.create_tags(Resources=[identifier], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        ec2.create_tags(Resources=[identifier], Tags=[{"Key": "a", "Value": "3"}])
        only = [{"Name": "resource-id", "Values": [identifier]}]

        def tags():
            shown = ec2.describe_tags(Filters=only)["Tags"]
            return sorted((it["Key"], it["Value"], it["ResourceType"], it["ResourceId"] == identifier) for it in shown)

        told = [tags()]
        ec2.delete_tags(Resources=[identifier], Tags=[{"Key": "a", "Value": "other"}])
        told.append(tags())
        ec2.delete_tags(Resources=[identifier], Tags=[{"Key": "a"}])
        return [*told, tags()]

    same_on_both(aws, moto, story)


def test_moto_knows_the_same_regions(aws, moto):
    def story(server):
        ec2 = server.client("ec2", checked=False)
        return ec2.describe_regions(RegionNames=["eu-west-1", "us-east-1"])["Regions"]

    same_on_both(aws, moto, story)


def test_moto_assumes_roles_alike(aws, moto):
    aws.control("roles", account=MEMBER, name="v2only")

    def story(server):
        sts = server.client("sts")
        arn = f"arn:aws:iam::{MEMBER}:role/v2only"
        session = sts.assume_role(RoleArn=arn, RoleSessionName="sweep")
        credentials = session["Credentials"]
        again = server.client("sts", account=credentials["AccessKeyId"], token=credentials["SessionToken"])
        me = again.get_caller_identity()
        return [
            session["AssumedRoleUser"]["Arn"],
            session["AssumedRoleUser"]["AssumedRoleId"].split(":")[1],
            sorted(credentials),
            credentials["AccessKeyId"][:4],
            me["Account"],
            me["Arn"],
            me["UserId"].split(":")[1],
        ]

    same_on_both(aws, moto, story)


def test_moto_walks_the_organization_alike(aws, moto):
    theirs = Aws(moto).client("organizations", region="us-east-1", checked=False)
    theirs.create_organization(FeatureSet="ALL")
    root = theirs.list_roots()["Roots"][0]["Id"]
    workloads = theirs.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    prod = theirs.create_organizational_unit(ParentId=workloads, Name="prod")["OrganizationalUnit"]["Id"]
    for name, unit in (("shop", workloads), ("old", prod)):
        status = theirs.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        theirs.move_account(AccountId=status["AccountId"], SourceParentId=root, DestinationParentId=unit)
    aws.control("organization", ORGANIZATION)

    def story(server):
        organizations = server.client("organizations", region="us-east-1", checked=False)

        def walk(parent):
            accounts = organizations.list_accounts_for_parent(ParentId=parent)["Accounts"]
            units = organizations.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]
            # The management account has a name of moto's own.
            names = [it["Name"] for it in accounts if it["JoinedMethod"] == "CREATED" and it["Name"] != "master"]
            return {"accounts": names, "units": {it["Name"]: walk(it["Id"]) for it in units}}

        root = organizations.list_roots()["Roots"][0]
        everyone = organizations.get_paginator("list_accounts").paginate().build_full_result()["Accounts"]
        shop = next(it for it in everyone if it["Name"] == "shop")
        shapes = [
            root["Name"],
            root["Id"][:2],
            organizations.describe_account(AccountId=shop["Id"])["Account"]["Id"] == shop["Id"],
            [it["Type"] for it in organizations.list_parents(ChildId=shop["Id"])["Parents"]],
            refused("AccountNotFoundException", organizations.describe_account, AccountId="999999999999")["Error"],
            refused(
                "ParentNotFoundException", organizations.list_accounts_for_parent, ParentId="ou-ab12-nowhere0"
            )["Error"],
        ]
        return [walk(root["Id"]), shapes]

    same_on_both(aws, moto, story)


def test_moto_keeps_parameters_alike(aws, moto):
    def story(server):
        ssm = server.client("ssm")
        put = {"Name": "/v2only/policy", "Value": "version: 1", "Type": "String"}
        told = [without_metadata(ssm.put_parameter(**put))["Version"]]
        told.append(refused("ParameterAlreadyExists", ssm.put_parameter, **put)["Error"]["Code"])
        told.append(ssm.put_parameter(**{**put, "Value": "version: 2", "Overwrite": True})["Version"])
        for name in ("/v2only/policy", "/v2only/policy:1"):
            shown = ssm.get_parameter(Name=name)["Parameter"]
            told.append((shown["Value"], shown["Version"], shown["Type"], shown["DataType"]))
        told.append(refused("ParameterNotFound", ssm.get_parameter, Name="/v2only/nothing")["Error"]["Code"])
        return told

    same_on_both(aws, moto, story)
