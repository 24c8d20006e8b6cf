"""What a console sends: how often, with which query, command and key, and to whom. Pure.

It serves CON-01, CON-09, CON-10, CON-13, CON-14, CON-20 and CON-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from technogate.checks.console_interaction import Interaction, finding, what_came_of
from technogate.checks.family import Example, Family
from technogate.journal.redaction import MARK
from technogate.model.contract_words import spoken
from technogate.model.events import Body, Exchange, Finding, Request
from technogate.model.requirement import Party
from technogate.util.phrases import few
from technogate.util.strict_json import NotStrictJson, parse

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.contract.loader import Contract


def sent_times(interaction: Interaction, operation: str, times: int) -> list[Finding]:
    """The console sent `operation` exactly so many times (CON-09, CON-10)."""
    observed = len(interaction.sent(operation))
    if observed == times:
        return []
    return finding(
        "requests sent", interaction, f"{operation} requested {_often(times)}", f"requested {_often(observed)}"
    )


def was_sent(interaction: Interaction, operation: str) -> list[Finding]:
    """The console sent `operation` at all: without a request no response leads to anything (CON-07, CON-08)."""
    if interaction.sent(operation):
        return []
    others = [f"{exchange.request.method} {exchange.request.path}" for exchange in interaction.exchanges]
    instead = f"{few(others, 3)} in its place" if others else "nothing was requested"
    return finding("requests sent", interaction, f"{operation} is requested", f"{instead}: {what_came_of(interaction)}")


def queries_agree(interaction: Interaction, operation: str, fallback: str) -> list[Finding]:
    """Both operations were requested with the same query, to the letter but for its order (CON-10)."""
    first_queries = [query(exchange) for exchange in interaction.sent(operation)]
    second_queries = [query(exchange) for exchange in interaction.sent(fallback)]
    if first_queries == second_queries:
        return []
    return finding(
        "same query", interaction, f"{fallback} requested with {first_queries}", f"requested with {second_queries}"
    )


def query_is(
    interaction: Interaction, operation: str, wanted: Mapping[str, str], usual: Mapping[str, str]
) -> list[Finding]:
    """Each request of `operation` has the query `wanted`; one that is left out has its `usual` value (CON-10)."""
    for exchange in interaction.sent(operation):
        requested = {**usual, **dict(parse_qsl(exchange.request.path.partition("?")[2], keep_blank_values=True))}
        if requested != dict(wanted):
            return finding(
                "query", interaction, f"{operation} requested with {dict(wanted)}", f"requested with {requested}"
            )
    return []


def sent_only_valid(contract: Contract, interaction: Interaction, operation: str) -> list[Finding]:
    """Every request of `operation` that was sent keeps the contract (CON-13)."""
    for exchange in interaction.sent(operation):
        problems = contract.request_problems(operation, _json(exchange))
        if problems:
            sent = exchange.request.body.text
            return finding(
                "command sent", interaction, "no request that breaks the contract", f"{sent} ({problems[0]})"
            )
    return []


def sent_command(interaction: Interaction, operation: str, command: str) -> list[Finding]:
    """Every request of `operation` is for `command`."""
    for exchange in interaction.sent(operation):
        value = _json(exchange)
        if not isinstance(value, dict) or value.get(spoken().name("request", "command")) != command:
            return finding("command sent", interaction, f"the command {command}", exchange.request.body.text)
    return []


def sent_nothing(interaction: Interaction) -> list[Finding]:
    """The backend was sent nothing at all (CON-20)."""
    if not interaction.exchanges:
        return []
    sent = ", ".join(f"{exchange.request.method} {exchange.request.path}" for exchange in interaction.exchanges)
    return finding("nothing sent", interaction, "no request", f"sent {sent}")


def carries_key(interaction: Interaction) -> list[Finding]:
    """Every request of the interaction has the key in its header, and none has it in its URL (CON-01)."""
    for exchange in interaction.exchanges:
        place = f"{exchange.request.method} {exchange.request.path}"
        if MARK in exchange.request.path:
            return finding("key header", interaction, "no key in a URL", f"the key in {place}")
        if exchange.key != MARK:
            expected = f"the key in {spoken().key_header} on each request"
            return finding("key header", interaction, expected, f"{place} had {exchange.key or 'none'}")
    if not interaction.exchanges:
        # A request that was never sent proves nothing about its header, neither way.
        raise ValueError("no request was sent whose key could be judged")
    return []


def key_stays_at(interaction: Interaction, base_url: str) -> list[Finding]:
    """No request to another origin than `base_url` carries the key (CON-14)."""
    for exchange in interaction.exchanges:
        place = f"{exchange.request.method} {exchange.base_url}{exchange.request.path}"
        if exchange.base_url != base_url and (exchange.key or MARK in exchange.request.path):
            return finding(
                "key stays at home", interaction, f"the key at {base_url} alone", f"the key was sent: {place}"
            )
    return []


def sent_nothing_to(interaction: Interaction, base_url: str, operation: str) -> list[Finding]:
    """No request of `operation` went to the origin `base_url` (CON-14)."""
    for exchange in interaction.sent(operation):
        if exchange.base_url == base_url:
            return finding(
                "not repeated", interaction, f"{operation} sent to its own backend alone", f"also to {base_url}"
            )
    return []


def _often(times: int) -> str:
    """How often, in words."""
    return {0: "not at all", 1: "once", 2: "twice"}.get(times, f"{times} times")


def query(exchange: Exchange) -> str:
    """The query of a request, its parameters in the order of their names."""
    return "&".join(sorted(exchange.request.path.partition("?")[2].split("&")))


def _json(exchange: Exchange) -> object:
    """The value of a request's body, None when it is no JSON."""
    try:
        return parse(exchange.request.body.raw)
    except NotStrictJson:
        return None


# ---- examples ----

_LIST, _FALLBACK, _EXECUTE = "list", "fallback", "execute"


def _sent(
    e: ExampleEvidence, operation: str, *, path: str = "/self-test", body: bytes = b"", key: str = ""
) -> Exchange:
    request = Request(method="POST", path=path, body=Body.of(body))
    return msgspec.structs.replace(e.exchange(200, {}, operation=operation, key=key), request=request)


def _queried(e: ExampleEvidence, *queries: str) -> Interaction:
    """A list and its fallback, requested with these queries."""
    paths = zip((_LIST, _FALLBACK), queries, strict=False)
    return e.interaction(*(_sent(e, operation, path=f"/self-test?{query}") for operation, query in paths))


def _commanded(e: ExampleEvidence, body: bytes) -> Interaction:
    return e.interaction(_sent(e, e.contract.behavior.operations.execute, body=body))


def _request(e: ExampleEvidence, command: str) -> bytes:
    return msgspec.json.encode(e.request_body(command=command))


EXAMPLES = (
    Example(
        requirement="CON-09",
        predicate=sent_times,
        good=lambda e: (e.interaction(_sent(e, _EXECUTE)), _EXECUTE, 1),
        bad=lambda e: (e.interaction(_sent(e, _EXECUTE), _sent(e, _EXECUTE)), _EXECUTE, 1),
    ),
    Example(
        requirement="CON-08",
        predicate=was_sent,
        good=lambda e: (e.interaction(_sent(e, _EXECUTE)), _EXECUTE),
        bad=lambda e: (e.interaction(), _EXECUTE),
    ),
    Example(
        requirement="CON-10",
        predicate=queries_agree,
        good=lambda e: (_queried(e, "limit=1&filter=all", "filter=all&limit=1"), _LIST, _FALLBACK),
        bad=lambda e: (_queried(e, "limit=1", "limit=2"), _LIST, _FALLBACK),
    ),
    Example(
        requirement="CON-10",
        predicate=query_is,
        good=lambda e: (_queried(e, "limit=1"), _LIST, {"limit": "1", "filter": "all"}, {"filter": "all"}),
        bad=lambda e: (_queried(e, "limit=2"), _LIST, {"limit": "1", "filter": "all"}, {"filter": "all"}),
    ),
    Example(
        requirement="CON-13",
        predicate=sent_only_valid,
        good=lambda e: (e.contract, e.interaction(), e.contract.behavior.operations.execute),
        bad=lambda e: (e.contract, _commanded(e, b"{}"), e.contract.behavior.operations.execute),
    ),
    Example(
        requirement="CON-13",
        predicate=sent_command,
        good=lambda e: (e.interaction(_sent(e, _EXECUTE, body=_request(e, "PING"))), _EXECUTE, "PING"),
        bad=lambda e: (e.interaction(_sent(e, _EXECUTE, body=_request(e, "PONG"))), _EXECUTE, "PING"),
    ),
    Example(
        requirement="CON-20",
        predicate=sent_nothing,
        good=lambda e: (e.interaction(empty="true"),),
        bad=lambda e: (e.interaction(_sent(e, _EXECUTE)),),
    ),
    Example(
        requirement="CON-01",
        predicate=carries_key,
        good=lambda e: (e.interaction(_sent(e, _EXECUTE, key=MARK)),),
        bad=lambda e: (e.interaction(_sent(e, _EXECUTE)),),
    ),
    Example(
        requirement="CON-14",
        predicate=key_stays_at,
        good=lambda e: (e.interaction(_sent(e, _EXECUTE, key=MARK)), ""),
        bad=lambda e: (e.interaction(_sent(e, _EXECUTE, key=MARK)), "http://elsewhere.invalid"),
    ),
    Example(
        requirement="CON-14",
        predicate=sent_nothing_to,
        good=lambda e: (e.interaction(_sent(e, _EXECUTE)), "http://elsewhere.invalid", _EXECUTE),
        bad=lambda e: (e.interaction(_sent(e, _EXECUTE)), "", _EXECUTE),
    ),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
