"""Promises of the policies, proven by the solver z3 for every principal and every value; and checks of these proofs.

The translation of policies agrees with the simulator, which is not ours. The formula of the judge agrees with the compiled
judge for every value there is. And each of many wrong policies breaks a promise: the proofs can fail.

`V2ONLY_SMT=long` evaluates 100,000 random requests and every wrong policy, in place of a part of them.
"""

import itertools
import os
import random

import pytest
import smt
import z3
from policy_tools import all_scps, shipped
from smt_claims import Asker, Setting, Undecided, find, hops_too_far, opens_v1
from smt_identity import CLAIMS, CLAIMS_OF
from smt_space import SPACE, Dice, Translated
from smt_weakened import weakened

pytest_plugins = ["policy_fixtures"]

LONG = os.environ.get("V2ONLY_SMT") == "long"
REQUESTS = 100_000 if LONG else 10_000
WRONG = None if LONG else 120
BY_Z3 = 200
EXEMPT = "arn:aws:iam::*:role/break-glass"
READINGS = (smt.AWS_READING, smt.SIMULATOR_READING)


def broken_promises(files: dict, setting: Setting, claims) -> list[str]:
    found = []
    for reading in READINGS:
        for broken in itertools.chain.from_iterable(claim(files, Asker(setting, reading)) for claim in claims):
            model = find(broken)
            found += [f"{broken.promise}: {model}"] if model is not None else []
    return found


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_request_breaks_a_promise_of_the_shipped_policies(claim):
    assert broken_promises(shipped(), Setting(), [CLAIMS[claim]]) == []


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
@pytest.mark.parametrize("hop_limit", [None, ("max", 1), ("max", 2), ("max", 64), ("exactly", 1), ("exactly", 3)])
def test_no_request_breaks_a_promise_of_rendered_policies(renderer, partition, hop_limit):
    setting = Setting(partition, hop_limit)
    files = renderer.files(partition, setting.document, exempt=())
    claims = [CLAIMS[it] for it in ("launches", "changes", "notebooks", "modifiers", "delivered", "same denials")]
    assert broken_promises(files, setting, claims) == []


def test_a_role_that_is_exempt_by_name_is_exempt(renderer):
    """Of such a role the identity policy knows nothing, and the other promises hold."""
    files = renderer.files(hop_limit={"max": 2}, exempt=(EXEMPT,))
    setting = Setting(exempt=(EXEMPT,))
    assert broken_promises(files, setting, [CLAIMS[it] for it in ("launches", "changes", "notebooks", "delivered")]) == []


def test_the_formula_of_the_judge_is_the_judge(judge):
    """Every value: 2 × 2 × 64 options under each hop limit of a document."""
    tokens, endpoint, hops = z3.String("tokens"), z3.String("endpoint"), z3.Int("hops")
    documents = [None, *(("max", it) for it in (1, 2, 3, 63, 64)), *(("exactly", it) for it in (1, 2, 64))]
    cases = list(itertools.product(("optional", "required"), ("enabled", "disabled"), range(1, 65)))
    for limit in documents:
        setting = Setting(hop_limit=limit)
        formulas = {"http-tokens": opens_v1(tokens, endpoint), "hop-limit": hops_too_far(setting, endpoint, hops)}
        for values in cases:
            asked = dict(zip(("http_tokens", "http_endpoint", "hop_limit"), values))
            said = judge.instance(setting.document, asked)
            pairs = zip((tokens, endpoint, hops), (z3.StringVal(values[0]), z3.StringVal(values[1]), z3.IntVal(values[2])))
            binding = list(pairs)
            for finding, formula in formulas.items():
                holds = z3.is_true(z3.simplify(z3.substitute(formula, *binding)))
                assert holds == (finding in said["findings"]), (limit, asked, said)
            assert (said["plan"] == "act") == bool(said["findings"]), (limit, asked, said)
    for version, acts in (("1", True), ("2", False)):
        assert (judge.notebook(version)["plan"] == "act") == acts


def test_the_translation_agrees_with_the_simulator(simulator, totals):
    """About the shipped service control policies, each file by itself, the identity policies and wrong variants of both."""
    files, dice = shipped(), Dice(16)
    groups = [(name, policy) for name, policy in files.items() if name in CLAIMS_OF and not name.startswith("rcp/")]
    choice = random.Random(16)
    for name, policy in list(groups):
        groups += [(name, other) for _, other in choice.sample(list(weakened(policy)), 2) if other["Statement"]]
    translation, compared, by_z3 = smt.Translation(smt.SIMULATOR_READING), 0, 0
    named = [(name, policy, [it for it in SPACE if it in smt.actions(policy) or "*" in str(policy)]) for name, policy in groups]
    for name, policy, actions in named:
        identity = name.startswith("iam/")
        ask = translation.allows if identity else translation.denies
        translated = {it: Translated(lambda request: ask([policy], request), it) for it in SPACE}
        requests = [dice.request(actions if roll % 4 else None) for roll in range(-(-REQUESTS // len(named)))]
        batch = {"identity": policy, "scps": []} if identity else {"scps": [policy], "identity": None}
        answers = simulator.lines.ask(batch | {"boundary": None, "requests": requests})["answers"]
        for asked, answer in zip(requests, answers, strict=True):
            assert "error" not in answer and not answer["ignored"], (asked, answer)
            allowed = translated[asked["action"]].answer(asked) == identity
            assert allowed == (answer["result"] == "Allowed"), (name, policy, asked, answer)
            compared += 1
            if compared % (REQUESTS // BY_Z3) == 0:
                by_z3 += 1
                assert translated[asked["action"]].by_z3(asked) == translated[asked["action"]].answer(asked), asked
    totals.update(cases=compared)
    simulator.simulated += compared
    assert compared >= REQUESTS and by_z3 >= BY_Z3


def test_they_agree_about_everything_attached_at_once(simulator):
    scps, dice = all_scps(), Dice(5)
    requests = [dice.request() for _ in range(300)]
    translation = smt.Translation(smt.SIMULATOR_READING)
    translated = {it: Translated(lambda request: translation.denies(scps, request), it) for it in SPACE}
    answers = simulator.lines.ask({"scps": scps, "identity": None, "boundary": None, "requests": requests})["answers"]
    for asked, answer in zip(requests, answers, strict=True):
        assert translated[asked["action"]].answer(asked) == (answer["result"] != "Allowed"), (asked, answer)


def breaks_a_promise(files: dict, name: str) -> bool:
    for reading, claim in itertools.product(READINGS, CLAIMS_OF[name]):
        for broken in claim(files, Asker(Setting(), reading)):
            try:
                if find(broken, timeout=3_000) is not None:
                    return True
            except Undecided:
                # Another promise has to be broken then.
                continue
    return False


def test_each_wrong_policy_breaks_a_promise():
    files = shipped()
    wrong = [(name, what, policy) for name in CLAIMS_OF for what, policy in weakened(files[name])]
    assert len(wrong) > 500
    chosen = wrong if WRONG is None else random.Random(16).sample(wrong, WRONG)
    unnoticed = [(name, what) for name, what, policy in chosen if not breaks_a_promise(files | {name: policy}, name)]
    assert unnoticed == []


def test_every_policy_of_statements_has_promises():
    """A file without a claim would be proven by nothing."""
    files = {it for it in shipped() if it.split("/")[0] in ("scp", "iam", "rcp") and "/everything" not in it}
    assert files == set(CLAIMS_OF)


def test_what_has_no_translation_is_an_error():
    asked = smt.Request("s3:GetObject")
    for statement in (
        {"Action": "*", "NotResource": "*"},
        {"Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:TagKeys": "x"}}},
        {"Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:SourceVpc": "${aws:x}*"}}},
    ):
        with pytest.raises(smt.Untranslated):
            smt.Translation().matches({"Effect": "Deny"} | statement, asked)
