"""What a person sees while a run is at work: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from technogate.model.events import Event, Exchange, Finding, ItemResult, Outcome, Plan, RunWarning
from technogate.util.text import terminal

#: Seconds between two plain lines.
PLAIN_EVERY_S = 5.0


class Watch:
    """Follows the events of one run. Use as a context manager around it."""

    def __init__(self, console: Console, what: str) -> None:
        """`what` names the run in a few words of our own."""
        self._console = console
        self._what = what
        self._planned = 0
        self._done = 0
        self._exchanges = 0
        self._findings = 0
        self._failing: set[str] = set()
        self._open = 0
        self._said = time.monotonic()
        self._told = ""
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Watch:
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[words]}", markup=False),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task(self._what, total=None, words="starting")
            self._bar.start()
        else:
            self._say(f"{self._what}: starting")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        else:
            self._tell()

    def event(self, event: Event) -> None:
        """Take one event of the journal into account."""
        match event:
            case Plan():
                self._planned += len(event.items)
            case Exchange():
                self._exchanges += 1
            case ItemResult():
                self._done += 1
                self._open += event.outcome in (Outcome.ERRORED, Outcome.SKIPPED)
            case Finding():
                self._findings += 1
                if event.requirement not in self._failing:
                    self._failing.add(event.requirement)
                    self._say(f"✗ {event.requirement}: expected {event.expected}; observed {event.observed}")
            case RunWarning():
                self._say(event.text)
            case _:
                pass

    def tick(self) -> None:
        """Show where the run is, now and then."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=self._planned or None, completed=self._done, words=self._words())
        elif time.monotonic() - self._said >= PLAIN_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        """Say where the run is, unless that was said already."""
        words = self._words()
        if words != self._told:
            self._told = words
            self._say(words)

    def _words(self) -> str:
        # Not "items": judging adds those that hold the run as a whole to a requirement.
        words = f"played {self._done} of {self._planned} · {self._exchanges} exchanges · {self._findings} findings"
        return words + (f" · {self._open} not exercised" if self._open else "")

    def _say(self, text: str) -> None:
        """One line above the bar, made harmless."""
        self._said = time.monotonic()
        self._console.print(terminal(text, 300), markup=False, highlight=False, soft_wrap=True)
