"""A request that the contract allows, made of the examples of its parameters and its body. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from technogate.model.case import Case

if TYPE_CHECKING:
    from technogate.contract.loader import Contract
    from technogate.contract.operations import Operation, Parameter

#: Headers of a request that OpenAPI does not let a parameter describe.
IGNORED = frozenset({"accept", "authorization", "content-type"})


def plain_case(contract: Contract, operation: str, **changes: object) -> Case:
    """A case of `operation` with what it demands and nothing else; `changes` are to the fields of Case.

    Raises KeyError for an unknown id. What a parameter has no example for is sent as an empty text.
    """
    described = contract.operations[operation]
    values = {(made.location, made.name): _value(made) for made in described.parameters if made.required}
    body = json.dumps(described.request_examples[0]).encode() if described.request_examples else None
    query = tuple(
        pair
        for made in described.parameters
        if made.location == "query" and made.required
        for pair in query_of(made, _value(made))
    )
    headers = tuple(
        (made.name, written(_value(made)))
        for made in described.parameters
        if made.location == "header" and made.required and made.name.lower() not in IGNORED
    )
    cookies = [
        f"{made.name}={quote(written(_value(made)))}"
        for made in described.parameters
        if made.location == "cookie" and made.required
    ]
    fields: dict[str, object] = {
        "query": query,
        "headers": (*headers, *((("Cookie", "; ".join(cookies)),) if cookies else ())),
        "body": body,
    }
    path = path_of(described, {name: value for (location, name), value in values.items() if location == "path"})
    return Case(method=described.method, path=path, operation=operation, **{**fields, **changes})  # type: ignore[arg-type]


def path_of(operation: Operation, values: Mapping[str, object]) -> str:
    """The path of an operation with a value in the place of each of its parameters, percent-encoded."""
    path = operation.path
    for made in operation.parameters:
        if made.location == "path" and made.name in values:
            path = path.replace(f"{{{made.name}}}", quote(written(values[made.name]), safe=""))
    return path


def query_of(parameter: Parameter, value: object) -> list[tuple[str, str]]:
    """One query parameter as pairs: a list is repeated or joined by commas, as the contract says."""
    if isinstance(value, list) and parameter.explode:
        return [(parameter.name, _text(member)) for member in value]
    return [(parameter.name, written(value))]


def written(value: object) -> str:
    """A value as one text; the members of a list are joined by commas."""
    return ",".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(parameter: Parameter) -> object:
    return next(iter(parameter.examples), "")
