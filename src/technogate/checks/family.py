"""What one module of checks declares about its family of requirements.

A family's module exports `FAMILY`. Everything else about a check follows from it: the self-test before each
run, the generated items of the suites, the checks over a whole run and the coverage table
(`technogate.checks.registry`). A rule cannot be declared without its known-good and known-bad evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from technogate.checks.whole_run import RunWideResult, WholeRun
from technogate.generation.requests.sent_request import Findings, Mode, RuleTerms, SentRequest
from technogate.model.events import Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.checks.known_run import KnownRun
    from technogate.contract.loader import Contract

#: What a check returns: an empty sequence means that it holds.
Predicate = Callable[..., Sequence[object]]

#: From the requests of a sequence, in the order sent, to what each comparison found.
SequenceCheck = Callable[["Contract", Sequence[SentRequest]], Iterator[list[Finding]]]


class Scope(StrEnum):
    """Which lists of generated requests a rule judges: those of one kind of operation, each in an item of its own."""

    EXECUTE = "execute"
    BODIES = "the execution, and every operation without a part that takes a body"
    GUARDED = "every guarded operation"
    OPERATIONS = "every operation but that for start-up"
    WITH_INPUT = "every guarded operation that takes input"
    AUDIT = "audit list and fallback"
    MEMORY = "memory"
    ANY = "every operation but that for start-up, and unknown routes"
    UNKNOWN_ROUTES = "unknown routes"
    SEQUENCES = "sequences of requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A known-good and a known-bad piece of evidence for one predicate, as the arguments of a call.

    `requirement` is "" for a predicate that several families share.
    """

    predicate: Predicate
    good: Callable[[ExampleEvidence], tuple[Any, ...]]
    bad: Callable[[ExampleEvidence], tuple[Any, ...]]
    requirement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedRule:
    """What every generated request of a requirement is held to, one item for each list in its scope.

    `subject` is the sentence that reports show; `concerns` picks the exchanges that the rule judges; `good` and
    `bad` are exchanges that it concerns, of which it must find fault with the second alone.
    """

    requirement: str
    subject: str
    scope: Scope
    modes: tuple[Mode, ...]
    concerns: Callable[[SentRequest], bool]
    check: Callable[[RuleTerms, SentRequest], Findings]
    good: Callable[[ExampleEvidence], SentRequest]
    bad: Callable[[ExampleEvidence], SentRequest]

    def findings(self, terms: RuleTerms, sent: SentRequest) -> Findings:
        """What is wrong with one exchange: nothing, when it does not concern the rule."""
        return self.check(terms, sent) if self.concerns(sent) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceRule:
    """What requests that were sent one after the other are held to, in the order sent.

    With `Scope.SEQUENCES` these are the generated sequences, else the lists of allowed requests in that scope.
    """

    requirement: str
    subject: str
    check: SequenceCheck
    good: Callable[[ExampleEvidence], Sequence[SentRequest]]
    bad: Callable[[ExampleEvidence], Sequence[SentRequest]]
    scope: Scope = Scope.SEQUENCES


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWideCheck:
    """What everything that a run recorded must satisfy, no matter which test sent it and why.

    It is judged after the run and counts as one item of its requirement. `defects` are changes of the known run
    (`technogate.checks.known_run`), each of which it must report.
    """

    requirement: str
    subject: str
    run: Callable[[WholeRun], RunWideResult]
    defects: tuple[Callable[[KnownRun], Any], ...]

    def __post_init__(self) -> None:
        if not self.defects:
            raise ValueError(f"the run-wide check of {self.requirement} has no known-bad example")

    @property
    def item(self) -> str:
        """The name under which reports list it."""
        return f"every exchange::{self.requirement}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The checks of the requirements whose ids begin with one of `prefixes`, all of one party."""

    prefixes: tuple[str, ...]
    party: Party
    examples: tuple[Example, ...] = ()
    rules: tuple[GeneratedRule, ...] = ()
    sequences: tuple[SequenceRule, ...] = ()
    run_wide: tuple[RunWideCheck, ...] = ()

    def __post_init__(self) -> None:
        declared: list[Example | GeneratedRule | SequenceRule | RunWideCheck]
        declared = [*self.examples, *self.rules, *self.sequences, *self.run_wide]
        for requirement in (check.requirement for check in declared):
            if requirement.partition("-")[0] not in self.prefixes and not (requirement == "" and not self.prefixes):
                raise ValueError(f"{requirement or 'a check without a requirement'} is none of {self.prefixes}")
