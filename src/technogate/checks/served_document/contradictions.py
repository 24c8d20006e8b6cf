"""OpenAPI documents: is one valid (CTR-01), and does one that a backend serves contradict the contract (CTR-02).

A missing statement is no contradiction: what a served document leaves out, or states in a way that cannot be compared,
is passed over. On each operation that the contract guards, a contradiction is one of these:

- the document describes other paths with the same first segment and not this one, or the path without the
  method;
- a response with a status that the contract does not list (404, 405, `default` and ranges that hold a listed
  one are left open), a response that is not JSON, a body where the contract has none;
- a closed list of statuses (or of other words) that lacks a word of the contract or adds one, a field or a
  body of another type, a list of entries that is never an array;
- a required field, parameter or body that the contract does not require, a request that is not JSON;
- a default, an enum or a bound of a parameter that differs;
- the API key required in another place or under another name.

What cannot be followed (a `$ref` in a circle, to nothing, or out of the document) is reported as a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from technogate.checks.served_document.document_shape import Node, Place, Shape, limits_of, list_of, node_of, shape_of
from technogate.contract.loader import Contract, Operation
from technogate.contract.openapi import RefError, document_problems, resolve, shape_problem
from technogate.contract.schema_wording import show

__all__ = ["contradictions", "document_problems"]

_JSON = re.compile(r"(?:application/json|application/\*|\*/\*)(?:\s*;.*)?", re.IGNORECASE | re.DOTALL)
#: Responses for what lies outside the operations: left open by the contract.
_LEFT_OPEN = ("404", "405", "default")
#: Header parameters that OpenAPI ignores.
_IGNORED_HEADERS = ("accept", "content-type", "authorization")
_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One operation as the contract has it and as the served document does."""

    contract: Contract
    operation: Operation
    served: Node
    item: Node
    own: Node


def contradictions(contract: Contract, served: object) -> list[str]:
    """Where the parsed document `served` contradicts `contract`, one line each; empty when nowhere (CTR-02)."""
    if not isinstance(served, Mapping):
        return [f"expected an OpenAPI document, found {show(served)}"]
    if problem := shape_problem(served):
        return [problem]
    if not isinstance(served.get("paths"), Mapping):
        return [f"paths: expected an object, found {show(served.get('paths'))}"]
    lines: dict[str, None] = {}
    for operation in contract.guarded:
        for line in _operation(contract, operation, served):
            if len(lines) == _MOST:
                return [*lines, "there are more contradictions"]
            lines[f"{operation.method} {operation.path}: {line}"] = None
    return list(lines)


def _operation(contract: Contract, operation: Operation, served: Node) -> Iterator[str]:
    """The contradictions on one operation."""
    try:
        item, comparable = _path_item(operation.path, served)
        if not comparable:
            return
        if item is None:
            if _describes_beside(operation.path, served):
                yield "expected among the paths, found other paths without it"
            return
        own = item.get(operation.method.lower())
        if not isinstance(own, Mapping):
            yield "expected the method, found the path without it"
            return
    except RefError as error:
        yield str(error)
        return
    pair = _Pair(contract=contract, operation=operation, served=served, item=item, own=own)
    for part in (_responses, _request, _parameters, _key):
        try:
            yield from part(pair)
        except RefError as error:
            yield str(error)


def _path_item(wanted: str, served: Node) -> tuple[Node | None, bool]:
    """The path item of `wanted`, and whether the document can be compared on it at all."""
    comparable = True
    for path, item in _full_paths(served):
        if path == wanted:
            return node_of(resolve(served, item)), True
        if "{" in path and _fits(path.split("/"), wanted.split("/")):
            comparable = False
    return None, comparable


def _fits(template: list[str], wanted: list[str]) -> bool:
    """Whether a path with `{names}` in it matches the wanted one."""
    if len(template) != len(wanted):
        return False
    return all(
        "{" in segment or segment == expected_segment
        for segment, expected_segment in zip(template, wanted, strict=True)
    )


def _full_paths(served: Node) -> Iterator[tuple[str, object]]:
    """Every path, by itself and behind the path of every server."""
    prefixes = {"": None, str(served.get("basePath", "")).rstrip("/"): None}
    for server in list_of(served.get("servers")):
        try:
            prefixes[urlsplit(str(node_of(server).get("url", ""))).path.rstrip("/")] = None
        except ValueError:
            continue
    for prefix in prefixes:
        for path, item in node_of(served.get("paths")).items():
            yield prefix + path, item


def _describes_beside(wanted: str, served: Node) -> bool:
    """Whether the document describes some path with the first segment of `wanted`."""
    first = wanted.split("/")[1]
    return any(path.split("/")[1:2] == [first] for path, _ in _full_paths(served))


def _responses(pair: _Pair) -> Iterator[str]:
    """Statuses, media types and shapes of the responses."""
    operation = pair.operation
    listed = ", ".join(str(status) for status in operation.responses)
    for code, raw in node_of(pair.own.get("responses")).items():
        if code.lower() in _LEFT_OPEN or code.startswith("x-"):
            continue
        if re.fullmatch("[1-5]XX", code, re.IGNORECASE):
            if not any(str(status)[0] == code[0] for status in operation.responses):
                yield f"responses: expected only {listed}, found {code}"
            continue
        if code not in {str(status) for status in operation.responses}:
            yield f"responses: expected only {listed}, found {show(code)}"
            continue
        content = node_of(node_of(resolve(pair.served, raw)).get("content"))
        yield from _response(pair, int(code), content)


def _response(pair: _Pair, status: int, content: Node) -> Iterator[str]:
    """The body of one documented response."""
    pointer = pair.operation.response_schemas[status]
    if pointer is None:
        if content:
            yield f"response {status}: expected no body, found {show(next(iter(content)))}"
        return
    for media, described in content.items():
        if not _JSON.fullmatch(media):
            yield f"response {status}: expected application/json, found {show(media)}"
            continue
        schema = node_of(described).get("schema")
        if schema is not None:
            ours = shape_of(pair.contract.document, {"$ref": pointer})
            yield from _differences(pair, f"response {status}", ours, shape_of(pair.served, schema))


def _differences(pair: _Pair, what: str, ours: dict[Place, Shape], theirs: dict[Place, Shape]) -> Iterator[str]:
    """Where two shapes exclude each other."""
    for place in sorted(ours.keys() & theirs.keys()):
        where = f"{what}, {_dotted(place)}" if place else what
        expected, served = ours[place], theirs[place]
        if expected.types and served.types is not None:
            if not _overlap(expected.types, served.types):
                yield f"{where}: expected {' or '.join(sorted(expected.types))}, found {_listed(served.types)}"
            elif place == () and "array" in expected.types and "array" not in served.types:
                yield f"{where}: expected an array, found {_listed(served.types)} alone"
        if expected.words is not None and served.words is not None:
            yield from _word_differences(pair, where, expected.words, served.words)


def _word_differences(pair: _Pair, where: str, expected: frozenset[str], served: frozenset[str]) -> Iterator[str]:
    """Words that one closed list has and the other lacks; if one status is required, the others may be listed too."""
    statuses = frozenset(show(word) for word in pair.contract.status_words)
    if missing := expected - served:
        yield f"{where}: expected {_listed(expected)}, found none of {_listed(missing)}"
    if extra := served - (statuses if expected < statuses else expected):
        yield f"{where}: expected only {_listed(expected)}, found {_listed(extra)}"


def _overlap(expected: frozenset[str], served: frozenset[str]) -> bool:
    """Whether some value is of a type of both; an integer is a number."""
    wide = {*served, *({"integer"} if "number" in served else ()), *({"number"} if "integer" in served else ())}
    return not expected.isdisjoint(wide)


def _request(pair: _Pair) -> Iterator[str]:
    """The request body: JSON, and no more of it required than the contract requires."""
    body = node_of(resolve(pair.served, pair.own.get("requestBody")))
    content = node_of(body.get("content"))
    if pair.operation.request_pointer is None:
        if body.get("required") is True:
            yield "request: expected no body, found a required one"
        return
    bodies = [node_of(described) for media, described in content.items() if _JSON.fullmatch(media)]
    if content and not bodies:
        yield f"request: expected application/json, found {_listed(content)}"
    ours = shape_of(pair.contract.document, {"$ref": pair.operation.request_pointer})
    for described in bodies:
        theirs = shape_of(pair.served, described.get("schema"))
        yield from _differences(pair, "request", ours, theirs)
        for name in sorted(theirs.get((), Shape()).required - ours[()].required):
            yield f"request, field {show(name)}: expected not to be required, found required"


def _parameters(pair: _Pair) -> Iterator[str]:
    """Parameters: no further one is required, and those of the contract have its default, enum and bounds."""
    for raw in (*list_of(pair.item.get("parameters")), *list_of(pair.own.get("parameters"))):
        served = node_of(resolve(pair.served, raw))
        name, place = str(served.get("name")), served.get("in")
        ours = pair.operation.parameter(name) if place == "query" else None
        if served.get("required") is True and not (ours and ours.required) and not _is_due(pair, name, place):
            yield f"{place} parameter {show(name)}: expected not to be required, found required"
        if ours is not None and "schema" in served:
            limits = limits_of(pair.contract.document, ours.schema)
            theirs = limits_of(pair.served, served["schema"])
            for key in sorted(limits.keys() & theirs.keys()):
                if limits[key] != theirs[key]:
                    yield f"parameter {show(name)}, {key}: expected {_value(limits[key])}, found {_value(theirs[key])}"


def _is_due(pair: _Pair, name: str, place: object) -> bool:
    """Whether a required parameter is none that a client of the contract would miss."""
    if place == "header":
        return name.lower() in (pair.contract.behavior.headers.key.lower(), *_IGNORED_HEADERS)
    return place not in ("query", "cookie")


def _key(pair: _Pair) -> Iterator[str]:
    """The API key: where schemes are required, the key's header alone must satisfy one of the alternatives."""
    header = pair.contract.behavior.headers.key
    schemes = node_of(node_of(pair.served.get("components")).get("securitySchemes"))
    alternatives = list_of(pair.own.get("security", pair.served.get("security")))
    offered: list[str] = []
    for alternative in alternatives:
        required = [node_of(resolve(pair.served, schemes.get(name))) for name in node_of(alternative)]
        others = [scheme for scheme in required if scheme and not _is_key(scheme, header)]
        if not others:
            return
        offered.extend(_scheme(scheme) for scheme in others)
    if offered:
        yield f"key: expected the header {header}, found {', '.join(dict.fromkeys(offered))}"


def _is_key(scheme: Node, header: str) -> bool:
    name = str(scheme.get("name")).lower()
    return scheme.get("type") == "apiKey" and scheme.get("in") == "header" and name == header.lower()


def _scheme(scheme: Node) -> str:
    if scheme.get("type") == "apiKey":
        return f"the {show(scheme.get('in'))} parameter {show(scheme.get('name'))}"
    return f"the scheme {show(scheme.get('type'))}"


def _dotted(place: Place) -> str:
    """A place for a person: `[].state`."""
    text = "".join(f".{part}" if part != "[]" else part for part in place).removeprefix(".")
    return _word(text)


def _listed(words: object) -> str:
    """Words on one line, in a fixed order, at most twelve of them."""
    names = sorted(str(word) for word in words) if isinstance(words, frozenset | Mapping) else [str(words)]
    text = ", ".join(_word(name) for name in names[:12])
    return f"{text} and more" if len(names) > 12 else text or "nothing"


def _value(value: object) -> str:
    """A default, a bound, or an enum of JSON texts."""
    return _listed(frozenset(value)) if isinstance(value, list) else show(value)


def _word(text: str) -> str:
    """A short plain word as it is, anything else as JSON and cut."""
    return text if len(text) <= 40 and text.isascii() and text.isprintable() else show(text)
