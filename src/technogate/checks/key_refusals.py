"""AUT: the API key, what is refused without the right one, and where the key must not be found. Pure."""

from __future__ import annotations

from technogate.checks.family import Example, Family, GeneratedRule, RunWideCheck, Scope
from technogate.checks.response_predicates import finding, has_response, has_status, is_error_response
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.generation.requests.request_oracle import Auth, RequestDefect, Validity
from technogate.generation.requests.sent_request import Findings, Mode, RuleTerms, SentRequest
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party

_MALFORMED = frozenset({RequestDefect.BODY})


def holds_no_key(exchange: Exchange) -> list[Finding]:
    """No part of the response holds the key, in any spelling (AUT-06)."""
    if not exchange.leaks:
        return has_response(exchange)
    return finding("no key given away", exchange, "the key in no part of the response", ", ".join(exchange.leaks))


# ---- rules of generated requests ----


def _is_refused_for_its_key(_: RuleTerms, sent: SentRequest) -> Findings:
    """401 without a key, 403 with a wrong one (AUT-01, AUT-02)."""
    return has_status(sent.exchange, 401 if sent.auth is Auth.MISSING else 403)


def _is_refused_for_its_key_first(_: RuleTerms, sent: SentRequest) -> Findings:
    """Malformed and without a key is 401; with a wrong key it is either refusal of the key (AUT-04)."""
    return has_status(sent.exchange, *((401,) if sent.auth is Auth.MISSING else (401, 403)))


def _refusal_gives_its_reason(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A refused key gets a valid error response with the reason for that (AUT-03)."""
    return is_error_response(terms.contract, sent.exchange, terms.contract.behavior.reason_codes.key_refused)


# ---- over a whole run ----


def key_in_responses(run: WholeRun, check: str) -> list[Finding]:
    """A finding for every response that held the key, in whatever spelling: that was noted when it was recorded."""
    return [
        Finding(
            check=check,
            operation=exchange.operation,
            expected="the API key in no part of a response",
            observed=f"the key in: {', '.join(exchange.leaks)}",
            exchanges=(exchange.id,),
            trace_id=run.trace_id(exchange),
        )
        for exchange in run.backend
        if exchange.leaks
    ]


def key_in_trail(run: WholeRun, check: str) -> list[Finding]:
    """A finding for every reading of the audit trail whose entries held the key."""
    return [
        Finding(
            check=check,
            expected="the API key in no entry of the audit trail",
            observed=f"the key in: {', '.join(reading.leaks)} (reading {reading.id})",
        )
        for reading in run.journal.trails
        if reading.leaks
    ]


def _key_is_nowhere(run: WholeRun) -> RunWideResult:
    """The key is in no response, in no entry of the audit trail, and in nothing that the backend logged (AUT-06)."""
    check = "no key given away"
    logs = [output for output in run.journal.outputs if output.program == "backend"]
    findings = key_in_responses(run, check) + key_in_trail(run, check)
    findings += [
        Finding(
            check=check,
            expected="the API key in no line of the backend's log",
            observed=f"the key in its output ({', '.join(output.leaks)})",
        )
        for output in logs
        if output.leaks
    ]
    responses = len(run.backend)
    entries = sum(len(reading.entries) for reading in run.journal.trails)
    return run_wide_result(responses + (len(logs) + entries if responses else 0), findings)


EXAMPLES = (
    Example(
        requirement="AUT-06",
        predicate=holds_no_key,
        good=lambda e: (e.executed(),),
        bad=lambda e: (e.leaking("body (plain)"),),
    ),
)

RULES = (
    GeneratedRule(
        requirement="AUT-01",
        subject="Every generated request without a key gets 401.",
        scope=Scope.GUARDED,
        modes=(Mode.UNKEYED,),
        concerns=lambda sent: sent.decided and sent.auth is Auth.MISSING and not sent.expectation.faults,
        check=_is_refused_for_its_key,
        good=lambda e: e.sent(e.refused(401), auth=Auth.MISSING),
        bad=lambda e: e.sent(e.refused(403), auth=Auth.MISSING),
    ),
    GeneratedRule(
        requirement="AUT-02",
        subject="Every generated request with a wrong key gets 403.",
        scope=Scope.GUARDED,
        modes=(Mode.UNKEYED,),
        concerns=lambda sent: sent.decided and sent.auth is Auth.WRONG and not sent.expectation.faults,
        check=_is_refused_for_its_key,
        good=lambda e: e.sent(e.refused(403), auth=Auth.WRONG),
        bad=lambda e: e.sent(e.executed(), auth=Auth.WRONG),
    ),
    GeneratedRule(
        requirement="AUT-03",
        subject="Every refusal of the key of a generated request gives the reason code for it.",
        scope=Scope.GUARDED,
        modes=(Mode.UNKEYED,),
        concerns=lambda sent: sent.auth is not Auth.RIGHT and sent.status in (401, 403),
        check=_refusal_gives_its_reason,
        good=lambda e: e.sent(
            e.conforming(e.refused(401, e.contract.behavior.reason_codes.key_refused)), auth=Auth.MISSING
        ),
        bad=lambda e: e.sent(e.refused(401, "OTHER"), auth=Auth.MISSING),
    ),
    GeneratedRule(
        requirement="AUT-04",
        subject="Every generated request that is malformed and lacks the right key is refused for its key.",
        scope=Scope.WITH_INPUT,
        modes=(Mode.UNKEYED,),
        concerns=lambda sent: sent.decided and sent.auth is not Auth.RIGHT and bool(sent.expectation.faults),
        check=_is_refused_for_its_key_first,
        good=lambda e: e.sent(e.refused(401), auth=Auth.MISSING, validity=Validity.FORBIDDEN, defects=_MALFORMED),
        bad=lambda e: e.sent(e.refused(400), auth=Auth.MISSING, validity=Validity.FORBIDDEN, defects=_MALFORMED),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="AUT-06",
        subject="No response, entry and log line of the run holds the key.",
        run=_key_is_nowhere,
        defects=(lambda run: run.exchange(1, leaks=("body (plain)",)),),
    ),
)

FAMILY = Family(prefixes=("AUT",), party=Party.BACKEND, examples=EXAMPLES, rules=RULES, run_wide=RUN_WIDE)
