"""Each denial by itself: something only it denies, and something it must not touch."""

import pytest
from policy_space import (
    ACCOUNT,
    ASLEEP,
    EC2_ENFORCER,
    INSTANCE,
    OPEN,
    OWNER,
    REQUIRE,
    V1,
    V2,
    WAKE,
    launch,
    modification,
    notebook,
    options,
    request,
    tagged,
)
from policy_tools import all_scps, shipped, sids, without

pytest_plugins = ["policy_fixtures"]

OBJECT = "arn:aws:s3:::bucket/key"
GROUP = "autoScalingGroup:*:autoScalingGroupName/group"
FROM_CONFIGURATION = {"autoscaling:LaunchConfigurationName": "old"}
OWN_NETWORK = {
    "ec2:SourceInstanceARN": f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-0123456789abcdef0",
    "aws:Ec2InstanceSourceVPC": "vpc-1",
    "aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.5",
    "aws:SourceVpc": "vpc-1",
    "aws:VpcSourceIp": "10.0.0.5",
    "aws:ViaAWSService": "false",
}


def created_group(**keys):
    return request("autoscaling:CreateAutoScalingGroup", GROUP, keys=keys)


def infrastructure(**keys):
    return request("imagebuilder:CreateInfrastructureConfiguration", "infrastructure-configuration/web", keys=keys)


def described(action, tokens):
    """A call about an instance with these tokens."""
    keys = {"ec2:MetadataHttpTokens": tokens, "ec2:MetadataHttpEndpoint": "enabled"}
    return request(action, INSTANCE, keys=keys)


def configuration(tokens):
    keys = {"autoscaling:MetadataHttpTokens": tokens}
    name = "launchConfiguration:*:launchConfigurationName/name"
    return request("autoscaling:CreateLaunchConfiguration", name, keys=keys)


# Sid: (what only it denies, what it must not touch).
OUR_FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:v2only-ec2-enforcer"
THEIR_FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:theirs"
OUR_SIGNING = "code-signing-config:csc-0123456789abcdef0"
DENIALS = {
    "RequireV2AtLaunch": (launch(V1)[0], launch(options(http_tokens="required"))[0]),
    "HopLimitAtLaunch": (
        launch(options(http_tokens="required", hop_limit=3))[0],
        launch(options(http_tokens="required", hop_limit=2))[0],
    ),
    "NoWayBackToV1": (modification(OPEN, V2, OWNER), modification(options(hop_limit=2), V1, OWNER)),
    "NoWayBackThroughTheEndpoint": (modification(WAKE, ASLEEP, OWNER), modification(REQUIRE, ASLEEP, OWNER)),
    "NoRaisingTheHopLimit": (
        modification(options(hop_limit=3), V2, OWNER),
        modification(options(hop_limit=2), V2, OWNER),
    ),
    "OnlyOwnersModifyOptions": (modification(REQUIRE, V1), modification(REQUIRE, V1, EC2_ENFORCER)),
    "OnlyOwnersModifyDefaults": (
        request("ec2:ModifyInstanceMetadataDefaults", "*"),
        request("ec2:ModifyInstanceMetadataDefaults", "*", OWNER),
    ),
    "NotebookV2AtCreate": (notebook("Create", "1"), notebook("Create", "2")),
    # An update that is about something else does not speak of the version.
    "NotebookV2AtUpdate": (notebook("Update", "1"), notebook("Update", None)),
    "NoLaunchConfigurations": (
        request("autoscaling:CreateLaunchConfiguration", "launchConfiguration:*:launchConfigurationName/name"),
        request("autoscaling:DeleteLaunchConfiguration", "launchConfiguration:*:launchConfigurationName/name"),
    ),
    "NoGroupsFromLaunchConfigurations": (created_group(**FROM_CONFIGURATION), created_group()),
    "NoCredentialsDeliveredByV1": (
        request("s3:GetObject", OBJECT, keys={"ec2:RoleDelivery": "1.0"}),
        request("s3:GetObject", OBJECT, keys={"ec2:RoleDelivery": "2.0"}),
    ),
    "InstanceCredentialsOnlyThroughEndpoints": (
        request("s3:GetObject", OBJECT, keys=OWN_NETWORK | {"aws:SourceVpc": None}),
        request("s3:GetObject", OBJECT, keys=OWN_NETWORK | {"aws:SourceVpc": None, "aws:ViaAWSService": "true"}),
    ),
    "InstanceCredentialsOnlyFromOwnVpc": (
        request("s3:GetObject", OBJECT, keys=OWN_NETWORK | {"aws:SourceVpc": "vpc-2"}),
        request("s3:GetObject", OBJECT, keys=OWN_NETWORK),
    ),
    "InstanceCredentialsOnlyFromOwnAddress": (
        request("s3:GetObject", OBJECT, keys=OWN_NETWORK | {"aws:VpcSourceIp": "10.9.9.9"}),
        request("s3:GetObject", OBJECT, keys=OWN_NETWORK),
    ),
    "ImageBuilderRequiresV2": (
        infrastructure(**{"imagebuilder:Ec2MetadataHttpTokens": "optional"}),
        infrastructure(**{"imagebuilder:Ec2MetadataHttpTokens": "required"}),
    ),
    "OnlyOwnersWriteOurTags": (
        tagged("ec2:CreateTags", INSTANCE, "v2only:exempt-until"),
        tagged("ec2:CreateTags", INSTANCE, "Name"),
    ),
    # In other letters, which the pattern of the rule before minds and IAM does not.
    "OnlyOwnersExemptPrincipals": (
        tagged("iam:TagRole", "role/mine", "V2only:Exempt-Principal"),
        tagged("iam:TagRole", "role/mine", "team"),
    ),
    "OnlyOwnersChangeOurRoles": (
        request("iam:PutRolePolicy", "role/v2only-rollback"),
        request("iam:PutRolePolicy", "role/theirs"),
    ),
    "OnlyOwnersChangeOurFunctions": (
        request("lambda:DeleteFunction", "function:v2only-ec2-enforcer"),
        request("lambda:DeleteFunction", "function:theirs"),
    ),
    "OnlyOwnersChangeOurSigning": (
        request("lambda:UpdateCodeSigningConfig", OUR_SIGNING, keys={"aws:ResourceTag/v2only:code-signing": "true"}),
        request("lambda:UpdateCodeSigningConfig", OUR_SIGNING, keys={"aws:ResourceTag/team": "web"}),
    ),
    "OnlyOwnersChangeOurMappings": (
        request("lambda:UpdateEventSourceMapping", "event-source-mapping:1", keys={"lambda:FunctionArn": OUR_FUNCTION}),
        request("lambda:UpdateEventSourceMapping", "event-source-mapping:1", keys={"lambda:FunctionArn": THEIR_FUNCTION}),
    ),
    "OnlyOwnersChangeOurQueues": (
        request("sqs:SetQueueAttributes", "v2only-ec2-enforcer"),
        request("sqs:SetQueueAttributes", "theirs"),
    ),
    "OnlyOursUseOurQueues": (
        request("sqs:SendMessage", "v2only-ec2-enforcer"),
        request("sqs:SendMessage", "theirs"),
    ),
    "OnlyOwnersChangeOurRules": (
        request("events:DisableRule", "rule/v2only-launches"),
        request("events:DisableRule", "rule/theirs"),
    ),
    "OnlyOwnersChangeOurDocument": (
        request("ssm:PutParameter", "parameter/v2only/policy"),
        request("ssm:GetParameter", "parameter/v2only/policy"),
    ),
}

# Files that are attached for a purpose, not with the others. Sid: as above.
CHOSEN = {
    "optional-closed-before-start": {
        "NoRoleOntoOpenInstance": (
            described("ec2:AssociateIamInstanceProfile", "optional"),
            described("ec2:AssociateIamInstanceProfile", "required"),
        ),
        "NoStartOfOpenInstance": (
            described("ec2:StartInstances", "optional"),
            described("ec2:StartInstances", "required"),
        ),
    },
    "optional-launch-configurations-v2": {
        "LaunchConfigurationRequiresV2": (configuration("optional"), configuration("required")),
    },
}


def test_every_denial_has_its_row():
    assert sids(all_scps()) == set(DENIALS)
    files = shipped()
    apart = {path.removeprefix("scp/").removesuffix(".json"): it for path, it in files.items() if path.startswith("scp/")}
    chosen = {name: sids([apart[name]]) for name in CHOSEN}
    assert chosen == {name: set(rows) for name, rows in CHOSEN.items()}
    others = [it for name, it in apart.items() if "everything" not in name and name not in CHOSEN]
    assert sids(others) == set(DENIALS)


@pytest.mark.parametrize(("name", "sid"), [(name, sid) for name, rows in CHOSEN.items() for sid in rows])
def test_a_file_attached_for_a_purpose_denies_just_that(simulator, totals, name, sid):
    policy = shipped()[f"scp/{name}.json"]
    denied, untouched = CHOSEN[name][sid]
    totals.update(cases=3)
    assert simulator.denied(denied, [policy])
    assert not simulator.denied(denied, without([policy], sid))
    assert not simulator.denied(untouched, [policy])


@pytest.mark.parametrize("sid", DENIALS)
def test_something_is_denied_by_this_sid_alone(simulator, totals, sid):
    denied, untouched = DENIALS[sid]
    totals.update(cases=3)
    assert simulator.denied(denied, all_scps())
    assert not simulator.denied(denied, without(all_scps(), sid)), "another statement denies it as well"
    assert not simulator.denied(untouched, all_scps())


@pytest.mark.parametrize("form", ["identity-deny-v1", "boundary-v2-only"])
def test_the_same_sentences_bind_an_identity(simulator, totals, form):
    policy = shipped()[f"iam/{form}.json"]
    if form == "identity-deny-v1":
        everything = {"Sid": "Else", "Effect": "Allow", "Action": "*", "Resource": "*"}
        attach = lambda it: {"identity": {**it, "Statement": [*it["Statement"], everything]}}  # noqa: E731
    else:
        attach = lambda it: {"boundary": it}  # noqa: E731
    here = sids([policy]) - {"AllowWhatOtherPoliciesAllow"}
    assert len(here) == 9
    for sid in here:
        denied, untouched = DENIALS[sid]
        totals.update(cases=3)
        assert simulator.denied(denied, **attach(policy)), sid
        assert not simulator.denied(denied, **attach(without([policy], sid)[0])), sid
        assert not simulator.denied(untouched, **attach(policy)), sid
    unrelated = request("s3:GetObject", OBJECT)
    assert not simulator.denied(unrelated, **attach(policy))
    if form == "boundary-v2-only":
        bare = without([policy], "AllowWhatOtherPoliciesAllow")[0]
        assert simulator.denied(unrelated, boundary=bare), "a boundary grants nothing by itself"
