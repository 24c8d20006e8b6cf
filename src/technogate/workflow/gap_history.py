"""The gaps of a backend, run after run, as a document: `gaps.json`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from technogate.model.verdict import Document

#: Critical: a MUST that failed. Unproven: a MUST without a result. Minor: a SHOULD.
Priority = Literal["critical", "unproven", "minor"]
Source = Literal["evaluation", "check", "validation"]

#: Worst first.
ORDER: tuple[Priority, ...] = ("critical", "unproven", "minor")


class Item(Document, frozen=True):
    """A gap after a run: what it is, what was observed, and a possible fix.

    `requirements` are those that the cause breaks; () for a gap of an evaluation.
    """

    id: Annotated[str, msgspec.Meta(description="of a cause, the same in every run; or a requirement, layer, endpoint")]
    priority: Priority
    observed: Annotated[str, msgspec.Meta(description="the title of the cause, or why there is no result")]
    fix: Annotated[str, msgspec.Meta(description='the fix that the run or the answer proposes, "" for none')]
    since: Annotated[str, msgspec.Meta(description="the run that found it first")]
    requirements: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[str, ...]:
        """The requirements that have to pass before it is closed; a list that names none is of its own requirement."""
        return self.requirements or (self.id,)


class GapRun(Document, frozen=True):
    """One run of `technogate gaps`: its source, when it ended, the gaps open after it, and what it changed.

    A gap of a requirement without a result that a cause explains afterwards is neither open nor closed.
    """

    run: str
    source: Source
    at: Annotated[str, msgspec.Meta(description="UTC")]
    contract_digest: str
    open: tuple[Item, ...]
    closed: tuple[str, ...]
    new: tuple[str, ...]
    problem: Annotated[str, msgspec.Meta(description='why this run could close no gap, "" when it could')] = ""

    def count(self, priority: Priority) -> int:
        """How many gaps of a priority are open."""
        return sum(item.priority == priority for item in self.open)


class GapHistory(Document, frozen=True):
    """Every run, oldest first: `gaps.json`."""

    schema: Annotated[int, msgspec.Meta(description="version of this document's shape")]
    runs: tuple[GapRun, ...]


EMPTY = GapHistory(schema=1, runs=())


def is_cause(item: Item) -> bool:
    """Whether a gap is a cause, and not a requirement, a layer or an endpoint."""
    return bool(item.requirements) and item.requirements != (item.id,)
