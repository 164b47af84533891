"""What the policies promise, each as a formula that no request may satisfy.

A claim takes the rendered files, so that a test can hand it weakened ones. `Broken.where` says which policies are asked
and which request contradicts the promise; z3 finds such a request or proves that there is none.
"""

from dataclasses import dataclass

import smt
import z3
from smt_scopes import MODIFY_DEFAULTS, MODIFY_OPTIONS, PROTECTED, VERSION

EXEMPT_TAG = "aws:PrincipalTag/v2only:exempt-principal"
INFRASTRUCTURE = "arn:*:iam::*:role/aws:ec2-infrastructure"


@dataclass(frozen=True)
class Broken:
    """The formula of a broken promise: `formula` holds for a request that breaks it."""

    promise: str
    request: smt.Request
    formula: z3.BoolRef


class Undecided(Exception):
    """The solver gave up."""


def find(broken: Broken, timeout: int = 20_000):
    """A model of a request that breaks the promise, or None where there is none."""
    solver = z3.Solver()
    solver.set("timeout", timeout)
    solver.add(broken.formula)
    result = solver.check()
    if result == z3.unknown:
        raise Undecided(f"{broken.promise}: {solver.reason_unknown()}")
    return solver.model() if result == z3.sat else None


@dataclass(frozen=True)
class Setting:
    """What the files were rendered for."""

    partition: str = "aws"
    hop_limit: tuple | None = ("max", 2)
    exempt: tuple = ()

    @property
    def document(self):
        return None if self.hop_limit is None else dict([self.hop_limit])

    def accepts(self, hops):
        if self.hop_limit is None:
            return z3.BoolVal(True)
        kind, number = self.hop_limit
        return hops <= number if kind == "max" else hops == number


# --- The judge, which `test_smt.py` holds against the compiled one for every value -------------------------------------


def opens_v1(tokens, endpoint):
    """The finding `http-tokens`: IMDSv1 is answered."""
    return z3.And(endpoint != "disabled", tokens != "required")


def hops_too_far(setting: Setting, endpoint, hops):
    """The finding `hop-limit`."""
    return z3.And(endpoint != "disabled", z3.Not(setting.accepts(hops)))


# --- Requests -----------------------------------------------------------------------------------------------------------


class Asker:
    """Requests of any principal of the partition, under one reading of policies."""

    def __init__(self, setting: Setting, reading: str = smt.AWS_READING):
        self.setting, self.translation = setting, smt.Translation(reading)

    def request(self, action: str, **keys) -> smt.Request:
        return smt.Request(action, keys=keys)

    def possible(self, request: smt.Request, resource: str | None = None):
        """That the ARNs are well-formed; `resource` is a pattern of the last component of the resource."""
        service = request.action.split(":")[0]
        partition = self.setting.partition
        formed = [
            request.resource.well_formed(partition, service if service != "stranger" else None),
            request.principal.well_formed(partition, "iam"),
        ]
        if resource:
            formed.append(smt.like(request.resource.rest, resource))
        return z3.And(formed)

    def exempt(self, request: smt.Request):
        tag = request.key(EXEMPT_TAG)
        return z3.Or(z3.And(tag.present, tag.value == "true"), self.one_of(request, *self.setting.exempt))

    def one_of(self, request: smt.Request, *names: str):
        """Whether the principal is one of these roles."""
        arns = [it if it.startswith("arn:") else f"arn:*:iam::*:role/{it}" for it in names]
        return z3.Or([request.principal.like(it.replace("arn:aws:", "arn:*:")) for it in arns])

    def denied(self, files: dict, names: tuple, request: smt.Request):
        return self.translation.denies([files[it] for it in names if it in files], request)


@dataclass(frozen=True)
class Options:
    """Metadata options, each stated or not."""

    tokens: smt.Text
    endpoint: smt.Text
    hops: smt.Number

    @classmethod
    def open(cls, name: str, stated: bool = False) -> "Options":
        there = [z3.BoolVal(True) if stated else z3.Bool(f"{name}.{it}?") for it in ("tokens", "endpoint", "hops")]
        return cls(
            smt.Text(there[0], z3.String(f"{name}.tokens")),
            smt.Text(there[1], z3.String(f"{name}.endpoint")),
            smt.Number(there[2], z3.Int(f"{name}.hops")),
        )

    def possible(self):
        """The enumerations and ranges of the API model of EC2."""
        return z3.And(
            z3.Or(self.tokens.value == "optional", self.tokens.value == "required"),
            z3.Or(self.endpoint.value == "enabled", self.endpoint.value == "disabled"),
            self.hops.value >= 1,
            self.hops.value <= 64,
        )

    def over(self, lower: "Options", when=True) -> "Options":
        """What is stated here, and else below (only `when`)."""

        def pick(upper, under):
            there = z3.Or(upper.present, z3.And(when, under.present))
            return type(upper)(there, z3.If(upper.present, upper.value, under.value))

        pairs = ((self.tokens, lower.tokens), (self.endpoint, lower.endpoint), (self.hops, lower.hops))
        return Options(*[pick(upper, under) for upper, under in pairs])

    def keys(self, tokens: str, endpoint: str, hops: str) -> dict:
        real = smt.Number(self.hops.present, z3.ToReal(self.hops.value))
        return {tokens: self.tokens, endpoint: self.endpoint, hops: real}


NOTHING_SAID = Options(
    smt.Text(z3.BoolVal(True), z3.StringVal("optional")),
    smt.Text(z3.BoolVal(True), z3.StringVal("enabled")),
    smt.Number(z3.BoolVal(True), z3.IntVal(1)),
)
NOW = ("ec2:MetadataHttpTokens", "ec2:MetadataHttpEndpoint", "ec2:MetadataHttpPutResponseHopLimit")
ASKED = ("ec2:Attribute/HttpTokens", "ec2:Attribute/HttpEndpoint", "ec2:Attribute/HttpPutResponseHopLimit")


# --- Denied exactly if the functions would act --------------------------------------------------------------------------


def launches(files: dict, asker: Asker, names=("scp/require-v2-at-launch.json", "scp/hop-limit-at-launch.json")):
    asked, default, image = Options.open("request"), Options.open("default"), Options.open("image")
    stated = asked.over(default, z3.Bool("defaults fill the keys"))
    after = stated.over(default).over(image).over(NOTHING_SAID)
    request = asker.request("ec2:RunInstances", **stated.keys(*NOW))
    possible = z3.And(
        asker.possible(request, "instance/*"), asked.possible(), default.possible(), image.possible()
    )
    denied, exempt = asker.denied(files, names, request), asker.exempt(request)
    opens = opens_v1(after.tokens.value, after.endpoint.value)
    far = hops_too_far(asker.setting, after.endpoint.value, after.hops.value)
    by_default = z3.Or(
        z3.And(z3.Not(stated.tokens.present), after.tokens.value == "required"),
        z3.And(z3.Not(stated.endpoint.present), after.endpoint.value == "disabled"),
    )

    def broken(promise, formula):
        return Broken(promise, request, z3.And(possible, formula))

    yield broken("a launch that opens IMDSv1 is denied", z3.And(z3.Not(denied), opens, z3.Not(exempt)))
    stated_far = z3.And(far, stated.hops.present)
    yield broken("a stated hop limit outside the document is denied", z3.And(z3.Not(denied), stated_far, z3.Not(exempt)))
    needless = z3.And(denied, z3.Not(opens), z3.Not(far), z3.Not(by_default))
    yield broken("no launch is denied that the functions would leave alone", needless)
    yield broken("exempt principals launch", z3.And(denied, exempt))
    yield beside(asker, request, "instance/", denied)


def beside(asker: Asker, request: smt.Request, kind: str, denied) -> Broken:
    """A launch is asked about its volumes, network and image as well; none of them has the keys."""
    other = z3.And(asker.possible(request), z3.Not(z3.PrefixOf(kind, request.resource.rest)))
    return Broken(f"nothing but {kind}* is denied", request, z3.And(other, denied))


def changes(files: dict, asker: Asker, names=("scp/no-way-back.json",), spared=("v2only-rollback",)):
    asked, before = Options.open("asked"), Options.open("now", stated=True)
    after = asked.over(before)
    request = asker.request("ec2:ModifyInstanceMetadataOptions", **asked.keys(*ASKED), **before.keys(*NOW))
    possible = z3.And(asker.possible(request, "instance/*"), asked.possible(), before.possible())
    denied = asker.denied(files, names, request)
    excused = z3.Or(asker.exempt(request), asker.one_of(request, *spared))
    was_open = opens_v1(before.tokens.value, before.endpoint.value)
    opens = z3.And(opens_v1(after.tokens.value, after.endpoint.value), z3.Not(was_open))
    was_far = hops_too_far(asker.setting, before.endpoint.value, before.hops.value)
    far = z3.And(hops_too_far(asker.setting, after.endpoint.value, after.hops.value), z3.Not(was_far))
    off = after.endpoint.value == "disabled"
    asks_optional = z3.And(asked.tokens.present, asked.tokens.value != "required")
    asks_enabled = z3.And(asked.endpoint.present, asked.endpoint.value == "enabled")
    asks_far = z3.And(asked.hops.present, z3.Not(asker.setting.accepts(asked.hops.value)))
    without_effect = z3.Or(
        z3.And(asks_optional, z3.Or(off, was_open)), z3.And(asks_enabled, was_open), z3.And(asks_far, z3.Or(off, was_far))
    )

    def broken(promise, formula):
        return Broken(promise, request, z3.And(possible, formula))

    yield broken("a change that opens IMDSv1 is denied", z3.And(z3.Not(denied), opens, z3.Not(excused)))
    yield broken("raising the hop limit is denied", z3.And(z3.Not(denied), far, asked.hops.present, z3.Not(excused)))
    needless = z3.And(denied, z3.Not(opens), z3.Not(far), z3.Not(without_effect))
    yield broken("no change is denied that brings nothing to fix", needless)
    yield broken("exempt principals and rollback change options", z3.And(denied, excused))
    yield beside(asker, request, "instance/", denied)
    # Without a range for what is asked: a spelling that AWS might take for `optional` or `enabled`.
    spelled = z3.And(asker.possible(request, "instance/*"), before.possible(), before.tokens.value == "required")
    odd = z3.And(asked.tokens.present, asked.tokens.value != "required", z3.Not(excused), z3.Not(denied))
    yield Broken("no spelling of the tokens gets past", request, z3.And(spelled, odd))
    asleep = z3.And(before.endpoint.value == "disabled", before.tokens.value == "optional", before.possible())
    wakes = z3.And(
        asker.possible(request, "instance/*"), asleep, z3.Not(asked.tokens.present), asked.endpoint.present
    )
    odd = z3.And(wakes, asked.endpoint.value != "disabled", z3.Not(excused), z3.Not(denied))
    yield Broken("no spelling of the endpoint gets past", request, odd)


def notebooks(files: dict, asker: Asker, names=("scp/notebooks-v2.json",), spared=("v2only-rollback",)):
    for verb in ("Create", "Update"):
        stated = smt.Text(z3.Bool("stated?"), z3.String("stated"))
        before = z3.String("before or by default")
        request = asker.request(f"sagemaker:{verb}NotebookInstance", **{VERSION: stated})
        possible = asker.possible(request, "notebook-instance/*")
        denied, exempt = asker.denied(files, names, request), asker.exempt(request)
        if verb == "Update":
            exempt = z3.Or(exempt, asker.one_of(request, *spared))
        after = z3.If(stated.present, stated.value, before)
        opens = after != "2" if verb == "Create" else z3.And(after != "2", before == "2")
        needless = z3.And(denied, after == "2")
        if verb == "Create":
            # AWS documents both defaults, so silence is denied.
            needless = z3.And(needless, stated.present)

        def broken(promise, formula):
            return Broken(f"{verb}: {promise}", request, z3.And(possible, formula))

        yield broken("a notebook of version 1 is denied", z3.And(z3.Not(denied), opens, z3.Not(exempt)))
        yield broken("version 2 is not denied", needless)
        yield broken("exempt principals", z3.And(denied, exempt))
        yield beside(asker, request, "notebook-instance/", denied)
        if verb == "Update":
            yield broken("an update about something else", z3.And(denied, z3.Not(stated.present)))


# --- What only some principals may do -----------------------------------------------------------------------------------


def modifiers(files: dict, asker: Asker):
    for action, resource, who in (MODIFY_OPTIONS, MODIFY_DEFAULTS):
        yield from exactly_these(files, asker, ("scp/only-owners-modify.json",), action, [resource], who)


def protection(files: dict, asker: Asker):
    name = ("scp/protect-v2only.json",)
    for actions, resources, who in PROTECTED:
        for action in actions:
            service = action.split(":")[0]
            yield from exactly_these(files, asker, name, action, [it for it in resources if it[0] == service], who)


def exactly_these(files, asker, names, action, resources, who):
    """Denied for these resources to everybody else, and for nothing else. Tags are the subject of `tags`."""
    request = asker.request(action, **{"aws:TagKeys": smt.Many(())})
    well_formed = z3.BoolVal(True)
    if resources and len(resources[0]) == 3:
        _, name, pattern = resources[0]
        key = request.key(name)
        value = key.value
        if isinstance(key, smt.ArnKey):
            well_formed, value = value.well_formed(asker.setting.partition, "lambda"), value.rest
        ours = z3.And(key.present, smt.like(value, pattern))
    else:
        ours = z3.Or([smt.like(request.resource.rest, it[1]) for it in resources])
    possible = z3.And(asker.possible(request), well_formed)
    denied, allowed = asker.denied(files, names, request), asker.one_of(request, *who)
    yield Broken(f"{action} is denied", request, z3.And(possible, ours, z3.Not(allowed), z3.Not(denied)))
    yield Broken(f"{action} is not denied elsewhere", request, z3.And(possible, denied, z3.Or(z3.Not(ours), allowed)))


TAG_WRITERS = ("v2only-owner", "v2only-ec2-enforcer", "v2only-notebook-enforcer", "v2only-sweeper", "v2only-rollback")
EXEMPTING = ("iam:CreateRole", "iam:CreateUser", "iam:TagRole", "iam:TagUser", "sts:TagSession")


def tags(files: dict, asker: Asker):
    for action in ("ec2:CreateTags", "stranger:Unnamed", *EXEMPTING):
        request = asker.request(action)
        members = request.key("aws:TagKeys").members
        ours = z3.Or([z3.And(there, z3.PrefixOf("v2only:", it)) for there, it in members])
        # IAM compares the keys of tags of principals without regard to case.
        exempts = z3.Or([z3.And(there, smt.like(it, EXEMPT_TAG.split("/")[1], any_case=True)) for there, it in members])
        possible = asker.possible(request)
        if action in EXEMPTING:
            # Roles of ours are the subject of `protection`.
            possible = z3.And(possible, request.resource.rest == ("user/theirs" if action.endswith("User") else "role/theirs"))
        denied = asker.denied(files, ("scp/protect-v2only.json",), request)
        writer, owner = asker.one_of(request, *TAG_WRITERS), asker.one_of(request, "v2only-owner")
        wrong = z3.And(ours, z3.Not(writer))
        if action in EXEMPTING:
            wrong = z3.Or(wrong, z3.And(exempts, z3.Not(owner)))
        promises = {"tags are ours alone": z3.And(wrong, z3.Not(denied)), "other tags are free": z3.And(denied, z3.Not(wrong))}
        (there, member), *others = members
        # With one tag first: z3 finds a spelling slowly where a promise is broken, and proves fast where none is.
        for spelled in ("V2only:Exempt-Principal", "v2only:exempt-until", "Name"):
            one = z3.And(there, member == spelled, *[z3.Not(it) for it, _ in others])
            for promise, formula in promises.items():
                yield Broken(f"{action} with {spelled}: {promise}", request, z3.And(possible, one, formula))
        for promise, formula in promises.items():
            yield Broken(f"{action}: {promise}", request, z3.And(possible, formula))


# --- Credentials, open instances, other launches ------------------------------------------------------------------------


def delivered(files: dict, asker: Asker, name="scp/credentials-delivered-by-v2.json", services=None):
    for action in ("stranger:Unnamed", "s3:GetObject", "kms:Decrypt", "secretsmanager:GetSecretValue", "sqs:SendMessage"):
        request = asker.request(action)
        delivery = request.key("ec2:RoleDelivery")
        excused = z3.Or(asker.exempt(request), request.principal.like(INFRASTRUCTURE))
        bound = services is None or action.split(":")[0] in services
        wrong = z3.And(z3.BoolVal(bound), delivery.present, delivery.value < 2, z3.Not(excused))
        differs = asker.denied(files, (name,), request) != wrong
        yield Broken(f"{action}: credentials by IMDSv1, and no others", request, z3.And(asker.possible(request), differs))


def own_network(files: dict, asker: Asker):
    request = asker.request("stranger:Unnamed")
    source, service = request.key("ec2:SourceInstanceARN"), request.key("aws:ViaAWSService")
    vpc, address = request.key("aws:SourceVpc"), request.key("aws:VpcSourceIp")
    own_vpc, own_address = request.key("aws:Ec2InstanceSourceVPC"), request.key("aws:Ec2InstanceSourcePrivateIPv4")
    excused = z3.Or(asker.exempt(request), request.principal.like(INFRASTRUCTURE), z3.Not(source.present))
    # Keys of an instance's credentials come together, and a VPC endpoint states both where it is and the address.
    together = z3.And(
        source.present == own_vpc.present,
        source.present == own_address.present,
        vpc.present == address.present,
        z3.Or(service.value == "true", service.value == "false"),
    )
    on_behalf = z3.And(service.present, service.value == "true")
    at_home = z3.And(vpc.present, own_vpc.value == vpc.value, own_address.value == address.value)
    wrong = z3.And(z3.Not(excused), z3.Not(on_behalf), z3.Not(at_home))
    differs = asker.denied(files, ("scp/optional-credentials-from-own-network.json",), request) != wrong
    possible = z3.And(asker.possible(request), together)
    yield Broken("credentials of instances are used at home only", request, z3.And(possible, differs))


def closed_sources(files: dict, asker: Asker):
    """Requests that are denied unless they state v2 or no endpoint."""
    ec2 = ("ec2:StartInstances", "ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation")
    rows = [(it, "scp/optional-closed-before-start.json", NOW[:2], "instance/*") for it in ec2]
    scaling = ("autoscaling:MetadataHttpTokens", "autoscaling:MetadataHttpEndpoint")
    create = "autoscaling:CreateLaunchConfiguration"
    rows.append((create, "scp/optional-launch-configurations-v2.json", scaling, None))
    rows.append((create, "scp/no-launch-configurations.json", None, None))
    for verb in ("Create", "Update"):
        group = f"autoscaling:{verb}AutoScalingGroup"
        rows.append((group, "scp/no-launch-configurations.json", ("autoscaling:LaunchConfigurationName",), None))
        builder = f"imagebuilder:{verb}InfrastructureConfiguration"
        rows.append((builder, "scp/image-builder-v2.json", ("imagebuilder:Ec2MetadataHttpTokens",), None))
    for action, name, keys, resource in rows:
        request = asker.request(action)
        stated = [request.key(it) for it in keys or ()]
        if keys is None:
            wrong = z3.BoolVal(True)
        elif keys[0] == "autoscaling:LaunchConfigurationName":
            wrong = stated[0].present
        else:
            words = ("required", "disabled")
            closed = [z3.And(it.present, it.value == word) for it, word in zip(stated, words)]
            wrong = z3.Not(z3.Or(closed))
        wrong = z3.And(wrong, z3.Not(asker.exempt(request)))
        differs = asker.denied(files, (name,), request) != wrong
        yield Broken(f"{action} in {name}", request, z3.And(asker.possible(request, resource), differs))
        if resource:
            yield beside(asker, request, "instance/", asker.denied(files, (name,), request))
