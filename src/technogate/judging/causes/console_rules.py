"""Causes in a console: it never sends, it is stuck after one response, it shows one thing in place of another. Pure."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from technogate.judging.causes.backend_roots import crash_of
from technogate.judging.causes.fact import Fact
from technogate.judging.causes.rule import Rule
from technogate.judging.causes.run_facts import RunFacts
from technogate.model.contract_words import spoken
from technogate.model.requirement import Party
from technogate.util.phrases import few, one_line

CONSOLE = frozenset({Party.CONSOLE, Party.PAIR})
_QUOTED = re.compile(r"'([^']*)'")
#: Requirements about an HTTP status that is not 200: a console that ignores the status breaks both.
_HTTP_STATUS = frozenset({"CON-04", "CON-05"})


def _cases(facts: Sequence[Fact]) -> str:
    cases = [fact.finding.example.get("case", "") for fact in facts]
    return few([one_line(case, 60) for case in dict.fromkeys(cases) if case], 2)


def _never_sends(fact: Fact, _: RunFacts) -> Hashable | None:
    observed = fact.finding.observed
    return "never" if "nothing was requested" in observed or "nothing was sent" in observed else None


def _never_sends_title(facts: Sequence[Fact], _: RunFacts) -> str:
    return one_line(facts[0].finding.observed, 160)


def _stuck(fact: Fact, _: RunFacts) -> Hashable | None:
    return "stuck" if fact.check == "stuck" else None


def _stuck_title(facts: Sequence[Fact], _: RunFacts) -> str:
    return f"after a failure {one_line(min((fact.finding.observed for fact in facts), key=len), 160)}"


def _shown(fact: Fact, _: RunFacts) -> Hashable | None:
    """A status in place of another: an approval differs by the response that it was shown for."""
    expected, observed = fact.finding.expected, fact.finding.observed
    if not (fact.check in ("fails closed", "no approval", "shown in time") or fact.check.startswith("shown ")):
        return None
    contract = spoken()
    if contract.approved and contract.approved in observed and contract.blocked in expected:
        requirement = fact.finding.requirement
        return ("approved", "an HTTP error" if requirement in _HTTP_STATUS else requirement)
    part = fact.check.removeprefix("shown ").replace("reason_codes", "reasons")
    words = _QUOTED.findall(observed) or [observed]
    return (part, words[0] if part in ("status", "fails closed") else "")


def _shown_title(facts: Sequence[Fact], _: RunFacts) -> str:
    fact = min(facts, key=lambda fact: len(fact.text))
    expected, observed = (
        one_line(text.removesuffix(" is shown"), 80) for text in (fact.finding.expected, fact.finding.observed)
    )
    cases = _cases(facts)
    return f"{observed} is shown, not {expected}" + (f": {cases}" if cases else "")


RULES = (
    Rule(name="console crash", parties=CONSOLE, key=crash_of, title=_never_sends_title, root=True),
    Rule(name="stuck", parties=CONSOLE, key=_stuck, title=_stuck_title, root=True),
    Rule(name="nothing sent", parties=CONSOLE, key=_never_sends, title=_never_sends_title, root=True),
    Rule(name="shown", parties=CONSOLE, key=_shown, title=_shown_title),
)
