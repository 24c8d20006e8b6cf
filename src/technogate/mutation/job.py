"""One run of the gate within a score: what it is asked for, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from technogate.model.settings import Profile

#: Where a job and its outcome stand in the folder of a run.
JOB, OUTCOME, LOG = "job.json", "outcome.json", "run.log"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run: a mutant of a kind (or the reference, `file` ""), and the requirements it is held to.

    `stop_at` is the requirement whose first finding ends the run, "" for none. `suites` are the files that
    hold the checks of the requirements selected. Times are those of `time.time`.
    """

    kind: str
    file: str
    selection: tuple[str, ...]
    stop_at: str
    suites: tuple[str, ...]
    profile: Profile
    seed: int
    folder: str

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return Path(self.folder)

    @property
    def name(self) -> str:
        """The name of the mutant, or of the reference: the folder is named after it and what is run of it."""
        return self.path.name.partition(".")[0]


class JobOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate said.

    `end` is how the run ended: `judged` (also when it was stopped at a finding), `refused` by the gate before
    any request, with `text` the line that it said, or `broken`, with `text` the reason. `findings` holds what was
    observed, by requirement. `open` names the requirements in scope without a result, each with the reason;
    `crashed` the items that broke or never ended. `first_s` is the number of seconds from the start of the run to
    the first finding of `stop_at`, None when there was none.
    """

    end: Literal["judged", "refused", "broken"]
    text: str = ""
    findings: dict[str, str] = {}
    open: dict[str, str] = {}
    crashed: tuple[str, ...] = ()
    items: int = 0
    first_s: float | None = None
    seconds: float = 0.0
