"""TRL-09: the audit trail holds no payload, no session id and no key. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from technogate.checks.family import Example, Family, RunWideCheck
from technogate.checks.key_refusals import key_in_trail
from technogate.checks.known_run import SESSION
from technogate.checks.request_payload import Payload
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Finding, TrailEntry
from technogate.model.requirement import Party

#: The name of this check in findings.
CHECK = "nothing of the request"


def holds_none_of(entries: Iterable[TrailEntry], secrets: Mapping[str, str]) -> list[Finding]:
    """No field of any entry holds one of `secrets`, in any case; each is given by what to call it (TRL-09)."""
    for entry in entries:
        fields = {
            "timestamp": entry.timestamp,
            "action": entry.action,
            "result": entry.result,
            "state": entry.state,
            "execution_id": entry.execution_id,
            "trace_id": entry.trace_id,
            **{name: f"{name} {value}" for name, value in entry.extra.items()},
        }
        for field, text in fields.items():
            for what, secret in secrets.items():
                if secret.casefold() in text.casefold():
                    return [
                        Finding(
                            check=CHECK,
                            expected=f"no {what} in an entry",
                            observed=f"{what} in the entry's {field}",
                            trace_id=entry.trace_id,
                        )
                    ]
    return []


def _entries_hold_no_payload(run: WholeRun) -> RunWideResult:
    """No entry holds a session id or another part of a body that was sent, or the key (TRL-09)."""
    payload = Payload.of(exchange for exchange in run.journal.exchanges if exchange.responded_by == "backend")
    findings = key_in_trail(run, CHECK)
    checks = 0
    for reading in run.journal.trails:
        for entry in reading.entries if payload else ():
            checks += 1
            findings += [_carried(entry, *place) for place in payload.within(entry)]
    return run_wide_result(
        checks, findings, "" if payload else "no request of the run had a session id or payload to look for"
    )


def _carried(entry: TrailEntry, field: str, what: str, exchange_id: str) -> Finding:
    """The finding on a part of a request that an entry holds."""
    return Finding(
        check=CHECK,
        expected="no payload, session id or key in an entry of the audit trail",
        observed=f"{what} in the entry's {field}",
        example={f"entry's {field}": str(entry.extra.get(field) or getattr(entry, field, ""))},
        exchanges=(exchange_id,),
        trace_id=entry.trace_id,
    )


EXAMPLES = (
    Example(
        requirement="TRL-09",
        predicate=holds_none_of,
        good=lambda e: ([e.entry()], {"a session id": SESSION}),
        bad=lambda e: ([e.entry(extra={"warning": SESSION})], {"a session id": SESSION}),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="TRL-09",
        subject="No entry holds a payload, session id or key of the run.",
        run=_entries_hold_no_payload,
        defects=(lambda run: run.entry(20, extra={"warning": SESSION}),),
    ),
)

FAMILY = Family(prefixes=("TRL",), party=Party.BACKEND, examples=EXAMPLES, run_wide=RUN_WIDE)
