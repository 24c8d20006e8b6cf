"""Requests of an operation without a part: the plain one, and what is left when one thing of it is changed. Pure.

What each is, allowed, forbidden or left open, the oracle says; nothing here relies on its own intention.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.openapi import resolve
from technogate.contract.operations import Operation, Parameter
from technogate.contract.plain_request import IGNORED, path_of, plain_case, query_of, written
from technogate.generation.requests.edge_bodies import OTHER_TYPES, SAME_TYPES, open_bodies, unknown_names
from technogate.generation.requests.general_oracle import expected_of_any, json_text
from technogate.generation.requests.validity import RequestDefect
from technogate.model.case import Case

#: A class of input, and a case of it.
Built = tuple[str, Case]

#: Texts that are no value of one type or another.
_TEXTS = ("x", "-1", "0", "1.5", "1e9", "true", "ZZ_NOTHING", "99999999999999999999", "a" * 300, "\u0661", "a b", "'")
#: Values that are of no type that a field may have alone.
_VALUES: tuple[object, ...] = (None, True, -1, 0, 1.5, "", "ZZ_NOTHING", "a" * 5000, [], ["x"], {}, {"a": 1})
#: Bytes of the longest body that is made: a limit beyond is tried by the items on long bodies alone.
_LONGEST = 1 << 20
#: Bodies that are no JSON at all.
_NO_JSON = (b"", b"{", b"nothing", b'{"a": nothing}', b"\xff\xfe", b'{"a" 1}', b"[1,]")


def needed_of_any(contract: Contract, operation: str, rng: random.Random, few: int) -> Iterator[Built]:
    """Every class of input of an operation that plays no part, with cases of it."""
    described = contract.operations[operation]
    plain = plain_case(contract, operation)
    yield "nothing but what is demanded", plain
    for number in range(few):
        header = ("X-Client", f"{number}-{rng.randrange(10**6)}")
        yield "a header without a meaning", _changed(plain, headers=(*plain.headers, header))
    for parameter in described.parameters:
        yield from _parameter(described, plain, parameter)
    if described.request_pointer is not None:
        yield from _bodies(contract, described, plain, few)
    elif plain.method != "GET":
        yield "a body that is not described", _changed(plain, body=b"{}")
    yield "an unknown parameter", _changed(plain, query=(*plain.query, (unknown_names()[0], "1")))


def mixed_of_any(contract: Contract, operation: str, kind: str, rng: random.Random) -> Case | None:
    """One case that is intended to be of `kind`: several changes at once; None if there is no such case."""
    described = contract.operations[operation]
    case = plain_case(contract, operation)
    for parameter in described.parameters:
        if parameter.examples and rng.random() < 0.5:
            case = _with(described, case, parameter, rng.choice(parameter.examples))
    if described.request_examples:
        body = rng.choice(described.request_examples)
        case = _changed(case, body=json_text(body) + b" " * rng.randint(0, 3))
    if rng.random() < 0.5:
        case = _changed(case, headers=(*case.headers, ("X-Client", f"{rng.randrange(10**6)}")))
    if kind == "allowed":
        return case
    if kind == "left open":
        return _changed(case, query=(*case.query, (rng.choice(unknown_names()), rng.choice(_TEXTS))))
    spoilt = [made for made in described.parameters if _can_change(made)]
    if described.request_pointer is not None and (not spoilt or rng.random() < 0.6):
        body = rng.choice(described.request_examples) if described.request_examples else {}
        return _changed(case, body=_spoilt(body, rng))
    return _with(described, case, rng.choice(spoilt), rng.choice(_TEXTS)) if spoilt else None


def malformed(contract: Contract, operation: str) -> list[Case]:
    """Requests of an operation that the contract forbids: one for each kind of fault."""
    found: dict[frozenset[RequestDefect], Case] = {}
    for _, case in needed_of_any(contract, operation, random.Random(0), 1):  # noqa: S311 - test data
        faults = expected_of_any(contract, case).faults
        if faults and RequestDefect.SIZE not in faults:
            found.setdefault(faults, case)
    return list(found.values())


def _parameter(operation: Operation, plain: Case, parameter: Parameter) -> Iterator[Built]:
    """Each example of a parameter, texts that are none of its values, and a request without it."""
    if not _can_change(parameter):
        return
    what = f"the {parameter.location} parameter {parameter.name}"
    for value in parameter.examples:
        yield f"{what}, an example", _with(operation, plain, parameter, value)
    for text in (*_TEXTS, *_beyond(parameter.schema)):
        if parameter.location != "header" or (text.isascii() and text):
            yield f"{what}, {text[:20]}", _with(operation, plain, parameter, text)
    if parameter.required and parameter.location == "query":
        left = tuple(pair for pair in plain.query if pair[0] != parameter.name)
        yield f"without {what}", _changed(plain, query=left)
    if parameter.required and parameter.location == "header":
        kept = tuple(pair for pair in plain.headers if pair[0] != parameter.name)
        yield f"without {what}", _changed(plain, headers=kept)


def _can_change(parameter: Parameter) -> bool:
    return parameter.location in ("path", "query") or (
        parameter.location == "header" and parameter.name.lower() not in IGNORED
    )


def _beyond(schema: Mapping[str, object]) -> Iterator[str]:
    """The integers next to the limits of a schema, on both sides."""
    for key in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        if isinstance(limit := schema.get(key), int):
            yield from (str(limit - 1), str(limit), str(limit + 1))
    for key in ("minLength", "maxLength"):
        if isinstance(length := schema.get(key), int) and length < 1000:
            yield from ("a" * max(0, length - 1), "a" * length, "a" * (length + 1))


def _with(operation: Operation, case: Case, parameter: Parameter, value: object) -> Case:
    """The case with another value of one parameter; a path keeps the values of its others."""
    if parameter.location == "query":
        others = tuple(pair for pair in case.query if pair[0] != parameter.name)
        return _changed(case, query=(*others, *query_of(parameter, value)))
    if parameter.location == "header":
        others = tuple(pair for pair in case.headers if pair[0] != parameter.name)
        return _changed(case, headers=(*others, (parameter.name, written(value))))
    if parameter.location != "path" or not written(value):
        return case
    values = {made.name: next(iter(made.examples), "x") for made in operation.parameters if made.location == "path"} | {
        parameter.name: value
    }
    return _changed(case, path=path_of(operation, values))


def _bodies(contract: Contract, operation: Operation, plain: Case, few: int) -> Iterator[Built]:
    """Bodies that break one rule, or none."""
    most = contract.behavior.request.max_body_bytes
    for value in operation.request_examples:
        yield "an example", _changed(plain, body=json_text(value))
    first = operation.request_examples[0] if operation.request_examples else {}
    text = json_text(first)
    if most <= _LONGEST:
        yield "a body as long as allowed", _changed(plain, body=text.ljust(most))
        for number in range(few):
            yield "a body over the limit", _changed(plain, body=text.ljust(most + 1 + number))
    for content_type in OTHER_TYPES:
        yield f"the content type {content_type or 'none'}", _changed(plain, content_type=content_type, body=text)
    for content_type in SAME_TYPES:
        yield "another spelling of the content type", _changed(plain, content_type=content_type, body=text)
    for body in _NO_JSON:
        yield "a body that is no JSON", _changed(plain, body=body)
    for body in open_bodies():
        yield "a body that is left open", _changed(plain, body=body)
    yield "no body", _changed(plain, body=None)
    for value in _VALUES:
        yield "a body of another type", _changed(plain, body=json_text(value))
    if isinstance(first, Mapping):
        yield from _fields(contract, operation, plain, first)


def _fields(contract: Contract, operation: Operation, plain: Case, first: Mapping[str, object]) -> Iterator[Built]:
    """The example with one field left out, of another value, or unknown."""
    schema = operation.request_schema or {}
    properties = schema.get("properties")
    named = [*first, *(name for name in (properties if isinstance(properties, Mapping) else ()) if name not in first)]
    for name in named:
        without = {key: value for key, value in first.items() if key != name}
        yield f"without {name}", _changed(plain, body=json_text(without))
        limits = resolve(contract.document, properties.get(name, {})) if isinstance(properties, Mapping) else {}
        beyond = _beyond(limits) if isinstance(limits, Mapping) else ()
        numbers = [int(text) for text in beyond if text.lstrip("-").isdigit()]
        texts = [text for text in (_beyond(limits) if isinstance(limits, Mapping) else ()) if not text.isdigit()]
        for value in (*_VALUES, *numbers, *texts):
            yield f"another {name}", _changed(plain, body=json_text({**first, name: value}))
    for name in unknown_names():
        yield "an unknown field", _changed(plain, body=json_text({**first, name: 1}))


def _spoilt(value: object, rng: random.Random) -> bytes:
    """A body that is no longer the value: cut, of another type, or with another field."""
    text = json_text(value)
    if not isinstance(value, Mapping) or not value or rng.random() < 0.3:
        return rng.choice([text[: rng.randint(0, len(text) - 1)], rng.choice(_NO_JSON), json_text(rng.choice(_VALUES))])
    name = rng.choice(list(value))
    if rng.random() < 0.3:
        return json_text({key: member for key, member in value.items() if key != name})
    return json_text({**value, name: rng.choice(_VALUES)})


def _changed(case: Case, **changes: object) -> Case:
    return msgspec.structs.replace(case, **changes)
