"""Known answers held to the checks of a backend: each check must let the good one pass and turn red on the bad one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from technogate.checks import audit_list, response_checks, trail_entries, under_fault
from technogate.checks.leak import response_leaks
from technogate.contract.loader import Contract
from technogate.model.events import Body, Exchange, Request, Response, TrailEntry

#: What a check returns: anything at all is red.
Red = Callable[[], Sequence[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One check with a known-bad piece of evidence and, where one can be had from any contract, a known-good one."""

    check: str
    bad: Red
    good: Red | None = None


def unproven(known: Sequence[Known]) -> str:
    """Which checks did not tell good from bad, "" when all did."""
    wrong = [f"{one.check} stayed green on a known-bad case" for one in known if not one.bad()]
    wrong += [f"{one.check} turned red on a known-good case" for one in known if one.good is not None and one.good()]
    return "; ".join(wrong)


def utc(at: float) -> str:
    """A time as the contract writes it."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def exchange(
    status: int,
    body: object,
    *,
    headers: tuple[tuple[str, str], ...] = (),
    operation: str = "",
    key: str = "",
    seconds: float = 0.1,
) -> Exchange:
    """An answered request that nobody ever sent."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    now = time.time()
    return Exchange(
        id="self-test-1",
        item="self-test",
        responded_by="mock",
        operation=operation,
        key=key,
        request=Request(method="POST", path="/self-test"),
        response=Response(status=status, headers=(("Content-Type", "application/json"), *headers), body=Body.of(raw)),
        started=now - seconds,
        ended=now,
    )


def backend_checks(contract: Contract) -> list[Known]:
    """The checks of answers, of lists and of entries."""
    return [*_of_responses(contract), *_of_lists(), *_of_entries()]


def _of_responses(contract: Contract) -> list[Known]:
    said = {"status": "APPROVED", "trace_id": "t-1", "reason_codes": ["A"], "ts_utc": utc(time.time())}
    trace = contract.behavior.headers.trace
    good = exchange(200, said, headers=((trace, "t-1"), ("Allow", "GET")))
    bad = exchange(500, {"status": "BLOCKED", "trace_id": "t-2", "reason_codes": [], "ts_utc": "now"})
    html = msgspec.structs.replace(good, response=Response(status=200, headers=(("Content-Type", "text/html"),)))
    none = msgspec.structs.replace(good, response=None)
    leaking = msgspec.structs.replace(good, leaks=("body (plain)",))
    operation = contract.behavior.operations.execute
    traceback = {"message": 'Traceback (most recent call last): File "/srv/app/main.py", line 3, in run'}
    return [
        Known(
            check="answered", good=lambda: response_checks.answered(good), bad=lambda: response_checks.answered(none)
        ),
        Known(
            check="status", good=lambda: response_checks.status(good, 200), bad=lambda: response_checks.status(bad, 200)
        ),
        Known(
            check="media type",
            good=lambda: response_checks.media_type(good),
            bad=lambda: response_checks.media_type(html),
        ),
        Known(
            check="strict JSON",
            good=lambda: response_checks.strict_json(good),
            bad=lambda: response_checks.strict_json(exchange(200, b'{"a":NaN,"a":1}')),
        ),
        Known(
            check="documented answer",
            bad=lambda: response_checks.documented(contract, exchange(200, "self-test", operation=operation)),
        ),
        Known(check="error answer", bad=lambda: response_checks.error_response(contract, exchange(400, "self-test"))),
        Known(
            check="status word",
            good=lambda: response_checks.says(good, "APPROVED"),
            bad=lambda: response_checks.says(bad, "X"),
        ),
        Known(
            check="reason code",
            good=lambda: response_checks.has_reason(good),
            bad=lambda: response_checks.has_reason(bad),
        ),
        Known(
            check="UTC time", good=lambda: response_checks.timely(good, 5), bad=lambda: response_checks.timely(bad, 5)
        ),
        Known(
            check="trace header",
            good=lambda: response_checks.traced(good, trace),
            bad=lambda: response_checks.traced(bad, trace),
        ),
        Known(
            check="Allow",
            good=lambda: response_checks.allows(good, "GET"),
            bad=lambda: response_checks.allows(bad, "GET"),
        ),
        Known(
            check="same answer",
            good=lambda: response_checks.same_but_for_identity(good, good),
            bad=lambda: response_checks.same_but_for_identity(good, bad),
        ),
        Known(
            check="unchanged",
            good=lambda: response_checks.same_bytes(good, good),
            bad=lambda: response_checks.same_bytes(good, bad),
        ),
        Known(
            check="no key given away",
            good=lambda: response_checks.keeps_the_key(good),
            bad=lambda: response_checks.keeps_the_key(leaking),
        ),
        Known(
            check="nothing from within",
            good=lambda: response_leaks(good),
            bad=lambda: response_leaks(exchange(500, traceback)),
        ),
        Known(
            check="in time",
            good=lambda: under_fault.within(good, 5),
            bad=lambda: under_fault.within(exchange(200, {}, seconds=9), 5),
        ),
    ]


def _of_lists() -> list[Known]:
    now = time.time()
    older, newer = (
        {"timestamp": utc(at), "action": "PING", "result": "SUCCESS", "state": state, "trace_id": name}
        for at, state, name in ((now - 9, "APPROVED", "t-1"), (now, "BLOCKED", "t-2"))
    )
    good, bad = exchange(200, [newer, older]), exchange(200, [older, newer])
    return [
        Known(
            check="filter",
            good=lambda: audit_list.only_state(exchange(200, [older]), "APPROVED"),
            bad=lambda: audit_list.only_state(good, "APPROVED"),
        ),
        Known(check="limit", good=lambda: audit_list.at_most(good, 2), bad=lambda: audit_list.at_most(good, 1)),
        Known(check="count", good=lambda: audit_list.exactly(good, 2), bad=lambda: audit_list.exactly(good, 3)),
        Known(
            check="newest first", good=lambda: audit_list.newest_first(good), bad=lambda: audit_list.newest_first(bad)
        ),
        Known(
            check="order",
            good=lambda: audit_list.in_this_order(good, ["t-2", "t-1"]),
            bad=lambda: audit_list.in_this_order(bad, ["t-2", "t-1"]),
        ),
        Known(check="own entry", good=lambda: audit_list.holds(good, "t-1"), bad=lambda: audit_list.holds(good, "t-9")),
        Known(
            check="same entries",
            good=lambda: audit_list.same_entries(good, good, set()),
            bad=lambda: audit_list.same_entries(good, exchange(200, [newer]), set()),
        ),
    ]


def _of_entries() -> list[Known]:
    seen = TrailEntry(timestamp=utc(0), action="PING", result="SUCCESS", state="APPROVED", trace_id="t-1")
    changed = msgspec.structs.replace(seen, state="BLOCKED")
    secret = {"a session id": "self-test-session"}
    holding = msgspec.structs.replace(seen, extra={"warning": "self-test-session"})
    return [
        Known(
            check="still there",
            good=lambda: trail_entries.still_there([seen], [seen]),
            bad=lambda: trail_entries.still_there([seen], [changed]),
        ),
        Known(
            check="free of secrets",
            good=lambda: trail_entries.free_of([seen], secret),
            bad=lambda: trail_entries.free_of([holding], secret),
        ),
    ]
