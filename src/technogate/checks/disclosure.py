"""ERR-03: no response discloses what the backend is made of. Pure; `technogate.checks.leak` finds the texts."""

from __future__ import annotations

import re
from collections import defaultdict

from technogate.checks.family import Example, Family, RunWideCheck
from technogate.checks.key_refusals import key_in_responses
from technogate.checks.leak import Leak, response_leaks
from technogate.checks.machine_facts import HOST
from technogate.checks.response_predicates import finding, has_response, json_object
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Body, Disclosure, Exchange, Finding
from technogate.model.requirement import Party

#: The name of this check in findings.
CHECK = "nothing from within"

#: What the end of a stack trace leaves when its beginning is cut off: a line of code, an exception by its full name.
END_OF_TRACE = re.compile(
    r"\b(?:raise|throw new) [A-Z]\w*\(|\b(?:[a-z_]\w*\.)+[A-Z]\w*(?:Error|Exception)\b|^\s*[~^]+\s*$", re.MULTILINE
)


def discloses_nothing(exchange: Exchange) -> list[Finding]:
    """The response holds no stack trace, not even the end of one, no path, SQL, host or address (ERR-03)."""
    leaks = response_leaks(exchange)
    message = str(json_object(exchange).get("message", ""))
    end = END_OF_TRACE.search(message)
    if not leaks and end is not None and end[0] not in exchange.request.body.text:
        return finding(CHECK, exchange, "no stack trace", f"the end of one: {message}")
    if not leaks:
        return has_response(exchange)
    observed = f"{leaks[0].kind} in {leaks[0].place}: {leaks[0].text}"
    return finding(CHECK, exchange, "no stack trace, path, SQL, host or address", observed)


def _responses_disclose_nothing(run: WholeRun) -> RunWideResult:
    """No response of the run discloses what the backend is made of, or holds the key (ERR-03)."""
    by_leak: dict[tuple[str, str], list[tuple[Exchange, Leak]]] = defaultdict(list)
    guarded = set(run.header.guarded)
    searched = [
        exchange
        for exchange in run.backend
        if exchange.response is not None
        and (exchange.operation in guarded or exchange.response.status >= 400 or exchange.disclosed)
    ]
    for exchange in searched:
        for leak in response_leaks(exchange):
            by_leak[leak.kind, leak.text].append((exchange, leak))
    findings = key_in_responses(run, CHECK)
    for (kind, text), cases in by_leak.items():
        exchange, leak = cases[0]
        more = f", and in {len(cases) - 1} more responses" if len(cases) > 1 else ""
        findings.append(
            Finding(
                check=CHECK,
                operation=exchange.operation,
                expected="no stack trace, path, SQL, host, address, environment value or key in a response",
                observed=f"{kind} in {leak.place}: {text}{more}",
                example={"request": f"{exchange.request.method} {exchange.request.path}", kind: text},
                exchanges=tuple(exchange.id for exchange, _ in cases[:5]),
                trace_id=run.trace_id(exchange),
            )
        )
    return run_wide_result(len(searched), findings)


_HOST_IN_A_HEADER = Disclosure(kind=HOST, place="the header Server", spelling="base64")

EXAMPLES = (
    Example(
        requirement="ERR-03",
        predicate=response_leaks,
        good=lambda e: (e.executed(),),
        bad=lambda e: (
            e.exchange(
                500,
                {
                    e.contract.words.name(
                        "envelope", "message"
                    ): 'Traceback (most recent call last): File "/srv/app/main.py"'
                },
            ),
        ),
    ),
    Example(
        requirement="ERR-03",
        predicate=discloses_nothing,
        good=lambda e: (e.refused(500),),
        bad=lambda e: (e.exchange(500, {e.contract.words.name("envelope", "message"): "raise ValueError(command)"}),),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="ERR-03",
        subject="No response of the run discloses what the backend is made of.",
        run=_responses_disclose_nothing,
        defects=(
            lambda run: run.response(-1, body=Body.of(b'{"message":"no such file: /srv/app/trail.db"}')),
            lambda run: run.exchange(1, operation="", disclosed=(_HOST_IN_A_HEADER,)),
        ),
    ),
)

FAMILY = Family(prefixes=("ERR",), party=Party.BACKEND, examples=EXAMPLES, run_wide=RUN_WIDE)
