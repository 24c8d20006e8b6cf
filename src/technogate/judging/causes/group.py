"""The causes of a run: every finding in exactly one of them, roots first. Pure: the same findings, the same causes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Mapping, Sequence

from technogate.journal.journal_file import Journal
from technogate.judging.causes import backend_roots, console_rules, response_rules, status_rules, trail_rules
from technogate.judging.causes.fact import Fact
from technogate.judging.causes.printed_output import printed_meanwhile
from technogate.judging.causes.rule import Rule
from technogate.judging.causes.run_facts import RunFacts
from technogate.model.cause import Cause
from technogate.model.events import by_id
from technogate.model.requirement import Level, Party, Requirement
from technogate.model.verdict import Sample
from technogate.util.phrases import one_line

#: Hexadecimal digits in the id of a cause: enough to tell those of one rule apart.
_ID_DIGITS = 8


def _substitution(fact: Fact, _: RunFacts) -> Hashable:
    """Same expected and same observed, without what differs from case to case."""
    return (fact.check, fact.expected, fact.observed)


def _substitution_title(facts: Sequence[Fact], _: RunFacts) -> str:
    finding = min(facts, key=lambda fact: len(fact.text)).finding
    return f"{one_line(finding.observed, 100)} in place of {one_line(finding.expected, 100)}"


#: The rule that explains what no other does.
_OTHER = Rule(name="other", parties=frozenset(Party), key=_substitution, title=_substitution_title)

#: In the order in which they are tried: roots before what they explain.
RULES: tuple[Rule, ...] = (
    *backend_roots.RULES,
    *status_rules.RULES,
    *response_rules.RULES,
    *trail_rules.RULES,
    *console_rules.RULES,
    _OTHER,
)


def causes_of(
    journal: Journal, samples: Sequence[Sample], requirements: Mapping[str, Requirement]
) -> tuple[Cause, ...]:
    """Group the findings of a run into causes: roots first, then MUST before SHOULD, then by how many they explain."""
    exchanges = by_id(journal.exchanges)
    facts = [
        Fact(
            sample=sample,
            exchanges=tuple(
                exchanges[name]
                for name in sample.finding.exchanges
                if name in exchanges and exchanges[name].responded_by == "backend"
            ),
        )
        for sample in samples
    ]
    run = RunFacts(journal, facts)
    groups: dict[tuple[int, Party, Hashable], list[Fact]] = {}
    for fact in facts:
        place, key = _explained(fact, run)
        groups.setdefault((place, fact.sample.party, key), []).append(fact)

    def order(entry: tuple[tuple[int, Party, Hashable], list[Fact]]) -> tuple[int, bool, int, int]:
        (place, _, _), group = entry
        rank = place if RULES[place].root else len(RULES)
        return rank, _level(group, requirements) is not Level.MUST, -len(group), group[0].sample.number

    return tuple(
        _cause(number, _id(RULES[place], party, key), RULES[place], group, run, requirements)
        for number, ((place, party, key), group) in enumerate(sorted(groups.items(), key=order), 1)
    )


def _explained(fact: Fact, run: RunFacts) -> tuple[int, Hashable]:
    """The place of the first rule that explains a finding, and the key that it gives."""
    for place, rule in enumerate(RULES[:-1]):
        if fact.sample.party in rule.parties and (key := rule.key(fact, run)) is not None:
            return place, key
    return len(RULES) - 1, _OTHER.key(fact, run)


def _level(group: Sequence[Fact], requirements: Mapping[str, Requirement]) -> Level:
    levels = {requirements[fact.finding.requirement].level for fact in group}
    return Level.MUST if Level.MUST in levels else Level.SHOULD


def _id(rule: Rule, party: Party, key: Hashable) -> str:
    """The name of a cause: the same in each run in which the rule gives the party the same key."""
    digest = hashlib.sha256(f"{party.value}\n{rule.name}\n{key!r}".encode("utf-8", "backslashreplace")).hexdigest()
    return f"{re.sub('[^a-z0-9]+', '-', rule.name)}-{digest[:_ID_DIGITS]}"


def _cause(
    number: int,
    identity: str,
    rule: Rule,
    group: Sequence[Fact],
    run: RunFacts,
    requirements: Mapping[str, Requirement],
) -> Cause:
    title = rule.title(group, run)
    broken = {fact.finding.requirement for fact in group}
    smallest = min(group, key=_size)
    return Cause(
        number=number,
        id=identity,
        title=_sentence(title),
        rule=rule.name,
        party=group[0].sample.party,
        level=_level(group, requirements),
        requirements=tuple(requirement for requirement in requirements if requirement in broken),
        findings=tuple(fact.sample.number for fact in group),
        example=smallest.sample.number,
        output=printed_meanwhile(smallest, run.journal),
    )


def _sentence(title: str) -> str:
    """A title with a capital at its beginning, unless that is a name of the program's."""
    first = title.partition(" ")[0]
    return title[:1].upper() + title[1:] if first.isalpha() and first.islower() else title


def _size(fact: Fact) -> tuple[bool, int, int]:
    """How much there is to read of a finding; one without a request shows the least."""
    example = fact.finding.example
    return not ("request" in example or "call" in example), sum(map(len, example.values())), fact.sample.number
