"""Requirements: the numbered sentences that a target must meet."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

import msgspec

#: The form of an id, at most 40 characters: a letter first, and two words or more of letters and digits, which a
#: hyphen, a dot or an underscore joins.
ID = re.compile(r"(?=.{1,40}\Z)[A-Za-z][A-Za-z0-9]*(?:[._-][A-Za-z0-9]+)+")


class Party(StrEnum):
    """Whose program must change when a requirement fails."""

    BACKEND = "backend"
    CONSOLE = "console"
    PAIR = "pair"


class Level(StrEnum):
    """MUST decides the verdict; SHOULD is reported and decides nothing."""

    MUST = "must"
    SHOULD = "should"


class Need(StrEnum):
    """What a target must consist of for a requirement to mean anything."""

    IMAGES = "images"
    PAGE = "page"


class Lack(StrEnum):
    """What a run would have needed to judge a requirement; for `selection`, that a `check` selects it."""

    BACKEND = "backend"
    CONSOLE = "console"
    PAIR = "pair"
    IMAGES = "images"
    PAGE = "page"
    SELECTION = "selection"


class Requirement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One requirement of a contract, as `requirements.toml` has it.

    `decisions` are ids of decision records the text rests on; `needs` is what must be judged for it to be in scope
    (None: anything). `not_tested` is the reviewed reason why no check exists (it explains a gap in a report and never
    closes it).
    """

    id: str
    party: Party
    level: Level
    group: str
    text: str
    decisions: tuple[str, ...] = ()
    needs: Need | None = None
    not_tested: str = ""

    def lack(self, parties: Collection[str], *, images: bool, page: bool = True) -> Lack | None:
        """What a target of these `parties` lacks to be judged by it: None for nothing; a pair's needs both sides.

        `images` is whether the target consists of images, `page` whether its console is one.
        """
        sides = {Party.BACKEND.value, Party.CONSOLE.value} if self.party is Party.PAIR else {self.party.value}
        absent = sides - set(parties)
        if absent:
            return Lack.PAIR if len(absent) > 1 else Lack(absent.pop())
        if self.needs is Need.PAGE:
            return None if page else Lack.PAGE
        return Lack.IMAGES if self.needs is Need.IMAGES and not images else None

    def concerns(self, parties: Collection[str], *, images: bool, page: bool = True) -> bool:
        """Whether it is judged for a target of these `parties`, see `lack`."""
        return self.lack(parties, images=images, page=page) is None
