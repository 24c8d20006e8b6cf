"""Checks of one answer: its status code, its body, its words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from technogate.contract.loader import Contract
from technogate.model.events import Exchange, Finding, header_values
from technogate.util.strict_json import NotStrictJson, parse
from technogate.util.timestamps import seconds_of as seconds_of

Findings = Sequence[Finding]
_JSON = re.compile(r"application/json\s*(;.*)?", re.IGNORECASE)


def finding(check: str, exchange: Exchange, expected: str, observed: str) -> list[Finding]:
    """One finding that rests on one exchange."""
    example = {"request": f"{exchange.request.method} {exchange.request.path}", "case": exchange.case}
    if exchange.request.body.size:
        example["request body"] = exchange.request.body.text or f"{exchange.request.body.size} bytes, not text"
    if exchange.response is not None:
        example["response"] = str(exchange.response.status)
        example["response body"] = exchange.response.body.text or f"{exchange.response.body.size} bytes"
    return [
        Finding(
            check=check,
            operation=exchange.operation,
            expected=expected,
            observed=observed,
            example=example,
            exchanges=(exchange.id,),
            trace_id=trace_id(exchange),
        )
    ]


def json_value(exchange: Exchange) -> object:
    """The body of an answer as strict JSON; None when there is no answer or it is not JSON."""
    if exchange.response is None:
        return None
    try:
        return parse(exchange.response.body.raw)
    except NotStrictJson:
        return None


def json_object(exchange: Exchange) -> dict[str, Any]:
    """The same for an object; anything else is the empty object."""
    value = json_value(exchange)
    return value if isinstance(value, dict) else {}


def answered(exchange: Exchange) -> list[Finding]:
    """The backend answered at all."""
    if exchange.response is not None:
        return []
    return finding("answered", exchange, "an answer", exchange.error or "no answer")


def status(exchange: Exchange, *allowed: int) -> list[Finding]:
    """The status code is one of `allowed`."""
    if exchange.response is None:
        return answered(exchange)
    if exchange.response.status in allowed:
        return []
    words = " or ".join(str(code) for code in allowed)
    return finding("status", exchange, f"status {words}", f"status {exchange.response.status}")


def media_type(exchange: Exchange) -> list[Finding]:
    """The body is declared as JSON; a 204 has no body at all (ENV-07)."""
    if exchange.response is None:
        return answered(exchange)
    if exchange.response.status == 204:
        if exchange.response.body.size == 0:
            return []
        return finding("empty 204", exchange, "no body with a 204", f"{exchange.response.body.size} bytes")
    types = header_values(exchange.response.headers, "content-type")
    if len(types) == 1 and _JSON.fullmatch(types[0].strip()):
        return []
    return finding(
        "media type", exchange, "Content-Type: application/json", f"Content-Type: {', '.join(types) or 'none'}"
    )


def strict_json(exchange: Exchange) -> list[Finding]:
    """The body parses as strict JSON: no NaN, no duplicate keys (ENV-07)."""
    if exchange.response is None:
        return answered(exchange)
    if exchange.response.status == 204 and exchange.response.body.size == 0:
        return []
    try:
        parse(exchange.response.body.raw)
    except NotStrictJson as problem:
        return finding("strict JSON", exchange, "a body of strict JSON", str(problem))
    return []


def documented(contract: Contract, exchange: Exchange) -> list[Finding]:
    """The answer is one that the contract documents for its operation, valid against the schema."""
    broken = [*answered(exchange), *media_type(exchange), *strict_json(exchange)]
    if broken or exchange.response is None:
        return broken[:1]
    code = exchange.response.status
    value = json_value(exchange)
    problems = contract.response_problems(exchange.operation, code, value)
    if problems:
        return finding("documented answer", exchange, f"a valid answer of status {code}", "; ".join(problems[:3]))
    return []


def error_response(contract: Contract, exchange: Exchange, reason: str = "") -> list[Finding]:
    """The body is a valid ErrorResponse, with `reason` among its reason codes when one is named."""
    broken = [*answered(exchange), *media_type(exchange), *strict_json(exchange)]
    if broken:
        return broken[:1]
    value = json_value(exchange)
    problems = contract.schema_problems("ErrorResponse", value)
    if problems:
        return finding("error answer", exchange, "a valid ErrorResponse", "; ".join(problems[:3]))
    codes = json_object(exchange).get("reason_codes", [])
    if reason and reason not in codes:
        return finding("reason code", exchange, f"reason code {reason}", f"reason codes {', '.join(codes)}")
    return []


def says(exchange: Exchange, *statuses: str) -> list[Finding]:
    """The body's `status` is one of `statuses`."""
    broken = answered(exchange)
    if broken:
        return broken
    found = json_object(exchange).get("status")
    if found in statuses:
        return []
    return finding("status word", exchange, f"status {' or '.join(statuses)}", f"status {found!r}")


def has_reason(exchange: Exchange, *codes: str) -> list[Finding]:
    """At least one reason code, and one of `codes` when any is named."""
    found = json_object(exchange).get("reason_codes")
    if isinstance(found, list) and found and (not codes or set(codes) & set(map(str, found))):
        return []
    return finding(
        "reason code", exchange, f"reason code {' or '.join(codes) or 'of any kind'}", f"reason codes {found!r}"
    )


def timely(exchange: Exchange, tolerance_s: float, field: str = "ts_utc") -> list[Finding]:
    """`field` is a UTC time within `tolerance_s` of the request (ENV-03)."""
    value = json_object(exchange).get(field)
    at = seconds_of(value)
    if at is None:
        return finding("UTC time", exchange, f"{field} as RFC 3339, UTC, ending in Z", f"{field} {value!r}")
    # The backend's clock may have been read anywhere between the request and its answer.
    off = max(exchange.started - at, at - exchange.ended, 0.0)
    if off <= tolerance_s:
        return []
    return finding(
        "UTC time", exchange, f"{field} within {tolerance_s:g} s of the request", f"{value}, {off:.1f} s off"
    )


def same_but_for_identity(one: Exchange, other: Exchange) -> list[Finding]:
    """Two answers say the same: status code and body, but for times and identifiers."""
    if one.response is None or other.response is None:
        return answered(one) or answered(other)
    first, second = _anonymous(json_object(one)), _anonymous(json_object(other))
    if one.response.status == other.response.status and first == second:
        return []
    return finding("same answer", other, f"{one.response.status} {first}", f"{other.response.status} {second}")


def _anonymous(value: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what differs from request to request."""
    return {key: member for key, member in value.items() if key not in ("ts_utc", "trace_id", "execution_id")}


def same_bytes(one: Exchange, other: Exchange) -> list[Finding]:
    """Two answers are alike to the byte: status code and body."""
    if one.response is None or other.response is None:
        return answered(one) or answered(other)
    if (one.response.status, one.response.body) == (other.response.status, other.response.body):
        return []
    expected = f"{one.response.status} {one.response.body.text}, as before"
    return finding("unchanged", other, expected, f"{other.response.status} {other.response.body.text}")


def traced(exchange: Exchange, header: str) -> list[Finding]:
    """The answer carries one trace header, equal to the body's trace id where it has one (ENV-05)."""
    if exchange.response is None:
        return answered(exchange)
    values = header_values(exchange.response.headers, header)
    in_body = json_object(exchange).get("trace_id")
    if len(values) == 1 and values[0] and in_body in (None, values[0]):
        return []
    observed = f"{header}: {', '.join(values) or 'none'}; trace_id in the body: {in_body!r}"
    return finding("trace header", exchange, f"one {header}, equal to the body's trace_id", observed)


def allows(exchange: Exchange, method: str) -> list[Finding]:
    """The `Allow` header of a 405 names `method` (ERR-04)."""
    if exchange.response is None:
        return answered(exchange)
    values = header_values(exchange.response.headers, "allow")
    if method in {word.strip().upper() for value in values for word in value.split(",")}:
        return []
    return finding("Allow", exchange, f"Allow: {method}", f"Allow: {', '.join(values) or 'none'}")


def member(exchange: Exchange, name: str, expected: object) -> list[Finding]:
    """The member `name` of the body is `expected`."""
    found = json_object(exchange).get(name)
    if found == expected:
        return answered(exchange)
    return finding(name, exchange, f"{name} {expected!r}", f"{name} {found!r}")


def member_is(contract: Contract, exchange: Exchange, name: str, schema: str) -> list[Finding]:
    """The member `name` of the body is valid against a schema of the contract."""
    problems = contract.schema_problems(schema, json_object(exchange).get(name))
    return finding(name, exchange, f"{name} as {schema}", "; ".join(problems)) if problems else answered(exchange)


def keeps_the_key(exchange: Exchange) -> list[Finding]:
    """No part of the answer holds the key, in any spelling (AUT-06)."""
    if not exchange.leaks:
        return answered(exchange)
    return finding("no key given away", exchange, "the key in no part of the answer", ", ".join(exchange.leaks))


def trace_id(exchange: Exchange) -> str:
    """The trace id in the body of an answer, "" without one."""
    found = json_object(exchange).get("trace_id")
    return found if isinstance(found, str) else ""
