"""The settings of a run, and the numbers that each profile sets."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from technogate.model.driver_name import DriverName

Profile = Literal["quick", "standard", "thorough"]
Mode = Literal["validate", "check", "replay"]

#: Generated cases for one property, by profile.
EXAMPLES: dict[Profile, int] = {"quick": 15, "standard": 60, "thorough": 400}

#: Hostile responses for each function of a console, by profile and driver: a page costs more than a module.
HOSTILE: dict[Profile, dict[DriverName, int]] = {
    "quick": {"module": 60, "module-browser": 30, "browser": 10},
    "standard": {"module": 420, "module-browser": 200, "browser": 64},
    "thorough": {"module": 3000, "module-browser": 1500, "browser": 400},
}

#: Cases that shrinking may try, by profile: a number and no time, so that a seed gives the same smallest case.
SHRINK: dict[Profile, int] = {"quick": 40, "standard": 150, "thorough": 1000}

#: Seconds after which shrinking ends in any case, by profile: for a target with slow responses.
SHRINK_S: dict[Profile, float] = {"quick": 15.0, "standard": 60.0, "thorough": 300.0}

#: Seconds that a run may take where the user names none (`--max-time`), by profile.
MAX_TIME_S: dict[Profile, float] = {"quick": 600.0, "standard": 600.0, "thorough": 3600.0}

#: Seconds that one item may take, by profile, and seconds in which it records nothing; a rate limit that it waits for
#: is not counted.
ITEM_S: dict[Profile, float] = {"quick": 120.0, "standard": 240.0, "thorough": 1200.0}
IDLE_S = 100.0

#: Seconds that an interrupted run gets to tear down what it started, before it is killed.
TEARDOWN_S = 45.0

#: The file name of a run's journal, in its folder of reports.
JOURNAL = "journal.jsonl"

#: The maximum age of the evidence of a deployment, when none is given.
EVIDENCE_AGE = "24h"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one run.

    An empty `target` means the file `technogate.toml` of the current folder or of one above it, an empty `contract`
    the one that ships with the gate, empty `waivers` none at all.
    `run` is the name of the run, "" for a random one. `replay` is the file that names what is replayed, "" for every
    other run. `drivers` are those that the console is judged by, the cheaper one first; none before that was tried.
    `checked` is the digest of the contract that the process which began the run has checked, "" where none did.
    `max_time_s` are the seconds that the run may take, and `ends_at` is when they are over, of the monotonic clock of
    the machine; 0 for a run without an end.
    """

    target: str = ""
    contract: str = ""
    profile: Profile = "standard"
    seed: int | None = None
    reports: str = "reports"
    mode: Mode = "validate"
    selection: tuple[str, ...] = ()
    waivers: str = ""
    run: str = ""
    replay: str = ""
    drivers: tuple[DriverName, ...] = ()
    checked: str = ""
    max_time_s: float = 0.0
    ends_at: float = 0.0

    @property
    def folder(self) -> Path:
        """Where journal and reports go."""
        return Path(self.reports)

    @property
    def journal(self) -> Path:
        """The journal of the run."""
        return self.folder / JOURNAL
