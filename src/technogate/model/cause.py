"""A cause: one mistake of one party, and every finding that it explains."""

from __future__ import annotations

from typing import Annotated

import msgspec

from technogate.model.document import Document
from technogate.model.requirement import Level, Party


class Cause(Document, frozen=True):
    """One mistake of one party, with the findings that it explains; each finding of a run belongs to exactly one.

    `id` names the same mistake in every run of a party. `title` is the mistake as a person would say it, `rule` the
    kind of mistake. `requirements` are those that its findings break, `level` is MUST when one of them is. `findings`
    are their numbers, `example` the number of the smallest. `output` holds the lines that the program printed
    meanwhile, "" for none.
    """

    number: int
    id: Annotated[str, msgspec.Meta(description="names the same mistake in every run; safe in a file name and a link")]
    title: str
    rule: str
    party: Annotated[Party, msgspec.Meta(description="who must act")]
    level: Level
    requirements: tuple[str, ...]
    findings: tuple[int, ...]
    example: int
    output: str

    @property
    def count(self) -> int:
        """How many findings it explains."""
        return len(self.findings)
