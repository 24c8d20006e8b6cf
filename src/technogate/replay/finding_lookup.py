"""Which finding a person means: the name that a report shows, looked up in the journal that it was judged from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from technogate.journal.journal_file import Journal, JournalError, decode_line, read_journal
from technogate.judging.judge import judge
from technogate.model.errors import UserError
from technogate.model.events import Header
from technogate.model.verdict import Sample, finding_id

#: Where validations and checks leave their journals, unless told otherwise; and replays.
JOURNALS = (Path("reports/journal.jsonl"), Path("reports/check/journal.jsonl"))
REPLAYS = (Path("reports/replay/journal.jsonl"), Path("reports/check/replay/journal.jsonl"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedFinding:
    """A finding and the journal that shows it."""

    journal: Journal
    sample: Sample

    @property
    def name(self) -> str:
        """The finding's name."""
        return finding_id(self.journal.header.run, self.sample.number)

    @property
    def items(self) -> tuple[str, ...]:
        """The items that show it: its own, and those whose exchanges it rests on; none for one of the whole run."""
        finding = self.sample.finding
        mine = {one.item for one in self.journal.exchanges if one.id in finding.exchanges} | {finding.item}
        return tuple(item.item for plan in self.journal.plans for item in plan.items if item.item in mine)


def look_up(word: str, journal: Path | None) -> LocatedFinding:
    """The finding that `word` names: its number, alone or after the name of its run.

    Raises UserError for a word that names none, and JournalError for a journal that cannot be read.
    """
    run, _, digits = word.rpartition("-")
    if not digits.isascii() or not digits.isdigit():
        raise UserError(f"{word!r} names no finding: give it as a report shows it, such as 1f3a9c0b-5, or its number")
    path = _journal_of(run, journal)
    read = read_journal(path)
    if run and read.header.run != run:
        raise UserError(f"{path} is of the run {read.header.run}, not {run}; name the right one with --journal")
    samples = judge(read).findings
    for sample in samples:
        if sample.number == int(digits):
            return LocatedFinding(journal=read, sample=sample)
    there = f"its findings are 1 to {len(samples)}" if samples else "it has none"
    raise UserError(f"{path} has no finding {int(digits)}: {there}")


def _journal_of(run: str, journal: Path | None) -> Path:
    """The journal to look in: the one named, else that of `run` where runs leave theirs, else the last run's."""
    if journal is not None:
        return journal
    there = [path for path in JOURNALS + REPLAYS if path.is_file() and run in ("", _run_of(path))]
    if not there:
        whose = f"of the run {run} " if run else ""
        raise UserError(f"no journal {whose}in {JOURNALS[0].parent}/: say with --journal where it is")
    last = [path for path in there if path in JOURNALS] or there
    return max(last, key=lambda path: path.stat().st_mtime)


def _run_of(path: Path) -> str:
    """The run that a journal is of, "" for what is no journal."""
    try:
        with path.open("rb") as file:
            event = decode_line(file.readline()).event
    except (OSError, JournalError):
        return ""
    return event.run if isinstance(event, Header) else ""
