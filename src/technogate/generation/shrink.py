"""The one shrinker: Hypothesis, bounded in tries and seconds.

It shrinks what Hypothesis drew itself, and what it did not: such an example is rebuilt from choices, each from 0 (the
simplest) to a highest one (as it is), and Hypothesis lowers them for as long as the example still fails.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Generic, TypeVar

import hypothesis
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase, choices_to_bytes
from hypothesis.vendor.pretty import RepresentationPrinter

from technogate.model.events import Finding

C = TypeVar("C", bound=Hashable)

#: What a check finds wrong with an example; None for an example that it does not apply to.
Check = Callable[[C], Sequence[Finding] | None]

#: Makes one choice, from 0 to the number given.
Choose = Callable[[int], int]
#: An example rebuilt from choices: the same one where each choice is the highest.
Simplify = Callable[[C, Choose], C]


@dataclass(slots=True, kw_only=True)
class Search(Generic[C]):
    """One search for the smallest example that fails `check`: at most `tries` after the first failure, and `seconds`.

    `failed` holds what was found wrong with each example that failed. `out_of_time` is set where only the seconds
    ended the search: then the example found depends on the target's pace.
    """

    check: Check[C]
    tries: int
    seconds: float = 0.0
    failed: dict[C, Sequence[Finding]] = field(default_factory=dict)
    out_of_time: bool = False
    _passed: set[C] = field(default_factory=set)
    _until: float = 0.0

    def run(
        self,
        cases: st.SearchStrategy[C],
        report: Callable[[Sequence[Finding]], None],
        *,
        seed: int,
        settings: hypothesis.settings,
    ) -> None:
        """Check examples of `cases`; `report` gets the findings of each, and raises for any."""

        # The settings come last: a seed would take away the database.
        @settings
        @hypothesis.seed(seed)
        @hypothesis.given(cases)
        def hold(case: C) -> None:
            # One line raises for all: Hypothesis distinguishes failures by where they are raised.
            report(self._findings(case))

        hold()

    def _findings(self, case: C) -> Sequence[Finding]:
        """What is wrong with `case`; nothing for one that is no longer tried."""
        if case in self.failed:
            return self.failed[case]
        if case in self._passed or not self._goes_on():
            return []
        findings = self.check(case)
        hypothesis.assume(findings is not None)
        if findings:
            self.failed[case] = findings
            self._until = self._until or time.monotonic() + self.seconds
        elif self.failed:
            self._passed.add(case)
        return findings or []

    def _goes_on(self) -> bool:
        """Whether one more example is tried: from the first failure on, each is counted."""
        if not self.failed:
            return True
        late = self.seconds > 0 and time.monotonic() > self._until
        self.out_of_time = self.out_of_time or (self.tries > 0 and late)
        self.tries -= 1
        return self.tries >= 0 and not self.out_of_time


def shrink(
    start: C, simplify: Simplify[C], check: Check[C], *, weight: Callable[[C], tuple[int, ...]], tries: int
) -> tuple[C, int]:
    """The lightest example found that fails `check` as `start` does, and how many of the `tries` are left.

    Hypothesis picks what is tried; an example that weighs no less than the lightest so far is not.
    """
    choices: list[int] = []

    def highest(most: int) -> int:
        choices.append(most)
        return most

    if simplify(start, highest) != start:
        raise ValueError("an example whose choices are all the highest is not the one that they were made for")

    # Each try is compared with all that failed before.
    @cache
    def weigh(example: _Example[C]) -> tuple[int, ...]:
        return weight(example.case)

    @st.composite
    def examples(draw: st.DrawFn) -> _Example[C]:
        example = _Example(simplify(start, lambda most: draw(_up_to(most))))
        hypothesis.assume(example in search.failed or weigh(example) < weigh(min(search.failed, key=weigh)))
        return example

    search = Search[_Example[C]](
        check=lambda example: check(example.case), tries=tries, failed={_Example(start): (_KNOWN,)}
    )
    with contextlib.suppress(_FailsError):
        search.run(examples(), _raise, seed=0, settings=_settings(choices))
    return min(search.failed, key=weigh).case, max(0, search.tries)


@dataclass(frozen=True, slots=True)
class _Example(Generic[C]):
    """One example, without its text: Hypothesis warns of a long one."""

    case: C

    def _repr_pretty_(self, printer: RepresentationPrinter, _: bool) -> None:
        printer.text("an example")


class _FailsError(AssertionError):
    """An example fails."""


def _raise(findings: Sequence[Finding]) -> None:
    if findings:
        raise _FailsError


#: Stands for the findings of the example that a search starts from.
_KNOWN = Finding(check="", expected="", observed="")


@lru_cache(maxsize=1024)
def _up_to(most: int) -> st.SearchStrategy[int]:
    return st.integers(0, most)


def _settings(choices: Iterable[int]) -> hypothesis.settings:
    """Settings of a search that draws nothing by chance: it shrinks the example that `choices` make."""
    return hypothesis.settings(
        database=_KnownFailure(choices_to_bytes(choices)),
        phases=[hypothesis.Phase.reuse, hypothesis.Phase.shrink],
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )


class _KnownFailure(ExampleDatabase):
    """Hands Hypothesis one example that failed before, and keeps none."""

    def __init__(self, choices: bytes) -> None:
        super().__init__()
        self._choices = choices

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """See ExampleDatabase: a failure that is not under the first key counts as one that is to be shrunk."""
        return [self._choices] if key.endswith(b".secondary") else []

    def save(self, key: bytes, value: bytes) -> None:
        """See ExampleDatabase."""

    def delete(self, key: bytes, value: bytes) -> None:
        """See ExampleDatabase."""
