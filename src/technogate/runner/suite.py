"""The vocabulary of the suites: the requirement marker, the violation, and the reason for not exercising."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, Protocol, TypeVar

import pytest

from technogate.model.case import Case, Key
from technogate.model.events import Exchange, Finding

F = TypeVar("F", bound=Callable[..., Any])

#: Between the reason and the hint in the text of a skipped item.
HINT = " || hint: "


class Violation(AssertionError):  # noqa: N818 - the field's word, and no error of the gate
    """Raised by `must_hold` so that a failing check ends its item and Hypothesis can shrink the case."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.check}: expected {finding.expected}; observed {finding.observed}")
        self.finding = finding


class Crash(Violation):
    """Raised for a request that ended the backend, or is known to: `exchange` is the one that did.

    `case`, sent with `key`, is the smallest request found that ends it.
    """

    def __init__(self, finding: Finding, exchange: Exchange, case: Case, key: Key) -> None:
        super().__init__(finding)
        self.exchange = exchange
        self.case = case
        self.key = key


class Absent(Violation):
    """Raised for the one item that reports that a backend has no operation of the contract: nothing else is run."""


class NotAnswered(Exception):  # noqa: N818 - named by what is wrong
    """A request of the item was not sent, or not answered, for a reason that is none of its own: it proves nothing.

    `hint` is what to do about it. `exchange` is None for a request that was not sent.
    """

    def __init__(self, reason: str, hint: str, exchange: Exchange | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.exchange = exchange


class MustHold(Protocol):
    """The fixture `must_hold`: counts the checks made and raises the first finding."""

    def __call__(self, *results: Sequence[Finding]) -> None:
        """Take the findings of checks; raises Violation with the first finding."""


class CheckCounter:
    """Count the checks of one item: an item without a check proves nothing."""

    def __init__(self) -> None:
        self.count = 0
        #: The first violation that was found: it stands, whatever the item does after that.
        self.violation: Violation | None = None

    def __call__(self, *results: Sequence[Finding]) -> None:
        """See MustHold."""
        for findings in results:
            self.count += 1
            if findings:
                found = Violation(findings[0])
                self.violation = self.violation or found
                raise found


def requirement(requirement_id: str) -> Callable[[F], F]:
    """Mark a test item with the one requirement that it checks; an unknown id fails at collection."""
    return pytest.mark.requirement(requirement_id)


def parts(*names: str) -> pytest.MarkDecorator:
    """Mark items that only a contract with all of these parts has, see `technogate.contract.parts`.

    For any other contract they are not collected.
    """
    return pytest.mark.parts(*names)


def declared_requirement(requirement_id: str, subject: str) -> pytest.MarkDecorator:
    """The same for an item that a check declares; `subject` is the sentence that reports show."""
    return pytest.mark.requirement(requirement_id, subject=subject)


def not_exercised(reason: str, hint: str) -> NoReturn:
    """End the item without a result: its requirement becomes inconclusive, with `reason` and `hint`."""
    pytest.skip(reason + HINT + hint)


def needs(*results: Sequence[Finding]) -> None:
    """End the item without a result when a step that it needs went wrong: that step is another requirement's.

    `results` are the findings of the step's checks.
    """
    for findings in results:
        if findings:
            first = findings[0]
            not_exercised(
                f"a step before it went wrong: {first.check}: expected {first.expected}; observed {first.observed}",
                "correct that first: another requirement reports it",
            )


def leaves(error: BaseException) -> Iterable[BaseException]:
    """Every exception within a group, or the exception itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error
