"""AUT-07: no other spelling of a guarded path, and no other method, reaches an operation without the key. Pure.

A router may answer such a request with 404, with a redirect, or as the plain path (D21). It reaches the operation when
a success looks like the operation's own: that is compared with the response to the plain path with the right key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from technogate.checks.family import Example, Family
from technogate.checks.response_predicates import finding, has_response, json_object, json_value, trace_id
from technogate.model.contract_words import spoken
from technogate.model.events import Exchange, Finding, Response
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.contract.behavior import Behavior

#: The name of this check in findings.
CHECK = "no way around the key"


def reaches_nothing(behavior: Behavior, plain: Exchange, exchange: Exchange) -> list[Finding]:
    """A request without the right key got no response of the operation; `plain` is that to the path itself (AUT-07).

    A connection that is closed is a refusal. HEAD has no body that could show anything.
    """
    if plain.response is None:
        return has_response(plain)
    response = exchange.response
    if response is None or not 200 <= response.status < 300 or exchange.request.method == "HEAD":
        return []
    if not _is_like(behavior, plain, exchange):
        return []
    observed = f"status {response.status} with {_shown(response)}"
    return finding(CHECK, exchange, "a refusal, 404, 405 or a redirect without the right key", observed)


def executes_nothing(before: Exchange, after: Exchange, sent: Exchange) -> list[Finding]:
    """`sent` came without the right key between two reads of the memory, which must be the same (AUT-07)."""
    if before.response is None or after.response is None:
        return has_response(before) or has_response(after)
    if (before.response.status, before.response.body) == (after.response.status, after.response.body):
        return []
    observed = f"the memory became {_shown(after.response)}"
    return finding(CHECK, sent, "nothing executed without the right key", observed)


def lists_no_execution(before: Exchange, after: Exchange, command: str, sent: Sequence[Exchange]) -> list[Finding]:
    """No entry of `command` came between two reads of the audit list; `sent` are the requests between them (AUT-07)."""
    if before.response is None or after.response is None:
        return has_response(before) or has_response(after)
    known = [_entry_id(entry) for entry in _entries(before)]
    new = [entry for entry in _entries(after) if entry.get("action") == command and _entry_id(entry) not in known]
    if not new:
        return []
    named = (exchange for exchange in sent if _names(exchange, str(new[0].get("trace_id"))))
    culprit = next(named, sent[-1])
    return finding(CHECK, culprit, "no entry of a command that came without the right key", json.dumps(new[0]))


def is_recorded(behavior: Behavior, listed: Exchange, exchange: Exchange) -> list[Finding]:
    """What was executed under another spelling, with the right key, has its entry in the audit list (AUT-07, TRL-01).

    Any other response to such a request is left open.
    """
    status = json_object(exchange).get("status")
    if exchange.response is None or exchange.response.status // 100 != 2 or status not in behavior.statuses.executed:
        return []
    if listed.response is None:
        return has_response(listed)
    own = trace_id(exchange)
    if any(entry.get("trace_id") == own for entry in _entries(listed)):
        return []
    return finding(CHECK, exchange, "an entry, as for the plain path", f"executed, and no entry with trace id {own!r}")


def _is_like(behavior: Behavior, plain: Exchange, exchange: Exchange) -> bool:
    """Whether a success looks like the operation's own response."""
    own, observed = json_value(plain), json_value(exchange)
    if isinstance(own, list) or isinstance(observed, list):
        return isinstance(own, list) and isinstance(observed, list)
    if isinstance(own, dict) and isinstance(observed, dict):
        blocked = behavior.statuses.blocked
        status, reasons = (spoken().name("envelope", meaning) for meaning in ("status", "reason_codes"))
        if observed.get(status) == blocked:
            # In doubt the response is blocked, also that of a router: only the operation's own words prove it.
            return own.get(status) == blocked and own.get(reasons) == observed.get(reasons)
        return 2 * len(own.keys() & observed.keys()) >= max(1, len(own))
    first, second = plain.response, exchange.response
    if first is None or second is None or exchange.request.method != plain.request.method:
        return False
    return (first.status, first.body) == (second.status, second.body)


def _shown(response: Response) -> str:
    return response.body.text or f"a body of {response.body.size} bytes"


def _entries(exchange: Exchange) -> list[Mapping[str, object]]:
    """The entries of an audit list, their fields by what they mean; none of any other response."""
    value, words = json_value(exchange), spoken()
    return (
        [words.meaning("entry", entry) for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    )


def _names(exchange: Exchange, trace: str) -> bool:
    """Whether a response names a trace id, in a header or in its body."""
    headers = exchange.response.headers if exchange.response is not None else ()
    return trace == trace_id(exchange) or trace in {value for _, value in headers}


def _entry_id(entry: Mapping[str, object]) -> tuple[object, object]:
    return entry.get("trace_id"), entry.get("timestamp")


EXAMPLES = (
    Example(
        requirement="AUT-07",
        predicate=reaches_nothing,
        good=lambda e: (e.contract.behavior, e.executed(), e.refused(404)),
        bad=lambda e: (e.contract.behavior, e.executed(), e.executed(trace_id="t-2")),
    ),
    Example(
        requirement="AUT-07",
        predicate=executes_nothing,
        good=lambda e: (e.exchange(204, b""), e.exchange(204, b""), e.refused(404)),
        bad=lambda e: (e.exchange(204, b""), e.exchange(200, e.snapshot_body()), e.refused(404)),
    ),
    Example(
        requirement="AUT-07",
        predicate=lists_no_execution,
        good=lambda e: (e.exchange(200, []), e.exchange(200, []), "PING", [e.refused(404)]),
        bad=lambda e: (e.exchange(200, []), e.exchange(200, [e.entry_body()]), "PING", [e.refused(404)]),
    ),
    Example(
        requirement="AUT-07",
        predicate=is_recorded,
        good=lambda e: (e.contract.behavior, e.exchange(200, [e.entry_body()]), e.executed()),
        bad=lambda e: (e.contract.behavior, e.exchange(200, []), e.executed()),
    ),
)

FAMILY = Family(prefixes=("AUT",), party=Party.BACKEND, examples=EXAMPLES)
