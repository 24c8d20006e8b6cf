"""Causes in what a response holds: a time, a header, the shape of an error, a leak. Pure."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from technogate.judging.causes.backend_roots import BACKEND, first_facts, operations_of
from technogate.judging.causes.fact import ABOUT_SHAPE, Fact, normalised
from technogate.judging.causes.rule import Rule
from technogate.judging.causes.run_facts import RunFacts
from technogate.judging.causes.status_rules import UNDOCUMENTED
from technogate.model.contract_words import spoken
from technogate.util.phrases import duration, few, one_line
from technogate.util.timestamps import seconds_of

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:.,]+(?P<zone>Z|[+-]\d\d:?\d\d)?")


# ---- times ----


def _clock(fact: Fact, run: RunFacts) -> Hashable | None:
    """A time that is off by the constant of all others, and an entry that only such a time makes a stranger."""
    if not run.clock_offset_s:
        return None
    stranger = seconds_of(fact.finding.example.get("entry's timestamp", ""))
    header = run.journal.header
    outside = stranger is not None and abs(stranger - header.started) > run.clock_offset_s / 2
    return "clock" if fact.offset_s or (fact.check == "trail: phantom" and outside) else None


def _clock_title(facts: Sequence[Fact], run: RunFacts) -> str:
    return f"times are off by {duration(run.clock_offset_s)}: {operations_of(facts)}"


def _time_form(fact: Fact, _: RunFacts) -> Hashable | None:
    about_time = "RFC 3339" in fact.text or fact.check == "UTC time" or "UTC time" in fact.text
    about_form = "within" not in fact.finding.expected or "no UTC time" in fact.finding.observed
    written = _TIME.search(fact.finding.observed)
    if not about_time or not about_form or written is None or written["zone"] == "Z":
        return None
    return normalised(written["zone"] or "no zone") if written["zone"] else "no zone"


def _time_form_title(facts: Sequence[Fact], _: RunFacts) -> str:
    written = next(found for fact in facts if (found := _TIME.search(fact.finding.observed)))
    return f"times end in {written['zone'] or 'no zone at all'}, not in Z: {operations_of(facts)}"


# ---- the trace header ----


def _no_trace_header(fact: Fact, _: RunFacts) -> Hashable | None:
    missing = "no such header" in fact.finding.observed or ": none; trace_id" in fact.finding.observed
    return "missing" if fact.check == "trace header" and missing else None


def _no_trace_header_title(facts: Sequence[Fact], run: RunFacts) -> str:
    header = run.journal.header.trace_header
    with_header = any(run.trace_id(exchange) for exchanges in run.responses.values() for exchange in exchanges)
    codes = few([str(code) for code in sorted({fact.status for fact in facts if fact.status})], 8)
    return (
        f"no {header} header on responses of status {codes}" if with_header else f"no {header} header on any response"
    )


# ---- the shape of an error ----

#: The fields that every error has, by what they mean: a body with none of the others is of another shape.
_ERROR_FIELDS = frozenset({"status", "ts_utc", "trace_id", "reason_codes", "message"})


def _error_shape(fact: Fact, _: RunFacts) -> Hashable | None:
    if fact.status < 400 or fact.check not in ABOUT_SHAPE or UNDOCUMENTED.search(fact.finding.observed):
        return None
    if isinstance(fact.body, dict) and _ERROR_FIELDS & spoken().meaning("envelope", fact.body).keys():
        return None
    return fact.shape


def _error_shape_title(facts: Sequence[Fact], _: RunFacts) -> str:
    codes = few([str(code) for code in sorted({fact.status for fact in facts})], 8)
    return f"errors are {facts[0].shape}, not the error of the contract: status {codes}"


# ---- leaks ----


def _leak(fact: Fact, _: RunFacts) -> Hashable | None:
    if fact.check not in ("no key given away", "nothing from within"):
        return None
    if "the key in" in fact.finding.observed or "the key in" in fact.finding.expected:
        return "response" if "response" in fact.finding.expected else fact.expected
    return normalised(fact.finding.observed.partition(":")[0])


def _leak_title(facts: Sequence[Fact], _: RunFacts) -> str:
    fact = facts[0]
    if "key" in fact.finding.expected:
        places = first_facts(facts, [re.sub(r"^the key in:? ?", "", fact.finding.observed) for fact in facts])
        return f"the API key is given away: {places}"
    return f"something from within is given away: {one_line(fact.finding.observed, 120)}"


# ---- the served document ----


def _served_document(fact: Fact, _: RunFacts) -> Hashable | None:
    return "served" if fact.check == "served document" else None


def _served_document_title(facts: Sequence[Fact], _: RunFacts) -> str:
    place = facts[0].finding.example.get("request", "")
    return f"the served OpenAPI document contradicts the contract: {place}".rstrip(": ")


RULES = (
    Rule(name="clock", parties=BACKEND, key=_clock, title=_clock_title),
    Rule(name="form of times", parties=BACKEND, key=_time_form, title=_time_form_title),
    Rule(name="trace header", parties=BACKEND, key=_no_trace_header, title=_no_trace_header_title),
    Rule(name="shape of errors", parties=BACKEND, key=_error_shape, title=_error_shape_title),
    Rule(name="leak", parties=BACKEND, key=_leak, title=_leak_title),
    Rule(name="served document", parties=BACKEND, key=_served_document, title=_served_document_title),
)
