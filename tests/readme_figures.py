"""The figures in README.md follow from the contract and the mutants: `python -m tests.readme_figures` rewrites them.

Rewritten are the table of mutants, and the totals of the sample report, which is of a backend alone. A complete
score kills every mutant, so the table repeats how many there are; how many requirements failed in the sample stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from technogate.contract.loader import Contract, load_contract
from technogate.model.requirement import Level, Party
from technogate.mutation.mutant import load
from technogate.mutation.mutant_kinds import files_in
from technogate.util.shipped import mutants_folder, shipped

README = Path(__file__).resolve().parents[1] / "README.md"

_ROW = re.compile(r"^\| ([a-z1-3][^|]*) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
_MUSTS = re.compile(r"(?<=\d of )\d+(?= MUST requirements)")
_NOT_JUDGED = re.compile(r"\d+(?= requirements: the target describes no console)")
_TOTAL = r"^( +{title} +)(\d+)( +)(\d+)( +)(\d+)((?: +\d+)?)(.*)$"


class MissingFigureError(Exception):
    """README.md states fewer figures than it should: its table or its sample has another form."""


def mutant_counts(folder: Path) -> Counter[str]:
    """The number of mutants in all, by kind and by subtlety, under the first word of the label that README gives it."""
    counts: Counter[str] = Counter()
    for file in files_in(folder).values():
        counts.update(["all", file.kind, str(load(file.path).subtlety)])
    return counts


def backend_totals(contract: Contract) -> dict[str, int]:
    """The number of requirements of a backend, in all, that are MUST and in each group, by the line of a report."""
    backend = [requirement for requirement in contract.requirements.values() if requirement.party is Party.BACKEND]
    groups = Counter(contract.groups[requirement.group] for requirement in backend)
    musts = sum(requirement.level is Level.MUST for requirement in backend)
    return {"MUST requirements": musts, "all requirements": len(backend), **groups}


def refreshed(text: str, contract: Contract, folder: Path) -> str:
    """The text of README.md with every figure as it follows from the contract and the mutants in `folder`.

    Raises MissingFigureError when a figure that README states is not found in it.
    """
    counts, totals = mutant_counts(folder), backend_totals(contract)
    labels = [match[1].split()[0] for match in _ROW.finditer(text)]
    if sorted(labels) != sorted(counts):
        raise MissingFigureError(f"the table of mutants has the rows {labels}, expected {sorted(counts)}")
    text = _ROW.sub(partial(_row, counts=counts), text)
    text, found = _MUSTS.subn(str(totals["MUST requirements"]), text)
    if not found:
        raise MissingFigureError("nothing states how many MUST requirements there are")
    others = len(contract.requirements) - totals["all requirements"]
    text, found = _NOT_JUDGED.subn(str(others), text)
    if found != 1:
        raise MissingFigureError("the sample report does not say how many requirements were not judged")
    for title, total in totals.items():
        line = re.compile(_TOTAL.format(title=re.escape(title)), re.MULTILINE)
        text, found = line.subn(partial(_total, total=total), text)
        if found != 1:
            raise MissingFigureError(f"the sample report has {found} lines of {title}")
    return text


def _row(match: re.Match[str], counts: Mapping[str, int]) -> str:
    """A row of the table: every mutant is killed, as many as before not by the requirement that it breaks."""
    count, by_another = counts[match[1].split()[0]], int(match[5])
    return f"| {match[1]} | {count} | {count} | {count - by_another} | {by_another} |"


def _total(match: re.Match[str], total: int) -> str:
    """A line of the sample report: what neither failed nor stayed open has passed."""
    head, passed, gap, failed, second_gap, unknown, whole, rest = match.groups()
    count = str(total - int(failed) - int(unknown))
    head = head[: len(head) - (len(count) - len(passed))] if len(count) > len(passed) else head
    whole = str(total).rjust(len(whole)) if whole else ""
    return f"{head}{count.rjust(len(passed))}{gap}{failed}{second_gap}{unknown}{whole}{rest}"


def main() -> None:
    """Rewrite README.md."""
    contract = load_contract(shipped("contracts", "console-v0.1"))
    README.write_text(refreshed(README.read_text("utf-8"), contract, mutants_folder()), "utf-8")


if __name__ == "__main__":
    main()
