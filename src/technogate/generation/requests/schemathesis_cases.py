"""Cases from Schemathesis: its coverage of the contract's limits, and its random data.

Only its generation is used: what it makes becomes a case of the gate, and the gate's own driver sends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

import hypothesis
import schemathesis
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from technogate.contract.loader import Contract
from technogate.contract.operations import Operation
from technogate.contract.plain_request import path_of, written
from technogate.drivers.http.http_driver import JSON_TYPE, Case, Query
from technogate.generation.requests.commands import CommandSet
from technogate.model.contract_words import spoken
from technogate.model.events import Headers

_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

#: The longest request target, in characters: a longer one may be the HTTP parser's to refuse.
LONGEST_TARGET = 2000

#: Headers that decide how a message is framed or which host gets it: they are the driver's to send.
_FRAMING = frozenset({"connection", "content-encoding", "content-length", "expect", "host", "keep-alive"}) | frozenset(
    {"te", "trailer", "transfer-encoding", "upgrade"}
)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_VALUE = re.compile(r"[!-~](?:[ -~]{0,100}[!-~])?")


def covered(contract: Contract, operation: str, words: CommandSet) -> Iterator[Case]:
    """The cases at the limits of every parameter and of the body."""
    api = _operation(contract, operation)
    for mode in _MODES:
        made = api.schema.iter_coverage_cases(
            operation=api, generation_modes=[mode], generation_config=api.schema.config.generation_for(operation=api)
        )
        for drawn in made:
            case = _case(contract, operation, drawn, words)
            if case is not None and drawn.method.upper() == case.method:
                yield case


def fuzzed(contract: Contract, operation: str, words: CommandSet, *, count: int, seed: int) -> list[Case]:
    """About `count` random cases, half of them meant to be valid; fewer where there is no more to vary."""
    api = _operation(contract, operation)
    drawn = [example for mode in _MODES for example in _drawn(api, mode, max(1, count // len(_MODES)), seed)]
    cases = (_case(contract, operation, example, words) for example in drawn)
    return [case for case in cases if case is not None]


def _drawn(api: Any, mode: GenerationMode, count: int, seed: int) -> list[Any]:
    """What Hypothesis draws from Schemathesis' strategy, the same for the same seed."""
    drawn: list[Any] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(api.as_strategy(generation_mode=mode))
    def draw(example: Any) -> None:
        drawn.append(example)

    try:
        draw()
    except Unsatisfiable:
        # An operation without parameters cannot be called with a wrong query.
        return []
    return drawn


@lru_cache(maxsize=4)
def _operations(digest: str, document: str) -> dict[tuple[str, str], Any]:  # noqa: ARG001 - the digest is the key
    """Schemathesis' operations by method and path."""
    schema = schemathesis.openapi.from_dict(json.loads(document))
    operations: list[Any] = [cast("Any", result).ok() for result in schema.get_all_operations()]
    return {(operation.method.upper(), operation.path): operation for operation in operations}


def _operation(contract: Contract, operation: str) -> Any:
    described = contract.operations[operation]
    document = json.dumps(contract.document)
    return _operations(contract.digest, document)[described.method.upper(), described.path]


def _case(contract: Contract, operation: str, made: Any, words: CommandSet) -> Case | None:
    """What Schemathesis made as a case of the gate; None for what cannot be sent, or must not."""
    described = contract.operations[operation]
    query = _query(made.query or {})
    headers = dict(made.headers or {})
    content_type = next((headers.pop(name) for name in list(headers) if name.lower() == "content-type"), None)
    body: bytes | None = None
    if described.request_schema is not None:
        body = _body(made.body, words)
    elif content_type is not None:
        return None
    if query is None or (described.request_schema is not None and (body is None or not words.harmless(body))):
        return None
    kind = str(content_type or made.media_type or JSON_TYPE)
    if not _VALUE.fullmatch(kind):
        return None
    path = _path(described, made.path_parameters or {})
    if path is None:
        return None
    case = Case(
        method=described.method.upper(),
        path=path,
        operation=operation,
        query=query,
        headers=_headers(headers, contract.behavior.headers.key),
        body=body,
        content_type=kind,
    )
    return case if len(case.target) <= LONGEST_TARGET else None


def _path(operation: Operation, made: Mapping[str, Any]) -> str | None:
    """The path with the parameters that were made; None for one that is another path to some servers."""
    texts = [written(value) for value in made.values()]
    if not all(text and "/" not in text and set(text) - {"."} for text in texts):
        return None
    try:
        return path_of(operation, made)
    except UnicodeEncodeError:
        return None


def _query(made: Mapping[str, Any]) -> Query | None:
    """A query as pairs; a list is a repeated parameter."""
    pairs = [
        (str(name), item) for name, value in made.items() for item in (value if isinstance(value, list) else [value])
    ]
    written = tuple((name, value if isinstance(value, str) else json.dumps(value)) for name, value in pairs)
    try:
        "".join(name + value for name, value in written).encode()
    except UnicodeEncodeError:
        return None
    return written


def _headers(made: Mapping[str, Any], key_header: str) -> Headers:
    """The headers that a client may send, without the key and what frames the message."""
    kept = [(str(name), str(value)) for name, value in made.items()]
    return tuple(
        (name, value)
        for name, value in kept
        if _NAME.fullmatch(name)
        and _VALUE.fullmatch(value)
        and name.lower() not in _FRAMING | {key_header.lower(), "accept"}
    )


def _body(made: Any, words: CommandSet) -> bytes | None:
    """A body as bytes: as they are, or as JSON; none at all is an empty one."""
    if isinstance(made, bytes):
        return made
    if type(made).__name__ == "NotSet":
        return b""
    field = spoken().name("request", "command")
    if isinstance(made, dict) and field in made:
        made = {**made, field: words.tame(made[field])}
    try:
        return json.dumps(made, ensure_ascii=False).encode()
    except (TypeError, ValueError):
        return None
