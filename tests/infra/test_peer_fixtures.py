"""The fixtures of other checkers, restated in three formats: `v2only check` and checkov about each of them.

`peers/fixtures` holds the facts, the verdict of the peer, and who is right where v2only says something else.
"""

import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import checkers
import peer_fixtures
import pytest
import servers
from peer_fixtures import FORMATS, NONE, PEERS, RIGHT, UNKNOWN, WRONG, Counts, Fixture, worst

DOCUMENT = servers.REPOSITORY / "docs" / "src" / "results.md"
HOPS = "version: 1\nmode: observe\ninstances:\n  hop_limit: { max: 1 }\n"
FIXTURES = peer_fixtures.fixtures(peer_fixtures.rules())

# The resources that the rules of checkov do not judge. Its rule about hop limits is for Terraform only.
NOT_JUDGED = {
    ("cloudformation", "tokens"): {"instance", "configuration", "group"},
    ("cloudformation", "hops"): {"template", "configuration"},
    ("terraform", "tokens"): {"defaults", "group", "module"},
    ("plan", "tokens"): {"defaults", "group"},
}


@dataclass(frozen=True)
class Verdict:
    """What v2only and checkov say about one unit, in one format."""

    form: str
    fixture: Fixture
    unit: str
    resources: list[dict]
    facts: dict
    v2only: str
    checkov: str | None

    @property
    def right(self) -> str:
        return self.facts.get("right", self.facts["peer"])

    @property
    def is_not_judged(self) -> bool:
        """Whether checkov has no rule for any of the resources."""
        return {it["is"] for it in self.resources} <= NOT_JUDGED.get((self.form, self.fixture.about), set())

    def __str__(self) -> str:
        return f"{self.form}: {self.fixture.peer} {self.fixture.name} {self.unit}".strip()


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> list[Verdict]:
    folder = tmp_path_factory.mktemp("fixtures")
    peer_fixtures.build(folder, FIXTURES)
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(HOPS)
    ours = {"tokens": checkers.v2only(folder, "tokens"), "hops": checkers.v2only(folder, "hops", "--policy", str(policy))}
    found = []
    for form in FORMATS:
        theirs = checkers.checkov(folder / form, form)
        for number, fixture in enumerate(FIXTURES):
            if form in fixture.formats():
                file = f"{number:03}/{peer_fixtures.FILES[form]}"
                reported, read = ours[fixture.about]
                assert f"{form}/{file}" in read
                found += about_units(form, file, fixture, reported, theirs[fixture.about])
    return found


def about_units(form: str, file: str, fixture: Fixture, ours: dict, theirs: dict) -> list[Verdict]:
    found = []
    for unit, resources, facts in fixture.units():
        names = [peer_fixtures.name_in(form, it) for it in resources]
        v2only = worst([ours.get((f"{form}/{file}", it), RIGHT) for it in names])
        found.append(Verdict(form, fixture, unit, resources, facts, v2only, worst([theirs.get((file, it)) for it in names])))
    return found


def test_v2only_is_right_about_every_fixture(verdicts):
    expected = lambda it: it.facts.get("v2only", it.right)
    assert [f"{it}: {it.v2only}, not {expected(it)}" for it in verdicts if it.v2only != expected(it)] == []
    # A miss that is fixed has to leave the table.
    assert all(it.facts["v2only"] != it.right for it in verdicts if "v2only" in it.facts)
    assert len(verdicts) > 400 and len({it.fixture.peer for it in verdicts}) == len(PEERS)


def test_every_disagreement_with_a_peer_is_in_the_table_with_who_is_right(verdicts):
    silent = [str(it) for it in verdicts if it.facts["peer"] != it.v2only and "why" not in it.facts]
    assert silent == []
    reasons = {id(it.facts.get("why")): it for it in verdicts if "why" in it.facts}
    stale = [str(it) for it in reasons.values() if it.facts["peer"] == it.v2only == it.right]
    assert stale == []
    words = ("v2only:", "Neither", "The peer:", "The policy of the peer")
    assert all(it.facts["why"].startswith(words) for it in reasons.values())


def undecided_by_later(it: Verdict) -> bool:
    return any("?" in resource.get("options", {}).values() for resource in it.resources)


def instance_of_a_template(it: Verdict) -> bool:
    return any(resource["is"] == "instance" and "from" in resource for resource in it.resources)


# Why checkov says something else than the right verdict, and how often.
CHECKOV = {
    "checkov has no rule for the type in this format": (
        lambda it: it.checkov is None and it.is_not_judged,
        95,
    ),
    "checkov reports nothing about a variable without a value": (
        lambda it: it.checkov is None and it.form == "terraform" and undecided_by_later(it),
        1,
    ),
    "checkov takes a value that is known after the apply for wrong": (
        lambda it: it.checkov == WRONG and it.form == "plan" and undecided_by_later(it),
        1,
    ),
    "checkov does not follow the launch template of an instance": (
        lambda it: it.checkov == WRONG and it.right != WRONG and instance_of_a_template(it),
        12,
    ),
    "checkov takes a hop limit that nobody states for 1": (
        lambda it: it.fixture.about == "hops" and it.checkov == RIGHT and it.right == UNKNOWN,
        4,
    ),
}


def test_every_disagreement_with_checkov_has_a_reason(verdicts):
    differ = [it for it in verdicts if it.checkov != it.right]
    reasons = {str(it): [why for why, (applies, _) in CHECKOV.items() if applies(it)] for it in differ}
    assert {name: found for name, found in reasons.items() if len(found) != 1} == {}
    counted = Counter(why for found in reasons.values() for why in found)
    assert counted == {why: count for why, (_, count) in CHECKOV.items()}
    assert [str(it) for it in verdicts if it.checkov and it.is_not_judged] == [], "checkov has a rule for these"


def rows(verdicts: list[Verdict]) -> list[str]:
    """The table of the documentation: a row for each peer and format."""
    lines = []
    for peer in PEERS:
        for form in FORMATS:
            of_peer = [it for it in verdicts if it.fixture.peer == peer and it.form == form]
            if not of_peer:
                continue
            ours, stated, checkov, judged = Counts(), Counts(), Counts(), 0
            for it in of_peer:
                ours.add(it.v2only, it.right)
                if it.facts["peer"] != NONE:
                    stated.add(it.facts["peer"], it.right)
                if it.checkov is not None:
                    judged += 1
                    checkov.add(it.checkov, it.right)
            undecided = f"{ours.named} of {ours.undecided}" if ours.undecided else ""
            beside = f"{checkov} of {judged}" if judged else ""
            lines.append(f"| {peer} | {form} | {len(of_peer)} | {ours} | {undecided} | {stated} | {beside} |")
    return lines


def test_v2only_has_full_precision_and_recall_and_the_documentation_has_the_figures(verdicts):
    table = rows(verdicts)
    assert all(it.split(" | ")[3] == "100% / 100%" for it in table), table
    written = [it for it in DOCUMENT.read_text().splitlines() if it.startswith(tuple(f"| {peer} | " for peer in PEERS))]
    assert written == table, "\n".join(["write this table into docs/src/results.md:", *table])


def test_counts_tell_a_false_alarm_from_a_miss():
    counts = Counts()
    for verdict, right in [(WRONG, WRONG), (RIGHT, WRONG), (None, WRONG), (WRONG, RIGHT), (UNKNOWN, UNKNOWN), (RIGHT, UNKNOWN)]:
        counts.add(verdict, right)
    assert (counts.precision, counts.recall) == (1 / 2, 1 / 3)
    assert (counts.named, counts.undecided) == (1, 2)
    assert worst([RIGHT, None, UNKNOWN]) == UNKNOWN and worst([UNKNOWN, WRONG]) == WRONG and worst([None]) is None


def test_a_fixture_that_no_format_of_v2only_can_say_is_named(tmp_path):
    """The fixtures of KICS for Ansible: v2only names the playbook, and does not pass it as clean."""
    playbook = tmp_path / "playbook.yaml"
    playbook.write_text("- name: launch\n  amazon.aws.ec2_instance:\n    metadata_options:\n      http_tokens: optional\n")
    argv = [os.environ["V2ONLY_BIN"], "check", str(tmp_path)]
    ran = subprocess.run(argv, env=servers.clean_environment(), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2 and f"{playbook}: neither" in ran.stderr


def test_facts_have_no_unknown_words():
    words = {"name", "is", "options", "version", "named", "from", "by", "source", "written", "peer", "right", "v2only", "why"}
    of_fixture = {"file", "peer", "right", "v2only", "why", "resources"}
    for fixture in FIXTURES:
        assert fixture.facts.keys() <= of_fixture and fixture.peer in PEERS
        for it in fixture.resources:
            assert it.keys() <= words and it.get("options", {}).keys() <= peer_fixtures.OPTIONS.keys()
            assert fixture.of_file != ("peer" in it), fixture.name
    assert {Path(it.name).name for it in FIXTURES} and len({it.name for it in FIXTURES}) == len(FIXTURES)
