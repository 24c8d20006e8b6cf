"""Holds checks to their examples: each must pass its known-good evidence and report its known-bad one. Pure.

A check that fails this judges no backend: the self-test runs it before each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from technogate.checks.example_evidence import ExampleEvidence, NoExampleError
from technogate.checks.family import Example, GeneratedRule, RunWideCheck, SequenceRule
from technogate.checks.known_run import KnownRun, known_run
from technogate.checks.registry import Registry
from technogate.generation.requests.sent_request import SentRequest
from technogate.model.events import Header
from technogate.model.requirement import Party

#: Runs a check on one piece of evidence; what it returns is what it found.
Call = Callable[[], Sequence[object]]


def problems_of(registry: Registry, party: Party, evidence: ExampleEvidence) -> list[str]:
    """Which predicates and rules of a party's families fail their examples, one line each; empty when none does."""
    families = [family for family in registry.families.values() if family.party is party]
    problems: list[str] = []
    for family in families:
        problems += [problem for example in family.examples for problem in _example_problems(example, evidence)]
        problems += [problem for rule in family.rules for problem in _rule_problems(rule, evidence)]
        problems += [problem for rule in family.sequences for problem in _sequence_problems(rule, evidence)]
    return problems


def run_wide_problems(checks: Iterable[RunWideCheck], header: Header) -> list[str]:
    """Which checks over a whole run fail the known run, as it is or with one of their defects."""
    problems: list[str] = []
    for check in checks:
        name = f"{check.requirement}, over a whole run"
        problems += _passes(name, partial(_findings_without_defect, check, header))
        for number, defect in enumerate(check.defects, 1):
            problems += _reports(f"{name}, defect {number}", partial(_findings_with_defect, check, header, defect))
    return problems


def _passes(name: str, call: Call) -> Iterator[str]:
    """The problem of a check that reports known-good evidence; where the contract cannot have such, there is none."""
    try:
        if call():
            yield f"{name}: a finding on its known-good example"
    except NoExampleError:
        return


def _reports(name: str, call: Call) -> Iterator[str]:
    """The problem of a check that reports nothing of known-bad evidence."""
    if not call():
        yield f"{name}: no finding on its known-bad example"


def _example_problems(example: Example, evidence: ExampleEvidence) -> Iterator[str]:
    name = example.predicate.__name__
    yield from _passes(name, lambda: example.predicate(*example.good(evidence)))
    yield from _reports(name, lambda: example.predicate(*example.bad(evidence)))


def _rule_problems(rule: GeneratedRule, evidence: ExampleEvidence) -> Iterator[str]:
    name, terms = f"{rule.requirement}, generated requests", evidence.terms()

    def of_good() -> Sequence[object]:
        sent = rule.good(evidence)
        return rule.check(terms, sent) if rule.concerns(sent) else ["it does not concern the rule"]

    yield from _passes(name, of_good)
    yield from _reports(name, lambda: rule.findings(terms, rule.bad(evidence)))


def _sequence_problems(rule: SequenceRule, evidence: ExampleEvidence) -> Iterator[str]:
    name = f"{rule.requirement}, {rule.scope}"

    def found(sents: Sequence[SentRequest]) -> list[Sequence[object]]:
        return list(rule.check(evidence.contract, sents))

    def of_good() -> Sequence[object]:
        comparisons = found(rule.good(evidence))
        return [finding for findings in comparisons for finding in findings] if comparisons else ["it compared nothing"]

    yield from _passes(name, of_good)
    yield from _reports(name, lambda: [finding for findings in found(rule.bad(evidence)) for finding in findings])


def _findings_without_defect(check: RunWideCheck, header: Header) -> Sequence[object]:
    result = check.run(known_run(header).run())
    return result.findings or ([] if result.checks else ["it checked nothing"])


def _findings_with_defect(
    check: RunWideCheck, header: Header, defect: Callable[[KnownRun], object]
) -> Sequence[object]:
    run = known_run(header)
    defect(run)
    return check.run(run.run()).findings
