"""Cases that the rules need, built for them: what a rule is about is not left to the seed. Pure."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator

import msgspec

from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import JSON_TYPE, Case
from technogate.generation.requests import edge_values
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.edge_bodies import NOT_OBJECTS, OTHER_TYPES, UNKNOWN_NAMES
from technogate.generation.requests.edge_cases import member_schemas, parameter_values, unknown_command


def needed(contract: Contract, operation: str, words: CommandSet, rng: random.Random, few: int) -> Iterator[Case]:
    """A few cases of each kind that some rule is about, put together so that they are of that kind."""
    described = contract.operations[operation]
    names = contract.behavior.operations
    case = Case(method=described.method.upper(), path=described.path, operation=operation)
    if operation == names.execute:
        for content_type, body in _needed_bodies(contract, words, rng, few):
            if words.harmless(body):
                yield msgspec.structs.replace(case, body=body, content_type=content_type)
        return
    yield case
    for number in range(1, few + 1):
        if operation == names.memory:
            yield msgspec.structs.replace(case, headers=(("X-Request-Id", f"{number}-{rng.randrange(10**6)}"),))
        elif described.parameters:
            pairs = [
                pair
                for parameter in described.parameters
                for pair in parameter_values(parameter.name, parameter.schema, "allowed", rng)
            ]
            broken = described.parameters[number % len(described.parameters)]
            yield msgspec.structs.replace(case, query=tuple(pairs))
            yield msgspec.structs.replace(
                case, query=tuple(parameter_values(broken.name, broken.schema, "forbidden", rng))
            )


def _needed_bodies(contract: Contract, words: CommandSet, rng: random.Random, few: int) -> Iterator[tuple[str, bytes]]:
    """Content types and bodies for `needed`: each breaks one rule, or none."""
    schemas = member_schemas(contract)
    good, bad = edge_values.lengths(schemas["command"], most=32)
    fits, fits_not = edge_values.lengths(schemas["session_id"], most=128)
    most = contract.behavior.request.max_body_bytes
    known = rng.sample(words.usable, k=len(words.usable)) or [unknown_command(rng.choice(good), rng)]
    yield JSON_TYPE, _object(command=known[0])
    yield JSON_TYPE, _object(command=known[0]).ljust(most)
    kinds, no_objects = rng.sample(OTHER_TYPES, k=few), rng.sample(NOT_OBJECTS, k=few)
    unknown = rng.sample(UNKNOWN_NAMES, k=few)
    for number in range(few):
        word, unknown_word = known[number % len(known)], unknown_command(good[number % len(good)], rng)
        session = _digits(fits[-1 - number % len(fits)], rng)
        further: dict[str, object] = {unknown[number]: number}
        yield JSON_TYPE, _object(command=unknown_word)
        yield JSON_TYPE, _object(command=word, session_id=session)
        yield JSON_TYPE, _object(command=word, **further)
        yield JSON_TYPE, _object(command=word, session_id=session, **further)
        yield kinds[number], _object(command=word)
        yield JSON_TYPE, no_objects[number]
        yield JSON_TYPE, _object(command=word).ljust(most + 1 + number)
        if bad:
            yield JSON_TYPE, _object(command=unknown_command(bad[number % len(bad)], rng))
        if fits_not:
            yield JSON_TYPE, _object(command=word, session_id=_digits(fits_not[number % len(fits_not)], rng))


def _object(**members: object) -> bytes:
    """A JSON object, written plainly."""
    return json.dumps(members).encode()


def _digits(length: int, rng: random.Random) -> str:
    """A text of `length` digits."""
    return "".join(rng.choices(string.digits, k=length))
