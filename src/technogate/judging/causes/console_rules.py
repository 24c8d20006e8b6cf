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
#: What is shown before its time, by the check that finds it.
_WAITING = {
    "approval while waiting": "an approval is shown before the response to a command has come",
    "last result while waiting": "the approval of the last command is left beside the next until its response comes",
}
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


def _waiting(fact: Fact, _: RunFacts) -> Hashable | None:
    """What could be read as an approval while a response is awaited, whichever the commands are."""
    return fact.check if fact.check in _WAITING else None


def _waiting_title(facts: Sequence[Fact], _: RunFacts) -> str:
    return _WAITING[facts[0].check]


def _unknown_status(fact: Fact, _: RunFacts) -> Hashable | None:
    """A status that the contract does not have, shown as it came: whatever it is, the console does not check it."""
    words = _QUOTED.findall(fact.finding.observed)
    passed = fact.finding.requirement == "CON-03" and fact.check == "fails closed" and words != [spoken().approved]
    return "as it is" if passed and words else None


def _unknown_status_title(facts: Sequence[Fact], _: RunFacts) -> str:
    words = [f"'{word[:20]}'" for fact in facts for word in _QUOTED.findall(fact.finding.observed)]
    shown = few(list(dict.fromkeys(words)), 8)
    return f"a status that the contract does not have is shown, not {spoken().blocked}: {shown}"


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
    Rule(name="shown while waiting", parties=CONSOLE, key=_waiting, title=_waiting_title),
    Rule(name="unknown status", parties=CONSOLE, key=_unknown_status, title=_unknown_status_title),
    Rule(name="shown", parties=CONSOLE, key=_shown, title=_shown_title),
)
