"""The generated space: principals, requests, and what they end in.

What a request ends in follows the order AWS documents, option by option: the launch request, the launch template, the
account default, the AMI. The judge is asked about that, and the simulator about the request; neither knows the other.
"""

import itertools
from dataclasses import dataclass

ACCOUNT = "111122223333"
REGIONS = {"aws": "eu-central-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
DOCUMENTS = [None, {"max": 2}, {"exactly": 1}]


@dataclass(frozen=True)
class Principal:
    """Who asks. `bound` is whether service control policies bind it at all; `tags` are its own."""

    name: str
    role: str
    bound: bool = True
    tags: tuple = ()

    def arn(self, partition: str) -> str:
        return f"arn:{partition}:iam::{ACCOUNT}:role/{self.role}"


DEVELOPER = Principal("developer", "developer")
OWNER = Principal("owner", "v2only-owner")
EC2_ENFORCER = Principal("ec2 enforcer", "v2only-ec2-enforcer")
NOTEBOOK_ENFORCER = Principal("notebook enforcer", "v2only-notebook-enforcer")
SWEEPER = Principal("sweeper", "v2only-sweeper")
AUTOMATION = Principal("automation", "v2only-automation")
SCANNER = Principal("scanner", "v2only-scanner")
ROLLBACK = Principal("rollback", "v2only-rollback")
EXEMPT = Principal("exempt by name", "break-glass")
TAGGED = Principal("exempt by tag", "legacy", tags=(("v2only:exempt-principal", "true"),))
TAGGED_OTHERWISE = Principal("tagged with another value", "legacy", tags=(("v2only:exempt-principal", "no"),))
INFRASTRUCTURE = Principal("EC2's infrastructure role", "aws:ec2-infrastructure")
AUTO_SCALING = Principal(
    "service-linked role", "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", bound=False
)
MANAGEMENT = Principal("management account", "admin", bound=False)

PRINCIPALS = [
    DEVELOPER,
    OWNER,
    EC2_ENFORCER,
    NOTEBOOK_ENFORCER,
    SWEEPER,
    AUTOMATION,
    SCANNER,
    ROLLBACK,
    EXEMPT,
    TAGGED,
    TAGGED_OTHERWISE,
    INFRASTRUCTURE,
    AUTO_SCALING,
    MANAGEMENT,
]


def request(action: str, resource: str, principal=DEVELOPER, partition="aws", stray=False, **context) -> dict:
    """A request to be simulated. `resource` is the end of an ARN, or a whole one, or `*`."""
    service = action.split(":")[0]
    if resource != "*" and not resource.startswith("arn:"):
        account = "" if resource.startswith("image/") and service == "ec2" else ACCOUNT
        region = "" if service in ("iam", "sts") else REGIONS[partition]
        service = "iam" if service == "sts" else service
        resource = f"arn:{partition}:{service}:{region}:{account}:{resource}"
    keys = {key: value for key, value in context.get("keys", {}).items() if value is not None}
    keys |= {f"aws:PrincipalTag/{key}": value for key, value in principal.tags}
    asked = {
        "action": action,
        "resource": resource,
        "principal": principal.arn(partition),
        "account": ACCOUNT,
        "context": keys,
    }
    return asked | ({"stray": True} if stray else {})


def options(**values) -> dict:
    """Metadata options; None is "not stated"."""
    return {"http_tokens": None, "http_endpoint": None, "hop_limit": None} | values


INSTANCE = "instance/i-0123456789abcdef0"
# RunInstances is asked once for each of these as well. None of them has the keys of metadata options.
BESIDE_THE_INSTANCE = [
    "volume/*",
    "network-interface/*",
    "subnet/subnet-0123456789abcdef0",
    "security-group/sg-0123456789abcdef0",
    "image/ami-0123456789abcdef0",
    "key-pair/key",
    "launch-template/lt-0123456789abcdef0",
]


def launch(stated: dict, principal=DEVELOPER, partition="aws", **keys) -> list[dict]:
    """The requests that a launch is authorized by, the instance's first."""
    of_instance = {
        "ec2:MetadataHttpTokens": stated["http_tokens"],
        "ec2:MetadataHttpEndpoint": stated["http_endpoint"],
        "ec2:MetadataHttpPutResponseHopLimit": stated["hop_limit"] and str(stated["hop_limit"]),
    }
    first = request("ec2:RunInstances", INSTANCE, principal, partition, keys=of_instance | keys)
    beside = [request("ec2:RunInstances", it, principal, partition, keys=keys) for it in BESIDE_THE_INSTANCE]
    return [first, *beside]


def over(upper: dict, lower: dict) -> dict:
    """What is stated above, and else below."""
    return {key: lower[key] if value is None else value for key, value in upper.items()}


ACCOUNT_DEFAULTS = [
    options(),
    options(http_tokens="optional"),
    options(http_tokens="required"),
    options(http_tokens="required", hop_limit=2),
    options(hop_limit=3),
    options(http_endpoint="disabled"),
]
IMAGES = {"plain": options(), "v2.0": options(http_tokens="required", hop_limit=2)}
NOTHING_SAID = options(http_tokens="optional", http_endpoint="enabled", hop_limit=1)


def launches():
    """Every (request, template) with the account default and the image below it."""
    asked = [
        options(http_tokens=tokens, http_endpoint=endpoint, hop_limit=hops)
        for tokens, endpoint, hops in itertools.product(
            (None, "optional", "required"), (None, "enabled", "disabled"), (None, 1, 2, 3, 64)
        )
    ]
    templates = [options(), options(http_tokens="optional", hop_limit=3), options(http_tokens="required", hop_limit=1)]
    yield from itertools.product(asked, templates, ACCOUNT_DEFAULTS, IMAGES.values())


def modification(asked: dict, now: dict, principal=DEVELOPER, partition="aws") -> dict:
    """A request to modify an instance whose options are `now`."""
    keys = {
        "ec2:Attribute/HttpTokens": asked["http_tokens"],
        "ec2:Attribute/HttpEndpoint": asked["http_endpoint"],
        "ec2:Attribute/HttpPutResponseHopLimit": asked["hop_limit"] and str(asked["hop_limit"]),
        "ec2:MetadataHttpTokens": now["http_tokens"],
        "ec2:MetadataHttpEndpoint": now["http_endpoint"],
        "ec2:MetadataHttpPutResponseHopLimit": now["hop_limit"] and str(now["hop_limit"]),
    }
    return request("ec2:ModifyInstanceMetadataOptions", INSTANCE, principal, partition, keys=keys)


def modifications():
    """Every (request, options before it)."""
    before = [
        options(http_tokens=tokens, http_endpoint=endpoint, hop_limit=hops)
        for tokens, endpoint, hops in itertools.product(("optional", "required"), ("enabled", "disabled"), (1, 3))
    ]
    asked = [
        options(http_tokens=tokens, http_endpoint=endpoint, hop_limit=hops)
        for tokens, endpoint, hops in itertools.product(
            (None, "optional", "required"), (None, "enabled", "disabled"), (None, 1, 2, 3)
        )
    ]
    yield from itertools.product(asked, before)


VERSION = "sagemaker:MinimumInstanceMetadataServiceVersion"


def notebook(verb: str, version: str | None, principal=DEVELOPER, partition="aws") -> dict:
    action = f"sagemaker:{verb}NotebookInstance"
    return request(action, NOTES, principal, partition, keys={VERSION: version})


def allows(document: dict | None, hops: int | None) -> bool:
    """Whether a stated hop limit is one that the document accepts."""
    if document is None or hops is None:
        return True
    return hops <= document["max"] if "max" in document else hops == document["exactly"]


# Options and requests that many tests speak of.
V2 = options(http_tokens="required", http_endpoint="enabled", hop_limit=1)
V1 = options(http_tokens="optional", http_endpoint="enabled", hop_limit=1)
ASLEEP = options(http_tokens="optional", http_endpoint="disabled", hop_limit=1)
REQUIRE = options(http_tokens="required", http_endpoint="enabled")
OPEN = options(http_tokens="optional", http_endpoint="enabled")
WAKE = options(http_endpoint="enabled")
NOTES = "notebook-instance/notes"


def tagged(action: str, resource: str, *keys: str, by=DEVELOPER) -> dict:
    """A request that sets or removes tags with these keys."""
    return request(action, resource, by, keys={"aws:TagKeys": list(keys) or None})
