"""The output of a replay: the result first, then the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group
from rich.text import Text

from technogate.replay.compare import Replayed, ReplayState
from technogate.replay.finding_lookup import LocatedFinding
from technogate.report.terminal_parts import grid, path_text
from technogate.report.terminal_summary import put
from technogate.util.text import rich_text

_STYLES = {ReplayState.FIXED: ("✔", "green"), ReplayState.FAILING: ("✘", "red"), ReplayState.UNKNOWN: ("?", "yellow")}

_MEANING = {
    ReplayState.FIXED: "The case that failed ran again and passed. This is no verdict: run a validation for one.",
    ReplayState.FAILING: "The same check of the same requirement fails again.",
    ReplayState.UNKNOWN: "The replay proves neither that the finding is fixed nor that it still fails.",
}

#: Characters of one piece of evidence.
_LIMIT = 600


def show(console: Console, located: LocatedFinding, replayed: Replayed, files: Sequence[Path]) -> None:
    """Print the result of a replay."""
    shape, colour = _STYLES[replayed.state]
    finding = replayed.finding or located.sample.finding
    facts = grid()
    for name, text in (("because", replayed.reason), ("next", replayed.hint)):
        if text:
            facts.add_row(name, rich_text(text, "bold", limit=_LIMIT))
    facts.add_row("finding", rich_text(f"{located.name}, {finding.requirement}"))
    facts.add_row("cause", rich_text(located.cause, limit=_LIMIT))
    facts.add_row("item", rich_text(finding.item, limit=_LIMIT))
    if "case" in finding.example:
        facts.add_row("case", rich_text(finding.example["case"], limit=_LIMIT))
    facts.add_row("expected", rich_text(finding.expected, limit=_LIMIT))
    observed = "observed" if replayed.state is ReplayState.FAILING else "had observed"
    facts.add_row(observed, rich_text(finding.observed, limit=_LIMIT))
    for file in files:
        if file.name == "report.html":
            facts.add_row("report", path_text(file))
    head = Text(f"\n {shape} {replayed.state.value}", style=f"bold {colour}")
    put(console, Group(head, Text(f"   {_MEANING[replayed.state]}\n", style="bold"), facts))
