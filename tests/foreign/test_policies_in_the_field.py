"""What went wrong in the field goes wrong here with their policies and not with ours; and the linters."""

import pytest
from policy_space import (
    ASLEEP,
    EC2_ENFORCER,
    OWNER,
    REQUIRE,
    V1,
    V2,
    VERSION,
    WAKE,
    launch,
    modification,
    notebook,
    options,
)
from policy_tools import all_scps, lint, shipped

pytest_plugins = ["policy_fixtures"]


def scp(**statement) -> list[dict]:
    return [{"Version": "2012-10-17", "Statement": [{"Sid": "Broken", "Effect": "Deny", **statement}]}]


V2_LAUNCH = launch(options(http_tokens="required", hop_limit=1))
AT_LAUNCH = {"Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*"}
NOT_REQUIRED = {"StringNotEquals": {"ec2:MetadataHttpTokens": "required"}}
MODIFY = {"Action": "ec2:ModifyInstanceMetadataOptions", "Resource": "arn:aws:ec2:*:*:instance/*"}

# What went wrong for others: (their policy, requests it should let through, requests it should deny). Ours does both.
FIELD_FAILURES = {
    "misspelt key": (
        scp(**AT_LAUNCH, Condition={"StringNotEquals": {"ec2:MetadataHttpsTokens": "required"}}),
        V2_LAUNCH,
        [],
    ),
    "every resource": (scp(Action="ec2:RunInstances", Resource="*", Condition=NOT_REQUIRED), V2_LAUNCH, []),
    "launch templates": (
        scp(
            Action="ec2:RunInstances",
            Resource=["arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:*:launch-template/*"],
            Condition=NOT_REQUIRED,
        ),
        V2_LAUNCH,
        [],
    ),
    "an Allow that restricts nothing": (
        [
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Broken",
                        "Effect": "Allow",
                        "Action": ["sagemaker:CreateNotebookInstance", "sagemaker:UpdateNotebookInstance"],
                        "Resource": "*",
                        "Condition": {"StringEquals": {VERSION: "2"}},
                    }
                ],
            }
        ],
        [],
        [notebook("Create", "1")],
    ),
    "remediation locked out": (
        scp(**MODIFY, Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admins"}}),
        [modification(REQUIRE, V1, EC2_ENFORCER)],
        [],
    ),
    "no Null guard": (
        scp(**MODIFY, Condition={"StringNotEquals": {"ec2:Attribute/HttpTokens": "required"}}),
        [modification(options(hop_limit=2), V2, OWNER)],
        [],
    ),
    "the endpoint is a way around": (
        scp(
            **MODIFY,
            Condition={
                "StringNotEquals": {"ec2:Attribute/HttpTokens": "required"},
                "Null": {"ec2:Attribute/HttpTokens": "false"},
            },
        ),
        [],
        [modification(WAKE, ASLEEP, OWNER)],
    ),
}


@pytest.mark.parametrize("name", FIELD_FAILURES)
def test_what_failed_in_the_field_fails_here_and_ours_does_not(simulator, totals, name):
    broken, should_pass, should_be_denied = FIELD_FAILURES[name]

    def right(scps) -> bool:
        totals.update(cases=len(should_pass) + len(should_be_denied))
        passed = all(not simulator.denied(it, scps) for it in should_pass)
        return passed and all(simulator.denied(it, scps) for it in should_be_denied)

    assert not right(broken), "the simulator does not notice this mistake"
    assert right(all_scps())


def test_the_linters_find_nothing_in_what_is_shipped():
    policies = {path: it for path, it in shipped().items() if path.startswith(("scp/", "iam/"))}
    assert len(policies) > 15
    assert {path: found for path, found in lint(policies).items() if found} == {}


def test_the_linters_notice_what_is_misspelt():
    misspelt = {
        "key": FIELD_FAILURES["misspelt key"][0][0],
        "launch-template": scp(
            Action="ec2:RunInstances", Resource="arn:aws:ec2:*:*:launch-template/*", Condition=NOT_REQUIRED
        )[0],
        "action": scp(Action="ec2:RunInstance", Resource="*")[0],
        "key of all": scp(Action="*", Resource="*", Condition={"NumericLessThan": {"ec2:RoleDeliver": "2.0"}})[0],
    }
    found = lint(misspelt)
    for name in misspelt:
        assert found[name], f"{name}: nothing was found"
