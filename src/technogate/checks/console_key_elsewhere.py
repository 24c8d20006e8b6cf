"""CON-22: the key goes to no other place than the backend, or the page's own server. Pure.

A place is a host and a port: the key that is sent there is known there, whatever the protocol. It is searched in every
spelling that `technogate.journal.redaction` knows, also once percent-encoding is undone, and as two halves that one
request sends apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus, urlsplit

from technogate.checks.family import Example, Family
from technogate.journal.redaction import SHORTEST_KEY, Redactor
from technogate.model.events import Finding
from technogate.model.exposure import PageRequest
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence

#: A finding quotes so many characters of the part that held the key, from shortly before it.
QUOTED = 200
BEFORE = 60

#: The parts of a request, in the order in which they are searched.
PARTS = ("header", "URL", "body")

#: The browser's reasons for a request that it did not let the page send.
NEVER_SENT = frozenset({"csp", "mixed-content"})

_USUAL_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trace:
    """Where a request held the key: how it was spelled, and the text around it without the key."""

    spelling: str
    text: str


def place_of(url: str) -> str:
    """The host and port that a request for `url` goes to, "" for one that leaves no machine.

    The names of the loopback address are one host.
    """
    parts = urlsplit(url)
    port = parts.port or _USUAL_PORTS.get(parts.scheme)
    if not parts.hostname or port is None:
        return ""
    return f"{'localhost' if parts.hostname in _LOOPBACK else parts.hostname}:{port}"


def key_goes_nowhere_else(requests: Sequence[PageRequest], own: Sequence[str], part: str, key: str) -> list[Finding]:
    """No request to a place other than the `own` URLs holds the key in this part: header, URL or body (CON-22)."""
    places = {place_of(url) for url in own}
    for request in requests:
        place = place_of(request.url)
        if not place or place in places or request.failure in NEVER_SENT:
            continue
        trace = next(_traces(request, part, key), None)
        if trace is not None:
            return _finding(request, part, trace, key)
    return []


def _traces(request: PageRequest, part: str, key: str) -> Iterator[_Trace]:
    """Each place of one part that holds the key."""
    whole = Redactor(key)
    for text in _texts(request, part):
        clean, spellings = whole.clean_text(text)
        if spellings:
            yield _Trace(spelling=", ".join(spellings), text=_around(clean))
    middle = len(key) // 2
    if middle < SHORTEST_KEY:
        return
    halves = [Redactor(key[:middle]), Redactor(key[middle:])]
    if all(any(half.clean_text(text)[1] for text in _texts(request, part)) for half in halves):
        yield _Trace(spelling="in two halves", text=_around(_without_key(" ".join(_texts(request, part)), key)))


def _texts(request: PageRequest, part: str) -> list[str]:
    """The texts of one part of a request, as they are and with percent-encoding undone."""
    if part == "header":
        return [f"{name}: {value}" for name, value in request.sent]
    text = request.url if part == "URL" else request.body.decode("utf-8", "replace")
    return list(dict.fromkeys((text, unquote(text), unquote_plus(text))))


def _without_key(text: str, key: str) -> str:
    """The text without the key, and without either half of it."""
    middle = len(key) // 2
    for piece in (key, key[:middle], key[middle:]):
        if len(piece) >= SHORTEST_KEY:
            text, _ = Redactor(piece).clean_text(text)
    return text


def _around(clean: str) -> str:
    """The piece of a text around the mark that stands for the key."""
    at = max(0, clean.find("$") - BEFORE)
    return clean[at : at + QUOTED]


def _finding(request: PageRequest, part: str, trace: _Trace, key: str) -> list[Finding]:
    address = urlsplit(request.url)
    place = f"{address.scheme}://{address.netloc}"
    how = "as it is" if trace.spelling == "plain" else trace.spelling
    return [
        Finding(
            check="key sent elsewhere",
            expected="the key goes to the backend alone",
            observed=_without_key(f"the key, {how}, in the {part} of a request to {place}", key),
            example={
                "request": _without_key(f"{request.method} {request.url}", key),
                "kind": request.kind or "unknown",
                "part": part,
                "text": trace.text,
            },
        )
    ]


# ---- examples ----

_OWN = ("http://backend.invalid:8000",)


def _sent(url: str, *, header: str = "", body: str = "") -> list[PageRequest]:
    headers = (("X-Self-Test-Key", header),) if header else ()
    return [PageRequest(method="POST", url=url, at=0.0, sent=headers, body=body.encode())]


def _example(part: str, good: str, bad: str) -> Example:
    """One part of a request: `good` and `bad` are urls; the key is in header, URL and body of each."""

    def arguments(e: ExampleEvidence, url: str) -> tuple[object, ...]:
        return _sent(f"{url}/?k={e.key}", header=e.key, body=f'{{"key":"{e.key}"}}'), _OWN, part, e.key

    return Example(
        requirement="CON-22",
        predicate=key_goes_nowhere_else,
        good=lambda e: arguments(e, good),
        bad=lambda e: arguments(e, bad),
    )


EXAMPLES = (
    _example("header", _OWN[0], "https://other.invalid"),
    _example("URL", _OWN[0], "http://backend.invalid:8001"),
    _example("body", "ws://backend.invalid:8000", "wss://other.invalid"),
    Example(
        requirement="CON-22",
        predicate=key_goes_nowhere_else,
        good=lambda e: (_sent("https://other.invalid", body=f"k={e.key[: len(e.key) // 2]}"), _OWN, "body", e.key),
        bad=lambda e: (
            _sent("https://other.invalid", body=f"k={e.key[: len(e.key) // 2]}&l={e.key[len(e.key) // 2 :]}"),
            _OWN,
            "body",
            e.key,
        ),
    ),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
