r"""What a response discloses of the backend's inside (ERR-03).

It searches the headers and the body of a response, a JSON body string by string and anything else as
text, for stack traces (Python, Java, Node, Go, .NET, PHP, Ruby, Rust), absolute paths of files, SQL and
the messages of databases, hosts and addresses, and environment values, also where they are URL-encoded, in HTML or
in base64. The key is found in any spelling by `technogate.journal.redaction` when the response is recorded, and so is
what the gate knows of the machine and the run by `technogate.checks.machine_facts`.

How false positives are kept few:

- What the request itself held, and the response repeats, discloses nothing: a 404 may name the requested
  path. That holds for the request's path, headers, body and the address it was sent to.
- A path needs a root that systems have (`/usr/…`, `C:\…`) or a file's ending; `/things/one` is none. SQL
  needs its keywords in capitals or in the form of a statement; "select a command" is prose.
- Addresses are those of private, local and loopback networks; a public one proves nothing, and four numbers where a
  version stands are one. A `Link` names a place by its purpose, and a path to the description is one of the API. Hosts
  are `localhost`, names of private domains, and those that an error of the resolver or a URL with a password names.
- An environment value is known by its usual form, `NAME=value` with a name that environments have; an unknown
  secret standing by itself cannot be distinguished from other text.
- Fields with a form of their own (times, identifiers, status words) are not searched when they have that form,
  nor are headers whose purpose is to name a place or a time (CORS, dates). A memory snapshot's `output`
  is a command's result, in which only a stack trace or an environment value is a leak.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from technogate.checks import leak_patterns
from technogate.checks.encoded_texts import views
from technogate.model.contract_words import spoken
from technogate.model.events import Exchange, Response

#: The longest piece of a leak that a finding shows, in characters.
SHOWN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One thing disclosed: its kind, its place, and the text."""

    kind: str
    place: str
    text: str


HOST = "a host or address"
_EVERYWHERE = (("a stack trace", leak_patterns.STACK_TRACE), ("an environment value", leak_patterns.ENVIRONMENT))
_ALL = (
    *_EVERYWHERE,
    ("a file path", leak_patterns.FILE_PATH),
    ("SQL", leak_patterns.SQL),
    (HOST, leak_patterns.HOST),
)

#: Fields with a form of their own, by what they mean, and that form.
_FORMED = frozenset(
    {
        "ts_utc",
        "timestamp",
        "trace_id",
        "execution_id",
        "status",
        "state",
        "result",
        "action",
        "command",
        "reason_codes",
    }
)
_FORM = re.compile(r"[A-Za-z0-9_-]*|\d{4}-\d\d-\d\dT[\d:.]+Z")

#: Headers that are not searched: their values have a form, or name a place by their purpose.
_PLAIN_HEADERS = frozenset(
    {
        "age",
        "allow",
        "cache-control",
        "connection",
        "content-length",
        "content-security-policy",
        "content-type",
        "date",
        "etag",
        "expires",
        "keep-alive",
        "last-modified",
        "link",
        "retry-after",
        "set-cookie",
        "transfer-encoding",
        "vary",
        "x-trace-id",
    }
)

#: Characters of the pieces in which a long text is searched, by how many a match may go beyond its piece, and those at
#: the beginning and at the end of it that are searched.
PIECE, BEYOND, SEARCHED = 1024, 512, 1 << 15

#: Where a version stands: in a place of this name, or behind this word. Four numbers there are no address.
_VERSIONED = re.compile(r"version|\bserver\b|powered|product|release|build", re.IGNORECASE)

_VERSION_WORD = re.compile(r"(?:version|release|build|\brev\.?)\W{0,3}$", re.IGNORECASE)
_BEHIND = 12

#: The description of the API, by the names that frameworks give it: it is a path of the API, and none of a file.
_DESCRIPTION = re.compile(
    r"/(?:[\w-]+/)*(?:openapi|swagger|asyncapi|api-docs|schema|spec)[\w.-]*\.ya?ml", re.IGNORECASE
)


def leaks_in(text: str, place: str = "", *, output: bool = False) -> Iterator[Leak]:
    """What one text discloses; `output` for the result of a command, which may name files and hosts."""
    for view in views(text):
        for kind, pattern in _EVERYWHERE if output else _ALL:
            for match in _found(pattern, view):
                if not _DESCRIPTION.fullmatch(match[0]):
                    yield Leak(kind=kind, place=place, text=_short(match[0]))
        if not output:
            yield from (Leak(kind=HOST, place=place, text=address) for address in _addresses(view, place))


def _found(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Every match of a pattern, of a long text in its first and last `SEARCHED` characters, piece by piece.

    Some patterns take the square of the time of a text that is made for it, and a whole response can be such a text.
    """
    if len(text) <= PIECE:
        yield from pattern.finditer(text)
        return
    places = range(0, len(text), PIECE)
    for start in places if len(text) <= 2 * SEARCHED else (*places[: SEARCHED // PIECE], *places[-SEARCHED // PIECE :]):
        # What precedes a piece is seen by the pattern, and what begins in it may go beyond.
        for match in pattern.finditer(text, start, start + PIECE + BEYOND):
            if match.start() < start + PIECE:
                yield match


def _addresses(text: str, place: str) -> Iterator[str]:
    """Every address in `text` that belongs to a private, local or loopback network, and is no version."""
    versioned = _VERSIONED.search(place)
    for match in leak_patterns.IPV4.finditer(text):
        behind = text[max(0, match.start() - _BEHIND) : match.start()]
        if _is_inner(match[1]) and not versioned and not _VERSION_WORD.search(behind):
            yield match[0]
    if "::" in text:
        for match in leak_patterns.IPV6.finditer(text):
            if match[1] != "::" and _is_inner(match[1]):
                yield match[1]


def _is_inner(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_private or address.is_loopback or address.is_link_local


def response_leaks(exchange: Exchange) -> list[Leak]:
    """What a response discloses beyond what its request held; each piece once."""
    response = exchange.response
    if response is None:
        return []
    leaks: dict[tuple[str, str], Leak] = {}
    for place, text, output in _texts(response):
        for leak in leaks_in(text, place, output=output):
            leaks.setdefault((leak.kind, leak.text), leak)
    known = [Leak(kind=fact.kind, place=fact.place, text=f"({fact.spelling})") for fact in exchange.disclosed]
    if not leaks:
        return known
    requested = _request_text(exchange)
    return known + [leak for leak in leaks.values() if leak.text.rstrip(" …").casefold() not in requested]


def _texts(response: Response) -> Iterator[tuple[str, str, bool]]:
    """Every text of a response with its place, and whether it is the output of a command."""
    for name, value in response.headers:
        if name.lower() not in _PLAIN_HEADERS and not name.lower().startswith("access-control-"):
            yield f"header {name}", value, False
    body = _json(response.body.text)
    if body is None:
        yield "the body", response.body.text, False
        return
    of_memory = isinstance(body, dict) and response.status // 100 == 2
    output = spoken().name("snapshot", "output")
    for name, text in _strings(body):
        yield f"the body's {name}" if name else "the body", text, of_memory and name == output


def _json(text: str) -> dict[str, object] | list[object] | None:
    """An object or array; None for any other text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _strings(value: object) -> Iterator[tuple[str, str]]:
    """Every string of free text within a JSON value, by the name of its member."""
    formed = spoken().names_of(_FORMED)
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        name, member = waiting.pop()
        if isinstance(member, str):
            if not (name in formed and _FORM.fullmatch(member)):
                yield name, member
        elif isinstance(member, dict):
            waiting += member.items()
            waiting += [("names", key) for key in member if not key.isidentifier()]
        elif isinstance(member, list):
            waiting += [(name, value) for value in member]


def _request_text(exchange: Exchange) -> str:
    """All that the request held, in one text, each part also as a server reads it."""
    request = exchange.request
    parts = [request.method, request.path, unquote(request.path), exchange.base_url, request.body.text]
    parts += [value for _, value in request.headers]
    parts += [text for _, text in _strings(_json(request.body.text))]
    return " ".join(" ".join(parts).split()).casefold()


def _short(text: str) -> str:
    """The beginning of a leak on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[:SHOWN] + "…"
