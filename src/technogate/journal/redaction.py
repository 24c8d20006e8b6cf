"""Redaction: no secret gets into the journal, and every place that held one is named.

A program under test may leak the key in another encoding. The redactor therefore finds the key as it is, in any
case, reversed, as hexadecimal, percent-encoded, and as base64 at each of its three alignments within a longer text.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import quote

import msgspec

from technogate.model.events import Body, Headers, Response

#: Replaces the key in the evidence; in a shell with this variable set, the command repeats the request.
MARK = "$TECHNOGATE_API_KEY"

#: A shorter key cannot be distinguished from ordinary words, so a leak of it could not be proven.
SHORTEST_KEY = 8


def _spellings(key: str) -> dict[str, bytes]:
    """Return each spelling of `key` in a text, by its name in findings."""
    raw = key.encode("utf-8")
    spellings = {
        "plain": raw,
        "URL-encoded": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "hexadecimal": raw.hex().encode(),
        "reversed": key[::-1].encode("utf-8"),
    }
    if quote(key, safe="") != key:
        spellings["quoted"] = quote(key, safe="").encode()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        # The first and last characters also depend on the neighbours of the key: leave them out.
        start = {0: 0, 1: 2, 2: 3}[shift]
        end = len(text.rstrip(b"=")) - (1 if (shift + len(raw)) % 3 else 0)
        core = text[start:end]
        spellings[f"base64/{shift}"] = core
        urlsafe = core.replace(b"+", b"-").replace(b"/", b"_")
        if urlsafe != core:
            spellings[f"base64url/{shift}"] = urlsafe
    return spellings


class Redactor:
    """Replaces every spelling of one key, and names the spellings that were found."""

    def __init__(self, key: str) -> None:
        """Prepare for `key`; raises ValueError when it is too short to be searched for."""
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"a key needs at least {SHORTEST_KEY} characters to be distinguished from ordinary text")
        self._names: list[str] = []
        groups: list[bytes] = []
        spellings = sorted(_spellings(key).items(), key=lambda pair: -len(pair[1]))
        for name, spelling in spellings:
            self._names.append(name.split("/")[0])
            groups.append(b"(" + re.escape(spelling) + b")")
        self._pattern = re.compile(b"|".join(groups), re.IGNORECASE)
        self._shortest = len(spellings[-1][1])
        self._lowered = tuple(dict.fromkeys(spelling.lower() for _, spelling in spellings))

    def clean(self, raw: bytes) -> tuple[bytes, tuple[str, ...]]:
        """Return `raw` without the key, and the spellings of the key in it."""
        if not self._is_in(raw):
            return raw, ()
        met: list[str] = []

        def replace(match: re.Match[bytes]) -> bytes:
            name = self._names[(match.lastindex or 1) - 1]
            if name not in met:
                met.append(name)
            return MARK.encode() if name == "plain" else f"{MARK}({name})".encode()

        return self._pattern.sub(replace, raw), tuple(met)

    def _is_in(self, raw: bytes) -> bool:
        """Whether any spelling is in `raw`: a search for fixed bytes takes a fraction of that for the pattern."""
        if len(raw) < self._shortest:
            return False
        lowered = raw.lower()
        return any(spelling in lowered for spelling in self._lowered)

    def clean_text(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The same for text; a lone surrogate is kept as it is."""
        raw, met = self.clean(text.encode("utf-8", "surrogatepass"))
        return (raw.decode("utf-8", "surrogatepass"), met) if met else (text, ())

    def headers(self, headers: Headers) -> tuple[Headers, tuple[str, ...]]:
        """The same for header names and values; each place is `name (spelling)`."""
        whole = "\n".join(part for pair in headers for part in pair)
        if not self._is_in(whole.encode("utf-8", "surrogatepass")):
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
