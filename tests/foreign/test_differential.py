"""The embedded AWS, moto and ministack answer alike, or `emulators.toml` says who is right."""

import os
import re
from pathlib import Path

import differential
import pytest
import servers
from differential import AGREES, DIFFERS, EMULATORS, MISSING, answer, outcome
from probes import PROBES, Server
from sandbox_aws import Aws

CALLS = servers.REPOSITORY / "crates" / "aws" / "src" / "call.rs"


@pytest.fixture(scope="module")
def answers(ministack, tmp_path_factory) -> dict:
    """What each server answers to each probe. moto is one of our own, because probes make an organization."""
    program, folder = Path(os.environ["V2ONLY_SANDBOX_BIN"]), tmp_path_factory.mktemp("servers")
    with servers.sandbox(program, folder / "sandbox", "--manual-clock") as ours, servers.moto(folder / "moto") as moto:
        urls = {"sandbox": ours, "moto": moto, "ministack": ministack}
        all_servers = {name: Server(Aws(url), name == "sandbox") for name, url in urls.items()}
        return {of: {name: answer(it, play) for name, it in all_servers.items()} for of, play in PROBES.items()}


def test_every_answer_that_differs_is_in_the_table_with_who_is_right(answers):
    known = differential.table()["probe"]
    assert [of for of, it in answers.items() if it["sandbox"] == MISSING] == []
    found, expected = {}, {}
    for operation, name in PROBES:
        told = answers[operation, name]
        row = known.get(operation, {}).get(name, {})
        for emulator in EMULATORS:
            of = f"{emulator}: {operation}, {name}"
            found[of] = (outcome(told["sandbox"], told[emulator]), told["sandbox"], told[emulator])
            expected[of] = (row.get(emulator, AGREES), told["sandbox"], told[emulator])
    assert {of: it for of, it in found.items() if it != expected[of]} == {}


def test_the_table_has_a_reason_for_every_difference_and_no_other_row():
    rows = {(of, name): row for of, names in differential.table()["probe"].items() for name, row in names.items()}
    assert rows.keys() <= PROBES.keys()
    for of, row in rows.items():
        reasoned = {"right", "why", "source"} <= row.keys()
        assert reasoned == (DIFFERS in row.values()), of
        assert {row[it] for it in EMULATORS if it in row} <= {DIFFERS, MISSING}, of


def test_every_operation_of_the_product_is_compared_or_named():
    actions = set(re.findall(r'Self::\w+ => "([a-z0-9]+:\w+)"', CALLS.read_text()))
    named = set(differential.table()["not_compared"])
    compared = {operation for operation, _ in PROBES}
    assert len(actions) > 60
    assert (actions - compared - named, named & compared, (named | compared) - actions) == (set(), set(), set())


def test_the_page_has_the_table():
    assert differential.PAGE.read_text() == differential.page(), "run tests/foreign/differential.py"


def test_an_answer_that_differs_is_noticed():
    assert outcome(1, 1) == AGREES and outcome(1, 2) == DIFFERS and outcome(1, MISSING) == MISSING
