"""One run of the gate within a mutation score: its input and its outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from technogate.model.settings import Profile

#: The files of a job, its outcome and its log in the folder of a run.
JOB, OUTCOME, LOG = "job.json", "outcome.json", "run.log"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a mutant of a kind (or of the reference, if `file` is "") against the requirements in `selection`.

    The first finding of the requirement `stop_at` ends the run ("" for none). `suites` are the files that hold the
    checks of the selected requirements.
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
        """The name of the mutant or of the reference: the folder's name up to the first dot."""
        return self.path.name.partition(".")[0]


class JobOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to.

    `end` is `judged` (also when a finding ended the run), `refused` when the gate refused the target before any
    request, or `crashed`; for the last two, `message` is the reason. `findings` holds what was observed, by
    requirement. `not_exercised` names the selected requirements without a result, each with the reason;
    `crashed_items` the items that crashed or never ended. `first_finding_s` is the number of seconds from the start
    of the run to the first finding of `stop_at`, None if there was none.
    """

    end: Literal["judged", "refused", "crashed"]
    message: str = ""
    findings: dict[str, str] = {}
    not_exercised: dict[str, str] = {}
    crashed_items: tuple[str, ...] = ()
    items: int = 0
    first_finding_s: float | None = None
    seconds: float = 0.0
