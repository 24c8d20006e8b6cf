"""Texts that hold a key, each in a way of its own: what redaction removes, and AUT-06 finds."""

from __future__ import annotations

import base64
import codecs
import gzip
import html
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote

#: A key as the gate draws one.
KEY = "gswGhf6cgi8TZxXgL2FXF9cm4EOpWmnZ"


def base64_of(text: str) -> str:
    """Base64 of a text."""
    return base64.b64encode(text.encode()).decode("ascii")


def each(pattern: str, apart: str = "") -> Callable[[str], str]:
    """Writes each character by `pattern`, with `apart` between them."""
    return lambda key: apart.join(pattern.format(ord(letter)) for letter in key)


def every_third(pattern: str) -> Callable[[str], str]:
    """Writes every third character by `pattern`."""
    return lambda key: "".join(letter if place % 3 else pattern.format(ord(letter)) for place, letter in enumerate(key))


#: How a text holds the key, and the function that makes the text from the key.
HOLDERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "the other case": str.swapcase,
    "reversed": lambda key: key[::-1],
    "ROT13": lambda key: codecs.encode(key, "rot13"),
    "without its last character": lambda key: key[:-1],
    "without its first character": lambda key: key[1:],
    "with one character more": lambda key: key + "x",
    "twice": lambda key: key + key,
    "with a blank inside": lambda key: key[:1] + " " + key[1:],
    "its first half": lambda key: key[: len(key) // 2],
    "eight characters": lambda key: key[5:13],
    "the last eight characters": lambda key: key[-8:],
    "halves in two members": lambda key: json.dumps({"a": key[:16], "n": {"b": key[16:]}}),
    "spaced": " ".join,
    "a character a line": "\n".join,
    "with hyphens": "-".join,
    "with joiners of no width": "\u200b".join,
    "a list of characters": lambda key: json.dumps(list(key)),
    "a list of codes": lambda key: json.dumps(list(key.encode())),
    "wide letters": lambda key: "".join(chr(ord(letter) + 0xFEE0) for letter in key),
    "JSON escapes": each("\\u{:04x}"),
    "some JSON escapes": every_third("\\u{:04X}"),
    "JSON escapes in JSON": lambda key: json.dumps(each("\\u{:04x}")(key)),
    "braced escapes": each("\\u{{{:x}}}"),
    "escaped bytes": each("\\x{:02x}"),
    "octal escapes": each("\\{:03o}"),
    "HTML decimal": each("&#{};"),
    "HTML decimal, some": every_third("&#{};"),
    "HTML hexadecimal": each("&#x{:X};"),
    "HTML of HTML": lambda key: html.escape(each("&#{};")(key)),
    "HTML names between": "&shy;".join,
    "URL": each("%{:02X}"),
    "URL, some": every_third("%{:02x}"),
    "URL of URL": lambda key: quote(each("%{:02x}")(key)),
    "quoted-printable": each("={:02X}"),
    "quoted-printable, wrapped": lambda key: quopri.encodestring(b"." * 60 + key.encode()).decode("ascii"),
    "base64": base64_of,
    "base64 behind one byte": lambda key: base64_of("k" + key),
    "base64 behind two bytes": lambda key: base64_of("ke" + key + "y"),
    "base64 without its end": lambda key: base64_of(key).rstrip("="),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(f"??>{key}>>?".encode()).decode("ascii"),
    "base64 of eight characters": lambda key: base64_of(key[3:11]),
    "base64 over lines": lambda key: base64.encodebytes((key * 4).encode()).decode("ascii"),
    "base64 twice": lambda key: base64_of(base64_of(key)),
    "base64 twice, moved": lambda key: "id" + base64_of("a" + base64_of("be" + key)),
    "base64 three times": lambda key: base64_of(base64_of(base64_of(key))),
    "base64 twice over lines": lambda key: base64.encodebytes(base64_of(key * 4).encode()).decode("ascii"),
    "base64 twice in a URL": lambda key: quote("/v1/" + base64_of(base64_of(key)), safe=""),
    "base64 of JSON escapes": lambda key: base64_of(each("\\u{:04x}")(key)),
    "base64 of UTF-16": lambda key: base64.b64encode(key.encode("utf-16")).decode("ascii"),
    "base64 of gzip": lambda key: base64.b64encode(gzip.compress(key.encode())).decode("ascii"),
    "base64 of hexadecimal": lambda key: base64_of(key.encode().hex()),
    "hexadecimal": lambda key: key.encode().hex(),
    "hexadecimal in capitals": lambda key: key.encode().hex().upper(),
    "hexadecimal with colons": lambda key: key.encode().hex(":"),
    "hexadecimal with marks": each("0x{:02x}", ", "),
    "hexadecimal of base64": lambda key: base64_of(key).encode().hex(),
    "base32": lambda key: base64.b32encode(key.encode()).decode("ascii"),
    "base32 behind three bytes": lambda key: base64.b32encode(f"key{key}".encode()).decode("ascii"),
    "base32 of base64": lambda key: base64.b32encode(base64_of(key).encode()).decode("ascii"),
    "binary digits": each("{:08b}", " "),
}


def holds_a_piece(text: str, key: str = KEY) -> bool:
    """Whether eight characters of `key` stand in `text`, in any case and with whatever between them: by brute force."""
    letters = "".join(letter for letter in text if letter.isascii() and letter.isalnum()).lower()
    return any(key[place : place + 8].lower() in letters for place in range(len(key) - 7))
