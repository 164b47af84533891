"""Questions about Systems Manager, STS, IAM and Organizations."""

import json

from botocore.exceptions import ClientError
from probes import probe


@probe("ssm:GetParameter", "the value and its version")
def parameter(server):
    ssm = server.client("ssm")
    ssm.put_parameter(Name="/probe/policy", Value="version: 1", Type="String")
    ssm.put_parameter(Name="/probe/policy", Value="version: 2", Type="String", Overwrite=True)
    shown = ssm.get_parameter(Name="/probe/policy")["Parameter"]
    return shown["Value"], shown["Version"], shown["Type"]


@probe("ssm:GetParameter", "an unknown name")
def no_parameter(server):
    return bool(server.client("ssm").get_parameter(Name="/probe/nothing"))


@probe("ssm:SendCommand", "an unknown document")
def command(server):
    send = server.client("ssm").send_command
    return bool(send(InstanceIds=[server.launch()], DocumentName="nothing"))


@probe("ssm:GetCommandInvocation", "an unknown command")
def invocation(server):
    unknown = {"CommandId": "00000000-0000-0000-0000-000000000000", "InstanceId": "i-00000000000000dad"}
    return bool(server.client("ssm").get_command_invocation(**unknown))


@probe("ssm:ListInventoryEntries", "an unknown instance")
def inventory(server):
    unknown = {"InstanceId": "i-00000000000000dad", "TypeName": "AWS:Application"}
    return server.client("ssm").list_inventory_entries(**unknown)["Entries"]


@probe("ssm:StartAutomationExecution", "a runbook of AWS")
def automation(server):
    ssm = server.client("ssm")
    parameters = {"InstanceId": [server.launch()], "EnforceIMDSv2": ["required"], "MetadataAccess": ["enabled"]}
    document = "AWSSupport-ConfigureEC2Metadata"
    started = ssm.start_automation_execution(DocumentName=document, Parameters=parameters)
    return len(started["AutomationExecutionId"])


@probe("ssm:GetAutomationExecution", "an unknown execution")
def execution(server):
    unknown = "00000000-0000-0000-0000-000000000000"
    return bool(server.client("ssm").get_automation_execution(AutomationExecutionId=unknown))


@probe("sts:AssumeRole", "the ARN of the session")
def assume(server):
    if server.is_sandbox:
        server.aws.control("roles", account="222233334444", name="probe")
    answer = server.client("sts").assume_role(RoleArn="arn:aws:iam::222233334444:role/probe", RoleSessionName="sweep")
    return answer["AssumedRoleUser"]["Arn"], sorted(answer["Credentials"])


@probe("sts:GetCallerIdentity", "the members of the answer")
def caller(server):
    shown = server.client("sts").get_caller_identity()
    return sorted(it for it in shown if it != "ResponseMetadata"), len(shown["Account"])


@probe("organizations:DescribeAccount", "an unknown account")
def no_account(server):
    organization(server)
    return bool(server.client("organizations").describe_account(AccountId="999999999999"))


@probe("organizations:ListParents", "an account below the root")
def parents(server):
    account = organization(server)
    return [it["Type"] for it in server.client("organizations").list_parents(ChildId=account)["Parents"]]


@probe("organizations:ListAccounts", "names and states")
def accounts(server):
    organization(server)
    found = server.client("organizations").list_accounts()["Accounts"]
    return [(it["Name"], it.get("State")) for it in found if it["Name"] == "probe"]


def organization(server) -> str:
    """An organization with the account `probe`; returns its id."""
    if server.is_sandbox:
        accounts = [{"id": "222233334444", "name": "probe"}]
        server.aws.control("organization", {"management": "111122223333", "accounts": accounts, "units": []})
        return "222233334444"
    organizations = server.client("organizations")
    try:
        organizations.create_organization(FeatureSet="ALL")
    except ClientError as error:
        if error.response["Error"]["Code"] != "AlreadyInOrganizationException":
            raise
    found = [it["Id"] for it in organizations.list_accounts()["Accounts"] if it["Name"] == "probe"]
    made = lambda: organizations.create_account(AccountName="probe", Email="probe@example.com")["CreateAccountStatus"]
    return found[0] if found else made()["AccountId"]


@probe("iam:GetAccountAuthorizationDetails", "a role with a profile and policies")
def roles(server):
    iam = server.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    own = iam.create_policy(PolicyName="probed", PolicyDocument=document)["Policy"]["Arn"]
    iam.create_role(RoleName="probed", AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName="probed", PolicyName="inline", PolicyDocument=document)
    iam.attach_role_policy(RoleName="probed", PolicyArn=own)
    iam.create_instance_profile(InstanceProfileName="probed")
    iam.add_role_to_instance_profile(InstanceProfileName="probed", RoleName="probed")
    found = iam.get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"])
    role = next(it for it in found["RoleDetailList"] if it["RoleName"] == "probed")
    policy = next(it for it in found["Policies"] if it["Arn"] == own)
    return (
        [it["Arn"].split(":", 5)[5] for it in role["InstanceProfileList"]],
        [(it["PolicyName"], it["PolicyDocument"]) for it in role["RolePolicyList"]],
        [it["PolicyArn"].rsplit("/", 1)[1] for it in role["AttachedManagedPolicies"]],
        [it["Document"] for it in policy["PolicyVersionList"] if it["IsDefaultVersion"]],
    )
