"""Every answer of the embedded AWS held against the model that botocore has of its operation: known members, members that must
be there, enumerations, and the form of numbers, truth values and timestamps.
"""

import datetime
import json
import re
from collections import Counter
from xml.etree import ElementTree

import botocore.parsers

# On the wire of AWS, and unknown to its published models.
BEYOND_THE_MODEL = (
    "/httpProtocolIpv4",
    "Response/requestId",
    "/networkInterfaceSet/item/tagSet",
    # The model of the Rust SDK has this member, and the pinned botocore is older.
    "/infrastructureConfiguration/terminateInstanceOnCompletion",
)
# Answers that were checked, by service and operation.
checked: Counter = Counter()

FORMS = {
    "boolean": re.compile("true|false"),
    "integer": re.compile("-?[0-9]+"),
    "long": re.compile("-?[0-9]+"),
    "double": re.compile("-?[0-9.]+(E-?[0-9]+)?"),
    "timestamp": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z"),
}
JSON_TYPES = {
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "string": str,
    "timestamp": (int, float, str, datetime.datetime),
}


class Cbor(botocore.parsers.RpcV2CBORParser):
    """Reads a document, where the class of botocore reads complete answers."""

    def read(self, body: bytes):
        return self.parse_data_item(self.get_peekable_stream_from_bytes(body))


def wire_name(shape, name: str, inner) -> str:
    return inner.serialization.get("name", name)


def check_complete(shape, names: set, path: str) -> None:
    missing = {wire_name(shape, it, shape.members[it]) for it in shape.required_members} - names
    assert not missing, f"{path} lacks {sorted(missing)}"


def check_enumeration(shape, value: str, path: str) -> None:
    allowed = getattr(shape, "enum", None)
    assert not allowed or value in allowed, f"{path} is {value!r}, and the model has {allowed}"


def check_xml(element, shape, path: str) -> None:
    """Every element is a member of the model: nothing is misspelt, nothing is in the wrong place."""
    if shape.type_name == "structure":
        known = {wire_name(shape, name, inner): inner for name, inner in shape.members.items()}
        names = {child.tag.split("}")[-1] for child in element}
        for child in element:
            name = child.tag.split("}")[-1]
            if f"{path}/{name}".endswith(BEYOND_THE_MODEL):
                continue
            assert name in known, f"{path}/{name} is not in the model"
            check_xml(child, known[name], f"{path}/{name}")
        check_complete(shape, names, path)
    elif shape.type_name == "list":
        # EC2 names a member of a list `item`, the query protocol `member`, unless the model names it otherwise.
        members = {"item", "member", shape.member.serialization.get("name", "item")}
        for child in element:
            assert child.tag.split("}")[-1] in members, f"{path}: {child.tag}"
            check_xml(child, shape.member, f"{path}/item")
    else:
        assert len(element) == 0, f"{path} is a {shape.type_name} and has children"
        text = element.text or ""
        form = FORMS.get(shape.type_name)
        assert form is None or form.fullmatch(text), f"{path} is a {shape.type_name} and says {text!r}"
        if text:
            check_enumeration(shape, text, path)


def check_json(value, shape, path: str) -> None:
    if value is None:
        return
    if shape.type_name == "structure":
        assert isinstance(value, dict), f"{path} is a structure and says {value!r}"
        known = {wire_name(shape, name, inner): inner for name, inner in shape.members.items()}
        for name, inner in value.items():
            if f"{path}/{name}".endswith(BEYOND_THE_MODEL):
                continue
            assert name in known, f"{path}/{name} is not in the model"
            check_json(inner, known[name], f"{path}/{name}")
        check_complete(shape, set(value), path)
    elif shape.type_name == "list":
        assert isinstance(value, list), f"{path} is a list and says {value!r}"
        for inner in value:
            check_json(inner, shape.member, f"{path}[]")
    elif shape.type_name == "map":
        for key, inner in value.items():
            check_enumeration(shape.key, key, path)
            check_json(inner, shape.value, f"{path}/{key}")
    else:
        kind = JSON_TYPES.get(shape.type_name, object)
        assert isinstance(value, kind), f"{path} is a {shape.type_name} and says {value!r}"
        if isinstance(value, str):
            check_enumeration(shape, value, path)


def check_answer(operation_model, response_dict, **_) -> None:
    """Called by botocore with every raw answer."""
    body, shape = response_dict["body"], operation_model.output_shape
    if response_dict["status_code"] != 200 or shape is None or not body:
        return
    name, service = operation_model.name, operation_model.service_model
    protocol = service.protocol
    if protocol == "ec2":
        root = ElementTree.fromstring(body)
        assert root.tag == f"{{http://ec2.amazonaws.com/doc/2016-11-15/}}{name}Response"
        check_xml(root, shape, f"{name}Response")
    elif protocol == "query":
        root = ElementTree.fromstring(body)
        assert root.tag.split("}")[-1] == f"{name}Response", root.tag
        results = [it for it in root if it.tag.split("}")[-1] == shape.serialization.get("resultWrapper")]
        assert len(results) == 1, f"{name}: {[it.tag for it in root]}"
        check_xml(results[0], shape, name)
    elif protocol in ("json", "rest-json"):
        # A member that travels in the head or is the body itself is not in the document.
        if any("location" in it.serialization for it in shape.members.values()) or "payload" in shape.serialization:
            return
        check_json(json.loads(body), shape, name)
    elif protocol == "smithy-rpc-v2-cbor":
        # The SDK for Rust is answered in CBOR, and boto3 in JSON.
        check_json(json.loads(body) if body.startswith(b"{") else Cbor().read(body), shape, name)
    else:
        return
    checked[f"{service.service_name}:{name}"] += 1
