"""The progress of a run: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from technogate.model.events import Event, Exchange, Finding, ItemResult, Outcome, Plan, RunWarning
from technogate.model.item_result import SELF_TEST
from technogate.util.text import terminal

#: Seconds between two plain lines.
PLAIN_EVERY_S = 5.0


class Watch:
    """Follow the events of one run; a context manager around it."""

    def __init__(self, console: Console, title: str) -> None:
        """`title` names the run in a few words."""
        self._console = console
        self._title = title
        self._planned = 0
        self._done = 0
        self._exchanges = 0
        self._findings = 0
        self._failing: set[str] = set()
        self._open = 0
        self._shown_at = time.monotonic()
        self._last_line = ""
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
            self._task = self._bar.add_task(self._title, total=None, words="starting")
            self._bar.start()
        else:
            self._print(f"{self._title}: starting")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        else:
            self._show()

    def event(self, event: Event) -> None:
        """Take one event of the journal into account."""
        match event:
            case Plan():
                self._planned += len(event.items)
            case Exchange():
                self._exchanges += 1
            case ItemResult(requirement=requirement) | Finding(requirement=requirement) if requirement == SELF_TEST:
                # It must fail, and is no result of the target.
                pass
            case ItemResult():
                self._done += 1
                self._open += event.outcome in (Outcome.ERRORED, Outcome.SKIPPED)
            case Finding():
                self._findings += 1
                if event.requirement not in self._failing:
                    self._failing.add(event.requirement)
                    self._print(f"✗ {event.requirement}: expected {event.expected}; observed {event.observed}")
            case RunWarning():
                self._print(event.text)
            case _:
                pass

    def tick(self) -> None:
        """Show the state of the run, on a plain console every `PLAIN_EVERY_S` seconds."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=self._planned or None, completed=self._done, words=self._words())
        elif time.monotonic() - self._shown_at >= PLAIN_EVERY_S:
            self._show()

    def _show(self) -> None:
        """Print the state of the run, unless it has not changed."""
        line = self._words()
        if line != self._last_line:
            self._last_line = line
            self._print(line)

    def _words(self) -> str:
        # Without the word "items": judging adds those of run-wide checks.
        words = f"ran {self._done} of {self._planned} · {self._exchanges} exchanges · {self._findings} findings"
        return words + (f" · {self._open} not exercised" if self._open else "")

    def _print(self, text: str) -> None:
        """Print one line above the bar, its control characters escaped."""
        self._shown_at = time.monotonic()
        self._console.print(terminal(text, 300), markup=False, highlight=False, soft_wrap=True)
