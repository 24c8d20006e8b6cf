"""Headers with which a client asks for another response than the operation's own (D18). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from technogate.model.events import Headers, Response

#: Times before and after any run.
_LONG_AGO, _LATER = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2100 23:59:59 GMT"

#: What a client prefers: types, languages, encodings, parts, how it is served.
_PREFERENCES: tuple[tuple[str, str], ...] = (
    ("Accept", "text/html"),
    ("Accept", "application/xml, text/csv;q=0.5"),
    ("Accept", "application/json;q=0, image/png"),
    ("Accept", "application/vnd.other+json"),
    ("Accept", "text/event-stream"),
    ("Accept-Language", "tlh, de;q=0.5, *;q=0"),
    ("Accept-Charset", "utf-16"),
    ("Accept-Encoding", "gzip"),
    ("Accept-Encoding", "deflate"),
    ("Accept-Encoding", "br, zstd"),
    ("Accept-Encoding", "gzip;q=0, br;q=0.0"),
    ("Accept-Encoding", "identity;q=0, *;q=0"),
    ("Range", "bytes=0-0"),
    ("Range", "bytes=100000000-"),
    ("Expect", "100-continue"),
    ("Prefer", "return=minimal, respond-async"),
    ("Cache-Control", "only-if-cached"),
    ("Upgrade-Insecure-Requests", "1"),
)

#: What a proxy says of a request, and what only it may say.
_FORWARDED: tuple[tuple[str, str], ...] = (
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-HTTP-Method", "GET"),
    ("X-Method-Override", "PUT"),
    ("X-Original-URL", "/nothing"),
    ("X-Rewrite-URL", "/nothing"),
    ("X-Forwarded-For", "203.0.113.9"),
    ("X-Forwarded-Host", "elsewhere.example"),
    ("X-Forwarded-Proto", "http"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Prefix", "/elsewhere"),
    ("X-Forwarded-Port", "1"),
    ("Forwarded", "for=203.0.113.9;host=elsewhere.example;proto=http"),
    ("Via", "1.1 elsewhere.example"),
)


def preferences(plain: Response) -> Iterator[tuple[str, Headers]]:
    """Each preference, and each condition on the validators that `plain`, the response without them, came with.

    Each has a name that is the same in every run, as the validators are not.
    """
    yield from map(_named, _PREFERENCES)
    tag = plain.header("etag") or '"0"'
    time = plain.header("last-modified") or plain.header("date") or _LATER
    yield "If-None-Match: its tag", (("If-None-Match", tag),)
    yield "If-None-Match: its tag among others", (("If-None-Match", f'"0", {tag}'),)
    yield "If-None-Match: its tag as a strong one", (("If-None-Match", tag.removeprefix("W/")),)
    yield _named(("If-None-Match", "*"))
    yield _named(("If-Match", '"another"'))
    yield "If-Modified-Since: its time", (("If-Modified-Since", time),)
    yield _named(("If-Modified-Since", _LATER))
    yield _named(("If-Unmodified-Since", _LONG_AGO))
    yield "Range, If-Range: its tag", (("Range", "bytes=0-1"), ("If-Range", tag))


def forwarding() -> Iterator[tuple[str, Headers]]:
    """Each word of a proxy, by itself, with its name."""
    return map(_named, _FORWARDED)


def _named(header: tuple[str, str]) -> tuple[str, Headers]:
    name, value = header
    return f"{name}: {value}", (header,)
