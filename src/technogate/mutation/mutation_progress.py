"""The progress of a mutation score: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.status import Status

from technogate.mutation.job import Job, JobOutcome
from technogate.util.text import terminal

#: Seconds between two plain lines.
PLAIN_EVERY_S = 15.0


class MutationProgress:
    """Counts what is judged. Use as a context manager around a mutation score."""

    def __init__(self, console: Console, planned: int) -> None:
        """`planned` is the number of mutants and references."""
        self._console = console
        self._planned = planned
        self._judged = 0
        self._printed = time.monotonic()
        self._status: Status | None = None

    def __enter__(self) -> MutationProgress:
        if self._console.is_terminal:
            self._status = self._console.status(self._line())
            self._status.start()
        else:
            self._print(self._line())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
        else:
            self._print(self._line())

    def judged(self, job: Job, outcome: JobOutcome) -> None:
        """Count a mutant or reference, and print its name when it crashed, survived or is a false positive."""
        self._judged += 1
        if outcome.end == "crashed":
            self._print(f"? {job.name}: {outcome.message}")
        elif job.file and not outcome.findings and outcome.end != "refused":
            self._print(f"✗ {job.name} survived")
        elif not job.file and outcome.findings:
            self._print(f"✗ false positive on the reference {job.name}: {', '.join(outcome.findings)}")

    def tick(self) -> None:
        """Update the live line, or print a plain one when it is time."""
        if self._status is not None:
            self._status.update(self._line())
        elif time.monotonic() - self._printed >= PLAIN_EVERY_S:
            self._print(self._line())

    def _line(self) -> str:
        return f"mutants and references: {self._judged}/{self._planned} judged"

    def _print(self, text: str) -> None:
        self._printed = time.monotonic()
        self._console.print(terminal(text, 300), markup=False, highlight=False, soft_wrap=True)
