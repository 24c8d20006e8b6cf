"""Makes a case that breaks a requirement smaller, for as long as it still breaks it. Pure but for the question.

Works on what is sent, not on how it was drawn: headers, parameters, members of the body, then the
characters of each text. So a case from any source shrinks the same way, and the answer is the same
for the same backend.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import msgspec

from technogate.drivers.http.http_driver import JSON_TYPE, Case

#: Requests that making one case smaller may cost.
MOST_TRIES = 250

#: Characters that stand for any other, the plainest first.
_PLAIN = "0Aa"

#: Texts longer than this have their characters changed all at once, not one by one.
_ONE_BY_ONE = 24


def smallest(start: Case, breaks: Callable[[Case], bool], *, most: int = MOST_TRIES) -> Case:
    """The smallest case found that `breaks` what `start` breaks, after asking at most `most` times."""
    best, asked = start, {start}
    while len(asked) <= most:
        found = next((case for case in _untried(best, asked, most) if breaks(case)), None)
        if found is None:
            break
        best = found
    return best


def _untried(best: Case, asked: set[Case], most: int) -> Iterator[Case]:
    """Smaller cases that were not asked about, each noted as it is given out."""
    for case in simpler(best):
        if len(asked) > most:
            return
        if case not in asked and weight(case) < weight(best):
            asked.add(case)
            yield case


def weight(case: Case) -> tuple[int, ...]:
    """How hard a case is to read: what is fewer, then shorter, then plainer, weighs less."""
    text = case.target.encode() + (case.body or b"")
    return (
        len(case.headers),
        case.content_type != JSON_TYPE,
        len(case.query),
        len(text) + len(case.content_type),
        len(set(case.body or b"")),
        sum(text),
    )


def simpler(case: Case) -> Iterator[Case]:
    """Cases that are simpler in one respect, the boldest first. Some weigh more: they are not worth asking."""
    replace = msgspec.structs.replace
    if case.headers:
        yield replace(case, headers=())
        for index in range(len(case.headers)):
            yield replace(case, headers=case.headers[:index] + case.headers[index + 1 :])
    if case.content_type != JSON_TYPE:
        yield replace(case, content_type=JSON_TYPE)
        for text in texts(case.content_type):
            yield replace(case, content_type=text)
    for index, (name, value) in enumerate(case.query):
        yield replace(case, query=case.query[:index] + case.query[index + 1 :])
        for text in texts(value):
            yield replace(case, query=(*case.query[:index], (name, text), *case.query[index + 1 :]))
    if case.body is not None:
        for body in _bodies(case.body):
            yield replace(case, body=body)


def _bodies(body: bytes) -> Iterator[bytes]:
    """Simpler bodies: by the value where it is JSON, then by the bytes."""
    yield b""
    try:
        value = json.loads(body)
        yield _dumped(value)
        for simple in values(value):
            yield _dumped(simple)
    except (ValueError, RecursionError):
        pass
    step = len(body) // 2
    while step:
        for start in range(0, len(body), step):
            yield body[:start] + body[start + step :]
        step //= 2


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def values(value: object) -> Iterator[object]:
    """JSON values that are simpler than `value` in one respect."""
    if isinstance(value, dict):
        yield from ({name: each for name, each in value.items() if name != dropped} for dropped in value)
        for name, each in value.items():
            yield from ({**value, name: simple} for simple in values(each))
    elif isinstance(value, list):
        yield []
        for index, each in enumerate(value):
            yield value[:index] + value[index + 1 :]
            yield from ([*value[:index], simple, *value[index + 1 :]] for simple in values(each))
    elif isinstance(value, str):
        yield from texts(value)
    elif value != 0 or isinstance(value, bool):
        yield 0


def texts(text: str) -> Iterator[str]:
    """Texts that are shorter, or as long and plainer."""
    if not text:
        return
    yield ""
    cut = len(text) // 2
    while cut:
        yield text[:-cut]
        yield text[cut:]
        cut //= 2
    yield from (letter * len(text) for letter in _PLAIN)
    if len(text) <= _ONE_BY_ONE:
        for index in range(len(text)):
            yield from (text[:index] + letter + text[index + 1 :] for letter in _PLAIN)
