"""What a person sees while a score is made: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.status import Status

from technogate.mutation.job import Job, JobOutcome
from technogate.util.text import terminal

#: Seconds between two plain lines.
PLAIN_EVERY_S = 15.0


class ScoreProgress:
    """Counts what is judged. Use as a context manager around a score."""

    def __init__(self, console: Console, planned: int) -> None:
        """`planned` is the number of mutants and references."""
        self._console = console
        self._planned = planned
        self._judged = 0
        self._said = time.monotonic()
        self._status: Status | None = None

    def __enter__(self) -> ScoreProgress:
        if self._console.is_terminal:
            self._status = self._console.status(self._words())
            self._status.start()
        else:
            self._say(self._words())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
        else:
            self._say(self._words())

    def judged(self, job: Job, outcome: JobOutcome) -> None:
        """Count one, and name it when its outcome is no finding of what it breaks."""
        self._judged += 1
        if outcome.end == "broken":
            self._say(f"? {job.name}: {outcome.text}")
        elif job.file and not outcome.findings and outcome.end != "refused":
            self._say(f"✗ {job.name} survived")
        elif not job.file and outcome.findings:
            self._say(f"✗ false alarm on the reference {job.name}: {', '.join(outcome.findings)}")

    def tick(self) -> None:
        """Show how far it is, now and then."""
        if self._status is not None:
            self._status.update(self._words())
        elif time.monotonic() - self._said >= PLAIN_EVERY_S:
            self._say(self._words())

    def _words(self) -> str:
        return f"scoring: {self._judged}/{self._planned} judged"

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        self._console.print(terminal(text, 300), markup=False, highlight=False, soft_wrap=True)
