"""Redaction: no secret gets into the journal, and every place that held one is named.

A program under test may leak the key in another encoding, or in pieces. `key_finder` finds it there, and each place is
replaced by a mark that names how the key was held: what is left must not add up to the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from technogate.journal.key_finder import PLAIN, KeyFinder, replaced
from technogate.journal.known_secrets import KnownSecrets
from technogate.model.errors import UserError
from technogate.model.events import Body, Event, Exchange, Headers, Output, Response, TrailReading

#: Replaces the key in the evidence; in a shell with this variable set, the command repeats the request.
MARK = "$TECHNOGATE_API_KEY"

#: A shorter key cannot be distinguished from ordinary words, so a leak of it could not be proven.
SHORTEST_KEY = 8

#: How often one text is searched, what is left of it once more, and how many headers without the key are remembered.
ROUNDS, REMEMBERED = 3, 1 << 11


class Redactor:
    """Replaces one key wherever a text holds it or a piece of it, and names how it was held; other secrets as well.

    The others are no secrets of the contract: they are removed where a text is shown, or written to the journal.
    """

    def __init__(self, key: str, secrets: Mapping[str, str] | None = None) -> None:
        """Prepare for `key`, and for `secrets`: what each is, by its value.

        Raises ValueError when the key is too short to be searched for.
        """
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"a key needs at least {SHORTEST_KEY} characters to be distinguished from ordinary text")
        self._finder = KeyFinder(key)
        self._secrets = KnownSecrets({value: name for value, name in (secrets or {}).items() if value != key})
        self._without: set[tuple[str, str]] = set()

    def is_in(self, raw: bytes) -> bool:
        """Whether `raw` holds anything of the key."""
        return self._finder.is_in(raw)

    def clean(self, raw: bytes) -> tuple[bytes, tuple[str, ...]]:
        """Return `raw` without the key, and how it held the key: "plain", "base64", "a piece, base64"."""
        if not self.is_in(raw):
            return raw, ()
        met: list[str] = []
        # What is left around a place may be a piece in another reading.
        for _ in range(ROUNDS):
            places = self._finder.places(raw)
            if not places:
                break
            met += [place.how for place in places]
            raw = replaced(raw, places, lambda how: MARK if how == PLAIN else f"{MARK}({how})")
        return raw, tuple(dict.fromkeys(met))

    def clean_text(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The same for text, which holds no other secret then either; a lone surrogate is kept as it is."""
        given = text.encode("utf-8", "surrogatepass")
        raw, met = self.clean(given)
        raw = self._secrets.hidden(raw)
        return (text if raw is given else raw.decode("utf-8", "surrogatepass")), met

    def event(self, line: bytes, event: Event) -> Event:
        """An event of the journal without key and secrets; `line` is the event in JSON.

        What the recorders of exchanges, of readings of the audit trail and of output keep is without the key already.
        """
        recorded = isinstance(event, Exchange | TrailReading | Output)
        if not self._secrets.are_in(line) and (recorded or not self.is_in(line)):
            return event
        try:
            return msgspec.convert(self._cleaned(msgspec.to_builtins(event)), type(event))
        except msgspec.ValidationError as error:
            raise UserError(f"a secret of this run is a word of the journal, which cannot be told: {error}") from error

    def _cleaned(self, value: Any) -> Any:
        """A value of an event, without key and secrets in any of its texts."""
        if isinstance(value, str):
            return self.clean_text(value)[0]
        if isinstance(value, dict):
            return {self._cleaned(name): self._cleaned(member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self._cleaned(member) for member in value]
        return value

    def headers(self, headers: Headers) -> tuple[Headers, tuple[str, ...]]:
        """The same for header names and values; each place is `name (spelling)`."""
        new = [pair for pair in headers if pair not in self._without]
        whole = "\n".join(part for pair in new for part in pair)
        if not new or not self.is_in(whole.encode("utf-8", "surrogatepass")):
            # Most headers are the same in all responses.
            if len(self._without) > REMEMBERED:
                self._without.clear()
            self._without.update(new)
            return headers, ()
        cleaned: list[tuple[str, str]] = []
        places: list[str] = []
        for name, value in headers:
            clean_name, in_name = self.clean_text(name)
            clean_value, in_value = self.clean_text(value)
            cleaned.append((clean_name, clean_value))
            places += [f"header {clean_name} ({spelling})" for spelling in in_name + in_value]
        return tuple(cleaned), tuple(places)

    def response(self, response: Response) -> tuple[Response, tuple[str, ...]]:
        """Return a response without the key, and the places that held it."""
        headers, places = self.headers(response.headers)
        raw, met = self.clean(response.body.raw)
        if not places and not met:
            return response, ()
        body = Body.of(raw) if met else response.body
        places += tuple(f"body ({spelling})" for spelling in met)
        return msgspec.structs.replace(response, headers=headers, body=body), places
