"""Random requests by a seed, and the values that bind an open request to one of them."""

import random
import re
from fractions import Fraction

import smt
import z3
from policy_space import ACCOUNT

HOSTILE_ROLES = ["v2only-ownerx", "path/v2only-owner", "V2only-owner", "v2only-forwarder-x", "developer", "x:role/v2only-owner"]
OUR_ROLES = ["owner", "ec2-enforcer", "notebook-enforcer", "sweeper", "rollback", "automation", "scanner", "schedule"]
PRINCIPALS = [
    *(f"arn:aws:iam::{ACCOUNT}:role/v2only-{it}" for it in OUR_ROLES),
    *(f"arn:aws:iam::{ACCOUNT}:role/{it}" for it in HOSTILE_ROLES),
    f"arn:aws:iam::{ACCOUNT}:role/aws:ec2-infrastructure",
    f"arn:aws:iam::{ACCOUNT}:user/v2only-owner",
    f"arn:aws-cn:iam::{ACCOUNT}:role/v2only-owner",
]
TOKENS = ["required", "optional", "Required", "requiredx"]
ENDPOINTS = ["enabled", "disabled", "ENABLED"]
HOPS = ["1", "2", "3", "10", "64"]
NOW = {
    "ec2:MetadataHttpTokens": TOKENS,
    "ec2:MetadataHttpEndpoint": ENDPOINTS,
    "ec2:MetadataHttpPutResponseHopLimit": HOPS,
}
ASKED = {
    "ec2:Attribute/HttpTokens": TOKENS,
    "ec2:Attribute/HttpEndpoint": ENDPOINTS,
    "ec2:Attribute/HttpPutResponseHopLimit": HOPS,
}
EVERYWHERE = {
    "aws:PrincipalTag/v2only:exempt-principal": ["true", "false", "True"],
    "ec2:RoleDelivery": ["1.0", "2.0"],
    "ec2:SourceInstanceARN": [f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-0123456789abcdef0"],
    "aws:Ec2InstanceSourceVPC": ["vpc-1", "vpc-2"],
    "aws:SourceVpc": ["vpc-1", "vpc-2"],
    "aws:Ec2InstanceSourcePrivateIPv4": ["10.0.0.5"],
    "aws:VpcSourceIp": ["10.0.0.5", "10.0.0.6"],
    "aws:ViaAWSService": ["true", "false"],
}
TAG_KEYS = ["v2only:exempt-until", "v2only:exempt-principal", "V2Only:Exempt-Principal", "V2only:x", "Name", "v2only"]
TAGS = {"aws:TagKeys": TAG_KEYS}
VERSION = {"sagemaker:MinimumInstanceMetadataServiceVersion": ["1", "2", "3"]}
INSTANCES = ["ec2:eu-central-1:{account}:instance/i-0123456789abcdef0"]
NOTEBOOKS = ["sagemaker:eu-central-1:{account}:notebook-instance/notes"]
ROLES = ["iam::{account}:role/theirs", "iam::{account}:role/v2only-owner", "iam::{account}:role/v2only-forwarder-eu-1"]
FUNCTIONS = ["lambda:eu-central-1:{account}:function:theirs", "lambda:eu-central-1:{account}:function:v2only-sweeper"]
SIGNING = ["lambda:eu-central-1:{account}:code-signing-config:csc-0123456789abcdef0"]
QUEUES = ["sqs:eu-central-1:{account}:theirs", "sqs:eu-central-1:{account}:v2only-sweeper"]
TEMPLATES = ["ec2:eu-central-1:{account}:launch-template/lt-0123456789abcdef0"]
PARAMETERS = ["ssm:eu-central-1:{account}:parameter/v2only/policy", "ssm:eu-central-1:{account}:parameter/theirs"]

# Actions, the resources they are asked for, and the keys that exist there.
SPACE = {
    "ec2:RunInstances": (INSTANCES, NOW | TAGS),
    "ec2:ModifyInstanceMetadataOptions": (INSTANCES, NOW | ASKED),
    "ec2:ModifyInstanceMetadataDefaults": (["*"], {}),
    "ec2:StartInstances": (INSTANCES, NOW),
    "ec2:AssociateIamInstanceProfile": (INSTANCES, NOW),
    "ec2:CreateTags": (INSTANCES, TAGS),
    "ec2:CreateLaunchTemplateVersion": (TEMPLATES, {}),
    "ec2:DescribeInstances": (["*"], {}),
    "sagemaker:CreateNotebookInstance": (NOTEBOOKS, VERSION | TAGS),
    "sagemaker:UpdateNotebookInstance": (NOTEBOOKS, VERSION),
    "sagemaker:StopNotebookInstance": (NOTEBOOKS, {}),
    "sagemaker:AddTags": (NOTEBOOKS, TAGS),
    "iam:TagRole": (ROLES, TAGS),
    "iam:CreateRole": (ROLES, TAGS),
    "iam:PassRole": ([*ROLES, "iam::{account}:role/v2only-automation"], {"iam:PassedToService": ["ssm.amazonaws.com", "ec2"]}),
    "iam:PutRolePolicy": (ROLES, {}),
    "sts:AssumeRole": (["iam::{account}:role/v2only-ec2-enforcer", "iam::{account}:role/theirs"], {}),
    "lambda:UpdateFunctionCode": (FUNCTIONS, {}),
    "lambda:UpdateCodeSigningConfig": (SIGNING, {"aws:ResourceTag/v2only:code-signing": ["true", ""]}),
    "sqs:SendMessage": (QUEUES, {}),
    "sqs:DeleteQueue": (QUEUES, {}),
    "ssm:PutParameter": (PARAMETERS, {}),
    "ssm:GetParameter": (PARAMETERS, {}),
    "s3:GetObject": (["s3:::bucket/key"], {}),
    "imagebuilder:CreateInfrastructureConfiguration": (
        ["imagebuilder:eu-central-1:{account}:infrastructure-configuration/web"],
        {"imagebuilder:Ec2MetadataHttpTokens": TOKENS},
    ),
}


class Dice:
    """Requests by a seed."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def request(self, actions: list | None = None) -> dict:
        """A request of one of these actions, or of any."""
        action = self.random.choice(actions or list(SPACE))
        resources, own = SPACE[action]
        keys = {}
        for key, values in (own | EVERYWHERE).items():
            # A key of this action mostly is there, one of every action mostly is not.
            if self.random.random() > (0.7 if key in own else 0.25):
                continue
            many = key == "aws:TagKeys"
            keys[key] = self.random.sample(values, self.random.randint(1, smt.MEMBERS)) if many else self.random.choice(values)
        resource = self.random.choice(resources)
        return {
            "action": action,
            "resource": resource if resource == "*" else "arn:aws:" + resource.format(account=ACCOUNT),
            "principal": self.random.choice(PRINCIPALS),
            "account": ACCOUNT,
            "context": keys,
        }


class Translated:
    """The formula of one answer, made once for an action and then evaluated for requests.

    z3 needs milliseconds to evaluate a formula, so the formula is compiled to Python; `by_z3` has the solver evaluate it.
    """

    def __init__(self, formula_of, action: str):
        self.request = smt.Request(action)
        for key in (*SPACE[action][1], *EVERYWHERE, "aws:PrincipalArn"):
            self.request.key(key)
        self.formula = formula_of(self.request)
        self.symbols: list[str] = []
        self.function = eval(f"lambda match, v: {self.python(self.formula)}")
        # The same symbols in the same order for every request. z3 prints a symbol slowly.
        self.bound = [str(symbol) for symbol, _ in self.binding({"resource": "*", "principal": PRINCIPALS[0], "context": {}})]

    def answer(self, asked: dict) -> bool:
        values = dict(zip(self.bound, (value for _, value in self.binding(asked)), strict=True))
        return bool(self.function(re.fullmatch, [values[it] for it in self.symbols]))

    def by_z3(self, asked: dict) -> bool:
        binding = [(symbol, literal(value)) for symbol, value in self.binding(asked)]
        result = z3.simplify(z3.substitute(self.formula, *binding))
        assert z3.is_true(result) or z3.is_false(result), f"{asked} leaves {result}"
        return z3.is_true(result)

    def binding(self, asked: dict):
        given = {name.lower(): value for name, value in asked["context"].items()}
        given["aws:principalarn"] = asked["principal"]
        # A request about no resource in particular matches no pattern but `*`.
        yield from bound_arn(self.request.resource, asked["resource"] if asked["resource"] != "*" else "arn:-:-:-:-:-")
        for name, key in self.request.keys.items():
            value = given.get(name)
            if isinstance(key, smt.Many):
                values = value or []
                for index, (there, member) in enumerate(key.members):
                    yield there, index < len(values)
                    yield member, values[index] if index < len(values) else ""
                continue
            if name != "aws:principalarn":
                yield key.present, value is not None
            if isinstance(key, smt.Number):
                yield key.value, Fraction(value or "0")
            elif isinstance(key, smt.ArnKey):
                yield from bound_arn(key.value, value or "arn:-:-:-:-:-")
            else:
                yield key.value, value or ""

    def python(self, term) -> str:
        """The source of an expression with the value of the term."""
        if z3.is_string_value(term):
            return repr(term.as_string())
        if z3.is_rational_value(term):
            return f"({term.numerator_as_long()} / {term.denominator_as_long()})"
        kind, inner = term.decl().kind(), [] if isinstance(term, z3.ReRef) else term.children()
        if kind == z3.Z3_OP_UNINTERPRETED:
            if str(term) not in self.symbols:
                self.symbols.append(str(term))
            return f"v[{self.symbols.index(str(term))}]"
        if kind == z3.Z3_OP_SEQ_IN_RE:
            return f"(match({regex(inner[1])!r}, {self.python(inner[0])}) is not None)"
        parts = [self.python(it) for it in inner]
        forms = {
            z3.Z3_OP_TRUE: "True",
            z3.Z3_OP_FALSE: "False",
            z3.Z3_OP_AND: f"({' and '.join(parts) or True})",
            z3.Z3_OP_OR: f"({' or '.join(parts) or False})",
            z3.Z3_OP_NOT: "(not {0})",
            z3.Z3_OP_IMPLIES: "(not {0} or {1})",
            z3.Z3_OP_EQ: "({0} == {1})",
            z3.Z3_OP_ITE: "({1} if {0} else {2})",
            z3.Z3_OP_LT: "({0} < {1})",
            z3.Z3_OP_LE: "({0} <= {1})",
            z3.Z3_OP_GT: "({0} > {1})",
            z3.Z3_OP_GE: "({0} >= {1})",
            z3.Z3_OP_SEQ_PREFIX: "{1}.startswith({0})",
        }
        form = forms[kind]
        return form if kind in (z3.Z3_OP_AND, z3.Z3_OP_OR) else form.format(*parts)


def regex(term) -> str:
    """The pattern of Python for a regular expression of z3."""
    kind, inner = term.decl().kind(), term.children()
    if kind == z3.Z3_OP_SEQ_TO_RE:
        return re.escape(inner[0].as_string())
    if kind == z3.Z3_OP_RE_CONCAT:
        return "".join(regex(it) for it in inner)
    if kind == z3.Z3_OP_RE_UNION:
        return f"(?:{'|'.join(regex(it) for it in inner)})"
    return {z3.Z3_OP_RE_FULL_SET: "(?s:.*)", z3.Z3_OP_RE_FULL_CHAR_SET: "(?s:.)"}[kind]


def literal(value):
    if isinstance(value, bool):
        return z3.BoolVal(value)
    return z3.StringVal(value) if isinstance(value, str) else z3.RealVal(str(value))


def bound_arn(arn: smt.Arn, text: str):
    return zip(arn.parts, text.split(":", 5)[1:], strict=True)
