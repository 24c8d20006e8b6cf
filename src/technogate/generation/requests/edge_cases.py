"""Cases put together from edge values: cheap, so there can be many, and each limit meets each other one."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Literal, cast

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.openapi import resolve
from technogate.drivers.http.http_driver import JSON_TYPE, Case
from technogate.generation.requests import edge_values
from technogate.generation.requests.commands import UNKNOWN_PREFIX, CommandSet
from technogate.generation.requests.edge_bodies import (
    OTHER_TYPES,
    SAME_TYPES,
    not_objects,
    open_bodies,
    unknown_names,
)
from technogate.generation.requests.general_cases import mixed_of_any
from technogate.model.contract_words import spoken
from technogate.model.events import Headers

Kind = Literal["allowed", "forbidden", "left open"]


def mixed(contract: Contract, operation: str, kind: str, words: CommandSet, rng: random.Random) -> Case | None:
    """One case that is intended to be of `kind`; None if there is no such case, or if it could do harm."""
    wanted = cast("Kind", kind)
    described = contract.operations[operation]
    names = contract.behavior.operations
    if operation not in (names.execute, names.audit, names.fallback, names.memory):
        return mixed_of_any(contract, operation, kind, rng)
    headers = _headers(contract, rng) if operation == names.memory or rng.random() < 0.25 else ()
    case = Case(method=described.method.upper(), path=described.path, operation=operation, headers=headers)
    if operation == names.execute:
        content_type, body = _execute(contract, wanted, words, rng)
        if not words.harmless(body):
            return None
        return msgspec.structs.replace(case, body=body, content_type=content_type)
    if operation == names.memory:
        return (
            msgspec.structs.replace(case, query=_unknown_query(rng))
            if wanted == "left open"
            else case
            if wanted == "allowed"
            else None
        )
    return msgspec.structs.replace(case, query=_query(contract, operation, wanted, rng))


def _headers(contract: Contract, rng: random.Random) -> Headers:
    """A header that means nothing to the contract; a client's trace id among them."""
    text = f"{rng.randrange(10**6)}"
    return (
        rng.choice(
            [
                ("X-Request-Id", text),
                (contract.behavior.headers.trace, f"client-{text}"),
                ("Accept", JSON_TYPE),
                ("Accept-Language", "tlh"),
                ("Cookie", f"a={text}; b="),
                ("X-Forwarded-For", "127.0.0.1"),
                ("If-None-Match", f'"{text}"'),
                ("X-Empty", ""),
                ("X-Long", text * 100),
            ]
        ),
    )


def _execute(contract: Contract, kind: Kind, words: CommandSet, rng: random.Random) -> tuple[str, bytes]:
    """Content type and body of one execute request."""
    schemas = member_schemas(contract)
    good, bad = edge_values.lengths(schemas["command"], most=32)
    name = rng.choice(words.usable) if words.usable and rng.random() < 0.4 else unknown_command(rng.choice(good), rng)
    members: list[tuple[str, object]] = [(field("command"), name)]
    fits, fits_not = edge_values.lengths(schemas["session_id"], most=128)
    if rng.random() < 0.5:
        length = rng.choice(fits)
        members.append(
            (field("session_id"), rng.choice([edge_values.filled(length, rng), rng.choice(edge_values.TEXTS)[:length]]))
        )
    if rng.random() < 0.4:
        members += [(name, edge_values.anything(rng)) for name in rng.sample(unknown_names(), k=rng.randint(1, 3))]
    whole = edge_values.shuffled(members, rng)
    if kind == "allowed":
        body = edge_values.written(whole, rng)
        most = contract.behavior.request.max_body_bytes
        return JSON_TYPE, body + b" " * (most - len(body)) if rng.random() < 0.004 else body
    if kind == "left open":
        return _left_open(whole, rng)
    return _forbidden(contract, whole, bad, fits_not, rng)


def _left_open(whole: dict[str, object], rng: random.Random) -> tuple[str, bytes]:
    """A body or a content type that the contract leaves open."""
    chance = rng.random()
    if chance < 0.3:
        return rng.choice(SAME_TYPES), edge_values.written(whole, rng)
    if chance < 0.5:
        return JSON_TYPE, edge_values.written(
            {**whole, field("session_id"): rng.choice([None, "😀" * rng.randint(65, 128)])}, rng
        )
    if chance < 0.6:
        return JSON_TYPE, b"\xef\xbb\xbf" + edge_values.written(whole, rng)
    return JSON_TYPE, rng.choice(open_bodies()) + b" " * rng.randint(0, 3)


def _forbidden(
    contract: Contract, whole: dict[str, object], bad: list[int], fits_not: list[int], rng: random.Random
) -> tuple[str, bytes]:
    """Content type and body of a request that breaks one rule or several."""
    chance = rng.random()
    if chance < 0.45:
        return JSON_TYPE, edge_values.written(_bad_command(whole, bad, rng), rng)
    if chance < 0.6:
        text = edge_values.filled(rng.choice(fits_not or [1]), rng)
        return JSON_TYPE, edge_values.written(
            {**whole, field("session_id"): rng.choice([text, edge_values.of_another_type(rng, than=str)])}, rng
        )
    if chance < 0.65:
        bad_session = {**whole, field("session_id"): edge_values.of_another_type(rng, than=str)}
        return JSON_TYPE, edge_values.written(_bad_command(bad_session, bad, rng), rng)
    if chance < 0.85:
        return JSON_TYPE, _no_object(whole, rng)
    if chance < 0.995:
        body = edge_values.written(whole, rng) if rng.random() < 0.8 else _no_object(whole, rng)
        return rng.choice(OTHER_TYPES), body
    most = contract.behavior.request.max_body_bytes
    return JSON_TYPE, edge_values.written(whole, rng).ljust(most + rng.choice([1, 2, 1000]))


def _bad_command(whole: dict[str, object], bad: list[int], rng: random.Random) -> dict[str, object]:
    """The same object, its command garbled, of another length or type, or missing."""
    chance = rng.random()
    name = str(whole[field("command")])
    if chance < 0.12:
        return {key: value for key, value in whole.items() if key != field("command")}
    if chance < 0.3:
        return {**whole, field("command"): rng.choice([None, edge_values.of_another_type(rng, than=str)])}
    if chance < 0.5:
        return {**whole, field("command"): unknown_command(rng.choice(bad or [0]), rng)}
    if chance < 0.65:
        return {**whole, field("command"): rng.choice(edge_values.TEXTS)}
    return {**whole, field("command"): edge_values.garbled(name, rng)}


def _no_object(whole: dict[str, object], rng: random.Random) -> bytes:
    """Bytes that are not JSON object."""
    chance = rng.random()
    body = edge_values.written(whole, rng).strip()
    if chance < 0.4:
        return rng.choice(not_objects())
    if chance < 0.6:
        return body[: rng.randint(0, len(body) - 1)]
    if chance < 0.75:
        return body + rng.choice([b",", b"}", b"x", b"\x00", body])
    if chance < 0.9:
        return json.dumps(rng.choice([[whole], str(whole), list(whole), None, True, 17])).encode()
    return rng.randbytes(rng.randint(1, 40))


def _query(contract: Contract, operation: str, kind: Kind, rng: random.Random) -> tuple[tuple[str, str], ...]:
    """The query of one read of the audit trail."""
    pairs: list[tuple[str, str]] = []
    parameters = contract.operations[operation].parameters
    broken = rng.choice([candidate.name for candidate in parameters]) if parameters else ""
    for parameter in parameters:
        spoil = kind != "allowed" and parameter.name == broken
        if spoil or rng.random() < 0.6:
            pairs += parameter_values(parameter.name, parameter.schema, kind if spoil else "allowed", rng)
    if kind == "left open" and rng.random() < 0.3:
        pairs += _unknown_query(rng)
    rng.shuffle(pairs)
    return tuple(pairs)


def parameter_values(name: str, schema: Mapping[str, object], kind: Kind, rng: random.Random) -> list[tuple[str, str]]:
    """One parameter, or the same twice."""
    words = schema.get("enum")
    if isinstance(words, list):
        word = str(rng.choice(words))
        good = word
        bad = rng.choice([*edge_values.TEXTS[1:], *edge_values.wrong_words(word)])
        odd = ""
    else:
        within, beyond = edge_values.integers(schema, rng)
        good = str(within)
        bad = rng.choice([str(beyond), f"{within}abc", f"{within}.5", f"0x{within:x}", *edge_values.TEXTS[1:]])
        odd = rng.choice(["", f"+{within}", f"0{within}", f"000{within}", f" {within}", f"{within}.0", f"+0{within}"])
    if kind == "allowed":
        return [(name, good)]
    if kind == "forbidden":
        return [(name, bad)]
    return rng.choice([[(name, odd)], [(name, good), (name, good)], [(name, good), (name, bad)]])


def _unknown_query(rng: random.Random) -> tuple[tuple[str, str], ...]:
    return tuple((rng.choice(unknown_names()), rng.choice(edge_values.TEXTS)) for _ in range(rng.randint(1, 2)))


def unknown_command(length: int, rng: random.Random) -> str:
    """A command of `length` characters that no backend has."""
    return (UNKNOWN_PREFIX + edge_values.command(length, rng))[:length]


def field(meaning: str) -> str:
    """The name of a field of an execute request."""
    return spoken().name("request", meaning)


def member_schemas(contract: Contract) -> dict[str, Mapping[str, object]]:
    """The schemas of an execute request's members, by what they mean."""
    operation = contract.operations[contract.behavior.operations.execute]
    properties = cast("Mapping[str, object]", (operation.request_schema or {}).get("properties", {}))
    return {
        meaning: cast("Mapping[str, object]", resolve(contract.document, properties.get(field(meaning), {})))
        for meaning in ("command", "session_id")
    }
