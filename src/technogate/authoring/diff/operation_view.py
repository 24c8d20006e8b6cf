"""The operations of an OpenAPI document as a comparison sees them, each part with its pointer. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from technogate.authoring.diff.schema_level import Node, escaped
from technogate.contract.openapi import locate, operations_of

_VARIABLE = re.compile(r"\{([^{}]*)\}")

#: A part of a document: its pointer and its node.
Part = tuple[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationView:
    """One operation: `parameters` by place and name, `security` as a set of alternatives in a normal form.

    The name of a parameter in the path is its number: it is not sent. `variables` are the names.
    """

    id: str
    method: str
    path: str
    pointer: str
    node: Node
    shape: str
    variables: tuple[str, ...]
    parameters: Mapping[tuple[str, str], Part]
    body: Part | None
    responses: Mapping[str, Part]
    security: Mapping[str, str]
    security_at: str

    @property
    def label(self) -> str:
        """What a report calls it."""
        return self.id or f"{self.method} {self.path}"


def views_of(document: Node) -> tuple[OperationView, ...]:
    """Every operation of the document; raises RefError for a reference that cannot be followed."""
    return tuple(_view(document, path, method, node) for path, method, node in operations_of(document))


def mapping(value: object) -> Node:
    """`value` as a mapping, an empty one for anything else."""
    return cast(Node, value) if isinstance(value, Mapping) else {}


def located(document: Node, node: object, pointer: str) -> Part:
    """What a node or its reference is, with the pointer of what was found."""
    found, value = locate(document, node, pointer)
    return found, mapping(value)


def _view(document: Node, path: str, method: str, node: Node) -> OperationView:
    item = f"#/paths/{escaped(path)}"
    pointer = f"{item}/{method.lower()}"
    variables = tuple(_VARIABLE.findall(path))
    body = None
    if "requestBody" in node:
        body = located(document, node["requestBody"], f"{pointer}/requestBody")
    responses = {
        str(code): located(document, response, f"{pointer}/responses/{code}")
        for code, response in mapping(node.get("responses")).items()
    }
    own = "security" in node
    return OperationView(
        id=str(node.get("operationId") or ""),
        method=method,
        path=path,
        pointer=pointer,
        node=node,
        shape=_VARIABLE.sub("{}", path),
        variables=variables,
        parameters=dict(_parameters(document, mapping(mapping(document.get("paths")).get(path)), item, variables))
        | dict(_parameters(document, node, pointer, variables)),
        body=body,
        responses=responses,
        security=_security(document, (node if own else document).get("security")),
        security_at=f"{pointer if own else '#'}/security",
    )


def _parameters(
    document: Node, owner: Node, pointer: str, variables: tuple[str, ...]
) -> Iterator[tuple[tuple[str, str], Part]]:
    listed = owner.get("parameters")
    for number, raw in enumerate(listed if isinstance(listed, list) else ()):
        found, node = located(document, raw, f"{pointer}/parameters/{number}")
        place, name = str(node.get("in")), str(node.get("name"))
        if place == "header":
            name = name.lower()
        if place == "path" and name in variables:
            name = f"#{variables.index(name) + 1}"
        yield (place, name), (found, node)


def _security(document: Node, listed: object) -> dict[str, str]:
    """The alternatives by their normal form, each with its name; none where anybody may call."""
    schemes = mapping(mapping(document.get("components")).get("securitySchemes"))
    alternatives: dict[str, str] = {}
    for wanted in listed if isinstance(listed, list) else ():
        parts = []
        for name, scopes in mapping(wanted).items():
            scheme = located(document, schemes.get(name), "")[1]
            meaning = {key: value for key, value in scheme.items() if key not in ("description", "bearerFormat")}
            if meaning.get("type") == "apiKey" and meaning.get("in") == "header":
                meaning["name"] = str(meaning.get("name")).lower()
            if meaning.get("type") == "http":
                meaning["scheme"] = str(meaning.get("scheme")).lower()
            parts.append([meaning, sorted(map(str, scopes if isinstance(scopes, list) else ()))])
        text = json.dumps(sorted(parts, key=str), sort_keys=True, default=str)
        alternatives[text] = " and ".join(mapping(wanted)) or "no credential"
    return alternatives
