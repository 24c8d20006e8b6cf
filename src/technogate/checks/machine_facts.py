"""What the gate knows of the machine and of the run, found in a response in any usual spelling (ERR-03). Pure.

Names, addresses, paths and values of the environment are known to the gate, so that no pattern has to guess them. A
value that is an ordinary word, or short, proves nothing and is not searched for.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from technogate.model.contract_words import spoken
from technogate.model.events import Disclosure, Exchange, Response
from technogate.util.strict_json import nested_too_deeply

HOST, ADDRESS, USER = "the name of the host", "an address of the host", "the name of the user"
PATH, VALUE = "a path of the run", "a value of the environment"

#: Names that machines and users often have, and that a response may have as words.
_USUAL = frozenset({
    "admin", "alpine", "apache", "backend", "build", "builder", "centos", "console", "daemon", "debian",
    "default", "docker", "fedora", "github", "gitlab", "guest", "jenkins", "localhost", "macbook", "nobody",
    "nginx", "node", "postgres", "python", "runner", "server", "service", "studio", "system", "techno",
    "test", "tester", "ubuntu", "user", "users", "vagrant", "worker", "www-data",
})  # fmt: skip
#: Variables that hold no secret: a service may show its version, its language or its own address.
_PUBLIC = re.compile(
    r"VERSION|RELEASE|COMMIT|REVISION|TITLE|NAME|ORIGIN|LANG|^LC_|LEVEL|MODE|STAGE|^TZ$|^TE?MP|^TMPDIR$"
)
_WORD = re.compile(r"[A-Za-z_]*|[\d.,:-]*")
#: The shortest name, path or value that is searched for, in characters, and the shortest piece of base64.
_NAME, _VALUE, _PIECE = 5, 8, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that the gate knows, and what it is; `variable` names that of an environment value."""

    kind: str
    value: str
    variable: str = ""

    @property
    def is_distinctive(self) -> bool:
        """Whether a response that holds it can have it from nowhere else."""
        value = self.value.strip()
        if self.kind in (HOST, USER):
            return len(value) >= _NAME and value.casefold() not in _USUAL
        if self.kind == ADDRESS:
            return not value.startswith(("127.", "0.")) and value != "::1"
        if self.kind == PATH:
            return len(value) >= _VALUE and len([part for part in re.split(r"[\\/]", value) if part]) > 1
        return len(value) >= _VALUE and not _WORD.fullmatch(value) and not _PUBLIC.search(self.variable)


class MachineFacts:
    """Facts that can be found in responses; none by default."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        """Keep the distinctive ones, each value once, the longest first: it says most."""
        known: dict[str, Fact] = {}
        for fact in facts:
            if fact.is_distinctive:
                known.setdefault(fact.value.strip().casefold(), fact)
        self._facts = [(known[value], value, _pieces(known[value].value.strip())) for value in sorted(known, key=len)]
        self._facts.reverse()

    def disclosed(self, exchange: Exchange) -> tuple[Disclosure, ...]:
        """What a response holds of the facts, beyond what its request held; each fact once in each place."""
        if exchange.response is None or not self._facts or not self._may_hold(exchange.response):
            return ()
        requested = ""
        found: list[Disclosure] = []
        for place, text, is_output in _texts(exchange.response):
            spelled = _spelled(text)
            for fact, value, pieces in self._facts:
                if is_output and fact.kind != VALUE:
                    continue
                how = next((name for name, view in spelled if _holds(view, value)), "")
                how = how or ("base64" if any(piece in text for piece in pieces) else "")
                if not how:
                    continue
                requested = requested or _requested(exchange)
                if value not in requested:
                    found.append(Disclosure(kind=fact.kind, place=place, spelling=how))
                    break
        return tuple(found)

    def _may_hold(self, response: Response) -> bool:
        """Whether a fact or an encoding is anywhere in a response: nearly every response has neither."""
        whole = "\n".join([response.body.text, *(value for _, value in response.headers)])
        if "&" in whole or "%" in whole or "\\" in whole:
            return True
        folded = whole.casefold()
        return any(value in folded or any(piece in whole for piece in pieces) for _, value, pieces in self._facts)


def _texts(response: Response) -> Iterator[tuple[str, str, bool]]:
    """Every text of a response with its place, and whether it is the output of a command."""
    for name, value in response.headers:
        if not name.lower().startswith("access-control-"):
            yield f"the header {name}", value, False
    text = response.body.text
    output = spoken().name("snapshot", "output")
    if f'"{output}"' in text and response.status // 100 == 2:
        try:
            body = None if nested_too_deeply(response.body.raw) else json.loads(text)
        except ValueError:
            body = None
        if isinstance(body, dict):
            yield "the body's output", str(body.pop(output, "")), True
            text = json.dumps(body, ensure_ascii=False)
    yield "the body", text, False


def _spelled(text: str) -> list[tuple[str, str]]:
    """A text as it is and as each encoding in it reads, for a search that ignores case."""
    spelled = [("plain", text.casefold())]
    if "\\" in text:
        read = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
        spelled.append(("quoted", re.sub(r"\\(.)", r"\1", read).casefold()))
    if "&" in text:
        spelled.append(("in HTML", html.unescape(text).casefold()))
    if "%" in text:
        spelled.append(("URL-encoded", unquote(text).casefold()))
    return spelled


def _holds(text: str, value: str) -> bool:
    """Whether `text` holds `value` and not a longer word that begins or ends with it."""
    start = text.find(value)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(value) : start + len(value) + 1]
        if not (before.isalnum() and value[:1].isalnum()) and not after.isalnum():
            return True
        start = text.find(value, start + 1)
    return False


def _pieces(value: str) -> tuple[str, ...]:
    """What base64 makes of `value` at each alignment, without the characters that depend on its neighbours."""
    raw = value.encode("utf-8", "surrogateescape")
    pieces = []
    for shift, start in enumerate((0, 2, 3)):
        text = base64.b64encode(b"\0" * shift + raw).decode("ascii")
        end = len(text.rstrip("=")) - (1 if (shift + len(raw)) % 3 else 0)
        piece = text[start:end]
        if len(piece) >= _PIECE:
            pieces += [piece, piece.replace("+", "-").replace("/", "_")]
    return tuple(dict.fromkeys(pieces))


def _requested(exchange: Exchange) -> str:
    """All that a request held, as a server reads it."""
    request = exchange.request
    parts = [request.path, unquote(request.path), exchange.base_url, request.body.text]
    return "\n".join([*parts, *(value for _, value in request.headers)]).casefold()
