"""What requests carried, searched for in the entries of the audit trail (TRL-09).

It searches for session ids, every other string within a body, and a body that is no JSON as a whole. A
command that has the form of one may be an entry's action, so such a word is no payload. What is shorter
than eight characters, or made of fewer than four different ones, turns up anywhere by chance; it is left
to the direct checks, whose session ids and payloads cannot be mistaken for anything else.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from technogate.model.contract_words import spoken
from technogate.model.events import Body, Exchange, TrailEntry

#: Fewer characters, or fewer different ones, prove nothing.
SHORTEST, FEWEST_DIFFERENT = 8, 4

_WORD = re.compile(r"[A-Z_]+")
_FIELDS = ("timestamp", "action", "result", "state", "execution_id", "trace_id")


class Payload:
    """The strings to search for, indexed by their first characters; falsy when there are none."""

    def __init__(self) -> None:
        self._by_start: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)

    @classmethod
    def of(cls, exchanges: Iterable[Exchange]) -> Payload:
        """What the bodies of `exchanges` carried."""
        payload = cls()
        for exchange in exchanges:
            for name, text in _strings(exchange.request.body):
                what = (
                    "the session id"
                    if name == spoken().name("request", "session_id")
                    else f"payload ({name or 'the body'})"
                )
                payload._add(text, f"{what} of exchange {exchange.id}", exchange.id)
        return payload

    def __bool__(self) -> bool:
        return bool(self._by_start)

    def within(self, entry: TrailEntry) -> Iterator[tuple[str, str, str]]:
        """Each field of `entry` that holds such a string, what that is, and the exchange that carried it."""
        for field in _FIELDS:
            yield from self._in_text(field, getattr(entry, field))
        for field, text in entry.extra.items():
            yield from self._in_text(field, f"{field} {text}")

    def _add(self, text: str, what: str, exchange_id: str) -> None:
        if len(text) >= SHORTEST and len(set(text)) >= FEWEST_DIFFERENT and not _WORD.fullmatch(text):
            self._by_start[text[:SHORTEST]].setdefault(text, (what, exchange_id))

    def _in_text(self, field: str, text: str) -> Iterator[tuple[str, str, str]]:
        for at in range(len(text) - SHORTEST + 1):
            for wanted, (what, exchange_id) in self._by_start.get(text[at : at + SHORTEST], {}).items():
                if text.startswith(wanted, at):
                    yield field, what, exchange_id


def _strings(body: Body) -> Iterator[tuple[str, str]]:
    """Every string within a body, by the name of its member; the body itself if it is no JSON."""
    if not body.text:
        return
    try:
        value = json.loads(body.text)
    except (ValueError, RecursionError):
        yield "", body.text
        return
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        name, member = waiting.pop()
        if isinstance(member, str):
            yield name, member
        elif isinstance(member, dict):
            waiting += [(str(key), value) for key, value in member.items()]
        elif isinstance(member, list):
            waiting += [(name, value) for value in member]
