"""The oracle of responses: how a console must treat a response that it was sent (CON-02 to CON-11).

The contract alone decides: its schemas, strict JSON and the media type. `open` is what the contract leaves open for
clients (a byte order mark, a key twice in an object, further fields), and what no client can observe or two careful
readers read differently: the console may then show it or refuse it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from technogate.contract.loader import Contract
from technogate.contract.openapi import resolve
from technogate.generation.responses.response_reading import Meaning as Meaning
from technogate.generation.responses.response_reading import ResponseReading as ResponseReading
from technogate.util.strict_json import NotStrictJson, parse

_JSON = re.compile(r"application/json[ \t]*(;.*)?", re.IGNORECASE)
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedResponse:
    """One response as far as a client can get it.

    `body` is what is left once the framing and the compression are taken off. `trouble` states why no
    client can have it whole ("" when it can); `unseen` means that something is wrong which some clients
    cannot notice.
    """

    status: int
    content_type: str | None
    body: bytes
    trouble: str = ""
    unseen: bool = False


def read_response(contract: Contract, operation: str, schema: str, received: ReceivedResponse) -> ResponseReading:
    """What a console must make of `received`: a response of `operation` whose 200 is a `schema`.

    A blocked envelope where another schema was required is refused as well: that is what it means.
    """
    if received.trouble:
        return ResponseReading(meaning=Meaning.REFUSED, problems=(received.trouble,))
    answers = contract.words.answers_of(operation)
    if received.status not in answers:
        wanted = " or ".join(map(str, answers))
        return ResponseReading(
            meaning=Meaning.REFUSED,
            value=_value(received.body),
            problems=(f"the HTTP status is {received.status}: only a {wanted} can be shown",),
        )
    if received.content_type is None or not _JSON.fullmatch(received.content_type.strip()):
        problem = f"the Content-Type is {received.content_type or 'missing'}, not application/json"
        return ResponseReading(meaning=Meaning.REFUSED, value=_value(received.body), problems=(problem,))
    try:
        readings = [_judged(contract, operation, schema, value) for value in _values(received.body)]
    except RecursionError:
        # Nested so deeply that not every reader gets to its end.
        return ResponseReading(meaning=Meaning.OPEN)
    if not readings:
        return ResponseReading(meaning=Meaning.REFUSED, problems=(f"the body is not JSON: {_not_json(received.body)}",))
    meanings = {reading.meaning for reading in readings}
    if meanings == {Meaning.REFUSED}:
        return readings[0]
    if received.unseen or meanings != {Meaning.CONFORMS} or not _strict(received.body):
        return ResponseReading(meaning=Meaning.OPEN, value=readings[0].value)
    return readings[0]


def _judged(contract: Contract, operation: str, schema: str, value: object) -> ResponseReading:
    """One way to read the body, held to the contract."""
    problems = contract.response_problems(operation, contract.words.answers_of(operation)[0], value)
    if problems:
        return ResponseReading(meaning=Meaning.REFUSED, value=value, problems=tuple(problems))
    if contract.schema_problems(schema, value):
        blocked = contract.behavior.statuses.blocked
        return ResponseReading(
            meaning=Meaning.REFUSED, value=value, problems=(f"the response has the status {blocked}",)
        )
    doubtful = has_further_fields(contract, schema, value) or any(map(doubtful_time, _texts(value)))
    return ResponseReading(meaning=Meaning.OPEN if doubtful else Meaning.CONFORMS, value=value)


def has_further_fields(contract: Contract, schema: str, value: object) -> bool:
    """Whether an object of `value` has a field that its schema does not name."""
    node = resolve(contract.document, {"$ref": f"#/components/schemas/{schema}"})
    if not isinstance(node, Mapping):
        return False
    if isinstance(value, list):
        name = str(cast(Mapping[str, object], node.get("items", {})).get("$ref", "")).rpartition("/")[2]
        return any(has_further_fields(contract, name, entry) for entry in value)
    known = cast(Mapping[str, object], node.get("properties", {}))
    return isinstance(value, Mapping) and any(name not in known for name in value)


def doubtful_time(text: str) -> bool:
    """Whether a time of the contract's form is one that careful readers take differently.

    A leap second and a 29 February of a common year match the form; a fraction may have any length.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    try:
        datetime.fromisoformat(match[1])
    except ValueError:
        return True
    return len(match[2] or "") > 9


def _texts(value: object) -> Iterator[str]:
    """Every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def _strict(body: bytes) -> bool:
    """Whether every reader reads the same: strict JSON."""
    try:
        parse(body)
    except NotStrictJson:
        return False
    return True


def _not_json(body: bytes) -> str:
    """Why a body is not JSON."""
    try:
        parse(body)
    except NotStrictJson as problem:
        return str(problem)
    return "it cannot be read"


def _value(body: bytes) -> object:
    """The body's value for the table of a finding, None when it has none."""
    return next(iter(_values(body)), None)


def _values(body: bytes) -> list[object]:
    """The values that readers of JSON may take a body for: none when it is not JSON by any grammar.

    Browsers decode what is not UTF-8 with a replacement character, and take the last of two equal keys.
    """
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    values: list[object] = []
    for pairs in (dict, _first_wins):
        try:
            value = json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse, parse_int=_number)
        except ValueError:
            return []
        if repr(value) not in map(repr, values):
            values.append(value)
    return values


def _first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made: dict[str, object] = {}
    for name, member in pairs:
        made.setdefault(name, member)
    return made


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def _number(literal: str) -> object:
    """A number of any length: Python's own reader fails at some 4,000 digits."""
    return int(literal) if len(literal) < 400 else float(literal)
