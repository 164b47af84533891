"""Every metadata switch that AWS publishes is judged, or excused with a reason."""

import copy
import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest
import servers
import switches

PROVIDERS = tomllib.loads((Path(__file__).parent / "provider_switches.toml").read_text())
TABLE = tomllib.loads((Path(__file__).parent / "switches.toml").read_text())


@pytest.fixture(scope="module")
def types() -> list[dict]:
    """What `v2only check --types` lists."""
    argv = [os.environ["V2ONLY_BIN"], "check", "--types", "--output", "json"]
    ran = subprocess.run(argv, env=servers.clean_environment(), capture_output=True, text=True, timeout=60, check=True)
    return json.loads(ran.stdout)["types"]


@pytest.fixture(scope="module")
def cloudformation() -> set[tuple[str, str]]:
    return switches.cloudformation()


@pytest.fixture(scope="module")
def api() -> set[tuple[str, str]]:
    return switches.api()


def unjudged_types(found, types, table) -> set[str]:
    """Types with a switch that is neither judged nor excused."""
    judged = {(it["name"], it["switch"]) for it in types if it["state"] == "judged"}
    return {name for name, path in found if (name, path) not in judged} - set(table["excused"]["cloudformation"])


def unjudged_operations(found, types, table) -> set[str]:
    """Operations with a switch that are neither judged nor excused."""
    judged = {it["name"] for it in types if it["state"] == "judged"}
    by_type = {name for name, kind in table["judged"]["api"].items() if kind in judged}
    return {name for name, _ in found} - by_type - set(table["excused"]["api"])


def test_every_switch_of_cloudformation_is_judged_or_excused(cloudformation, types):
    assert len(cloudformation) >= 10
    assert unjudged_types(cloudformation, types, TABLE) == set()


def test_every_switch_of_the_api_is_judged_or_excused(api, types):
    assert len(api) >= 26
    assert unjudged_operations(api, types, TABLE) == set()


def unjudged_arguments(found: dict[str, list[str]], types) -> set[tuple[str, str]]:
    """Arguments of Terraform's providers that are switches and are not judged."""
    judged = {it["name"]: it["switch"] for it in types if it["state"] == "judged"}
    last = {name: switch.rsplit(".", 1)[-1] for name, switch in judged.items()}
    return {(name, argument) for name, arguments in found.items() for argument in arguments if last.get(name) != argument}


def test_every_switch_of_the_providers_of_terraform_is_judged(types):
    found = PROVIDERS["switches"]
    assert len(found) >= 18 and set(PROVIDERS["versions"]) == {"aws", "awscc"}
    assert unjudged_arguments(found, types) == set()
    new = {"aws_new_host": ["http_tokens"], "aws_instance": ["http_tokens", "imds_support"]}
    assert unjudged_arguments(new, types) == {("aws_new_host", "http_tokens"), ("aws_instance", "imds_support")}


def test_every_row_is_still_needed_and_gives_a_reason(cloudformation, api):
    assert set(TABLE["excused"]["cloudformation"]) <= {name for name, _ in cloudformation}
    operations = {name for name, _ in api}
    assert set(TABLE["judged"]["api"]) | set(TABLE["excused"]["api"]) <= operations
    assert not set(TABLE["judged"]["api"]) & set(TABLE["excused"]["api"])
    assert all(len(it) > 20 for part in TABLE["excused"].values() for it in part.values())


# That the tests above can fail: each row and each judged type that is taken out is named.


@pytest.mark.parametrize("part", ["judged", "excused"])
def test_an_operation_whose_row_is_taken_out_is_named(part, api, types):
    for name in TABLE[part]["api"]:
        table = copy.deepcopy(TABLE)
        del table[part]["api"][name]
        assert unjudged_operations(api, types, table) == {name}


def test_a_type_that_is_no_longer_judged_is_named(cloudformation, types):
    for name in {name for name, _ in cloudformation}:
        rest = [it for it in types if it["name"] != name]
        assert unjudged_types(cloudformation, rest, TABLE) == {name}


def test_a_new_switch_is_named(cloudformation, api, types):
    new = ("AWS::New::Host", "HostMetadataOptions")
    assert unjudged_types(cloudformation | {new}, types, TABLE) == {"AWS::New::Host"}
    # The switch of a known type at a new path is new too.
    again = ("AWS::EC2::Instance", "Nested.MetadataOptions.HttpTokens")
    assert unjudged_types(cloudformation | {again}, types, TABLE) == {"AWS::EC2::Instance"}
    assert unjudged_operations(api | {("new.CreateHost", "Imds")}, types, TABLE) == {"new.CreateHost"}
