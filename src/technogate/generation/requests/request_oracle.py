"""The oracle of requests: whether the contract allows a request, forbids it, or leaves it open. Pure.

It decides from what is sent alone, whatever the generator intended. So a shrunk case is judged exactly as the case it
came from. Where the contract leaves a choice, each of the choices conforms.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from technogate.generation.requests.general_oracle import expected_of_any
from technogate.generation.requests.request_reading import DEEPEST as DEEPEST
from technogate.generation.requests.request_reading import content_type_of
from technogate.generation.requests.request_reading import read_json as read_json
from technogate.generation.requests.validity import Auth as Auth
from technogate.generation.requests.validity import Expectation as Expectation
from technogate.generation.requests.validity import RequestDefect as RequestDefect
from technogate.generation.requests.validity import Validity as Validity
from technogate.generation.requests.validity import auth as auth
from technogate.model.case import Case

if TYPE_CHECKING:
    from technogate.contract.loader import Contract

#: A command that is valid and represents any other.
_ANY_COMMAND = "ZZZ"

_SIGNED = re.compile(r"[+-]?[0-9]+")
_PLAIN = re.compile(r"0|-?[1-9][0-9]*")


def expected(contract: Contract, case: Case) -> Expectation:
    """What the contract expects for `case`; a case for none of its operations is left open."""
    names = contract.behavior.operations
    if case.operation not in contract.operations:
        return Expectation(validity=Validity.OPEN, responses=frozenset())
    if case.operation == names.execute:
        return _of_execute(contract, case)
    if case.operation in (names.audit, names.fallback):
        return _of_query(contract, case)
    if case.operation != names.memory:
        return expected_of_any(contract, case)
    plain = not case.query and not case.body
    good = frozenset(contract.operations[case.operation].successes)
    # The contract does not define a query for the memory.
    return Expectation(
        validity=Validity.ALLOWED if plain else Validity.OPEN, responses=good if plain else good | {400, 404}
    )


def _of_execute(contract: Contract, case: Case) -> Expectation:
    """A command: its content type, its size, its body."""
    body, good = case.body or b"", frozenset(contract.operations[case.operation].successes)
    faults: dict[RequestDefect, frozenset[int]] = {}
    undecided = bool(case.query)
    kind = content_type_of(case)
    if kind is Validity.FORBIDDEN:
        faults[RequestDefect.TYPE] = frozenset({400, 415})
    undecided |= kind is Validity.OPEN
    if len(body) > contract.behavior.request.max_body_bytes:
        faults[RequestDefect.SIZE] = frozenset({400, 413})
    value, form = read_json(body)
    if form is Validity.FORBIDDEN or (form is Validity.ALLOWED and not isinstance(value, dict)):
        faults[RequestDefect.BODY] = frozenset({400})
    elif form is Validity.OPEN:
        undecided = True
    elif isinstance(value, dict):
        members, vague = _members(contract, case.operation, value)
        faults.update(dict.fromkeys(members, frozenset({400})))
        undecided |= vague
    if faults:
        responses = frozenset[int]().union(*faults.values())
        # What is left open besides may be refused for its own reason first.
        return Expectation(
            validity=Validity.FORBIDDEN,
            responses=responses | {400, 415} if undecided else responses,
            faults=frozenset(faults),
        )
    if undecided:
        return Expectation(validity=Validity.OPEN, responses=good | {400, 415})
    return Expectation(validity=Validity.ALLOWED, responses=good)


def _members(contract: Contract, operation: str, value: Mapping[str, object]) -> tuple[set[RequestDefect], bool]:
    """What is wrong with the members of an execute request, and whether something is left open."""
    faults: set[RequestDefect] = set()
    command, session_id = (contract.words.name("request", meaning) for meaning in ("command", "session_id"))
    named = {command: value[command]} if command in value else {}
    if contract.request_problems(operation, named):
        faults.add(RequestDefect.COMMAND)
    if session_id not in value:
        return faults, False
    session = value[session_id]
    if session is None:
        return faults, True
    if contract.request_problems(operation, {command: _ANY_COMMAND, session_id: session}):
        return faults | {RequestDefect.SESSION}, False
    # A character outside of the first plane counts as one or two, depending on the reader.
    wide = "".join("aa" if ord(character) > 0xFFFF else character for character in str(session))
    return faults, bool(contract.request_problems(operation, {command: _ANY_COMMAND, session_id: wide}))


def _of_query(contract: Contract, case: Case) -> Expectation:
    """A read of the audit trail: each parameter by itself, then what is unknown or repeated."""
    counted = Counter(name for name, _ in case.query)
    validities = {Validity.OPEN} if case.body else set()
    operation = contract.operations[case.operation]
    good = frozenset(operation.successes)
    for name, value in case.query:
        parameter = operation.parameter(name)
        if parameter is None or counted[name] > 1 or not value:
            validities.add(Validity.OPEN)
        elif parameter.schema.get("type") == "integer":
            validities.add(_integer(value, parameter.schema))
        else:
            words = parameter.schema.get("enum")
            validities.add(Validity.ALLOWED if not isinstance(words, list) or value in words else Validity.FORBIDDEN)
    if Validity.FORBIDDEN in validities:
        return Expectation(
            validity=Validity.FORBIDDEN, responses=frozenset({400}), faults=frozenset({RequestDefect.QUERY})
        )
    if Validity.OPEN in validities:
        return Expectation(validity=Validity.OPEN, responses=good | {400})
    return Expectation(validity=Validity.ALLOWED, responses=good)


def _integer(text: str, schema: Mapping[str, object]) -> Validity:
    """Whether `text` is an integer within the bounds; a sign, leading zeros, padding are left open."""
    if _SIGNED.fullmatch(text):
        number = int(text) if len(text) < 400 else math.inf
        if not _within(number, schema):
            return Validity.FORBIDDEN
        return Validity.ALLOWED if _PLAIN.fullmatch(text) else Validity.OPEN
    try:
        loose = float(text)
    except ValueError:
        return Validity.FORBIDDEN
    # `5.0`, ` 5`, digits of another script: an integer to some readers. `1.5` and `1e2` are none.
    unsure = "e" not in text.lower() and loose.is_integer() and _within(loose, schema)
    return Validity.OPEN if unsure else Validity.FORBIDDEN


def _within(number: float, schema: Mapping[str, object]) -> bool:
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    return isinstance(low, int | float) and isinstance(high, int | float) and low <= number <= high


def limit_of(contract: Contract, case: Case) -> int:
    """How many entries an allowed read may return: its limit, else the default."""
    name = contract.behavior.audit.limit_parameter
    text = dict(case.query).get(name)
    return int(text) if text is not None else int(str(contract.default_of(case.operation, name)))


def state_of(contract: Contract, case: Case) -> str:
    """The state that an allowed read filters by, "" for all."""
    names = contract.behavior.audit
    text = dict(case.query).get(names.filter_parameter, names.filter_all)
    return "" if text == names.filter_all else text
