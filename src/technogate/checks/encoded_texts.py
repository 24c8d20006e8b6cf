"""A text as the encodings in it read: in HTML, URL-encoded, in base64. Pure."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

#: A piece of base64 that is long enough to hold a leak.
_BASE64 = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=-])")


def views(text: str) -> Iterator[str]:
    """A text as it is, and as each encoding in it reads."""
    yield text
    if "&" in text and (read := html.unescape(text)) != text:
        yield read
    if "%" in text and (read := unquote(text)) != text:
        yield read
    for piece in _BASE64.findall(text):
        if read := _from_base64(piece):
            yield read


def _from_base64(piece: str) -> str:
    """The text that `piece` encodes, "" when it encodes none."""
    core = piece.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        read = base64.b64decode(core + "=" * (-len(core) % 4), validate=True).decode("utf-8")
    except ValueError:
        return ""
    return read if all(character.isprintable() or character in "\r\n\t" for character in read) else ""
