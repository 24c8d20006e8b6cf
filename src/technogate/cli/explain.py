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
from technogate.runner.suite_process import pytest_arguments
from technogate.util.sealed_start import sealed_python

#: Seconds that collecting the suites may take.
COLLECT_S = 120


def planned_items(contract: Contract) -> list[PlannedItem]:
    """Every item that checks `contract`, run-wide checks included, found by collecting the suites.

    Raises UserError when the suites cannot be collected, because an incomplete table would be wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The reference pair: its items are all that there are.
        line = [*sealed_python(), "pytest", *pytest_arguments(), "--collect-only", "--target=embedded"]
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


def coverage_table(contract: Contract, ids: Sequence[str]) -> Table:
    """The requirements named by `ids`, each with the number of items that check it."""
    counted = Counter(item.requirement for item in planned_items(contract))
    table = Table(title=f"{contract.title} {contract.version}", title_justify="left", box=None, pad_edge=False)
    for title in ("id", "party", "level", "group"):
        table.add_column(title, no_wrap=True)
    table.add_column("checks", justify="right")
    table.add_column("requirement", overflow="fold")
    for requirement_id in ids:
        requirement = contract.requirements[requirement_id]
        table.add_row(
            requirement.id,
            requirement.party,
            requirement.level.upper(),
            requirement.group,
            str(counted[requirement.id] or "none"),
            requirement.text,
        )
    unchecked = [requirement_id for requirement_id in ids if not counted[requirement_id]]
    table.caption = f"{len(ids)} requirements, {len(unchecked)} without a check"
    table.caption_justify = "left"
    return table


def explanation(contract: Contract, requirement_id: str) -> str:
    """The text of a requirement, the decisions it rests on, and its checks."""
    requirement = contract.requirements[requirement_id]
    group = contract.groups.get(requirement.group, requirement.group)
    lines = [
        f"{requirement.id} ({requirement.party}, {requirement.level.upper()}, {group})",
        "",
        f"  {requirement.text}",
        "",
    ]
    for decision_id in requirement.decisions:
        decision = contract.decisions[decision_id]
        lines += [
            f"Rests on {decision.id}: {decision.title}",
            *(f"  {text}" for text in _plain(decision.text).splitlines()),
            "",
        ]
    if requirement.not_tested:
        lines += [f"Not tested: {requirement.not_tested}", ""]
    by_subject: dict[str, list[str]] = defaultdict(list)
    for item in planned_items(contract):
        if item.requirement == requirement_id:
            by_subject[item.subject].append(item.item)
    lines.append(
        "Checked by:" if by_subject else "No check exercises this requirement, so a validation stays INCONCLUSIVE."
    )
    for subject, items in by_subject.items():
        more = f" and {len(items) - 1} more" if len(items) > 1 else ""
        lines += [f"  {subject}", f"    {items[0]}{more}"]
    return "\n".join([*lines, "", f"Run the checks: technogate check {requirement.id}", ""])


def _plain(markdown: str) -> str:
    """A decision record without Markdown markup."""
    return markdown.strip().replace("**", "").replace("`", "")
