"""Predicates of one response that several families share: its status code, its body, its members. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from technogate.checks.family import Example, Family
from technogate.model.contract_words import spoken
from technogate.model.events import BODY_LIMIT, Ended, Exchange, Finding, header_values
from technogate.model.requirement import Party
from technogate.util.strict_json import NotStrictJson, parse
from technogate.util.timestamps import seconds_of as seconds_of

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.contract.loader import Contract

Findings = Sequence[Finding]
_JSON = re.compile(r"application/json\s*(;.*)?", re.IGNORECASE)

#: The most bytes of a body whose value is kept.
_KEPT_SIZE = 8192


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
    """The body of a response as strict JSON; None when there is no response or it is not JSON.

    The value is shared by all who read that body: it must not be changed.
    """
    if exchange.response is None:
        return None
    body = exchange.response.body
    return _value_of(body.text) if body.size <= _KEPT_SIZE and not body.base64 else _parsed(body.raw)


@lru_cache(maxsize=4096)
def _value_of(text: str) -> object:
    """The value of a short body: some twenty rules read each of them."""
    return _parsed(text.encode("utf-8"))


def _parsed(raw: bytes) -> object:
    try:
        return parse(raw)
    except NotStrictJson:
        return None


def json_object(exchange: Exchange) -> dict[str, Any]:
    """The same for an object, its fields by what they mean; anything else is the empty object."""
    value = json_value(exchange)
    return _by_meaning(exchange, value) if isinstance(value, dict) else {}


def _by_meaning(exchange: Exchange, value: dict[str, Any]) -> dict[str, Any]:
    """A body with its fields by what they mean: those of a snapshot where the operation returns one."""
    names = spoken()
    if exchange.operation == names.snapshots and names.name("snapshot", "command") in value:
        return names.meaning("snapshot", value)
    return names.meaning("envelope", value)


def has_response(exchange: Exchange) -> list[Finding]:
    """There is a response."""
    if exchange.response is not None:
        return []
    return finding("response", exchange, "a response", exchange.error or "no response")


def has_status(exchange: Exchange, *allowed: int) -> list[Finding]:
    """The status code is one of `allowed`."""
    if exchange.response is None:
        return has_response(exchange)
    if exchange.response.status in allowed:
        return []
    words = " or ".join(str(code) for code in allowed)
    return finding("status", exchange, f"status {words}", f"status {exchange.response.status}")


def has_answer(exchange: Exchange) -> list[Finding]:
    """The status code is that of a success of the operation which has a body."""
    return has_status(exchange, *spoken().answers_of(exchange.operation))


def is_answer(exchange: Exchange) -> bool:
    """Whether there is a response, and it has such a status."""
    return not has_answer(exchange)


def declares_json(exchange: Exchange) -> list[Finding]:
    """The body is declared as JSON; a 204 has no body at all (ENV-07)."""
    if exchange.response is None:
        return has_response(exchange)
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


def is_strict_json(exchange: Exchange) -> list[Finding]:
    """The body parses as strict JSON: no NaN, no duplicate keys (ENV-07)."""
    if exchange.response is None:
        return has_response(exchange)
    body = exchange.response.body
    if exchange.response.status == 204 and body.size == 0:
        return []
    if body.cut:
        # What was kept of it shows nothing: the rest may be anything, or have no end.
        more = "" if exchange.end is Ended.OK else ", and more that was not read"
        return finding("strict JSON", exchange, f"a body of at most {BODY_LIMIT} bytes", f"{body.size} bytes{more}")
    try:
        parse(exchange.response.body.raw)
    except NotStrictJson as problem:
        return finding("strict JSON", exchange, "a body of strict JSON", str(problem))
    return []


def is_documented(contract: Contract, exchange: Exchange) -> list[Finding]:
    """The response is one that the contract documents for its operation, valid against the schema."""
    if exchange.response is not None and _has_no_body(contract, exchange):
        size = exchange.response.body.size
        return finding("documented response", exchange, "no body", f"{size} bytes") if size else []
    broken = [*has_response(exchange), *declares_json(exchange), *is_strict_json(exchange)]
    if broken or exchange.response is None:
        return broken[:1]
    code = exchange.response.status
    value = json_value(exchange)
    problems = contract.response_problems(exchange.operation, code, value)
    if problems:
        return finding("documented response", exchange, f"a valid response of status {code}", "; ".join(problems[:3]))
    return []


def _has_no_body(contract: Contract, exchange: Exchange) -> bool:
    """Whether the contract documents this status of the operation, other than 204, without a body."""
    operation = contract.operations.get(exchange.operation)
    status = exchange.response.status if exchange.response is not None else 0
    return operation is not None and status != 204 and operation.response_schemas.get(status, "") is None


def is_error_response(contract: Contract, exchange: Exchange, reason: str = "") -> list[Finding]:
    """The body is a valid error response, with `reason` among its reason codes when one is named.

    Without a schema that all errors have, it is what the contract documents for the operation and the status.
    """
    if "envelope" not in contract.parts:
        return _is_documented_error(contract, exchange)
    broken = [*has_response(exchange), *declares_json(exchange), *is_strict_json(exchange)]
    if broken:
        return broken[:1]
    value = json_value(exchange)
    name = contract.behavior.schemas.error_response
    problems = contract.schema_problems(name, value)
    if problems:
        return finding("error response", exchange, f"a valid {name}", "; ".join(problems[:3]))
    codes = json_object(exchange).get("reason_codes", [])
    if reason and reason not in codes:
        return finding("reason code", exchange, f"reason code {reason}", f"reason codes {', '.join(codes)}")
    return []


def _is_documented_error(contract: Contract, exchange: Exchange) -> list[Finding]:
    """The body is as documented; where nothing is, there is nothing to hold it to."""
    response, operation = exchange.response, contract.operations.get(exchange.operation)
    if response is None:
        return has_response(exchange)
    if operation is not None and response.status in operation.responses:
        return is_documented(contract, exchange)
    # No route of the contract, or a status that it does not have: ENV-07 is about the latter.
    return []


def has_status_word(exchange: Exchange, *statuses: str) -> list[Finding]:
    """The body's `status` is one of `statuses`."""
    broken = has_response(exchange)
    if broken:
        return broken
    observed = json_object(exchange).get("status")
    if observed in statuses:
        return []
    return finding("status word", exchange, f"status {' or '.join(statuses)}", f"status {observed!r}")


def has_reason_code(exchange: Exchange, *codes: str) -> list[Finding]:
    """At least one reason code, and one of `codes` when any is named."""
    observed = json_object(exchange).get("reason_codes")
    if isinstance(observed, list) and observed and (not codes or set(codes) & set(map(str, observed))):
        return []
    return finding(
        "reason code", exchange, f"reason code {' or '.join(codes) or 'of any kind'}", f"reason codes {observed!r}"
    )


def has_member(exchange: Exchange, name: str, expected: object) -> list[Finding]:
    """The member `name` of the body is `expected`."""
    observed = json_object(exchange).get(name)
    if observed == expected:
        return has_response(exchange)
    return finding(name, exchange, f"{name} {expected!r}", f"{name} {observed!r}")


def has_valid_member(contract: Contract, exchange: Exchange, name: str, schema: str) -> list[Finding]:
    """The member `name` of the body is valid against a schema of the contract."""
    problems = contract.schema_problems(schema, json_object(exchange).get(name))
    return finding(name, exchange, f"{name} as {schema}", "; ".join(problems)) if problems else has_response(exchange)


def carries(exchange: Exchange, name: str) -> bool:
    """Whether a response is judged by its member `name`: each, but an error that lacks it, which is another fault."""
    refused = exchange.response is not None and exchange.response.status >= 400
    return not refused or name in json_object(exchange)


def trace_id(exchange: Exchange) -> str:
    """The trace id in the body of a response, "" without one."""
    observed = json_object(exchange).get("trace_id")
    return observed if isinstance(observed, str) else ""


def _html(evidence: ExampleEvidence) -> Exchange:
    return evidence.exchange(200, b"<p>self-test</p>", content_type="text/html")


EXAMPLES = (
    Example(predicate=has_response, good=lambda e: (e.executed(),), bad=lambda e: (e.no_response(),)),
    Example(predicate=has_status, good=lambda e: (e.executed(), 200), bad=lambda e: (e.refused(500), 200)),
    Example(predicate=has_answer, good=lambda e: (e.executed(),), bad=lambda e: (e.refused(400),)),
    Example(predicate=declares_json, good=lambda e: (e.executed(),), bad=lambda e: (_html(e),)),
    Example(
        predicate=is_strict_json,
        good=lambda e: (e.executed(),),
        bad=lambda e: (e.exchange(200, b'{"a":NaN,"a":1}'),),
    ),
    Example(
        predicate=is_documented,
        good=lambda e: (e.contract, e.conforming(e.executed())),
        bad=lambda e: (e.contract, e.exchange(200, "self-test", operation=e.contract.behavior.operations.execute)),
    ),
    Example(
        predicate=is_error_response,
        good=lambda e: (e.contract, e.conforming(e.refused(400, "B")), "B"),
        bad=lambda e: (e.contract, e.refused(400, "B"), "C"),
    ),
    Example(
        predicate=has_status_word,
        good=lambda e: (e.executed(), e.approved),
        bad=lambda e: (e.executed(status=e.approved.swapcase()), e.approved),
    ),
    Example(
        predicate=has_reason_code,
        good=lambda e: (e.executed(),),
        bad=lambda e: (e.executed(reason_codes=[]),),
    ),
    Example(
        predicate=has_member,
        good=lambda e: (e.executed(), "status", e.approved),
        bad=lambda e: (e.executed(), "status", e.blocked),
    ),
    Example(
        predicate=has_valid_member,
        good=lambda e: (e.contract, e.conforming(e.executed()), "trace_id", e.contract.behavior.schemas.trace_id),
        bad=lambda e: (e.contract, e.executed(trace_id="T 1"), "trace_id", e.contract.behavior.schemas.trace_id),
    ),
)

FAMILY = Family(prefixes=(), party=Party.BACKEND, examples=EXAMPLES)
