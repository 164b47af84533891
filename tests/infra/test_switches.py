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
# The kinds of resources that `scan` reads outside of EC2, Auto Scaling and SageMaker.
SURFACES = (servers.REPOSITORY / "crates/policy/src/surface.rs").read_text()


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


@pytest.fixture(scope="module")
def condition_keys() -> set[str]:
    return switches.condition_keys(site_packages("V2ONLY_POLICY_LINTERS"))


@pytest.fixture(scope="module")
def older() -> set[tuple[str, str]]:
    """The switches of the older botocore that the AWS CLI of these tests brings along."""
    return switches.api(site_packages("V2ONLY_AWS_CLI") / "botocore" / "data")


def site_packages(variable: str) -> Path:
    """Where the packages are that belong to the program which a variable names."""
    return next(Path(os.environ[variable]).parents[1].glob("lib/python3*/site-packages"))


def unjudged_types(found, types, table) -> set[str]:
    """Types with a switch that is neither judged nor excused."""
    judged = {(it["name"], it["switch"]) for it in types if it["state"] == "judged"}
    return {name for name, path in found if (name, path) not in judged} - set(table["excused"]["cloudformation"])


def unjudged_operations(found, types, table) -> set[str]:
    """Operations with a switch that are neither judged nor excused."""
    judged = {it["name"] for it in types if it["state"] == "judged"}
    by_type = {name for name, kind in table["judged"]["api"].items() if kind in judged}
    by_scan = {name for name, word in table["scanned"]["api"].items() if f'word: "{word}"' in SURFACES}
    return {name for name, _ in found} - by_type - by_scan - set(table["excused"]["api"])


def unhandled_keys(found, policies, table) -> set[str]:
    """Condition keys that no shipped policy uses, and that are not excused."""
    return {key for key in found if f'"{key}"' not in policies} - set(table["excused"]["condition_keys"])


def shipped_policies() -> str:
    return "\n".join(it.read_text() for it in sorted((servers.REPOSITORY / "policies").glob("*/*.json")))


def test_every_switch_of_cloudformation_is_judged_or_excused(cloudformation, types):
    assert len(cloudformation) >= 10
    assert unjudged_types(cloudformation, types, TABLE) == set()


def test_every_switch_of_the_api_is_judged_or_excused(api, types):
    assert len(api) >= 27
    assert unjudged_operations(api, types, TABLE) == set()


def unjudged_arguments(found: dict[str, list[str]], types) -> set[tuple[str, str]]:
    """Arguments of Terraform's providers that are switches and are not judged."""
    # A Spot Fleet is judged, and has no switch.
    judged = {it["name"]: it["switch"] for it in types if it["state"] == "judged" and it["switch"]}
    last = {name: switch.rsplit(".", 1)[-1] for name, switch in judged.items()}
    return {(name, argument) for name, arguments in found.items() for argument in arguments if last.get(name) != argument}


def test_every_switch_of_the_providers_of_terraform_is_judged(types):
    found = PROVIDERS["switches"]
    assert len(found) >= 18 and set(PROVIDERS["versions"]) == {"aws", "awscc"}
    assert unjudged_arguments(found, types) == set()
    new = {"aws_new_host": ["http_tokens"], "aws_instance": ["http_tokens", "imds_support"]}
    assert unjudged_arguments(new, types) == {("aws_new_host", "http_tokens"), ("aws_instance", "imds_support")}


def test_every_condition_key_is_used_or_excused(condition_keys):
    assert len(condition_keys) >= 4
    assert unhandled_keys(condition_keys, shipped_policies(), TABLE) == set()


def test_every_row_is_still_needed_and_gives_a_reason(cloudformation, api, condition_keys):
    assert set(TABLE["excused"]["condition_keys"]) <= condition_keys
    assert set(TABLE["excused"]["cloudformation"]) <= {name for name, _ in cloudformation}
    operations = {name for name, _ in api}
    parts = [set(TABLE[part]["api"]) for part in ("judged", "scanned", "excused")]
    assert set().union(*parts) <= operations
    assert sum(len(part) for part in parts) == len(set().union(*parts)), "an operation has one row"
    assert all(len(it) > 20 for part in TABLE["excused"].values() for it in part.values())


# That the tests above can fail: each row and each judged type that is taken out is named.


@pytest.mark.parametrize("part", ["judged", "scanned", "excused"])
def test_an_operation_whose_row_is_taken_out_is_named(part, api, types):
    for name in TABLE[part]["api"]:
        table = copy.deepcopy(TABLE)
        del table[part]["api"][name]
        assert unjudged_operations(api, types, table) == {name}


def test_a_type_that_is_no_longer_judged_is_named(cloudformation, types):
    for name in {name for name, _ in cloudformation}:
        rest = [it for it in types if it["name"] != name]
        assert unjudged_types(cloudformation, rest, TABLE) == {name}


def test_a_condition_key_that_no_policy_uses_any_more_is_named(condition_keys):
    policies = shipped_policies()
    for key in condition_keys - set(TABLE["excused"]["condition_keys"]):
        assert unhandled_keys(condition_keys, policies.replace(f'"{key}"', ""), TABLE) == {key}
    for key in TABLE["excused"]["condition_keys"]:
        table = copy.deepcopy(TABLE)
        del table["excused"]["condition_keys"][key]
        assert unhandled_keys(condition_keys, policies, table) == {key}


def test_what_a_newer_botocore_has_and_an_older_one_has_not_is_named(api, older, types):
    """A table that was complete for the older models is not complete for the newer ones."""
    assert older < api, "the two environments have the same switches: pin an older AWS CLI or a newer cfn-lint"
    known = {name for name, _ in older}
    table = copy.deepcopy(TABLE)
    for part in ("judged", "scanned", "excused"):
        table[part]["api"] = {name: it for name, it in TABLE[part]["api"].items() if name in known}
    assert unjudged_operations(older, types, table) == set()
    assert unjudged_operations(api, types, table) == {name for name, _ in api} - known != set()


def test_a_new_switch_is_named(cloudformation, api, types):
    new = ("AWS::New::Host", "HostMetadataOptions")
    assert unjudged_types(cloudformation | {new}, types, TABLE) == {"AWS::New::Host"}
    # The switch of a known type at a new path is new too.
    again = ("AWS::EC2::Instance", "Nested.MetadataOptions.HttpTokens")
    assert unjudged_types(cloudformation | {again}, types, TABLE) == {"AWS::EC2::Instance"}
    assert unjudged_operations(api | {("new.CreateHost", "Imds")}, types, TABLE) == {"new.CreateHost"}
    assert unhandled_keys({"new:MetadataHttpTokens"}, shipped_policies(), TABLE) == {"new:MetadataHttpTokens"}
