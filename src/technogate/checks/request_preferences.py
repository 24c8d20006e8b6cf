"""ENV-07: whatever a request prefers, only documented codes and types come back (D18). Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from technogate.checks.family import Example, Family, RunWideCheck
from technogate.checks.response_predicates import (
    declares_json,
    finding,
    has_response,
    has_status,
    is_documented,
    is_strict_json,
    json_object,
)
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Body, Exchange, Finding
from technogate.model.requirement import Party
from technogate.util.content_coding import READ, NotDecompressed, codings, decompressed, unasked

if TYPE_CHECKING:
    from technogate.checks.known_run import KnownRun
    from technogate.contract.loader import Contract

#: The name of this check in findings.
CHECK = "no negotiation"
#: The name of the check over a whole run, and what both expect.
UNASKED = "compressed unasked"
AS_OFFERED = "a body that is compressed only as the request offers"
#: How many exchanges of one kind a finding over a whole run names.
EXAMPLES_NAMED = 5

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
    used = unasked(exchange.request.headers, exchange.response.headers)
    if not set(used) <= set(codings(plain.response.headers)):
        return finding(CHECK, exchange, AS_OFFERED, f"Content-Encoding: {', '.join(used)}")
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
    if response is None or response.compressed:
        return exchange
    applied = codings(response.headers)
    if not set(applied) <= READ:
        return None
    try:
        body = decompressed(response.body.raw, applied)
    except NotDecompressed:
        body = b""
    return msgspec.structs.replace(exchange, response=msgspec.structs.replace(response, body=Body.of(body)))


def _decided(exchange: Exchange | None) -> dict[str, object]:
    members = {} if exchange is None else json_object(exchange)
    return {name: members[name] for name in _DECIDED if name in members}


def _asked(exchange: Exchange) -> str:
    """The preference of a request, for a finding: its case is named after it."""
    return exchange.case.partition(", with ")[0]


# ---- checks over a whole run ----


def _compressed_as_offered(run: WholeRun) -> RunWideResult:
    """No response was compressed in a way that its request does not offer (ENV-07): one finding for each way."""
    by_coding: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in run.guarded:
        if exchange.response is not None:
            used = unasked(exchange.request.headers, exchange.response.headers)
            for coding in dict.fromkeys(used):
                by_coding[coding].append(exchange)
    findings = [
        msgspec.structs.replace(
            finding(UNASKED, exchanges[0], AS_OFFERED, f"Content-Encoding: {coding}")[0],
            exchanges=tuple(exchange.id for exchange in exchanges[:EXAMPLES_NAMED]),
        )
        for coding, exchanges in by_coding.items()
    ]
    return run_wide_result(len(run.guarded), findings)


def _compress(run: KnownRun) -> None:
    request = msgspec.structs.replace(run.exchanges[1].request, headers=(("Accept-Encoding", "identity"),))
    run.exchange(1, request=request)
    run.response(1, headers=(("Content-Encoding", "gzip"),))


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

RUN_WIDE = (
    RunWideCheck(
        requirement="ENV-07",
        subject="No response of the run was compressed in a way that its request does not offer.",
        run=_compressed_as_offered,
        defects=(_compress,),
    ),
)

FAMILY = Family(prefixes=("ENV",), party=Party.BACKEND, examples=EXAMPLES, run_wide=RUN_WIDE)
