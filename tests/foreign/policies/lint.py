"""Lints policies with parliament, and checks every condition key against the tables of policy_sentry.

Standard input: {path: policy}. Standard output: {path: [finding]}. Runs in an environment of its own, because these
tools pin another botocore than the other tests.
"""

import fnmatch
import json
import sys

import parliament
from policy_sentry.querying.actions import get_action_data
from policy_sentry.querying.conditions import get_condition_keys_for_service

# From the reference of global condition keys in the IAM User Guide; policy_sentry knows those of services only.
GLOBAL_KEYS = {
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVPC",
    "aws:PrincipalArn",
    "aws:PrincipalTag/*",
    "aws:SourceVpc",
    "aws:TagKeys",
    "aws:ViaAWSService",
}


def listed(value):
    return value if isinstance(value, list) else [value]


def same_type(pattern: str, resource: str) -> bool:
    """Whether a resource of a policy may be of the type that has this ARN in the table."""
    if "*" in (pattern, resource):
        return True
    kind = lambda arn: arn.split(":", 5)[5].replace("${", "\0").split("\0")[0].rstrip("*")
    of_table, of_policy = kind(pattern), kind(resource)
    return of_policy.startswith(of_table) or of_table.startswith(of_policy)


def known(key: str, keys) -> bool:
    return any(fnmatch.fnmatch(key.lower(), it.lower()) for it in keys)


def keys_of(action: str, resource: str) -> set[str]:
    """The keys that exist for this action on this type of resource."""
    service, name = action.split(":")
    rows = get_action_data(service, name)
    if not rows:
        return set()
    names = set()
    for row in rows[service]:
        if same_type(row["resource_arn_format"], resource) and (resource == "*" or row["resource_arn_format"] != "*"):
            names.update(row["condition_keys"])
    return {it.split("${")[0] + "*" if "${" in it else it for it in names}


def strange_keys(statement: dict):
    used = {key for tests in statement.get("Condition", {}).values() for key in tests}
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            for key in used:
                if known(key, GLOBAL_KEYS):
                    continue
                if action == "*":
                    there = known(key, get_condition_keys_for_service(key.split(":")[0]))
                else:
                    there = known(key, keys_of(action, resource))
                if not there:
                    yield f"{statement['Sid']}: {action} on {resource} has no key {key}"


def findings(policy: dict) -> list[str]:
    if "Statement" not in policy:
        return []
    found = [f"{it.issue}: {it.detail}" for it in parliament.analyze_policy_string(json.dumps(policy)).findings]
    for statement in policy["Statement"]:
        found.extend(strange_keys(statement))
        for action in listed(statement["Action"]):
            if action != "*" and not get_action_data(*action.split(":")):
                found.append(f"{statement['Sid']}: no action {action}")
    return sorted(set(found))


json.dump({path: findings(policy) for path, policy in json.load(sys.stdin).items()}, sys.stdout)
