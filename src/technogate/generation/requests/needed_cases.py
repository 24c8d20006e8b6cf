"""Cases of every class of input that some rule is about, built for it: none of them is left to the seed. Pure.

What a seed decides here is only what means nothing to a rule: the letters of an unknown command, the order of words.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.operations import Parameter
from technogate.drivers.http.http_driver import JSON_TYPE, Case
from technogate.generation.requests import command_bodies, edge_values
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.edge_bodies import OTHER_TYPES, SAME_TYPES, not_objects, open_bodies, unknown_names
from technogate.generation.requests.edge_cases import field, member_schemas, unknown_command
from technogate.generation.requests.general_cases import needed_of_any
from technogate.model.contract_words import spoken

#: A class of input and one case of it: content type and body.
Built = tuple[str, str, bytes]


def needed(
    contract: Contract, operation: str, words: CommandSet, rng: random.Random, few: int
) -> Iterator[tuple[str, Case]]:
    """Every class of input of one operation with a case of it; a class without limits of its own has `few`."""
    described = contract.operations[operation]
    names = contract.behavior.operations
    case = Case(method=described.method.upper(), path=described.path, operation=operation)
    if operation == names.execute:
        for kind, content_type, body in _bodies(contract, words, rng, few):
            if words.harmless(body):
                yield kind, msgspec.structs.replace(case, body=body, content_type=content_type)
        return
    if operation not in (names.audit, names.fallback, names.memory):
        yield from needed_of_any(contract, operation, rng, few)
        return
    yield "no query", case
    for number in range(few):
        header = ("X-Request-Id", f"{number}-{rng.randrange(10**6)}")
        yield "a header without a meaning", msgspec.structs.replace(case, headers=(header,))
    for kind, query in _queries(described.parameters, few):
        yield kind, msgspec.structs.replace(case, query=query)


def _bodies(contract: Contract, words: CommandSet, rng: random.Random, few: int) -> Iterator[Built]:
    """Bodies of an execute request: each breaks one rule, or none."""
    good, bad = edge_values.lengths(member_schemas(contract)["command"], most=32)
    most = contract.behavior.request.max_body_bytes
    unknown = [unknown_command(length, rng) for length in good]
    known = rng.sample(words.usable, k=len(words.usable)) or unknown
    for number in range(max(few, len(known))):
        word = known[number % len(known)]
        yield "a known command", JSON_TYPE, _object(command=word) + b" " * (number // len(known))
    yield "a body as long as allowed", JSON_TYPE, _object(command=known[0]).ljust(most)
    for number in range(few):
        word = known[number % len(known)]
        yield "a body over the limit", JSON_TYPE, _object(command=word).ljust(most + 1 + number)
    for word in unknown:
        yield "an unknown command", JSON_TYPE, _object(command=word)
    yield from _members(contract, known, few, rng)
    yield from _misplaced(known, unknown)
    for value in (*(unknown_command(length, rng) for length in bad), *_bad_commands(known[0])):
        yield "a command that breaks its rules", JSON_TYPE, _object(command=value)
    for content_type in OTHER_TYPES:
        yield f"the content type {content_type or 'none'}", content_type, _object(command=known[0])
    for content_type in SAME_TYPES:
        yield "another spelling of the content type", content_type, _object(command=known[0])
    for body in not_objects():
        yield "a body that is no object", JSON_TYPE, body
    for body in open_bodies():
        yield "a body that is left open", JSON_TYPE, body


def _members(contract: Contract, known: Sequence[str], few: int, rng: random.Random) -> Iterator[Built]:
    """Session ids and unknown fields beside a command, each alone and both together."""
    fits, fits_not = edge_values.lengths(member_schemas(contract)["session_id"], most=128)
    strange = unknown_names()
    for number in range(max(few, len(fits))):
        session = _digits(fits[-1 - number % len(fits)], rng)
        word, name = known[number % len(known)], strange[number % len(strange)]
        yield "a session id", JSON_TYPE, _object(command=word, session_id=session)
        yield (
            "a session id and an unknown field",
            JSON_TYPE,
            _object(**{"command": word, "session_id": session, name: 0}),
        )
    for number, name in enumerate(strange):
        word = known[number % len(known)]
        yield "an unknown field", JSON_TYPE, _object(**{"command": word, name: number})
    for value in (*(_digits(length, rng) for length in fits_not), 17, True, ["a"], {"id": "a"}):
        yield "a session id that breaks its rules", JSON_TYPE, _object(command=known[0], session_id=value)


def _misplaced(known: Sequence[str], unknown: Sequence[str]) -> Iterator[Built]:
    """Commands in another media type, in a wrapping, and under another name."""
    word = known[0]
    for content_type, body in command_bodies.in_declared_type(word):
        yield f"a command in the type that it declares, {content_type.partition(';')[0]}", content_type, body
    placed = (command_bodies.in_no_object, command_bodies.wrapped, command_bodies.misnamed)
    bodies = {kind: value for place in placed for kind, value in place(word).items()} | {"no command": {}}
    for kind, value in bodies.items():
        yield kind, JSON_TYPE, json.dumps(value).encode()
    yield "an unknown field in another case", JSON_TYPE, _object(**{"command": word, field("session_id").title(): 17})
    yield "an escaped name", JSON_TYPE, command_bodies.escaped_name(word)
    for one, other in ((word, unknown[0]), (unknown[0], word)):
        for kind, members in command_bodies.beside_another_case(one, other).items():
            yield kind, JSON_TYPE, json.dumps(members).encode()


def _bad_commands(word: str) -> tuple[object, ...]:
    """Commands that a lenient reader takes for `word`, and values of each other type."""
    others = (None, True, 17, 1.5)
    padded = (f" {word}", f"{word} ", f"{word}\n", f"{word}\x00", f"{word[:-1]}-{word[-1]}", f"{word[:-1]}1")
    return (*others, *padded, word.lower(), word.capitalize(), "".join(chr(ord(letter) + 0xFEE0) for letter in word))


def _queries(parameters: Sequence[Parameter], few: int) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Each value of each parameter that has few, its limits and what lies beyond, alone and with the others."""
    usual = {parameter.name: _allowed(parameter.schema) for parameter in parameters}
    for parameter in parameters:
        name, values = parameter.name, usual[parameter.name]
        for number in range(max(few, len(values))):
            yield f"an allowed {name}", ((name, values[number % len(values)]),)
        wrong = _forbidden(parameter.schema, values)
        for value in wrong:
            yield f"a {name} that is not allowed", ((name, value),)
        beside = tuple((other, usual[other][-1]) for other in usual if other != name)
        yield f"a {name} that is not allowed beside what is", (*beside, (name, wrong[0]))
        yield f"a {name} that is not allowed before what is", ((name, wrong[-1]), *beside)
    for number in range(max(few, *map(len, usual.values())) if usual else 0):
        yield "all parameters", tuple((name, values[number % len(values)]) for name, values in usual.items())


def _allowed(schema: Mapping[str, object]) -> list[str]:
    words = schema.get("enum")
    if isinstance(words, list):
        return [str(word) for word in words]
    return [str(number) for number in edge_values.allowed_integers(schema)]


def _forbidden(schema: Mapping[str, object], allowed: Sequence[str]) -> tuple[str, ...]:
    if isinstance(schema.get("enum"), list):
        return (*edge_values.wrong_words(allowed[-1]), *(word.swapcase() for word in allowed[:-1]))
    return edge_values.wrong_integers(schema, int(allowed[-1]))


def _object(**members: object) -> bytes:
    """An execute request of these members by what they mean, written plainly."""
    return json.dumps(spoken().written("request", members)).encode()


def _digits(length: int, rng: random.Random) -> str:
    """A text of `length` digits."""
    return "".join(rng.choices(string.digits, k=length))
