"""Causes in status codes: another one, none at all, or an acceptance where a refusal is due. Pure."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from technogate.judging.causes.backend_roots import BACKEND, first_facts
from technogate.judging.causes.fact import ABOUT_SHAPE, Fact
from technogate.judging.causes.rule import Rule
from technogate.judging.causes.run_facts import RunFacts, members
from technogate.model.contract_words import spoken
from technogate.util.phrases import few, one_line

#: Kinds of defects of a request, as a title names the requests that have them.
_REQUESTS = {
    "no key": "requests without a key",
    "wrong key": "requests with a wrong key",
    "content type": "other content types",
    "size": "bodies over the limit",
    "body": "invalid bodies",
    "command": "invalid commands",
    "session_id": "invalid session ids",
    "query": "invalid queries",
}
#: What a finding says of a status code that its operation does not document.
UNDOCUMENTED = re.compile(r"HTTP status: expected one of")


def requests_of(facts: Sequence[Fact]) -> str:
    """The kinds of requests that findings are about, in words; "" when nothing was wrong with any."""
    words = [words for defect, words in _REQUESTS.items() if any(defect in fact.defects for fact in facts)]
    return few(words, 3) if len(words) > 3 else " and ".join([", ".join(words[:-1]), *words[-1:]]).removeprefix(" and ")


# ---- names in another case ----


def _any_case(fact: Fact, run: RunFacts) -> Hashable | None:
    """A member whose name differs from a known one in the case of its letters alone is read as that."""
    names = members(fact.exchange) if fact.exchange else ()
    others = [name for name in names if run.member_spelling.get(name.lower(), name) != name]
    accepted = 200 <= fact.observed_code < 300
    disturbed = fact.observed_code == 400 and 200 in fact.expected_codes
    return "case" if others and (accepted or disturbed) else None


# ---- another method ----


def _wrong_method(fact: Fact, _: RunFacts) -> Hashable | None:
    """Anything but a 405 for a method that the path does not have."""
    return "method" if fact.expected_codes == (405,) or (fact.status == 501 and not fact.operation) else None


def _wrong_method_title(facts: Sequence[Fact], _: RunFacts) -> str:
    codes = " or ".join(str(code) for code in sorted({fact.status for fact in facts}))
    requests = sorted({_request(fact) for fact in facts})
    return f"{codes} in place of 405 for a method that the path does not have: {few(requests, 2)}"


# ---- no response, or a failure ----


def _unanswered(fact: Fact) -> bool:
    """Whether there should be a response, and is none."""
    return fact.check in ("response", "no failure") and not fact.status


def _in_place_of(codes: Sequence[int]) -> str:
    """The status codes that were expected, as the end of a phrase; "" for none, and for more than a title holds."""
    return f" in place of {' or '.join(map(str, codes))}" if 0 < len(codes) <= 3 else ""


def _failure(fact: Fact, _: RunFacts) -> Hashable | None:
    """A response that is a 5xx, or none at all, to a request without a defect."""
    if fact.defects or not (_unanswered(fact) or fact.observed_code >= 500):
        return None
    return (fact.observed_code or "no response", fact.operation)


def _not_refused(fact: Fact, _: RunFacts) -> Hashable | None:
    """A request with a defect that is accepted, or makes the backend fail, in place of a refusal."""
    if fact.check == "body unread":
        return ("size",)
    accepted = 0 < fact.observed_code < 400 and min(fact.expected_codes, default=0) >= 400
    failed = fact.observed_code >= 500 or (fact.status >= 500 and fact.check in ABOUT_SHAPE)
    if not fact.defects or not (_unanswered(fact) or accepted or failed):
        return None
    return tuple(sorted(fact.defects))


def _not_refused_title(group: Sequence[Fact], _: RunFacts) -> str:
    facts = [fact for fact in group if fact.check != "body unread"]
    if not facts:
        return "a body over the limit is read to its end before it is refused"
    codes = sorted({fact.observed_code or fact.status for fact in facts if fact.status})
    words = [str(code) for code in codes] + ["no response"] * any(not fact.status for fact in facts)
    short = min((fact.expected_codes for fact in facts if fact.expected_codes), key=len, default=())
    return f"{requests_of(facts)} are not refused: {' or '.join(words)}{_in_place_of(short)}"


def _failure_title(facts: Sequence[Fact], _: RunFacts) -> str:
    smallest = min(facts, key=lambda fact: len(str(fact.finding.example)))
    request = smallest.finding.example.get("request") or smallest.operation
    what = f"{smallest.observed_code}" if smallest.observed_code else one_line(smallest.finding.observed, 120)
    return f"{what} on {request}"


# ---- status codes ----


def _status(fact: Fact, run: RunFacts) -> Hashable | None:
    """One status code in place of another."""
    observed = fact.observed_code
    if not observed and UNDOCUMENTED.search(fact.finding.observed):
        observed = fact.status
        keys = [key for other in run.facts if other.observed_code == observed and (key := _status(other, run))]
        return max(keys, key=keys.count) if keys else (observed, "undocumented")
    if not observed:
        return None
    expected = fact.expected_codes
    if fact.unauthenticated and set(expected) <= {401, 403} and observed not in (401, 403):
        return (observed, "before the key")
    if min(expected) < 300 and 400 not in expected:
        return (observed, expected[:1], fact.operation, tuple(_reasons(fact)) or fact.shape)
    return (observed, 400 if 400 in expected else expected)


def _reasons(fact: Fact) -> list[str]:
    """The reason codes that a refusal gives."""
    codes = fact.body.get(spoken().name("envelope", "reason_codes")) if isinstance(fact.body, dict) else None
    return [str(code) for code in codes] if isinstance(codes, list) else []


def _status_title(facts: Sequence[Fact], _: RunFacts) -> str:
    plain = [fact for fact in facts if fact.observed_code] or list(facts)
    expected = min(plain, key=lambda fact: len(fact.expected_codes)).expected_codes
    wanted = _in_place_of(expected)
    kind = requests_of(plain)
    malformed = [fact for fact in plain if fact.unauthenticated and len(fact.defects) > 1]
    if len(malformed) == len(plain):
        return f"malformed requests without the right key: {plain[0].observed_code}{wanted}"
    reasons = {code for fact in plain for code in _reasons(fact)}
    why = f" with reason code {few(sorted(reasons), 2)}" if reasons and min(expected, default=0) < 300 else ""
    place = f" for {kind}" if kind else f" for {first_facts(plain, [_request(fact) for fact in plain])}"
    return f"{plain[0].observed_code or plain[0].status}{wanted}{place}{why}"


def _request(fact: Fact) -> str:
    return fact.finding.example.get("request", "").partition("?")[0] or fact.operation


RULES = (
    Rule(
        name="names in any case",
        parties=BACKEND,
        key=_any_case,
        title=lambda _facts, _run: "member names are read in any case of their letters",
    ),
    Rule(name="wrong method", parties=BACKEND, key=_wrong_method, title=_wrong_method_title),
    Rule(name="not refused", parties=BACKEND, key=_not_refused, title=_not_refused_title),
    Rule(name="failure", parties=BACKEND, key=_failure, title=_failure_title),
    Rule(name="status code", parties=BACKEND, key=_status, title=_status_title),
)
