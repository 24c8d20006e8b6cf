"""Other spellings of a path, each of which some router takes for the path itself (AUT-07). Pure.

A guard that compares paths and a router that reads them may disagree about such a spelling: then a request passes the
guard as one path and reaches the operation of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from technogate.model.case import Query

#: What a server that serves files puts behind a path, and what it cuts off.
_ENDINGS = (".json", ".", "%00", "%00.json", "%20", "%09", "%0a", "%3F", "%23", ";", "/.", "/..;/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One other spelling: the path as it is sent, with a query where that is what differs."""

    name: str
    path: str
    query: Query = ()


def other_spellings(path: str, *, public: str, base_url: str) -> tuple[Spelling, ...]:
    """Every other spelling of `path`; `public` is a path that needs no key, `base_url` the backend's address.

    The first two are those that most routers take for the path itself.
    """
    spelled = {path: ""}
    for name, text in (*_spelled(path, public), ("the absolute form", absolute(base_url, path))):
        # A path of one word has fewer: what does not begin with a slash is no path.
        if text.startswith("/") or "://" in text:
            spelled.setdefault(text, name)
    made = [Spelling(name=name, path=text) for text, name in spelled.items() if name]
    return (*made, Spelling(name="a query behind it", path=path, query=(("x", "1"),)))


def absolute(base_url: str, path: str) -> str:
    """The absolute form of a request target: scheme, host and path."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{path}"


def _spelled(path: str, public: str) -> Iterator[tuple[str, str]]:
    head, _, last = path.rpartition("/")
    first, _, rest = path[1:].partition("/")
    letter = f"%{ord(last[:1] or 'x'):02x}"
    yield "a slash at its end", f"{path}/"
    yield "a doubled slash inside", f"{head}//{last}"
    yield "a doubled slash before it", f"/{path}"
    yield "two slashes at its end", f"{path}//"
    yield "an encoded letter", f"{head}/{letter}{last[1:]}"
    yield "an encoded letter of its first word", f"/%{ord(first[:1] or 'x'):02x}{first[1:]}/{rest}"
    yield "every letter encoded", "".join(c if c == "/" else f"%{ord(c):02X}" for c in path)
    yield "a letter encoded twice", f"{head}/%25{letter[1:]}{last[1:]}"
    yield "an encoded slash", f"{head}%2F{last}"
    yield "an encoded slash, in lower case", f"{head}%2f{last}"
    yield "an overlong slash", f"{head}%c0%af{last}"
    yield "an encoded backslash", f"{head}%5c{last}"
    yield "a dot segment", f"{head}/./{last}"
    yield "a dot segment before it", f"/.{path}"
    yield "an encoded dot segment", f"{head}/%2e/{last}"
    yield "a parent segment", f"{head}/x/../{last}"
    yield "an encoded parent segment", f"{head}/x/%2e%2e/{last}"
    yield "a parent segment behind a public path", f"{public}/..{path}"
    yield "an encoded parent segment behind a public path", f"{public}/%2e%2e{path}"
    yield "a parent segment with a matrix parameter", f"{public}/..;{path}"
    yield "capitals", path.upper()
    yield "a capital letter", f"{head}/{last[:1].upper()}{last[1:]}"
    yield "a matrix parameter", f"{path};a=b"
    yield "a matrix parameter inside", f"{head};a=b/{last}"
    yield "a full-width letter", f"{head}/{_full_width(last)}{last[1:]}"
    for ending in _ENDINGS:
        yield f"{ending} at its end", f"{path}{ending}"


def _full_width(word: str) -> str:
    """The first letter of a word in its full width, percent-encoded: NFKC makes it the letter again."""
    letter = chr(ord(word[0]) - ord("!") + 0xFF01) if word and "!" <= word[0] <= "~" else "\uff41"
    return quote(letter)
