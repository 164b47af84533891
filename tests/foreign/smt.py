"""Translates policies into formulas of the solver z3: statements, conditions and requests whose values are open.

A formula says for which requests a policy denies or allows; z3 then finds a request that contradicts a claim, or proves
that there is none. The simulator, which is not ours, checks the translation itself (`test_smt.py`). An operator, key or
element that has no translation is an error, never a condition that holds.
"""

import re
from dataclasses import dataclass, field

import z3

PARTS = ("partition", "service", "region", "account", "rest")
# Statements speak of at most two members of a list: three stand for any number of them.
MEMBERS = 3


class Untranslated(Exception):
    """A policy holds what this translation does not know."""


@dataclass(frozen=True)
class Arn:
    """The components of an ARN. Patterns match each component by itself; only the last may hold colons."""

    parts: tuple

    @classmethod
    def open(cls, name: str) -> "Arn":
        return cls(tuple(z3.String(f"{name}.{part}") for part in PARTS))

    @classmethod
    def of(cls, text: str) -> "Arn":
        return cls(tuple(z3.StringVal(part) for part in text.split(":", 5)[1:]))

    @property
    def rest(self):
        return self.parts[4]

    def like(self, pattern: str):
        if pattern == "*":
            return z3.BoolVal(True)
        pieces = pattern.split(":", 5)
        if len(pieces) != 6 or pieces[0] != "arn":
            raise Untranslated(f"the ARN {pattern}")
        return z3.And([like(part, piece) for part, piece in zip(self.parts, pieces[1:], strict=True)])

    def well_formed(self, partition: str, service: str | None = None):
        partitioned, of, region, account, rest = self.parts
        # Security tokens are for roles and users of IAM, whose ARNs have no Region.
        service = "iam" if service == "sts" else service
        word = z3.Union(z3.Range("a", "z"), z3.Range("0", "9"), z3.Re("-"))
        return z3.And(
            partitioned == partition,
            of == service if service else z3.InRe(of, z3.Plus(word)),
            region == "" if service == "iam" else z3.InRe(region, z3.Star(word)),
            z3.InRe(account, z3.Union(z3.Re(""), z3.Loop(z3.Range("0", "9"), 12, 12))),
            z3.Length(rest) > 0,
        )


REGEX = z3.ReSort(z3.StringSort())


@dataclass(frozen=True)
class Text:
    """A key with one text."""

    present: z3.BoolRef
    value: z3.SeqRef


@dataclass(frozen=True)
class Number:
    """A key with one number. As a text, the number is in its shortest decimal form."""

    present: z3.BoolRef
    value: z3.ArithRef


@dataclass(frozen=True)
class ArnKey:
    """A key with one ARN."""

    present: z3.BoolRef
    value: Arn


@dataclass(frozen=True)
class Many:
    """A key with several texts; it is absent where there is none."""

    members: tuple

    @property
    def present(self):
        return z3.Or([held for held, _ in self.members])


NUMBERS = {"ec2:metadatahttpputresponsehoplimit", "ec2:attribute/httpputresponsehoplimit", "ec2:roledelivery"}
ARNS = {"aws:principalarn", "lambda:functionarn"}
LISTS = {"aws:tagkeys"}


@dataclass
class Request:
    """A request. The action is known; the resource and every key are open until they are bound to a value."""

    action: str
    prefix: str = ""
    resource: Arn | None = None
    keys: dict = field(default_factory=dict)

    def __post_init__(self):
        self.resource = self.resource or Arn.open(f"{self.prefix}resource")
        self.keys = {name.lower(): key for name, key in self.keys.items()}

    def key(self, name: str):
        """The key, made open when it is first read."""
        name = name.lower()
        if name not in self.keys:
            symbol = self.prefix + name
            present = z3.BoolVal(True) if name == "aws:principalarn" else z3.Bool(f"{symbol}?")
            if name in LISTS:
                pairs = [(z3.Bool(f"{symbol}?{it}"), z3.String(f"{symbol}#{it}")) for it in range(MEMBERS)]
                self.keys[name] = Many(tuple(pairs))
            elif name in NUMBERS:
                self.keys[name] = Number(present, z3.Real(symbol))
            elif name in ARNS:
                self.keys[name] = ArnKey(present, Arn.open(symbol))
            else:
                self.keys[name] = Text(present, z3.String(symbol))
        return self.keys[name]

    @property
    def principal(self) -> Arn:
        return self.key("aws:PrincipalArn").value


def like(value, pattern: str, any_case: bool = False):
    """Whether the text matches a pattern with `*` and `?`."""
    if pattern == "*":
        return z3.BoolVal(True)
    if not any_case and not re.search(r"[*?]", pattern):
        return value == z3.StringVal(pattern)
    if not any_case and re.fullmatch(r"[^*?]*\*", pattern):
        return z3.PrefixOf(z3.StringVal(pattern[:-1]), value)
    pieces = [piece for piece in re.split(r"([*?])", pattern) if piece]
    return z3.InRe(value, joined([piece_of_regex(piece, any_case) for piece in pieces]))


def joined(pieces: list):
    return pieces[0] if len(pieces) == 1 else z3.Concat(pieces)


def piece_of_regex(piece: str, any_case: bool):
    if piece == "*":
        return z3.Full(REGEX)
    if piece == "?":
        return z3.AllChar(REGEX)
    if not any_case:
        return z3.Re(piece)
    letters = [z3.Union(z3.Re(it.lower()), z3.Re(it.upper())) if it.isalpha() else z3.Re(it) for it in piece]
    return joined(letters)


def listed(value) -> list:
    return value if isinstance(value, list) else [value]


# How a comparison reads a policy variable whose key is absent: AWS documents that a negated operator then matches,
# and the simulator has it match nothing. A claim has to hold either way.
AWS_READING, SIMULATOR_READING = "aws", "simulator"


class Translation:
    """Formulas for policies, under one reading of variables without a value."""

    def __init__(self, reading: str = AWS_READING):
        self.reading = reading

    def denies(self, policies: list, request: Request):
        """Whether a statement of one of these policies denies the request."""
        return z3.Or([self.matches(it, request) for it in statements(policies, "Deny")] or [z3.BoolVal(False)])

    def allows(self, policies: list, request: Request):
        """Whether these identity policies allow the request."""
        granted = z3.Or([self.matches(it, request) for it in statements(policies, "Allow")] or [z3.BoolVal(False)])
        return z3.And(granted, z3.Not(self.denies(policies, request)))

    def matches(self, statement: dict, request: Request):
        unknown = set(statement) - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
        if unknown or "Resource" not in statement or statement.get("Principal", "*") != "*":
            raise Untranslated(f"{unknown or 'Principal'} in {statement.get('Sid')}")
        if not any(action_matches(it, request.action) for it in listed(statement["Action"])):
            return z3.BoolVal(False)
        resource = z3.Or([request.resource.like(it) for it in listed(statement["Resource"])])
        conditions = [
            self.condition(operator, request, key, [str(it) for it in listed(values)])
            for operator, block in statement.get("Condition", {}).items()
            for key, values in block.items()
        ]
        return z3.And([resource, *conditions])

    def condition(self, operator: str, request: Request, name: str, values: list):
        key = request.key(name)
        if operator == "Null":
            return z3.Or([z3.Not(key.present) if it == "true" else key.present for it in values])
        set_operator, _, base = operator.rpartition(":")
        base, if_exists, _ = base.partition("IfExists")
        positive = base.replace("Not", "") if "Not" in base else base
        negated = positive != base
        if isinstance(key, Many):
            held = [(there, self.one_of(positive, negated, Text(there, it), values, request)) for there, it in key.members]
            if set_operator == "ForAnyValue":
                return z3.Or([z3.And(there, matches) for there, matches in held])
            if set_operator == "ForAllValues":
                return z3.And([z3.Implies(there, matches) for there, matches in held])
            raise Untranslated(f"{operator} on the list {name}")
        if set_operator:
            raise Untranslated(f"{operator} on {name}, which is no list")
        matches = self.one_of(positive, negated, key, values, request)
        if negated or if_exists:
            return z3.Or(z3.Not(key.present), matches)
        return z3.And(key.present, matches)

    def one_of(self, positive: str, negated: bool, key, values: list, request: Request):
        """Whether the value of a key that is there compares with one of these, or, negated, with none."""
        if not negated:
            return z3.Or([self.compared(positive, key, it, request, False) for it in values])
        return z3.And([z3.Not(self.compared(positive, key, it, request, True)) for it in values])

    def compared(self, operator: str, key, value: str, request: Request, negated: bool):
        variable = re.fullmatch(r"\$\{([^},]+)\}", value)
        if variable:
            if operator != "StringEquals" or not isinstance(key, Text):
                raise Untranslated(f"{value} with {operator}")
            other = request.key(variable[1])
            # Without a value nothing is equal to it. The simulator has negated operators fail as well.
            without = z3.BoolVal(negated and self.reading == SIMULATOR_READING)
            return z3.If(other.present, key.value == other.value, without)
        if "${" in value:
            raise Untranslated(f"the variable in {value}")
        if isinstance(key, ArnKey) and operator in ("ArnLike", "ArnEquals"):
            return key.value.like(value)
        if isinstance(key, Number):
            return number_compared(operator, key, value)
        if isinstance(key, Text):
            if operator == "StringEquals":
                return key.value == z3.StringVal(value)
            if operator == "StringLike":
                return like(key.value, value)
            if operator in ("StringEqualsIgnoreCase", "Bool"):
                return like(key.value, value, any_case=True)
        raise Untranslated(f"{operator} with {value}")


def number_compared(operator: str, key: Number, value: str):
    if operator == "StringEquals":
        return key.value == int(value) if re.fullmatch("0|[1-9][0-9]*", value) else z3.BoolVal(False)
    number = z3.RealVal(value)
    comparisons = {
        "NumericEquals": key.value == number,
        "NumericLessThan": key.value < number,
        "NumericLessThanEquals": key.value <= number,
        "NumericGreaterThan": key.value > number,
        "NumericGreaterThanEquals": key.value >= number,
    }
    if operator not in comparisons:
        raise Untranslated(f"{operator} on a number")
    return comparisons[operator]


def statements(policies: list, effect: str) -> list:
    return [it for policy in policies for it in listed(policy["Statement"]) if it["Effect"] == effect]


def action_matches(pattern: str, action: str) -> bool:
    regex = "".join({"*": ".*", "?": "."}.get(it, re.escape(it)) for it in pattern)
    return re.fullmatch(regex, action, re.IGNORECASE) is not None


def actions(*policies: dict) -> list[str]:
    """Every action that a policy names, and for each pattern of actions one that no policy names: no policy can tell
    such an action from another one that the same patterns match."""
    named = {it for policy in policies for statement in listed(policy["Statement"]) for it in listed(statement["Action"])}
    strangers = {"*": "stranger:Unnamed"} | {it: it.replace("*", "Unnamed") for it in named if it.endswith(":*")}
    return sorted({strangers.get(it, it) for it in named} | {"stranger:Unnamed"})
