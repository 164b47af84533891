"""Every request of a binary of this project held against the model that botocore has of its operation: known members, members
that must be there, types, the least values and lengths, and enumerations.

A request is read back into the parameters that boto3 would take for it, and botocore's own validator judges these.
"""

import json
import re
import urllib.parse
from collections import Counter

import botocore.loaders
import botocore.model
import botocore.validate
from models import Cbor

# Names by which requests are signed, where botocore's model has another one.
SERVICES = {"monitoring": "cloudwatch", "elasticmapreduce": "emr"}
LOADER = botocore.loaders.Loader()
MODELS: dict[str, botocore.model.ServiceModel] = {}
# The model of the SDK for Rust has this member, and the pinned botocore is older.
BEYOND_THE_MODEL = {"terminateInstanceOnCompletion"}
TRUTH = {"true": True, "false": False}
# Requests that were checked, by service and operation.
checked: Counter = Counter()


class Wrong(Exception):
    """A request that does not fit its model."""


def service_model(signed: str) -> botocore.model.ServiceModel:
    name = SERVICES.get(signed, signed)
    if name not in MODELS:
        MODELS[name] = botocore.model.ServiceModel(LOADER.load_service_model(name, "service-2"), name)
    return MODELS[name]


def of_text(shape, text: str, path: str):
    """A value of a form, a query string, a path or a header."""
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "boolean":
            return TRUTH[text]
    except (ValueError, KeyError):
        raise Wrong(f"{path} is a {kind} and says {text!r}") from None
    if kind == "timestamp" and not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}(\.\d+)?Z|\d+(\.\d+)?", text):
        raise Wrong(f"{path} is a timestamp and says {text!r}")
    return text


# --- Forms: EC2 and the query protocol -------------------------------------------------------------------------------


def tree(pairs: list[tuple[str, str]]) -> dict:
    """`Filter.1.Name=x` as `{"Filter": {"1": {"Name": "x"}}}`."""
    root: dict = {}
    for name, value in pairs:
        *above, last = name.split(".")
        node = root
        for word in above:
            node = node.setdefault(word, {})
            if not isinstance(node, dict):
                raise Wrong(f"{name} is a value and has members")
        if last in node:
            raise Wrong(f"{name} is there twice")
        node[last] = value
    return root


def form_name(shape, name: str, protocol: str) -> str:
    """The name of a member in a form, as botocore's own serializers make it."""
    if protocol != "ec2":
        flat = shape.type_name == "list" and shape.serialization.get("flattened")
        inner = shape.member.serialization.get("name") if flat else None
        return inner or shape.serialization.get("name", name)
    if "queryName" in shape.serialization:
        return shape.serialization["queryName"]
    given = shape.serialization.get("name", name)
    return given[0].upper() + given[1:]


def of_form(node, shape, path: str, protocol: str):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(node, dict):
            raise Wrong(f"{path} is a structure and says {node!r}")
        known = {form_name(inner, name, protocol): (name, inner) for name, inner in shape.members.items()}
        if unknown := sorted(set(node) - set(known)):
            raise Wrong(f"{path}: {unknown} is not in the model")
        found = {known[name]: inner for name, inner in node.items()}
        return {name: of_form(inner, shape, f"{path}.{name}", protocol) for (name, shape), inner in found.items()}
    if kind == "list":
        if protocol != "ec2" and not shape.serialization.get("flattened") and node:
            inner = shape.member.serialization.get("name", "member")
            if not isinstance(node, dict) or set(node) != {inner}:
                raise Wrong(f"{path} is a list of {inner!r} and says {node!r}")
            node = node[inner]
        if not isinstance(node, dict) or set(node) != {str(it + 1) for it in range(len(node))}:
            raise Wrong(f"{path} is a list and is not numbered from 1: {node!r}")
        return [of_form(node[str(it + 1)], shape.member, f"{path}[{it}]", protocol) for it in range(len(node))]
    if isinstance(node, dict):
        raise Wrong(f"{path} is a {kind} and has members")
    return of_text(shape, node, path)


# --- JSON, CBOR and REST ---------------------------------------------------------------------------------------------


def of_document(value, shape, path: str):
    """A value of a document, with the names that boto3 has for its members."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        known = {inner.serialization.get("name", name): (name, inner) for name, inner in shape.members.items()}
        if unknown := sorted(set(value) - set(known)):
            raise Wrong(f"{path}: {unknown} is not in the model")
        found = {known[name]: inner for name, inner in value.items()}
        return {name: of_document(inner, shape, f"{path}.{name}") for (name, shape), inner in found.items()}
    if kind == "list" and isinstance(value, list):
        return [of_document(it, shape.member, f"{path}[]") for it in value]
    if kind == "map" and isinstance(value, dict):
        return {key: of_document(it, shape.value, f"{path}.{key}") for key, it in value.items()}
    return value


def of_rest(operation, target: str, body: bytes) -> dict:
    """The members of a request that travel in its path, in its query and in its document. None of ours has one in a header."""
    found, parts = {}, urllib.parse.urlsplit(target)
    places = {name: it.serialization.get("location") for name, it in operation.input_shape.members.items()}
    names = {name: it.serialization.get("name", name) for name, it in operation.input_shape.members.items()}
    pattern = re.split(r"\{([^}]*)\}", operation.http["requestUri"].partition("?")[0])
    labels = [it.removesuffix("+") for it in pattern[1::2]]
    values = re.fullmatch("([^/]+)".join(map(re.escape, pattern[::2])).rstrip("/"), parts.path.rstrip("/"))
    label = dict(zip(labels, values.groups() if values else (), strict=True))
    query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
    for name, shape in operation.input_shape.members.items():
        if places[name] == "uri":
            found[name] = of_text(shape, urllib.parse.unquote(label[names[name]]), name)
        elif places[name] == "querystring" and names[name] in query:
            given = query.pop(names[name])
            found[name] = [*given] if shape.type_name == "list" else of_text(shape, given[0], name)
    fixed = urllib.parse.parse_qs(operation.http["requestUri"].partition("?")[2], keep_blank_values=True)
    if unknown := sorted(set(query) - set(fixed)):
        raise Wrong(f"{unknown} in the query is not in the model")
    payload = operation.input_shape.serialization.get("payload")
    if payload is not None:
        shape = operation.input_shape.members[payload]
        if body:
            found[payload] = body if shape.type_name == "blob" else of_document(json.loads(body), shape, payload)
    elif body:
        document = json.loads(body)
        inside = {names[name] for name, place in places.items() if place is None}
        if unknown := sorted(set(document) - inside - BEYOND_THE_MODEL):
            raise Wrong(f"{unknown} is not in the model")
        inside_model = {name: it for name, it in document.items() if name not in BEYOND_THE_MODEL}
        found |= of_document(inside_model, operation.input_shape, operation.name)
    return found


def parameters(operation, target: str, headers: dict[str, str], body: bytes) -> dict:
    """What boto3 would have been given for this request."""
    service, shape = operation.service_model, operation.input_shape
    if shape is None:
        return {}
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return of_document(Cbor().read(body) if body else {}, shape, operation.name)
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        pairs = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
        rest = [(name, value) for name, value in pairs if name not in ("Action", "Version")]
        version = dict(pairs).get("Version")
        if version != service.api_version:
            raise Wrong(f"version {version!r} is not {service.api_version!r}")
        protocol = "ec2" if service.protocol == "ec2" else "query"
        return of_form(tree(rest), shape, operation.name, protocol)
    if "x-amz-target" in headers:
        prefix = headers["x-amz-target"].rsplit(".", 1)[0]
        # The SDK for Rust names CloudTrail without its package, and AWS takes both.
        if prefix != service.metadata["targetPrefix"].rsplit(".", 1)[-1]:
            raise Wrong(f"target {prefix!r} is not {service.metadata['targetPrefix']!r}")
        return of_document(json.loads(body or b"{}"), shape, operation.name)
    return of_rest(operation, target, body)


def check_enumerations(value, shape, path: str) -> None:
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, inner in value.items():
            check_enumerations(inner, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            check_enumerations(inner, shape.member, f"{path}[]")
    elif shape.type_name == "map":
        for key, inner in value.items():
            check_enumerations(key, shape.key, f"{path}: key")
            check_enumerations(inner, shape.value, f"{path}.{key}")
    elif allowed := getattr(shape, "enum", None):
        if value not in allowed:
            raise Wrong(f"{path} is {value!r}, and the model has {allowed}")
    pattern = shape.metadata.get("pattern")
    if isinstance(value, str) and pattern and not matches(pattern, value):
        raise Wrong(f"{path} is {value!r}, and the model has the pattern {pattern}")
    most = shape.metadata.get("max")
    size = value if isinstance(value, (int, float)) else len(value) if isinstance(value, (str, list, dict)) else None
    if most is not None and size is not None and size > most:
        raise Wrong(f"{path} is or has {size}, and the model allows {most}")


def matches(pattern: str, value: str) -> bool:
    """Patterns are Java's. One that Python does not know says nothing here."""
    try:
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    except re.error:
        return True


def check(signed: str, name: str, target: str, headers: dict[str, str], body: bytes) -> None:
    """Raises what is wrong with a request."""
    operation = service_model(signed).operation_model(name)
    given = parameters(operation, target, headers, body)
    if operation.input_shape is not None:
        report = botocore.validate.ParamValidator().validate(given, operation.input_shape)
        if report.has_errors():
            raise Wrong(report.generate_report())
        check_enumerations(given, operation.input_shape, name)
    checked[f"{operation.service_model.service_name}:{name}"] += 1
