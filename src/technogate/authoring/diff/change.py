"""One change between two versions of a contract, and the document that lists them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from technogate.model.document import Document


class Breaks(StrEnum):
    """Who, built for one of the two versions, can fail beside a partner that was built for the other."""

    NOBODY = "nobody"
    BACKEND = "backend"
    CONSOLE = "console"
    BOTH = "both"


def joined(*parties: Breaks) -> Breaks:
    """All that break when each of `parties` does."""
    named = set(parties) - {Breaks.NOBODY}
    if len(named) > 1:
        return Breaks.BOTH
    return named.pop() if named else Breaks.NOBODY


class Acceptance(Document, frozen=True):
    """The entry of `changes.toml` that accepts a change, with the line that it begins at."""

    rule: str
    where: str
    reason: str
    owner: str
    expires: str
    place: str


class Change(Document, frozen=True):
    """One change: what, where (a file of the folder and a JSON pointer into it), who breaks, by which rule, and why.

    `used_by` are the operations that it is part of. `accepted` is the entry that accepts it.
    """

    rule: str
    where: str
    what: str
    breaks: Breaks
    why: str
    before: str = ""
    after: str = ""
    used_by: tuple[str, ...] = ()
    accepted: Acceptance | None = None

    @property
    def is_open(self) -> bool:
        """Whether it breaks somebody and nothing accepts it."""
        return self.breaks is not Breaks.NOBODY and self.accepted is None


class ContractVersion(Document, frozen=True):
    """One of the two folders: its id, the title and version of its OpenAPI document, the digest of its files."""

    folder: str
    title: str
    version: str
    digest: str


class Result(StrEnum):
    """BREAKING where a breaking change is not accepted; that alone exits 1."""

    SAME = "SAME"
    COMPATIBLE = "COMPATIBLE"
    ACCEPTED = "ACCEPTED"
    BREAKING = "BREAKING"


class ContractDiff(Document, frozen=True):
    """Two versions of a contract compared. `warnings` are entries of changes.toml that accept nothing."""

    version: int
    old: ContractVersion
    new: ContractVersion
    result: Result
    breaking: int
    accepted: int
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 for a breaking change that is not accepted, else 0."""
        return int(self.result is Result.BREAKING)


def as_json(document: ContractDiff) -> str:
    """The document as the file holds it."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
