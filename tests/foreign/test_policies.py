"""What is denied and what would be fixed are the same set, outside the exceptions that have a name.

One side is a simulator we did not write (iam-simulate), asked about requests; the other is the judge, asked about what
those requests end in. Every exception is named, has one direction, and must be met, or it is no exception any more.
"""

import itertools
from collections import Counter

import pytest
from policy_space import (
    AUTOMATION,
    ACCOUNT,
    ACCOUNT_DEFAULTS,
    DOCUMENTS,
    EC2_ENFORCER,
    EXEMPT,
    INFRASTRUCTURE,
    NOTEBOOK_ENFORCER,
    NOTHING_SAID,
    OWNER,
    PRINCIPALS,
    REGIONS,
    ROLLBACK,
    SWEEPER,
    TAGGED,
    allows,
    launch,
    launches,
    modification,
    modifications,
    notebook,
    options,
    over,
    request,
)
from policy_tools import attached

pytest_plugins = ["policy_fixtures"]

DENIED, PASSED = "denied", "passed"
SPARED = {EXEMPT, TAGGED}


class Comparison:
    """Both sides of one space, and the exceptions met on the way."""

    def __init__(self, name: str, exceptions: dict[str, str]):
        self.name, self.exceptions = name, exceptions
        self.cases, self.agreed, self.met, self.unexplained = 0, 0, Counter(), []

    def compare(self, case, denied: bool, acts: bool, excused: set[str]):
        """`excused` are the exceptions that this case falls under, whatever either side says."""
        self.cases += 1
        if denied == acts:
            self.agreed += 1
            return
        direction = DENIED if denied else PASSED
        names = {it for it in excused if self.exceptions[it] == direction}
        self.met.update(names)
        if not names:
            self.unexplained.append((direction, case))

    def finish(self, totals: Counter):
        totals.update(cases=self.cases, exceptions=self.cases - self.agreed, disagreements=len(self.unexplained))
        print(f"\n{self.name}: {self.cases} cases, {len(self.unexplained)} disagreements outside the exceptions")
        for name, direction in self.exceptions.items():
            print(f"  {direction} by exception `{name}`: {self.met[name]}")
        assert not self.unexplained, self.unexplained[:3]
        assert self.agreed > self.cases - self.agreed, "the exceptions have become the rule"
        unused = set(self.exceptions) - set(self.met)
        assert not unused, f"no case needs {unused}"


def test_a_launch_is_denied_exactly_if_the_function_would_act(simulator, judge, renderer, totals):
    comparison = Comparison(
        "launches",
        {
            # The key is not there when neither the request nor a template states the option.
            "tokens not stated, required by default": DENIED,
            "endpoint not stated, disabled by default": DENIED,
            "hop limit not stated": PASSED,
            "not bound by service control policies": PASSED,
            "exempt principal": PASSED,
        },
    )
    for partition, document, principal in itertools.product(REGIONS, DOCUMENTS, PRINCIPALS):
        files = renderer.files(partition, document)
        scps = attached(files, "require-v2-at-launch", "hop-limit-at-launch") if principal.bound else []
        verdicts = {}
        space = list(launches())
        # One batch for all that have to be asked; the same statement by request or template is one question.
        # Whether an account default fills the keys is not documented, so both are tested.
        stated_all = {tuple(over(asked, template).items()) for asked, template, _, _ in space}
        stated_all |= {tuple(over(dict(it), default).items()) for it in stated_all for default in ACCOUNT_DEFAULTS}
        asked_all = [(key, it) for key in sorted(stated_all, key=str) for it in launch(dict(key), principal, partition)]
        results = simulator.results([it for _, it in asked_all], scps)
        for (key, _), result in zip(asked_all, results, strict=True):
            verdicts[key] = verdicts.get(key, False) or result != "Allowed"
        for (asked, template, default, image), fills in itertools.product(space, (False, True)):
            stated = over(over(asked, template), default) if fills else over(asked, template)
            ends_in = over(over(over(stated, default), image), NOTHING_SAID)
            acts = judge.instance(document, ends_in)["plan"] == "act"
            excused = set()
            if stated["http_tokens"] is None and ends_in["http_tokens"] == "required":
                excused.add("tokens not stated, required by default")
            if stated["http_endpoint"] is None and ends_in["http_endpoint"] == "disabled":
                excused.add("endpoint not stated, disabled by default")
            if stated["hop_limit"] is None and not allows(document, ends_in["hop_limit"]):
                excused.add("hop limit not stated")
            if not principal.bound:
                excused.add("not bound by service control policies")
            if principal in SPARED:
                excused.add("exempt principal")
            case = (partition, document, principal.name, stated, default, image, fills)
            comparison.compare(case, verdicts[tuple(stated.items())], acts, excused)
    comparison.finish(totals)


# Every principal in one partition; in the others one that is bound and one that is not.
WHERE = [("aws", it) for it in PRINCIPALS] + [(it, who) for it in ("aws-us-gov", "aws-cn") for who in (OWNER, ROLLBACK)]


def test_a_change_is_denied_exactly_if_it_brings_something_to_fix(simulator, judge, renderer, totals):
    comparison = Comparison(
        "changes of options",
        {
            # Version 1 is asked for where it is answered already, or behind an endpoint that stays off.
            "asks for optional tokens without effect": DENIED,
            "enables an endpoint that is enabled": DENIED,
            "asks for a hop limit without effect": DENIED,
            # Only what the request asks for can be denied, and it did not ask for this hop limit.
            "wakes an endpoint with a hop limit it had": PASSED,
            "not bound by service control policies": PASSED,
            "exempt principal": PASSED,
            "rollback": PASSED,
        },
    )
    for (partition, principal), document in itertools.product(WHERE, DOCUMENTS):
        scps = attached(renderer.files(partition, document), "no-way-back") if principal.bound else []
        space = list(modifications())
        results = simulator.results([modification(a, b, principal, partition) for a, b in space], scps)
        for (asked, before), result in zip(space, results, strict=True):
            after = over(asked, before)
            there = judge.instance(document, before)
            then = judge.instance(document, after)
            brings = then["plan"] == "act" and bool(set(then["findings"]) - set(there["findings"]))
            excused = set()
            off_or_v1 = after["http_endpoint"] == "disabled" or "http-tokens" in there["findings"]
            if asked["http_tokens"] == "optional" and off_or_v1:
                excused.add("asks for optional tokens without effect")
            if asked["http_endpoint"] == "enabled" and "http-tokens" in there["findings"]:
                excused.add("enables an endpoint that is enabled")
            no_hop_effect = after["http_endpoint"] == "disabled" or "hop-limit" in there["findings"]
            if not allows(document, asked["hop_limit"]) and no_hop_effect:
                excused.add("asks for a hop limit without effect")
            woken = asked["http_endpoint"] == "enabled" and before["http_endpoint"] == "disabled"
            if woken and asked["hop_limit"] is None and not allows(document, before["hop_limit"]):
                excused.add("wakes an endpoint with a hop limit it had")
            if not principal.bound:
                excused.add("not bound by service control policies")
            if principal in SPARED:
                excused.add("exempt principal")
            if principal == ROLLBACK:
                excused.add("rollback")
            case = (partition, document, principal.name, asked, before)
            comparison.compare(case, result != "Allowed", brings, excused)
    comparison.finish(totals)


def test_a_notebook_is_denied_exactly_if_the_function_would_act(simulator, judge, renderer, totals):
    comparison = Comparison(
        "notebooks",
        {
            # AWS documents both defaults.
            "silent create that ends in version 2": DENIED,
            "requests version 1 where it is answered": DENIED,
            "not bound by service control policies": PASSED,
            "exempt principal": PASSED,
            "rollback": PASSED,
        },
    )
    versions = (None, "1", "2")
    for partition, principal in itertools.product(REGIONS, PRINCIPALS):
        scps = attached(renderer.files(partition), "notebooks-v2") if principal.bound else []
        who = set()
        if not principal.bound:
            who.add("not bound by service control policies")
        if principal in SPARED:
            who.add("exempt principal")
        for stated, default in itertools.product(versions, ("1", "2")):
            denied = simulator.denied(notebook("Create", stated, principal, partition), scps)
            acts = judge.notebook(stated or default)["plan"] == "act"
            silent = {"silent create that ends in version 2"} if stated is None and default == "2" else set()
            comparison.compare((principal.name, "create", stated, default), denied, acts, who | silent)
        for stated, before in itertools.product(versions, versions):
            denied = simulator.denied(notebook("Update", stated, principal, partition), scps)
            was_clean = judge.notebook(before)["plan"] == "nothing"
            brings = was_clean and judge.notebook(stated or before)["plan"] == "act"
            again = {"requests version 1 where it is answered"} if stated == "1" and not was_clean else set()
            spared = {"rollback"} if principal == ROLLBACK else set()
            comparison.compare((principal.name, "update", stated, before), denied, brings, who | again | spared)
    comparison.finish(totals)


WRITERS_OF_DEFAULTS = {OWNER, EC2_ENFORCER, ROLLBACK}
WRITERS_OF_OPTIONS = WRITERS_OF_DEFAULTS | {AUTOMATION, SWEEPER}


@pytest.mark.parametrize("partition", REGIONS)
def test_only_owners_and_this_product_modify(simulator, renderer, totals, partition):
    scps = attached(renderer.files(partition), "only-owners-modify")
    tighten = options(http_tokens="required", http_endpoint="enabled")
    for principal in PRINCIPALS:
        defaults = {"ec2:Attribute/HttpTokens": "required"}
        before = options(http_tokens="optional", http_endpoint="enabled")
        for asked, writers in (
            (modification(tighten, before, principal, partition), WRITERS_OF_OPTIONS),
            (
                request("ec2:ModifyInstanceMetadataDefaults", "*", principal, partition, keys=defaults),
                WRITERS_OF_DEFAULTS,
            ),
        ):
            totals.update(cases=1)
            denied = simulator.denied(asked, scps if principal.bound else [])
            assert denied == (principal.bound and principal not in writers), (principal.name, asked)


@pytest.mark.parametrize("partition", REGIONS)
def test_credentials_delivered_by_version_1_are_worth_nothing(simulator, renderer, totals, partition):
    scps = attached(renderer.files(partition), "credentials-delivered-by-v2")
    actions = [("s3:GetObject", f"arn:{partition}:s3:::bucket/key"), ("ec2:DescribeInstances", "*")]
    for principal, delivery, (action, resource) in itertools.product(PRINCIPALS, (None, "1.0", "2.0"), actions):
        totals.update(cases=1)
        asked = request(action, resource, principal, partition, keys={"ec2:RoleDelivery": delivery})
        denied = simulator.denied(asked, scps if principal.bound else [])
        spared = principal in SPARED | {INFRASTRUCTURE}
        assert denied == (delivery == "1.0" and principal.bound and not spared), (principal.name, delivery, action)


def test_instance_credentials_are_used_from_their_own_network(simulator, renderer, totals):
    scps = attached(renderer.files(), "optional-credentials-from-own-network")
    instance = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-0123456789abcdef0"
    own = {
        "ec2:SourceInstanceARN": instance,
        "aws:Ec2InstanceSourceVPC": "vpc-1",
        "aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.5",
        "aws:SourceVpc": "vpc-1",
        "aws:VpcSourceIp": "10.0.0.5",
        "aws:ViaAWSService": "false",
    }
    rows = [
        ("from its own instance", {}, False),
        ("from another VPC", {"aws:SourceVpc": "vpc-2"}, True),
        ("from another address", {"aws:VpcSourceIp": "10.0.0.6"}, True),
        ("through the internet", {"aws:SourceVpc": None, "aws:VpcSourceIp": None}, True),
        ("by a service on its behalf", {"aws:ViaAWSService": "true", "aws:SourceVpc": None}, False),
        ("by somebody who is no instance", dict.fromkeys(own), False),
    ]
    for (what, change, denied), principal in itertools.product(rows, PRINCIPALS):
        totals.update(cases=1)
        asked = request("s3:GetObject", "arn:aws:s3:::bucket/key", principal, keys=own | change)
        spared = not principal.bound or principal in SPARED | {INFRASTRUCTURE}
        assert simulator.denied(asked, scps if principal.bound else []) == (denied and not spared), what


def test_no_launch_configurations(simulator, renderer, totals):
    scps = attached(renderer.files(), "no-launch-configurations")
    name = "autoScalingGroup:*:autoScalingGroupName/group"
    configuration = "launchConfiguration:*:launchConfigurationName/name"
    for principal in PRINCIPALS:
        spared = not principal.bound or principal in SPARED
        for action, resource, used, denied in (
            ("CreateLaunchConfiguration", configuration, None, True),
            ("DeleteLaunchConfiguration", configuration, None, False),
            ("CreateAutoScalingGroup", name, "old", True),
            ("UpdateAutoScalingGroup", name, "old", True),
            ("CreateAutoScalingGroup", name, None, False),
            ("UpdateAutoScalingGroup", name, None, False),
        ):
            totals.update(cases=1)
            keys = {"autoscaling:LaunchConfigurationName": used}
            asked = request(f"autoscaling:{action}", resource, principal, keys=keys)
            assert simulator.denied(asked, scps if principal.bound else []) == (denied and not spared), action


OURS = {
    "OnlyOwnersChangeOurRoles": [
        "role/v2only-ec2-enforcer",
        "role/v2only-rollback",
        "role/v2only-forwarder-eu-central-1",
        "role/break-glass",
    ],
    "OnlyOwnersChangeOurFunctions": ["function:v2only-ec2-enforcer"],
    "OnlyOwnersChangeOurRules": ["rule/v2only-launches", "schedule/default/v2only-sweep"],
    "OnlyOwnersChangeOurDocument": ["parameter/v2only/policy"],
}
THEIRS = {
    "iam": "role/theirs",
    "lambda": "function:theirs",
    "events": "rule/theirs",
    "scheduler": "schedule/default/theirs",
    "ssm": "parameter/theirs",
}


@pytest.mark.parametrize("partition", REGIONS)
def test_what_is_ours_is_changed_by_owners_only(simulator, renderer, totals, partition):
    scps = attached(renderer.files(partition), "protect-v2only")
    statements = {it["Sid"]: it for it in scps[0]["Statement"]}
    asked, expected = [], []
    for (sid, ours), principal in itertools.product(OURS.items(), [it for it in PRINCIPALS if it.bound]):
        for action in statements[sid]["Action"]:
            kind = THEIRS[action.split(":")[0]].replace(":", "/").split("/")[0]
            for resource in (it for it in ours if it.startswith(kind)):
                asked.append(request(action, resource, principal, partition))
                expected.append(principal != OWNER)
            asked.append(request(action, THEIRS[action.split(":")[0]], principal, partition))
            expected.append(False)
    totals.update(cases=len(asked))
    results = simulator.results(asked, scps)
    wrong = [it for it, want, got in zip(asked, expected, results, strict=True) if (got != "Allowed") != want]
    assert not wrong, wrong[:3]


def test_our_tags_are_written_by_us_only(simulator, renderer, totals):
    scps = attached(renderer.files(), "protect-v2only")
    tagging = [
        ("ec2:CreateTags", "instance/i-0123456789abcdef0"),
        ("ec2:DeleteTags", "instance/i-0123456789abcdef0"),
        ("ec2:RunInstances", "instance/*"),
        ("sagemaker:AddTags", "notebook-instance/notes"),
        ("sagemaker:DeleteTags", "notebook-instance/notes"),
        ("iam:TagRole", "role/theirs"),
        ("sts:TagSession", "role/theirs"),
    ]
    bound = [it for it in PRINCIPALS if it.bound]
    for principal, (action, resource) in itertools.product(bound, tagging):
        for keys, ours in ((["Name"], False), (["Name", "v2only:exempt-until"], True), (None, False)):
            totals.update(cases=1)
            asked = request(action, resource, principal, keys={"aws:TagKeys": keys})
            writer = principal in {OWNER, EC2_ENFORCER, NOTEBOOK_ENFORCER, SWEEPER, ROLLBACK}
            assert simulator.denied(asked, scps) == (ours and not writer), (principal.name, action, keys)


def test_nobody_exempts_himself(simulator, renderer, totals):
    """IAM reads the key of a principal's tag without regard to case; so does this rule."""
    scps = attached(renderer.files(), "protect-v2only")
    for principal, key, action in itertools.product(
        [it for it in PRINCIPALS if it.bound],
        ("v2only:exempt-principal", "V2Only:Exempt-Principal"),
        ("iam:TagRole", "iam:CreateRole", "sts:TagSession"),
    ):
        totals.update(cases=1)
        asked = request(action, "role/mine", principal, keys={"aws:TagKeys": [key]})
        assert simulator.denied(asked, scps) == (principal != OWNER), (principal.name, key, action)


def test_without_exemptions_nobody_is_exempt(simulator, renderer, totals):
    files = renderer.files(hop_limit={"max": 2}, exempt=(), exempt_tag=None)
    scps = attached(files, "require-v2-at-launch", "credentials-delivered-by-v2", "notebooks-v2", "no-way-back")
    opens = options(http_tokens="optional", http_endpoint="enabled")
    for principal in SPARED:
        for asked in (
            launch(opens, principal)[0],
            modification(opens, options(http_tokens="required", http_endpoint="enabled"), principal),
            notebook("Create", "1", principal),
            request("s3:GetObject", "arn:aws:s3:::bucket/key", principal, keys={"ec2:RoleDelivery": "1.0"}),
        ):
            totals.update(cases=1)
            assert simulator.denied(asked, scps), (principal.name, asked["action"])
    sids = {it["Sid"] for policy in attached(files, "protect-v2only") for it in policy["Statement"]}
    assert "OnlyOwnersExemptPrincipals" not in sids, "there is no tag to be protected"
