"""Compares our tables of condition keys with those of policy_sentry. Standard output: a list of what differs."""

import json
import sys

from policy_sentry.querying.actions import get_action_data
from policy_sentry.querying.conditions import get_condition_keys_for_service


def bare(key: str) -> str:
    return key.split("${")[0].lower()


def kind(arn: str) -> str:
    return "*" if arn == "*" else arn.split(":", 5)[5].split("/")[0]


def on(key: str, action: str) -> set[str]:
    """The types of resource on which this action carries the key."""
    service, name = action.split(":")
    carries = lambda keys: any(it == key or (it.endswith("/") and key.startswith(it)) for it in map(bare, keys))
    return {kind(row["resource_arn_format"]) for row in get_action_data(service, name)[service] if carries(row["condition_keys"])}


ours = json.load(sys.stdin)
differences = []
for service, names in ours["names"].items():
    theirs = {bare(it) for it in get_condition_keys_for_service(service) if it.startswith(service + ":")}
    differences += [f"{service}: {it}" for it in sorted(theirs ^ {it.lower() for it in names})]
for key in ours["keys"]:
    for action, kinds in key["on"]:
        theirs = on(key["name"].lower(), action)
        if theirs != set(kinds):
            differences.append(f"{key['name']} on {action}: {sorted(theirs)}, and ours {kinds}")
for action in ours["actions"]:
    if not get_action_data(*action.split(":")):
        differences.append(f"no action {action}")
launch = {kind(row["resource_arn_format"]) for row in get_action_data("ec2", "RunInstances")["ec2"]}
differences += [f"RunInstances has no {it}" for it in ours["launch_resources"] if it not in launch]
json.dump(differences, sys.stdout)
