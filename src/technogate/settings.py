"""What a run is asked for, and every number that a profile stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

Profile = Literal["quick", "standard", "thorough"]
Mode = Literal["validate", "check"]

#: Generated cases for one property, by profile.
EXAMPLES: dict[Profile, int] = {"quick": 15, "standard": 60, "thorough": 400}

#: Seconds that an interrupted run gets to tear down what it started, before it is killed.
TEARDOWN_S = 15.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as asked for. An empty `contract` means the one that ships with the gate."""

    target: str = "embedded"
    contract: str = ""
    profile: Profile = "standard"
    seed: int | None = None
    reports: str = "reports"
    mode: Mode = "validate"
    selection: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where journal and reports go."""
        return Path(self.reports)

    @property
    def journal(self) -> Path:
        """The journal of the run."""
        return self.folder / "journal.jsonl"
