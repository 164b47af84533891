"""Our own roles: what each statement grants, that enforcers only tighten, and that nothing of ours locks them out."""

import pytest
from policy_space import (
    ASLEEP,
    AUTOMATION,
    EC2_ENFORCER,
    INSTANCE,
    NOTEBOOK_ENFORCER,
    NOTES,
    OPEN,
    REGIONS,
    REQUIRE,
    ROLLBACK,
    SCANNER,
    SWEEPER,
    V1,
    V2,
    WAKE,
    modification,
    notebook,
    options,
    request,
    tagged,
)
from policy_tools import shipped, sids, without

pytest_plugins = ["policy_fixtures"]

MEMBER = "arn:aws:iam::444455556666:role/v2only-ec2-enforcer"

RUNBOOKS = "arn:aws:iam::111122223333:role/v2only-automation"

TRAIL = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/all"

LIGHTSAIL = "arn:aws:lightsail:eu-central-1:111122223333:Instance/0a1b2c3d"
AGGREGATOR = "arn:aws:config:eu-central-1:111122223333:config-aggregator/config-aggregator-abcdefgh"
BUILDER = "arn:aws:imagebuilder:eu-central-1:111122223333:infrastructure-configuration/base"


def build(tokens):
    """An update of an infrastructure configuration; `tokens` is what it sets, if anything."""
    keys = {} if tokens is None else {"imagebuilder:Ec2MetadataHttpTokens": tokens}
    return request("imagebuilder:UpdateInfrastructureConfiguration", BUILDER, keys=keys)


SEE_SURFACES = (
    request("elasticmapreduce:DescribeSecurityConfiguration", "*"),
    request("elasticmapreduce:DeleteSecurityConfiguration", "*"),
)

DESCRIBE_SURFACES = (
    request("elasticmapreduce:DescribeCluster", "cluster/j-1"),
    request("elasticmapreduce:TerminateJobFlows", "cluster/j-1"),
)

# Role: {Sid: (what only it grants, what it must not)}.
GRANTS = {
    "hub": {
        "ReadTheDocument": (
            request("ssm:GetParameter", "parameter/v2only/policy"),
            request("ssm:GetParameter", "parameter/theirs"),
        ),
        "EnterMemberAccounts": (request("sts:AssumeRole", MEMBER), request("sts:AssumeRole", "role/v2only-rollback")),
        "AskTheOrganization": (
            request("organizations:DescribeAccount", "arn:aws:organizations::999999999999:account/o-ab/111122223333"),
            request("organizations:LeaveOrganization", "*"),
        ),
        "PostponeMessages": (
            request("sqs:ChangeMessageVisibility", "arn:aws:sqs:eu-central-1:999999999999:v2only-ec2-enforcer"),
            request("sqs:ChangeMessageVisibility", "arn:aws:sqs:eu-central-1:999999999999:theirs"),
        ),
    },
    "ec2-enforcer": {
        "SeeUsage": (request("cloudwatch:GetMetricData", "*"), request("cloudwatch:PutMetricData", "*")),
        "SeeHistory": (request("cloudtrail:LookupEvents", "*"), request("cloudtrail:StopLogging", "*")),
        "SeeInstances": (request("ec2:DescribeInstances", "*"), request("ec2:DescribeVolumes", "*")),
        "TightenInstances": (modification(REQUIRE, V1), modification(OPEN, V2)),
        "TagInstances": (
            tagged("ec2:CreateTags", INSTANCE, "v2only:reverted"),
            tagged("ec2:CreateTags", INSTANCE, "v2only:reverted", "Name"),
        ),
    },
    "notebook-enforcer": {
        "SeeHistory": (request("cloudtrail:LookupEvents", "*"), request("cloudtrail:StopLogging", "*")),
        "SeeNotebooks": (
            request("sagemaker:DescribeNotebookInstance", NOTES),
            request("sagemaker:DeleteNotebookInstance", NOTES),
        ),
        "TightenNotebooks": (notebook("Update", "2"), notebook("Update", "1")),
        "StopAndStartNotebooks": (
            request("sagemaker:StopNotebookInstance", NOTES),
            request("sagemaker:DeleteNotebookInstance", NOTES),
        ),
        "TagNotebooks": (
            tagged("sagemaker:AddTags", NOTES, "v2only:restart"),
            tagged("sagemaker:AddTags", NOTES, "Name"),
        ),
    },
    "sweeper-hub": {
        "ReadTheDocument": (
            request("ssm:GetParameter", "parameter/v2only/policy"),
            request("ssm:GetParameter", "parameter/theirs"),
        ),
        "EnterMemberAccounts": (
            request("sts:AssumeRole", "arn:aws:iam::444455556666:role/v2only-sweeper"),
            request("sts:AssumeRole", MEMBER),
        ),
        "AskTheOrganization": (
            request("organizations:DescribeAccount", "arn:aws:organizations::999999999999:account/o-ab/111122223333"),
            request("organizations:LeaveOrganization", "*"),
        ),
        "SeeAccounts": (request("organizations:ListAccounts", "*"), request("organizations:CreateAccount", "*")),
        "KeepItsWork": (
            request("sqs:SendMessage", "arn:aws:sqs:eu-central-1:111122223333:v2only-sweeper"),
            request("sqs:SendMessage", "arn:aws:sqs:eu-central-1:111122223333:v2only-ec2-enforcer"),
        ),
    },
    "automation": {
        "SeeInstances": (request("ec2:DescribeInstances", "*"), request("ec2:DescribeVolumes", "*")),
        "TightenInstances": (modification(REQUIRE, V1), modification(OPEN, V2)),
        "StartRunbooks": (
            request(
                "ssm:StartAutomationExecution",
                "document/AWSSupport-ConfigureEC2Metadata",
            ),
            request(
                "ssm:StartAutomationExecution",
                "document/AWS-RunShellScript",
            ),
        ),
        "FollowRunbooks": (
            request("ssm:GetAutomationExecution", "automation-execution/1a2b"),
            request("ssm:StopAutomationExecution", "automation-execution/1a2b"),
        ),
        "PassTheRoleToRunbooks": (
            request("iam:PassRole", RUNBOOKS, keys={"iam:PassedToService": "ssm.amazonaws.com"}),
            request("iam:PassRole", RUNBOOKS, keys={"iam:PassedToService": "ec2.amazonaws.com"}),
        ),
    },
    "automation-administration": {
        "EnterMemberAccounts": (
            request("sts:AssumeRole", "arn:aws:iam::222233334444:role/v2only-automation"),
            request("sts:AssumeRole", "arn:aws:iam::222233334444:role/admin"),
        ),
    },
    "scanner": {
        "SeeInstances": (request("ec2:DescribeInstances", "*"), modification(REQUIRE, V1)),
        "SeeRegions": (request("ec2:DescribeRegions", "*"), request("ec2:DescribeVolumes", "*")),
        "SeeAccounts": (request("organizations:ListAccounts", "*"), request("organizations:LeaveOrganization", "*")),
        "SeeNotebooks": (request("sagemaker:ListTags", NOTES), tagged("sagemaker:AddTags", NOTES, "v2only:x")),
        "ListNotebooks": (request("sagemaker:ListNotebookInstances", "*"), notebook("Update", "2")),
        "SeeSources": (
            request("autoscaling:DescribeLaunchConfigurations", "*"),
            request("ec2:ModifyInstanceMetadataDefaults", "*"),
        ),
        "SeeHistory": (request("cloudtrail:LookupEvents", "*"), request("cloudtrail:StopLogging", "*")),
        "SeeRoles": (request("iam:GetAccountAuthorizationDetails", "*"), request("iam:PutRolePolicy", "*")),
        "SeeUsage": (request("cloudwatch:GetMetricData", "*"), request("cloudwatch:PutMetricData", "*")),
        "SeeSurfaces": SEE_SURFACES,
        "DescribeSurfaces": DESCRIBE_SURFACES,
    },
    "reporter": {
        "SeeFindings": (
            request("securityhub:GetFindings", "hub/default"),
            request("securityhub:DisableSecurityHub", "hub/default"),
        ),
        "ImportFindings": (
            request("securityhub:BatchImportFindings", "product/111122223333/default"),
            request("securityhub:BatchImportFindings", "product/vendor/theirs"),
        ),
        "MirrorExemptions": (
            request("securityhub:BatchUpdateFindings", "hub/default"),
            request("securityhub:DeleteInsight", "hub/default"),
        ),
    },
    "doctor": {
        "SeeTrails": (request("cloudtrail:DescribeTrails", "*"), request("cloudtrail:StopLogging", TRAIL)),
        "SeeWhatTrailsRecord": (
            request("cloudtrail:GetTrailStatus", TRAIL),
            request("cloudtrail:PutEventSelectors", TRAIL),
        ),
        "SeeRules": (
            request("events:DescribeRule", "arn:aws:events:eu-central-1:111122223333:rule/v2only-ec2-enforcer"),
            request("events:DisableRule", "arn:aws:events:eu-central-1:111122223333:rule/v2only-ec2-enforcer"),
        ),
        "SeeQueues": (
            request("sqs:GetQueueAttributes", "arn:aws:sqs:eu-central-1:111122223333:v2only-ec2-enforcer-dlq"),
            request("sqs:ReceiveMessage", "arn:aws:sqs:eu-central-1:111122223333:v2only-ec2-enforcer-dlq"),
        ),
        "SeeFunctions": (
            request("lambda:GetFunction", "arn:aws:lambda:eu-central-1:111122223333:function:v2only-ec2-enforcer"),
            request("lambda:GetFunction", "arn:aws:lambda:eu-central-1:111122223333:function:theirs"),
        ),
        "SeeMappings": (
            request("lambda:ListEventSourceMappings", "*"),
            request("lambda:UpdateEventSourceMapping", "*"),
        ),
        "SeeSchedules": (
            request("scheduler:GetSchedule", "arn:aws:scheduler:eu-central-1:111122223333:schedule/default/v2only-x"),
            request("scheduler:GetSchedule", "arn:aws:scheduler:eu-central-1:111122223333:schedule/default/theirs"),
        ),
        "ReadTheDocument": (
            request("ssm:GetParameter", "parameter/v2only/policy"),
            request("ssm:GetParameter", "parameter/theirs"),
        ),
        "SeeDefaults": (
            request("ec2:GetInstanceMetadataDefaults", "*"),
            request("ec2:ModifyInstanceMetadataDefaults", "*"),
        ),
        "SeeTheOrganization": (
            request("organizations:ListPoliciesForTarget", "*"),
            request("organizations:DetachPolicy", "*"),
        ),
        "ReadPolicies": (
            request(
                "organizations:DescribePolicy",
                "arn:aws:organizations::999999999999:policy/o-a1b2c3d4e5/service_control_policy/p-1a2b3c4d",
            ),
            request(
                "organizations:UpdatePolicy",
                "arn:aws:organizations::999999999999:policy/o-a1b2c3d4e5/service_control_policy/p-1a2b3c4d",
            ),
        ),
        "EnterMemberAccounts": (request("sts:AssumeRole", MEMBER), request("sts:AssumeRole", "role/v2only-rollback")),
    },
    "source-enforcer": {
        "SeeSources": (request("ec2:GetInstanceMetadataDefaults", "*"), request("ec2:DescribeVolumes", "*")),
        "ChangeAccountDefaults": (request("ec2:ModifyInstanceMetadataDefaults", "*"), modification(REQUIRE, V1)),
        "AddTemplateVersions": (
            request("ec2:CreateLaunchTemplateVersion", "arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-1"),
            request("ec2:DeleteLaunchTemplate", "arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-1"),
        ),
        "MarkImages": (
            request("ec2:ModifyImageAttribute", "arn:aws:ec2:eu-central-1::image/ami-1"),
            request("ec2:DeregisterImage", "arn:aws:ec2:eu-central-1::image/ami-1"),
        ),
        "SeeSurfaces": SEE_SURFACES,
        "DescribeSurfaces": DESCRIBE_SURFACES,
        "TightenLightsailInstances": (
            request("lightsail:UpdateInstanceMetadataOptions", LIGHTSAIL),
            request("lightsail:DeleteInstance", LIGHTSAIL),
        ),
        "TightenInfrastructureConfigurations": (build("required"), build("optional")),
    },
    "inventory": {
        "QueryTheInventory": (
            request("config:SelectAggregateResourceConfig", AGGREGATOR),
            request("config:DeleteConfigurationAggregator", AGGREGATOR),
        ),
    },
    "tracer": {
        "SeeInstances": (request("ec2:DescribeInstances", "*"), request("ec2:DescribeVolumes", "*")),
        "SendTheTrace": (
            request("ssm:SendCommand", "document/v2only-TraceImdsV1"),
            request("ssm:SendCommand", "document/AWS-RunShellScript"),
        ),
        "ReadTheTrace": (request("ssm:GetCommandInvocation", "*"), request("ssm:CancelCommand", "*")),
        "SeeInventory": (request("ssm:ListInventoryEntries", "*"), request("ssm:PutInventory", "*")),
    },
    "rollback": {
        "SeeInstances": (request("ec2:DescribeInstances", "*"), request("ec2:DescribeVolumes", "*")),
        "RestoreInstances": (modification(OPEN, V2), request("ec2:TerminateInstances", INSTANCE)),
        "SeeNotebooks": (request("sagemaker:DescribeNotebookInstance", NOTES), notebook("Create", "2")),
        "RestoreNotebooks": (notebook("Update", "1"), request("sagemaker:StopNotebookInstance", NOTES)),
        "SeeSources": (request("ec2:GetInstanceMetadataDefaults", "*"), request("ec2:DescribeVolumes", "*")),
        "RestoreAccountDefaults": (
            request("ec2:ModifyInstanceMetadataDefaults", "*"),
            request("ec2:ModifyImageAttribute", "arn:aws:ec2:eu-central-1::image/ami-1"),
        ),
        "RestoreTemplates": (
            request("ec2:ModifyLaunchTemplate", "arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-1"),
            request("ec2:DeleteLaunchTemplateVersions", "arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-1"),
        ),
        "ExemptInstances": (
            tagged("ec2:CreateTags", INSTANCE, "v2only:exempt-until"),
            tagged("ec2:CreateTags", INSTANCE, "v2only:exempt-until", "Name"),
        ),
        "ExemptNotebooks": (
            tagged("sagemaker:AddTags", NOTES, "v2only:exempt-until"),
            tagged("sagemaker:AddTags", NOTES, "Name"),
        ),
        "SeeSurfaces": SEE_SURFACES,
        "DescribeSurfaces": DESCRIBE_SURFACES,
        "RestoreLightsailInstances": (
            request("lightsail:UpdateInstanceMetadataOptions", LIGHTSAIL),
            request("lightsail:DeleteInstance", LIGHTSAIL),
        ),
        "RestoreInfrastructureConfigurations": (
            build("optional"),
            request("imagebuilder:DeleteInfrastructureConfiguration", BUILDER),
        ),
    },
}
# What a scan reads, and the tightening half of what both enforcers change.
GRANTS["sweeper"] = {
    sid: GRANTS[role][sid]
    for role, sids_of_role in [
        ("scanner", ["SeeRegions", "ListNotebooks", "SeeSources"]),
        ("ec2-enforcer", GRANTS["ec2-enforcer"]),
        ("notebook-enforcer", GRANTS["notebook-enforcer"]),
    ]
    for sid in sids_of_role
}
# It may tighten notebooks, which the scanner may not.
GRANTS["sweeper"]["ListNotebooks"] = (GRANTS["scanner"]["ListNotebooks"][0], notebook("Update", "1"))


@pytest.mark.parametrize("role", GRANTS)
def test_a_role_is_granted_what_it_needs_and_no_more(simulator, totals, role):
    policy = shipped()[f"iam/role-{role}.json"]
    assert sids([policy]) == set(GRANTS[role])
    for sid, (granted, refused) in GRANTS[role].items():
        totals.update(cases=3)
        assert not simulator.denied(granted, identity=policy), sid
        nothing = {"Version": "2012-10-17", "Statement": []}
        rest = (without([policy], sid) or [nothing])[0]
        assert simulator.denied(granted, identity=rest), f"{sid}: granted twice"
        assert simulator.denied(refused, identity=policy), sid


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        ("ec2-enforcer", modification(REQUIRE, ASLEEP)),
        ("ec2-enforcer", modification(WAKE, ASLEEP)),
        ("ec2-enforcer", modification(options(hop_limit=64), V2)),
        ("ec2-enforcer", tagged("ec2:CreateTags", INSTANCE)),
        ("ec2-enforcer", request("ec2:ModifyInstanceMetadataDefaults", "*")),
        ("notebook-enforcer", notebook("Update", None)),
        ("notebook-enforcer", tagged("sagemaker:DeleteTags", NOTES)),
        ("sweeper", modification(REQUIRE, ASLEEP)),
        ("sweeper", modification(WAKE, ASLEEP)),
        ("sweeper", modification(options(hop_limit=64), V2)),
        ("sweeper", tagged("ec2:CreateTags", INSTANCE)),
        ("sweeper", request("ec2:ModifyInstanceMetadataDefaults", "*")),
        ("sweeper", notebook("Update", None)),
        ("source-enforcer", build(None)),
        ("sweeper", request("lightsail:UpdateInstanceMetadataOptions", LIGHTSAIL)),
    ],
)
def test_an_enforcer_can_only_tighten(simulator, totals, role, refused):
    totals.update(cases=1)
    assert simulator.denied(refused, identity=shipped()[f"iam/role-{role}.json"])


def test_who_makes_notebooks_may_make_them_of_version_2_and_no_others(simulator, totals):
    policy = shipped()["iam/notebooks-v2-only.json"]
    granted = [notebook("Create", "2"), notebook("Update", "2"), notebook("Update", None)]
    refused = [notebook("Create", "1"), notebook("Create", None), notebook("Update", "1")]
    generous = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    both = {**policy, "Statement": generous["Statement"] + policy["Statement"]}
    totals.update(cases=len(granted) + 2 * len(refused))
    assert not any(simulator.denied(it, identity=policy) for it in granted)
    assert all(simulator.denied(it, identity=policy) for it in refused)
    assert all(simulator.denied(it, identity=both) for it in refused), "whatever else is granted"


@pytest.mark.parametrize(
    ("sid", "granted"),
    [("MakeNotebooksOfV2", notebook("Update", "2")), ("UpdateNotebooksOtherwise", notebook("Update", None))],
)
def test_each_grant_to_those_who_make_notebooks_is_the_only_one(simulator, totals, sid, granted):
    rest = without([shipped()["iam/notebooks-v2-only.json"]], sid)[0]
    totals.update(cases=1)
    assert simulator.denied(granted, identity=rest)


@pytest.mark.parametrize("partition", REGIONS)
def test_this_product_is_not_locked_out_by_its_own_policies(simulator, renderer, totals, partition):
    """Everything attached at once, and the roles with nothing but what is shipped for them."""
    files = renderer.files(partition, {"max": 2})
    scps = [it for path, it in files.items() if path.startswith("scp/everything")]
    here = partition
    needed = {
        ("ec2-enforcer", EC2_ENFORCER): [
            request("ec2:DescribeInstances", "*", EC2_ENFORCER, here),
            modification(REQUIRE, V1, EC2_ENFORCER, here),
            modification({**REQUIRE, "hop_limit": 2}, {**V1, "hop_limit": 3}, EC2_ENFORCER, here),
            request("ec2:CreateTags", INSTANCE, EC2_ENFORCER, here, keys={"aws:TagKeys": ["v2only:reverted"]}),
        ],
        ("notebook-enforcer", NOTEBOOK_ENFORCER): [
            request("sagemaker:DescribeNotebookInstance", NOTES, NOTEBOOK_ENFORCER, here),
            request("sagemaker:StopNotebookInstance", NOTES, NOTEBOOK_ENFORCER, here),
            notebook("Update", "2", NOTEBOOK_ENFORCER, here),
            request("sagemaker:AddTags", NOTES, NOTEBOOK_ENFORCER, here, keys={"aws:TagKeys": ["v2only:restart"]}),
            request("sagemaker:DeleteTags", NOTES, NOTEBOOK_ENFORCER, here, keys={"aws:TagKeys": ["v2only:restart"]}),
        ],
        ("sweeper", SWEEPER): [
            request("ec2:DescribeInstances", "*", SWEEPER, here),
            modification(REQUIRE, V1, SWEEPER, here),
            request("ec2:CreateTags", INSTANCE, SWEEPER, here, keys={"aws:TagKeys": ["v2only:reverted"]}),
            notebook("Update", "2", SWEEPER, here),
            request("sagemaker:AddTags", NOTES, SWEEPER, here, keys={"aws:TagKeys": ["v2only:restart"]}),
        ],
        ("scanner", SCANNER): [
            request("ec2:DescribeInstances", "*", SCANNER, here),
            request("sagemaker:ListNotebookInstances", "*", SCANNER, here),
        ],
        ("automation", AUTOMATION): [
            request("ec2:DescribeInstances", "*", AUTOMATION, here),
            modification(REQUIRE, V1, AUTOMATION, here),
        ],
        ("rollback", ROLLBACK): [
            modification({**OPEN, "hop_limit": 3}, V2, ROLLBACK, here),
            modification(WAKE, ASLEEP, ROLLBACK, here),
            notebook("Update", "1", ROLLBACK, here),
            request("ec2:CreateTags", INSTANCE, ROLLBACK, here, keys={"aws:TagKeys": ["v2only:exempt-until"]}),
            request("ec2:ModifyInstanceMetadataDefaults", "*", ROLLBACK, here),
        ],
    }
    for (role, _), requests in needed.items():
        for asked in requests:
            totals.update(cases=1)
            assert not simulator.denied(asked, scps, identity=files[f"iam/role-{role}.json"]), asked
