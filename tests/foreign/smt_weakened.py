"""Weakened and otherwise wrong policies: each of them has to break a claim.

A denial is weakened and widened. A grant is only widened: that the roles grant what is needed is tested elsewhere.
"""

import copy
import re

from smt import listed

SWAPPED = {
    "StringNotEquals": "StringEquals",
    "StringEquals": "StringNotEquals",
    "NumericGreaterThan": "NumericGreaterThanEquals",
    "NumericNotEquals": "NumericGreaterThan",
    "NumericLessThan": "NumericLessThanEquals",
    "ArnNotLike": "ArnLike",
    "ArnLike": "ArnNotLike",
    "BoolIfExists": "Bool",
    "StringEqualsIfExists": "StringEquals",
    "ForAnyValue:StringLike": "ForAllValues:StringLike",
    "ForAllValues:StringLike": "ForAnyValue:StringLike",
    "ForAnyValue:StringEqualsIgnoreCase": "ForAnyValue:StringEquals",
}
OTHER_VALUE = {"required": "optional", "enabled": "disabled", "disabled": "enabled", "2": "3", "2.0": "1.0", "true": "false"}


def weakened(policy: dict):
    """Every (what was changed, the changed policy)."""
    for index, statement in enumerate(policy["Statement"]):
        name = statement["Sid"]
        if statement["Effect"] == "Deny":
            yield f"{name}: dropped", changed(policy, index, None)
        for what, other in statements_like(statement):
            yield f"{name}: {what}", changed(policy, index, other)


def changed(policy: dict, index: int, statement: dict | None) -> dict:
    other = copy.deepcopy(policy)
    other["Statement"][index : index + 1] = [statement] if statement else []
    return other


def statements_like(statement: dict):
    conditions, denial = statement.get("Condition", {}), statement["Effect"] == "Deny"
    for operator, block in conditions.items():
        for key, value in block.items():
            yield f"without {operator} {key}", with_condition(statement, operator, key, None)
            if operator == "Null":
                flipped = "false" if value == "true" else "true"
                yield f"{operator} {key} {flipped}", with_condition(statement, operator, key, {operator: flipped})
                continue
            if operator in SWAPPED:
                yield f"{SWAPPED[operator]} {key}", with_condition(statement, operator, key, {SWAPPED[operator]: value})
            for other in values_like(listed(value)):
                yield f"{operator} {key} {other}", with_condition(statement, operator, key, {operator: other})
    actions = listed(statement["Action"])
    for action in actions if denial and len(actions) > 1 else []:
        yield f"without {action}", statement | {"Action": [it for it in actions if it != action]}
    if not denial and actions != ["*"]:
        for service in sorted({it.split(":")[0] for it in actions}):
            yield f"with {service}:*", statement | {"Action": [*actions, f"{service}:*"]}
    yield from with_resources(statement)


def with_condition(statement: dict, operator: str, key: str, other: dict | None) -> dict:
    """With this condition replaced, or without it."""
    copied = copy.deepcopy(statement)
    del copied["Condition"][operator][key]
    if not copied["Condition"][operator]:
        del copied["Condition"][operator]
    for new, value in (other or {}).items():
        copied["Condition"].setdefault(new, {})[key] = value
    if not copied["Condition"]:
        del copied["Condition"]
    return copied


def values_like(values: list):
    """One value less, one changed, one wider."""
    for value in values if len(values) > 1 else []:
        yield [it for it in values if it != value]
    for value in values:
        others = [it for it in values if it != value]
        if value in OTHER_VALUE and OTHER_VALUE[value] not in others:
            yield [*others, OTHER_VALUE[value]]
        wider = re.sub(r"[a-z0-9]+$", "*", value)
        if value.startswith("arn:") and wider != value:
            yield [*others, wider]


def with_resources(statement: dict):
    resources = listed(statement["Resource"])
    for resource in resources if statement["Effect"] == "Deny" and len(resources) > 1 else []:
        yield f"without {resource}", statement | {"Resource": [it for it in resources if it != resource]}
    for resource in resources:
        others = [it for it in resources if it != resource]
        if statement["Effect"] == "Allow" and resource != "*":
            yield f"on * for {resource}", statement | {"Resource": "*"}
        elif statement["Effect"] == "Deny" and resource != "*":
            narrower = re.sub(r"\*$", "x*", resource) if resource.endswith("*") else f"{resource}x"
            yield f"on {narrower}", statement | {"Resource": [*others, narrower]}
            elsewhere = resource.replace("arn:aws:", "arn:aws-cn:")
            yield f"on {elsewhere}", statement | {"Resource": [*others, elsewhere]}
            yield f"on * for {resource}", statement | {"Resource": "*"}
        elif statement["Effect"] == "Deny":
            yield "on instances only", statement | {"Resource": "arn:aws:ec2:*:*:instance/*"}
