"""The roles for people, `infra/sam/reader.yaml` and `infra/terraform/modules/reader`: deployed into ministack by both, with
nothing asked for and with every option.
"""

import json

import pytest
import servers
import templates
import terraform
from deployed import Deployed
from test_deployments import Stack

TRUSTED = "999988887777"
EXTERNAL_ID = "made-up-for-a-test"
OPTIONS = {
    "ImportFindings": "import-findings",
    "Inventory": "inventory",
    "Trace": "trace",
    "Doctor": "doctor",
    "Rollback": "rollback",
}
# By role and inline policy, the file with its statements.
PLAIN = {"v2only-scanner": {"scan": "role-scanner"}}
EVERYTHING = {
    "v2only-scanner": {
        "scan": "role-scanner",
        "report": "role-reporter",
        "inventory": "role-inventory",
        "trace": "role-tracer",
    },
    "v2only-doctor": {"diagnose": "role-doctor"},
    "v2only-rollback": {"restore": "role-rollback"},
}


def statements(name: str) -> list:
    return json.loads((servers.REPOSITORY / "policies" / "iam" / f"{name}.json").read_text())["Statement"]


def by_cloudformation(client, url: str, account: str, parameters: dict) -> dict:
    body = (templates.SAM / "reader.yaml").read_text()
    stack = Stack(client, url, account, "v2only-reader", body, TrustedAccountId=TRUSTED, **parameters)
    roles = Deployed(client, url, account).roles()
    stack.delete()
    assert Deployed(client, url, account).roles() == {}
    return roles


def by_terraform(client, url: str, account: str, folder, variables: dict) -> dict:
    root = terraform.made(
        terraform.copied(folder),
        "modules/reader",
        AWS_ENDPOINT_URL=url,
        AWS_ACCESS_KEY_ID=account,
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION="us-east-1",
        TF_VAR_trusted_account_id=TRUSTED,
        **variables,
    )
    root.run("apply", "-auto-approve")
    roles = Deployed(client, url, account).roles()
    assert set(root.output()["role_arns"]) == set(roles)
    root.run("destroy", "-auto-approve")
    return roles


@pytest.fixture(scope="module", params=["cloudformation", "terraform"])
def roles(request, ministack, client, tmp_path_factory) -> dict[str, dict]:
    """The roles without and with options, by one of the two ways to deploy."""
    chosen = {"TrustedPrincipal": "role/security-audit", "ExternalId": EXTERNAL_ID, **dict.fromkeys(OPTIONS, "true")}
    if request.param == "cloudformation":
        return {
            "plain": by_cloudformation(client, ministack, "111122260001", {}),
            "everything": by_cloudformation(client, ministack, "111122260002", chosen),
        }
    terraform.needed()
    variables = {
        "TF_VAR_trusted_principal": chosen["TrustedPrincipal"],
        "TF_VAR_external_id": EXTERNAL_ID,
        "TF_VAR_options": json.dumps(list(OPTIONS.values())),
    }
    folder = tmp_path_factory.mktemp
    return {
        "plain": by_terraform(client, ministack, "111122260003", folder("plain"), {}),
        "everything": by_terraform(client, ministack, "111122260004", folder("everything"), variables),
    }


@pytest.mark.parametrize(("name", "expected"), [("plain", PLAIN), ("everything", EVERYTHING)])
def test_each_role_has_the_shipped_statements_and_no_others(roles, name, expected):
    found = {role: {policy: it["Statement"] for policy, it in said["policies"].items()} for role, said in roles[name].items()}
    wanted = {role: {policy: statements(file) for policy, file in files.items()} for role, files in expected.items()}
    assert templates.comparable(found) == templates.comparable(wanted)


@pytest.mark.parametrize(("name", "principal", "external_id"), [("plain", "*", None), ("everything", "role/security-audit", EXTERNAL_ID)])
def test_the_roles_trust_the_named_principals_of_one_account(roles, name, principal, external_id):
    condition = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{TRUSTED}:{principal}"}}
    if external_id:
        condition["StringEquals"] = {"sts:ExternalId": external_id}
    for role in roles[name].values():
        [statement] = role["trust"]["Statement"]
        assert statement["Condition"] == condition
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::{TRUSTED}:root"}


def test_cloudformation_and_terraform_describe_their_roles_alike():
    template = templates.load("reader")["Resources"].values()
    module = (servers.REPOSITORY / "infra/terraform/modules/reader/main.tf").read_text()
    assert all(f'"{it["Properties"]["Description"]}"' in module for it in template)


def test_only_reading_is_allowed_unless_an_option_asks_for_more():
    for statement in statements("role-scanner"):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert all(it.split(":")[1].startswith(("Describe", "Get", "List", "Lookup")) for it in actions), actions
