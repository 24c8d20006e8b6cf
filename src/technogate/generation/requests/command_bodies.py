"""Bodies that hold a command in a place or a form in which the contract does not have it. Pure data.

A lenient reader finds the command in each of them: a framework that reads any media type that it knows, a client that
wraps its request, a library that matches the names of members without regard to case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from technogate.model.contract_words import spoken

_BOUNDARY = "technogate-boundary"

#: Media types under which a lenient reader still reads a body as JSON.
_JSON_BY_ANOTHER_NAME = (
    "text/plain",
    "text/json",
    "text/javascript",
    "application/problem+json",
    "application/vnd.api+json",
    "application/ld+json",
    "application/x-ndjson",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
)


def misnomers() -> tuple[str, ...]:
    """Names that only a lenient reader takes for that of the command."""
    name = _name()
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in name)
    cases = (name.capitalize(), name.upper(), name.capitalize().swapcase())
    padded = (f"{name} ", f" {name}", f"{name}\t", f"{name}\0", f"\ufeff{name}")
    return tuple(dict.fromkeys((*cases, *padded, wide, f"{name}[]", f"${name}", "cmd")))


def _name() -> str:
    """The name of the command's field."""
    return spoken().name("request", "command")


def in_declared_type(command: str) -> tuple[tuple[str, bytes], ...]:
    """Content types with bodies that are the command in just that type, and are no JSON request (EXE-04)."""
    name = _name()
    text = json.dumps({name: command}).encode()
    form = f'Content-Disposition: form-data; name="{name}"\r\n\r\n{command}\r\n'
    multipart = f"--{_BOUNDARY}\r\n{form}--{_BOUNDARY}--\r\n".encode()
    part = (
        f"--{_BOUNDARY}\r\nContent-Type: application/json\r\n\r\n".encode() + text + f"\r\n--{_BOUNDARY}--\r\n".encode()
    )
    xml = f'<?xml version="1.0"?><request><{name}>{command}</{name}></request>'.encode()
    packed = msgspec.msgpack.encode({name: command})
    return (
        ("application/x-www-form-urlencoded", f"{name}={command}".encode()),
        (f"multipart/form-data; boundary={_BOUNDARY}", multipart),
        (f"multipart/mixed; boundary={_BOUNDARY}", part),
        ("application/xml", xml),
        ("text/xml", xml),
        ("application/yaml", f"{name}: {command}\n".encode()),
        ("text/yaml", f"{name}: {command}\n".encode()),
        ("application/msgpack", packed),
        ("application/x-msgpack", packed),
        ("text/plain", command.encode()),
        *((content_type, text) for content_type in _JSON_BY_ANOTHER_NAME),
    )


def in_no_object(command: str) -> Mapping[str, object]:
    """JSON values that hold a valid request or its command and are no object, by what they are (EXE-03)."""
    request = {_name(): command}
    return {
        "a list of one request": [request],
        "a list of lists": [[request]],
        "a list of the command": [command],
        "a string that holds the request": json.dumps(request),
        "the command alone as a string": command,
    }


def wrapped(command: str) -> Mapping[str, object]:
    """Objects that hold a valid request or its command one level too deep, by what they are (EXE-02)."""
    request = {_name(): command}
    text = json.dumps(request)
    return {
        "the request in `data`": {"data": request},
        "the request in `body`": {"body": request},
        "the request in `request`": {"request": request},
        "the request in `payload`, as text": {"payload": text},
        "the request in `params`": {"jsonrpc": "2.0", "method": "execute", "params": request, "id": 1},
        "a request in place of the command": {_name(): request},
        "the command in a list": {_name(): [command]},
        "the command as a `name`": {_name(): {"name": command}},
        "the command as a name": {command: True},
    }


def misnamed(command: str) -> Mapping[str, object]:
    """Objects without a command that a lenient reader finds one in, by the name that stands for it (EXE-02)."""
    return {f"the name {name!r}": {name: command} for name in misnomers()}


def escaped_name(command: str) -> bytes:
    """A valid request whose one name is written with an escape: it is the same name (EXE-01)."""
    name = _name()
    spelled = f"\\u{ord(name[0]):04x}{name[1:-1]}\\u{ord(name[-1]):04x}"
    return f'{{"{spelled}": {json.dumps(command)}}}'.encode()


def beside_another_case(command: str, other: str) -> Mapping[str, object]:
    """Valid requests of `command` with an unknown field that a lenient reader takes for it (EXE-06, EXE-08)."""
    name = _name()
    capital, upper = name[:1].upper() + name[1:], name.upper()
    return {
        f"a {capital} beside it": {name: command, capital: other},
        f"a {upper} before it": {upper: other, name: command},
    }
