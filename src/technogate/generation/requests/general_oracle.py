"""The oracle of requests to an operation without a part: what its parameters and its body allow by their schemas. Pure.

A text that two careful readers may read as two values is left open: a number with a sign, `True`, an integer beyond
what a float holds. So is whatever only a `format` forbids, which OpenAPI takes as a note.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from technogate.contract.openapi import RefError, resolve
from technogate.contract.plain_request import IGNORED
from technogate.generation.requests.request_reading import content_type_of, read_json
from technogate.generation.requests.validity import Expectation, RequestDefect, Validity
from technogate.model.case import Case
from technogate.model.events import header_values

if TYPE_CHECKING:
    from technogate.contract.loader import Contract
    from technogate.contract.operations import Operation, Parameter

#: Statuses of a refusal that says nothing about the request itself, or is for another requirement.
_NOT_OF_THE_REQUEST = frozenset({401, 403, 429})
#: Statuses of a request that is refused whatever the backend holds.
_INVALID = frozenset({400, 405, 413, 415})
_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")
_SIGNED_INTEGER = re.compile(r"[+-]?[0-9]+")
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,10})?")
#: Integers beyond this are no longer exact for every reader of JSON.
_EXACT = 2**53
_MOST_STEPS = 2000


def expected_of_any(contract: Contract, case: Case) -> Expectation:
    """What the contract expects for a request of an operation that plays no part."""
    operation = contract.operations[case.operation]
    faults: set[RequestDefect] = set()
    undecided = False
    for fault, validity in (
        *((RequestDefect.PATH, validity) for validity in _path(contract, operation, case)),
        *((RequestDefect.QUERY, validity) for validity in _query(contract, operation, case)),
        *((RequestDefect.HEADER, validity) for validity in _headers(contract, operation, case)),
        *_body(contract, operation, case),
    ):
        if validity is Validity.FORBIDDEN:
            faults.add(fault)
        undecided |= validity is Validity.OPEN
    documented = frozenset(operation.responses) - _NOT_OF_THE_REQUEST
    refusals = frozenset(status for status in documented if 400 <= status < 500)
    # What is there decides besides: a resource may be missing, or in another state.
    of_state = frozenset({404}) if "{" in operation.path else frozenset()
    if faults:
        responses = refusals | {400} | of_state
        if RequestDefect.TYPE in faults or undecided:
            responses |= {415}
        if RequestDefect.SIZE in faults:
            responses |= {413}
        return Expectation(validity=Validity.FORBIDDEN, responses=responses, faults=frozenset(faults))
    if undecided:
        return Expectation(validity=Validity.OPEN, responses=documented | {400, 404, 415})
    return Expectation(validity=Validity.ALLOWED, responses=(documented - _INVALID) | of_state)


def _path(contract: Contract, operation: Operation, case: Case) -> Iterator[Validity]:
    """Each parameter in the path; a path that is none of the operation's is left open."""
    if "{" not in operation.path:
        return
    names = re.findall(r"\{([^{}]+)\}", operation.path)
    pattern = "([^/]*)".join(map(re.escape, re.split(r"\{[^{}]+\}", operation.path)))
    match = re.fullmatch(pattern, case.path)
    if match is None:
        yield Validity.OPEN
        return
    described = {made.name: made for made in operation.parameters if made.location == "path"}
    for name, raw in zip(names, match.groups(), strict=True):
        text = unquote(raw, errors="surrogateescape")
        if not text or set(text) <= {"."} or "/" in text or name not in described:
            # It is another path to some servers.
            yield Validity.OPEN
        else:
            yield validity_of(contract, described[name], [text])


def _query(contract: Contract, operation: Operation, case: Case) -> Iterator[Validity]:
    """Each query parameter; what is unknown, or twice where one is described, is left open."""
    if case.raw_query:
        yield Validity.OPEN
        return
    described = {made.name: made for made in operation.parameters if made.location == "query"}
    texts: dict[str, list[str]] = {}
    for name, value in case.query:
        texts.setdefault(name, []).append(value)
    for name, values in texts.items():
        yield validity_of(contract, described[name], values) if name in described else Validity.OPEN
    for name, made in described.items():
        if made.required and name not in texts:
            yield Validity.FORBIDDEN


def _headers(contract: Contract, operation: Operation, case: Case) -> Iterator[Validity]:
    """Each header that a parameter describes; a cookie that one describes is left open where it is not the example."""
    for made in operation.parameters:
        if made.location == "cookie" and made.required and not header_values(case.headers, "cookie"):
            yield Validity.FORBIDDEN
        if made.location != "header" or made.name.lower() in IGNORED:
            continue
        values = header_values(case.headers, made.name)
        if not values:
            if made.required:
                yield Validity.FORBIDDEN
        elif len(values) > 1 or values[0] != values[0].strip() or not values[0].isascii():
            yield Validity.OPEN
        else:
            yield validity_of(contract, made, values)


def validity_of(contract: Contract, parameter: Parameter, texts: Sequence[str]) -> Validity:
    """Whether these texts are a value of the parameter."""
    schema, types = parameter.schema, _types(parameter.schema)
    if types == {"array"}:
        parts = list(texts) if parameter.explode or len(texts) != 1 else texts[0].split(",")
        if len(texts) > 1 and not parameter.explode:
            return Validity.OPEN
        items = resolve(contract.document, schema.get("items", {}))
        read = [_read(text, _types(items if isinstance(items, Mapping) else {})) for text in parts]
        if any(not text for text in parts):
            return Validity.OPEN
        worst = {validity for _, validity in read}
        value: object = [value for value, _ in read]
    else:
        if len(texts) != 1 or not texts[0]:
            return Validity.OPEN
        value, validity = _read(texts[0], types)
        worst = {validity}
    if Validity.FORBIDDEN in worst:
        return Validity.FORBIDDEN
    if contract.pointer_problems(parameter.pointer, value):
        # A vague text may be read as another value.
        return Validity.OPEN if Validity.OPEN in worst and types != {"integer"} else Validity.FORBIDDEN
    if Validity.OPEN in worst or (value not in parameter.examples and _has_format(contract.document, schema)):
        return Validity.OPEN
    return Validity.ALLOWED


def _types(schema: Mapping[str, object]) -> set[str]:
    """The types that a schema names, without null: a text is never that."""
    named = schema.get("type")
    types = {named} if isinstance(named, str) else set(named) if isinstance(named, list) else set()
    return {str(one) for one in types} - {"null"}


def _read(text: str, types: set[str]) -> tuple[object, Validity]:
    """The value of a text by the type that it is to have, and whether everybody reads it so."""
    if types == {"string"}:
        return text, Validity.OPEN if any(_is_odd(character) for character in text) else Validity.ALLOWED
    if types == {"integer"}:
        if _PLAIN_INTEGER.fullmatch(text):
            return int(text), Validity.ALLOWED
        if _SIGNED_INTEGER.fullmatch(text) and text.isascii():
            return int(text[:400]), Validity.OPEN
        return text, _loosely(text)
    if types == {"number"}:
        return (float(text), Validity.ALLOWED) if _PLAIN_NUMBER.fullmatch(text) else (text, _loosely(text))
    if types == {"boolean"}:
        if text in ("true", "false"):
            return text == "true", Validity.ALLOWED
        vague = text.strip().lower() in {"true", "false", "0", "1", "yes", "no", "on", "off", "t", "f", "y", "n"}
        return True, Validity.OPEN if vague else Validity.FORBIDDEN
    # Objects, and texts that may be of several types.
    return text, Validity.OPEN


def _loosely(text: str) -> Validity:
    """Whether some reader takes a text for a number."""
    try:
        float(text)
    except ValueError:
        return Validity.FORBIDDEN
    return Validity.OPEN


def _body(contract: Contract, operation: Operation, case: Case) -> Iterator[tuple[RequestDefect, Validity]]:
    """The content type, the size and the value of the body."""
    if operation.request_pointer is None:
        if case.body:
            yield RequestDefect.BODY, Validity.OPEN
        return
    if not case.body and not operation.request_required:
        # A type without a body: some servers look for the body then.
        if case.body is not None:
            yield RequestDefect.BODY, Validity.OPEN
        return
    body = case.body or b""
    kind = content_type_of(case)
    # Without a body there is nothing whose type could be wrong.
    yield RequestDefect.TYPE, kind if case.body else Validity.ALLOWED
    if len(body) > contract.behavior.request.max_body_bytes:
        yield RequestDefect.SIZE, Validity.FORBIDDEN
    value, form = read_json(body)
    if form is not Validity.ALLOWED:
        yield RequestDefect.BODY, form
    elif contract.request_problems(operation.id, value):
        yield RequestDefect.FIELDS, Validity.FORBIDDEN
    else:
        schema = operation.request_schema or {}
        vague = _is_vague(value) or (value not in operation.request_examples and _has_format(contract.document, schema))
        yield RequestDefect.FIELDS, Validity.OPEN if vague else Validity.ALLOWED


def _is_vague(value: object) -> bool:
    """Whether a value holds what two careful readers may take for two values."""
    if isinstance(value, Mapping):
        return any(_is_vague(member) or any(map(_is_odd, name)) for name, member in value.items())
    if isinstance(value, list):
        return any(map(_is_vague, value))
    if isinstance(value, str):
        return any(map(_is_odd, value))
    if isinstance(value, float):
        return value.is_integer() or abs(value) > _EXACT
    return isinstance(value, int) and abs(value) > _EXACT


def _is_odd(character: str) -> bool:
    """Whether a character counts as another number of them, is no text to some databases, or has no sense alone."""
    return character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff" or character > "\uffff"


def _has_format(document: Mapping[str, object], schema: object) -> bool:
    """Whether a format is a note anywhere in a schema."""
    return any("format" in node for node in _nodes(document, schema))


def _nodes(document: Mapping[str, object], schema: object) -> Iterable[Mapping[str, object]]:
    """A schema, and all that it is made of."""
    pending, seen = [schema], set()
    for _ in range(_MOST_STEPS):
        if not pending:
            return
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        if not isinstance(node, Mapping):
            continue
        if isinstance(reference := node.get("$ref"), str):
            if reference in seen:
                continue
            seen.add(reference)
            try:
                pending.append(resolve(document, node))
            except RefError:
                continue
        else:
            yield node
            pending += [value for key, value in node.items() if key not in ("example", "examples", "default", "enum")]


def json_text(value: object) -> bytes:
    """A value as the body of a request."""
    return json.dumps(value, separators=(",", ":")).encode()
