"""ENV-07: whatever a request prefers, only documented codes and types come back (D18). Pure."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import msgspec

from technogate.checks.family import Example, Family
from technogate.checks.response_predicates import (
    declares_json,
    finding,
    has_response,
    has_status,
    is_documented,
    is_strict_json,
    json_object,
)
from technogate.model.events import Body, Exchange, Finding, Request, Response, header_values
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.contract.loader import Contract

#: The name of this check in findings.
CHECK = "no negotiation"

#: The members that a preference must not change; texts for a person may be in another language.
_DECIDED = ("status", "reason_codes", "command")


def is_as_without(contract: Contract, plain: Exchange, exchange: Exchange) -> list[Finding]:
    """The response is that of the same request without its preference, `plain`: documented, and decided alike (ENV-07).

    A body may be compressed in a way that the request offers.
    """
    if plain.response is None or exchange.response is None:
        return has_response(plain) or has_response(exchange)
    if exchange.response.status != plain.response.status:
        expected = f"status {plain.response.status}, as without {_asked(exchange)}"
        return finding(CHECK, exchange, expected, f"status {exchange.response.status}")
    findings = is_documented_whatever(contract, plain, exchange)
    if findings:
        return findings
    own, observed = _decided(_readable(plain)), _decided(_readable(exchange))
    if own == observed or _readable(exchange) is None:
        return []
    return finding(CHECK, exchange, f"{own}, as without {_asked(exchange)}", str(observed))


def is_documented_whatever(contract: Contract, plain: Exchange, exchange: Exchange) -> list[Finding]:
    """The response has a documented code, and its body is JSON, compressed only as the request offers (ENV-07).

    What is wrong with `plain` as well, the response without the header, is another requirement's finding.
    """
    if plain.response is None or exchange.response is None:
        return has_response(plain) or has_response(exchange)
    used = [word.lower() for word in _words(exchange.response, "content-encoding")]
    if not set(used) <= _offered(exchange.request) | {"identity"}:
        observed = f"Content-Encoding: {', '.join(used)}"
        return finding(CHECK, exchange, "a body that is compressed only as the request offers", observed)
    documented = {*contract.operations[exchange.operation].responses, plain.response.status}
    readable = _readable(exchange)
    findings = has_status(exchange, *sorted(documented)) or declares_json(exchange)
    if findings or readable is None:
        return findings
    findings = is_strict_json(readable)
    return findings if findings or is_documented(contract, plain) else is_documented(contract, readable)


def _readable(exchange: Exchange) -> Exchange | None:
    """The exchange with its body decompressed, as empty when that fails; None for a form that this reads not."""
    response = exchange.response
    if response is None:
        return exchange
    body = response.body.raw
    for coding in reversed(_words(response, "content-encoding")):
        try:
            if coding.lower() in ("gzip", "x-gzip"):
                body = gzip.decompress(body)
            elif coding.lower() == "deflate":
                body = zlib.decompress(body)
            elif coding.lower() != "identity":
                return None
        except (OSError, EOFError, zlib.error):
            body = b""
    return msgspec.structs.replace(exchange, response=msgspec.structs.replace(response, body=Body.of(body)))


def _decided(exchange: Exchange | None) -> dict[str, object]:
    members = {} if exchange is None else json_object(exchange)
    return {name: members[name] for name in _DECIDED if name in members}


def _words(message: Request | Response, name: str) -> list[str]:
    """The comma-separated words of a header."""
    values = header_values(message.headers, name)
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _offered(request: Request) -> set[str]:
    """The compressions that a request offers."""
    offered = set()
    for word in _words(request, "accept-encoding"):
        coding, _, quality = word.partition(";")
        if quality.replace(" ", "").rstrip("0") not in ("q=", "q=0."):
            offered.add(coding.strip().lower())
    return offered


def _asked(exchange: Exchange) -> str:
    """The preference of a request, for a finding: its case is named after it."""
    return exchange.case.partition(", with ")[0]


EXAMPLES = (
    Example(
        requirement="ENV-07",
        predicate=is_as_without,
        good=lambda e: (e.contract, e.conforming(e.executed()), e.executed(trace_id="t-2")),
        bad=lambda e: (e.contract, e.executed(), e.exchange(304, b"")),
    ),
    Example(
        requirement="ENV-07",
        predicate=is_documented_whatever,
        good=lambda e: (e.contract, e.executed(), e.conforming(e.executed())),
        bad=lambda e: (e.contract, e.executed(), e.refused(406)),
    ),
)

FAMILY = Family(prefixes=("ENV",), party=Party.BACKEND, examples=EXAMPLES)
