"""Content types and bodies that readers of JSON stumble over. Pure data."""

from __future__ import annotations

from technogate.model.contract_words import spoken

#: Names of members and parameters that some reader may use; those of a contract are left out.
_UNKNOWN_NAMES = ("sessionId", "extra", "x", "status", "__proto__", "constructor", "toString", "$ref", "trace_id", "")

#: Content types other than JSON.
OTHER_TYPES = (
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/jsonp",
    "application/json-seq",
    "application/json5",
    "application/vnd.api+json",
    "application/octet-stream",
    "*/*",
    "json",
    "",
)
#: Other spellings of the JSON type.
SAME_TYPES = (
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/json;charset=UTF-8",
    "application/json; x=y",
)

#: Bodies that are not a JSON object; the fields have the names of their meaning.
_NOT_OBJECTS = (
    b"",
    b" ",
    b"null",
    b"true",
    b"0",
    b"[]",
    b'""',
    b'"PING"',
    b"PING",
    b"{",
    b"}",
    b"{}}",
    b'{"command"}',
    b'{"command":}',
    b"{'command': 'ZZZ'}",
    b"{command: 'ZZZ'}",
    b'{"command": "ZZZ",}',
    b'{"command": "ZZZ"} x',
    b'{"command": "ZZZ"}{"command": "ZZZ"}',
    b'[{"command": "ZZZ"}]',
    b'// x\n{"command": "ZZZ"}',
    b'{"command": "ZZZ", "x": NaN}',
    b'{"command": "ZZZ", "x": -Infinity}',
    b'{"command": "ZZZ", "x": 01}',
    b'{"command": "ZZZ", "x": "\n"}',
    b'{"command": "ZZZ", "x": "\\x41"}',
    b"command=ZZZ",
    b"<command>ZZZ</command>",
    b"\x00",
    b"\xff\xfe\xfd",
    b'{"command": "ZZZ", "x": "\xff"}',
    b'{"command": "ZZZ", "x": "\xc0\xaf"}',
)

#: Bodies whose validity the contract leaves open.
_OPEN_BODIES = (
    b'{"command": "ZZZ", "session_id": null}',
    b'\xef\xbb\xbf{"command": "ZZZ"}',
    b'{"command": "ZZZ", "command": "ZZZ"}',
    b'{"command": "ZZZ", "x": 1, "x": 2}',
    b'{"command": "ZZZ", "session_id": "\\ud800"}',
    b'{"command": "ZZZ", "x": "\\udc00"}',
    b'{"command": "ZZZ", "x": 1e999}',
    b'{"command": "ZZZ", "x": ' + b"9" * 5000 + b"}",
    b'{"command": "ZZZ", "x": ' + b"[" * 200 + b"]" * 200 + b"}",
    b'{"command": "ZZZ", "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b'{"command": "ZZZ", "x": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
    '{"command": "ZZZ"}'.encode("utf-16"),
)


def unknown_names() -> tuple[str, ...]:
    """Names of members and parameters that the contract does not have."""
    words = spoken()
    known = words.names_of(frozenset({"command", "session_id"})) | {words.filter_parameter, words.limit_parameter}
    return tuple(name for name in _UNKNOWN_NAMES if name not in known or not name)


def not_objects() -> tuple[bytes, ...]:
    """Bodies that are not a JSON object."""
    return tuple(map(_named, _NOT_OBJECTS))


def open_bodies() -> tuple[bytes, ...]:
    """Bodies whose validity the contract leaves open."""
    return tuple(map(_named, _OPEN_BODIES))


def _named(raw: bytes) -> bytes:
    """A body with the contract's names of its fields."""
    words = spoken()
    for meaning in ("command", "session_id"):
        name = words.name("request", meaning)
        for coding in ("utf-8", "utf-16-le"):
            raw = raw.replace(meaning.encode(coding), name.encode(coding))
    return raw
