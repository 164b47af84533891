"""What the identity policies, the boundary and the combined files promise; and all claims by name."""

from functools import partial

import smt
import z3
from smt_claims import (
    Asker,
    Broken,
    changes,
    closed_sources,
    delivered,
    launches,
    modifiers,
    notebooks,
    own_network,
    protection,
    tags,
)
from smt_scopes import ROLE_NAMES, SCOPES, VERSION


def roles(files: dict, asker: Asker, names=ROLE_NAMES):
    """No role allows more than its scope, and none loosens but those named in `SCOPES`."""
    for name in names:
        policy = files[f"iam/{name}.json"]
        named = {it for statement in policy["Statement"] for it in smt.listed(statement["Resource"])}
        examples = ["stranger", *sorted(it.split(":", 5)[5].replace("*", "x") for it in named if it != "*")]
        for action in smt.actions(policy):
            request = asker.request(action)
            allowed = asker.translation.allows([policy], request)
            wrong = z3.And(asker.possible(request), allowed, z3.Not(within(name, action, request)))
            # Some resources first, which z3 finds faster than it makes one up.
            some = z3.Or([request.resource.rest == it for it in examples])
            yield Broken(f"{name} stays within its scope with {action} of some", request, z3.And(wrong, some))
            yield Broken(f"{name} stays within its scope with {action}", request, wrong)


def within(role: str, action: str, request: smt.Request):
    """Whether a request lies in the scope of the role."""
    scope = SCOPES.get((role, action)) or SCOPES.get(action)
    if scope is None:
        # Reading is in scope everywhere; anything else has to be named.
        verb = action.split(":")[1]
        return z3.BoolVal(verb.startswith(("Describe", "List", "Get", "Lookup")))
    held = [z3.Or([smt.like(request.resource.rest, it) for it in scope["rest"]])]
    for key, value in scope.get("equal", {}).items():
        held.append(z3.And(request.key(key).present, request.key(key).value == value))
    if scope.get("tags"):
        members = request.key("aws:TagKeys").members
        held.append(z3.Or([there for there, _ in members]))
        held += [z3.Implies(there, z3.PrefixOf("v2only:", it)) for there, it in members]
    return z3.And(held)


IDENTITY, BOUNDARY = "iam/identity-deny-v1.json", "iam/boundary-v2-only.json"


def same_denials(files: dict, asker: Asker, names=(IDENTITY, BOUNDARY)):
    """The identity policy and the boundary deny exactly what the service control policies deny to whom nothing spares."""
    topics = ("require-v2-at-launch", "hop-limit-at-launch", "no-way-back", "notebooks-v2", "no-launch-configurations")
    scps = tuple(f"scp/{it}.json" for it in topics)
    for name in names:
        for action in smt.actions(*[files[it] for it in (*scps, name) if it in files]):
            request = asker.request(action)
            plain = z3.And(z3.Not(asker.exempt(request)), z3.Not(asker.one_of(request, "v2only-rollback")))
            differs = asker.denied(files, (name,), request) != asker.denied(files, scps, request)
            yield Broken(f"{name}: {action}", request, z3.And(asker.possible(request), plain, differs))
        request = asker.request("stranger:Unnamed")
        granted = asker.translation.allows([files[name]], request)
        wrong = z3.Not(granted) if name == BOUNDARY else granted
        yield Broken("the boundary allows everything else, and the identity policy nothing", request, wrong)


def working_with_notebooks(files: dict, asker: Asker):
    policy = files["iam/notebooks-v2-only.json"]
    for verb in ("Create", "Update"):
        request = asker.request(f"sagemaker:{verb}NotebookInstance")
        version = request.key(VERSION)
        two = z3.And(version.present, version.value == "2")
        fine = z3.Or(two, z3.Not(version.present)) if verb == "Update" else two
        fine = z3.And(fine, z3.PrefixOf("notebook-instance/", request.resource.rest))
        allowed = asker.translation.allows([policy], request)
        denied = asker.denied(files, ("iam/notebooks-v2-only.json",), request)
        stated_one = z3.And(version.present, version.value != "2", smt.like(request.resource.rest, "notebook-instance/*"))
        possible = asker.possible(request)
        yield Broken(f"{verb}: exactly version 2 is granted", request, z3.And(possible, allowed != fine))
        yield Broken(f"{verb}: version 1 is denied", request, z3.And(possible, stated_one, z3.Not(denied)))
        elsewhere = z3.Not(z3.PrefixOf("notebook-instance/", request.resource.rest))
        yield Broken(f"{verb}: nothing else is denied", request, z3.And(possible, elsewhere, denied))
        # Without the denials, so that a denial which is lost opens nothing.
        granted = [it for it in policy["Statement"] if it["Effect"] == "Allow"]
        alone = asker.translation.allows([{"Statement": granted}], request)
        yield Broken(f"{verb}: version 1 is not granted", request, z3.And(possible, stated_one, alone))
        silent = z3.And(z3.Not(version.present), alone, z3.BoolVal(verb == "Create"))
        yield Broken(f"{verb}: silence is not granted", request, z3.And(possible, silent))
    for action in set(smt.actions(policy)) - {"sagemaker:CreateNotebookInstance", "sagemaker:UpdateNotebookInstance"}:
        request = asker.request(action)
        yield Broken("nothing else is granted", request, asker.translation.allows([policy], request))


def everything(files: dict, asker: Asker):
    """The combined files deny what their topics deny, one by one."""
    topics = [it for it in files if it.startswith("scp/") and "/everything" not in it and "/optional-" not in it]
    combined = tuple(it for it in files if it.startswith("scp/everything"))
    for action in smt.actions(*[files[it] for it in topics]):
        request = asker.request(action)
        differs = asker.denied(files, tuple(topics), request) != asker.denied(files, combined, request)
        yield Broken(f"everything: {action}", request, z3.And(asker.possible(request), differs))


def resource_control(files: dict, asker: Asker):
    services = {"kms", "s3", "secretsmanager", "sqs"}
    yield from delivered(files, asker, "rcp/credentials-delivered-by-v2.json", services)


CLAIMS = {
    "launches": launches,
    "changes": changes,
    "notebooks": notebooks,
    "modifiers": modifiers,
    "protection": protection,
    "tags": tags,
    "delivered": delivered,
    "own network": own_network,
    "closed sources": closed_sources,
    "resource control": resource_control,
    "roles": roles,
    "same denials": same_denials,
    "working with notebooks": working_with_notebooks,
    "everything": everything,
}


# The claims that a file has to keep.
CLAIMS_OF = {
    "scp/require-v2-at-launch.json": [launches],
    "scp/hop-limit-at-launch.json": [launches],
    "scp/no-way-back.json": [changes],
    "scp/notebooks-v2.json": [notebooks],
    "scp/only-owners-modify.json": [modifiers],
    "scp/protect-v2only.json": [protection, tags],
    "scp/credentials-delivered-by-v2.json": [delivered],
    "scp/optional-credentials-from-own-network.json": [own_network],
    "scp/optional-closed-before-start.json": [closed_sources],
    "scp/optional-launch-configurations-v2.json": [closed_sources],
    "scp/no-launch-configurations.json": [closed_sources],
    "scp/image-builder-v2.json": [closed_sources],
    "rcp/credentials-delivered-by-v2.json": [resource_control],
    IDENTITY: [partial(same_denials, names=(IDENTITY,))],
    BOUNDARY: [partial(same_denials, names=(BOUNDARY,))],
    "iam/notebooks-v2-only.json": [working_with_notebooks],
} | {f"iam/{it}.json": [partial(roles, names=(it,))] for it in ROLE_NAMES}
