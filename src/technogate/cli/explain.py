"""The requirements as a table with their coverage, and one requirement in full."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from technogate.checks.registry import REGISTRY
from technogate.contract.loader import Contract
from technogate.journal.journal_file import read_journal
from technogate.model.errors import UserError
from technogate.model.events import PlannedItem
from technogate.runner.suite_process import pytest_line

#: Seconds that collecting the suites may take.
COLLECT_S = 120


def planned_items(contract: Contract, home: Path) -> list[PlannedItem]:
    """Every item that the suites hold for `contract`, run-wide checks included, found by collecting them.

    Raises UserError when the suites cannot be collected: a table with holes would be a lie.
    """
    with tempfile.TemporaryDirectory() as folder:
        line = [*pytest_line(home), "--collect-only"]
        line += [f"--contract={contract.folder}", f"--reports={folder}"]
        ended = subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=COLLECT_S, check=False)
        journal = Path(folder) / "journal.jsonl"
        if ended.returncode != 0 or not journal.exists():
            lines = (ended.stderr or ended.stdout).strip().splitlines()
            raise UserError(f"the suites cannot be collected: {lines[-1] if lines else 'no reason given'}")
        items = [item for plan in read_journal(journal).plans for item in plan.items]
    run_wide_checks = [
        PlannedItem(item=run_wide_check.item, requirement=run_wide_check.requirement, subject=run_wide_check.subject)
        for run_wide_check in REGISTRY.run_wide_checks
    ]
    return items + [
        run_wide_check for run_wide_check in run_wide_checks if run_wide_check.requirement in contract.requirements
    ]


def coverage_table(contract: Contract, home: Path, ids: Sequence[str]) -> Table:
    """The requirements named by `ids`, each with the number of items that check it."""
    counted = Counter(item.requirement for item in planned_items(contract, home))
    table = Table(title=f"{contract.title} {contract.version}", title_justify="left", box=None, pad_edge=False)
    for title in ("id", "party", "level", "group"):
        table.add_column(title, no_wrap=True)
    table.add_column("checks", justify="right")
    table.add_column("requirement", overflow="fold")
    for requirement_id in ids:
        one = contract.requirements[requirement_id]
        table.add_row(one.id, one.party, one.level.upper(), one.group, str(counted[one.id] or "none"), one.text)
    unchecked = [requirement_id for requirement_id in ids if not counted[requirement_id]]
    table.caption = f"{len(ids)} requirements, {len(unchecked)} without a check"
    table.caption_justify = "left"
    return table


def explanation(contract: Contract, home: Path, requirement_id: str) -> str:
    """What one requirement asks, which decisions it rests on, and what checks it."""
    one = contract.requirements[requirement_id]
    lines = [
        f"{one.id} ({one.party}, {one.level.upper()}, {contract.groups.get(one.group, one.group)})",
        "",
        f"  {one.text}",
        "",
    ]
    for decision_id in one.decisions:
        decision = contract.decisions[decision_id]
        lines += [f"{decision.id} {decision.title}", *(f"  {text}" for text in _plain(decision.text).splitlines()), ""]
    if one.not_tested:
        lines += [f"No check exercises it: {one.not_tested}", ""]
    by_subject: dict[str, list[str]] = defaultdict(list)
    for item in planned_items(contract, home):
        if item.requirement == requirement_id:
            by_subject[item.subject].append(item.item)
    lines.append("Checked by:" if by_subject else "No check exercises it: a validation stays INCONCLUSIVE.")
    for subject, items in by_subject.items():
        more = f" and {len(items) - 1} more" if len(items) > 1 else ""
        lines += [f"  {subject}", f"    {items[0]}{more}"]
    return "\n".join([*lines, "", f"Try it: technogate check {one.id}", ""])


def _plain(markdown: str) -> str:
    """A decision record without the marks of Markdown."""
    return markdown.strip().replace("**", "").replace("`", "")
