"""Inputs that a reader can fail on: broken escapes, and parts whose sizes grow on a logarithmic scale (ERR-06). Pure.

A request head that is broken or very long may be the HTTP parser's to refuse, before any route is known. So each
group states whether its requests have such a head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from technogate.contract.loader import Contract
from technogate.contract.plain_request import plain_case
from technogate.model.case import Case

#: Bytes of the part that grows; the last is just within the limit of a body, and of most heads.
SIZES = (1, 10, 100, 1_000, 10_000, 60_000)

#: Percent-escapes that are cut, no hexadecimal, or no UTF-8: overlong, a surrogate, beyond the last character.
BROKEN_ESCAPES = (
    *("%", "%z", "%zz", "%4", "%%", "%u0041", "%-1"),
    *("%c0%af", "%c0%80", "%e0%80%af", "%ed%a0%80", "%f4%90%80%80", "%f8%88%80%80%80", "%ff", "%80", "%c3"),
    *("%00", "%0d%0a", "%0A", "%7f"),
)

#: What stands for the fields of a request below, and what they mean.
_FIELDS = {"COMMAND": "command", "SESSION": "session_id"}

_OPEN, _ESCAPE = '{"a":', "\\u0041"

#: Bodies of an execute request with a part of so many bytes, by what grows; COMMAND and SESSION are the fields.
_BODIES: Mapping[str, Callable[[int], str]] = {
    "a long command": lambda size: f'{{COMMAND: "{"Z" * size}"}}',
    "a long session id": lambda size: f'{{COMMAND: "ZZ_SIZE", SESSION: "{"s" * size}"}}',
    "a long unknown field": lambda size: f'{{COMMAND: "ZZ_SIZE", "x": "{"s" * size}"}}',
    "a long name": lambda size: f'{{COMMAND: "ZZ_SIZE", "{"n" * size}": 1}}',
    "a long number": lambda size: f'{{COMMAND: "ZZ_SIZE", "x": {"9" * size}}}',
    "a large exponent": lambda size: f'{{COMMAND: "ZZ_SIZE", "x": 1e{size}}}',
    "many members": lambda size: f'{{COMMAND: "ZZ_SIZE"{"".join(f",{_quoted(at)}:1" for at in range(size // 10))}}}',
    "a long list": lambda size: f'{{COMMAND: "ZZ_SIZE", "x": [{",".join("1" * max(1, size // 2))}]}}',
    "nested lists": lambda size: f'{{COMMAND: "ZZ_SIZE", "x": {"[" * (size // 2)}1{"]" * (size // 2)}}}',
    "nested objects": lambda size: f'{{COMMAND: "ZZ_SIZE", "x": {_OPEN * (size // 6)}1{"}" * (size // 6)}}}',
    "a nested command": lambda size: f"{{COMMAND: {'[' * (size // 2)}1{']' * (size // 2)}}}",
    "lists that are never closed": lambda size: "[" * size,
    "many escapes": lambda size: f'{{COMMAND: "ZZ_SIZE", "x": "{_ESCAPE * (size // 6)}"}}',
}


def extreme_bodies(contract: Contract) -> Iterator[Case]:
    """Execute requests with a part of each size; what of it must be refused is for other requirements."""
    operation = contract.operations[contract.behavior.operations.execute]
    names = {field: f'"{contract.words.name("request", meaning)}"' for field, meaning in _FIELDS.items()}
    for what, body in _BODIES.items():
        for size in SIZES:
            text = body(size)
            for field, name in names.items():
                text = text.replace(field, name)
            raw = text.encode()
            if len(raw) <= contract.behavior.request.max_body_bytes:
                yield Case(
                    method=operation.method.upper(),
                    path=operation.path,
                    operation=operation.id,
                    body=raw,
                    name=f"{what}, {size} bytes",
                )


def broken_escapes(contract: Contract) -> Iterator[Case]:
    """Reads with a broken escape in the path, in the value of a parameter and in a name."""
    path, names = contract.operations[contract.behavior.operations.audit].path, contract.behavior.audit
    yield from _broken_escapes(path, names.filter_parameter)


def long_heads(contract: Contract) -> Iterator[Case]:
    """Reads whose path, query or headers have a part of each size."""
    path, names = contract.operations[contract.behavior.operations.audit].path, contract.behavior.audit
    yield from _long_heads(path, names.filter_parameter, names.limit_parameter)


def general_heads(contract: Contract, operation: str) -> Iterator[Case]:
    """The same for an operation that plays no part, as GET requests of its path."""
    path = plain_case(contract, operation).path
    queries = [made.name for made in contract.operations[operation].parameters if made.location == "query"]
    first, last = (queries[0], queries[-1]) if queries else ("x", "y")
    yield from _broken_escapes(path, first)
    yield from _long_heads(path, first, last)


def general_bodies(contract: Contract, operation: str) -> Iterator[Case]:
    """Bodies of an operation that plays no part with a part of each size; none for one that takes no body."""
    if contract.operations[operation].request_pointer is None:
        return
    for what, body in _BODIES.items():
        for size in SIZES:
            raw = body(size).replace("COMMAND", '"x"').replace("SESSION", '"y"').encode()
            if len(raw) <= contract.behavior.request.max_body_bytes:
                yield plain_case(contract, operation, body=raw, name=f"{what}, {size} bytes")


def _broken_escapes(path: str, parameter: str) -> Iterator[Case]:
    for escape in BROKEN_ESCAPES:
        yield Case(method="GET", path=f"{path}{escape}", name=f"{escape} in the path")
        for query in (f"{parameter}={escape}", f"{escape}=1"):
            yield Case(method="GET", path=path, raw_query=query, name=f"the query {query}")


def _long_heads(path: str, words: str, number: str) -> Iterator[Case]:
    for size in SIZES:
        queries = {
            "a long filter": f"{words}={'A' * size}",
            "a long limit": f"{number}={'9' * size}",
            "a long name of a parameter": f"{'n' * size}=1",
            "many parameters": "&".join(["a=1"] * max(1, size // 4)),
            "many limits": "&".join([f"{number}=1"] * max(1, size // 8)),
        }
        for what, query in queries.items():
            yield Case(method="GET", path=path, raw_query=query, name=f"{what}, {size} bytes")
        yield Case(method="GET", path="/" + "p" * size, name=f"a long path, {size} bytes")
        yield Case(method="GET", path=path + "/a" * max(1, size // 2), name=f"a path of many parts, {size} bytes")
        many = tuple((f"X-{at}", "1") for at in range(max(1, size // 10)))
        headers = {
            "a long header": (("X-Long", "h" * size),),
            "a long name of a header": (("X-" + "h" * size, "1"),),
            "many headers": many,
        }
        for what, sent in headers.items():
            yield Case(method="GET", path=path, headers=sent, name=f"{what}, {size} bytes")


def _quoted(number: int) -> str:
    return f'"m{number}"'
