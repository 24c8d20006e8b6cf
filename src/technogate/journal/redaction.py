"""Redaction: no secret gets into the journal, and every place that held one is named.

A program under test may leak the key in another encoding, or in pieces. `key_finder` finds it there, and each place is
replaced by a mark that names how the key was held: what is left must not add up to the key.
"""

from __future__ import annotations

import msgspec

from technogate.journal.key_finder import PLAIN, KeyFinder
from technogate.model.events import Body, Headers, Response

#: Replaces the key in the evidence; in a shell with this variable set, the command repeats the request.
MARK = "$TECHNOGATE_API_KEY"

#: A shorter key cannot be distinguished from ordinary words, so a leak of it could not be proven.
SHORTEST_KEY = 8

#: How often one text is searched, what is left of it once more, and how many headers without the key are remembered.
ROUNDS, REMEMBERED = 3, 1 << 11


class Redactor:
    """Replaces one key wherever a text holds it or a piece of it, and names how it was held."""

    def __init__(self, key: str) -> None:
        """Prepare for `key`; raises ValueError when it is too short to be searched for."""
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"a key needs at least {SHORTEST_KEY} characters to be distinguished from ordinary text")
        self._finder = KeyFinder(key)
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
            met += [place.how for place in places if place.how not in met]
            kept, end = [], 0
            for place in places:
                mark = MARK if place.how == PLAIN else f"{MARK}({place.how})"
                kept += [raw[end : place.start], mark.encode()]
                end = place.end
            raw = b"".join([*kept, raw[end:]])
        return raw, tuple(dict.fromkeys(met))

    def clean_text(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The same for text; a lone surrogate is kept as it is."""
        raw, met = self.clean(text.encode("utf-8", "surrogatepass"))
        return (raw.decode("utf-8", "surrogatepass"), met) if met else (text, ())

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
