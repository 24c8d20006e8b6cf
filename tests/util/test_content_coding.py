"""Codings of a body: what a response says, what its request offers, and reading them."""

from __future__ import annotations

import gzip
import zlib

import pytest

from technogate.util.content_coding import NotDecompressed, codings, decompressed, unasked

GZIP = (("content-encoding", "GZip"),)


@pytest.mark.parametrize(
    ("offer", "found"),
    [
        ((), []),
        ((("Accept-Encoding", "identity"),), ["gzip"]),
        ((("Accept-Encoding", ""),), ["gzip"]),
        ((("Accept-Encoding", "br, gzip;q=0"),), ["gzip"]),
        ((("accept-encoding", "br, GZIP ;q=0.5"),), []),
        ((("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")), []),
    ],
)
def test_what_is_not_offered_is_unasked(offer: tuple[tuple[str, str], ...], found: list[str]) -> None:
    """A request without the header leaves it open; one that names codings offers these."""
    assert unasked(offer, GZIP) == found
    assert unasked(offer, (("Content-Encoding", "identity"),)) == []


def test_codings_are_read_in_their_order() -> None:
    """The last one was applied last, over several headers too."""
    applied = codings((("Content-Encoding", "deflate, identity"), ("Content-Encoding", "x-gzip")))
    assert applied == ["deflate", "x-gzip"]
    assert decompressed(gzip.compress(zlib.compress(b"body")), applied) == b"body"


def test_deflate_may_lack_its_header() -> None:
    """Servers send either form under that name."""
    assert decompressed(zlib.compress(b"body")[2:-4], ["deflate"]) == b"body"


@pytest.mark.parametrize(
    ("body", "coding"),
    [(gzip.compress(b"body", mtime=0)[:-1], "gzip"), (b"body", "deflate"), (b"", "gzip"), (b"body", "br")],
)
def test_what_cannot_be_read_is_said(body: bytes, coding: str) -> None:
    """A cut body, another one, none, and a coding that is not known."""
    with pytest.raises(NotDecompressed):
        decompressed(body, [coding])
