"""Look up a finding by the name that a report shows, in the journal that it was judged from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from technogate.journal.journal_file import Journal, JournalError, decode_line, read_journal
from technogate.judging.judge import judge
from technogate.model.errors import UserError
from technogate.model.events import Header
from technogate.model.verdict import Sample, finding_id

#: The default places of the journals of validations and checks, and of replays.
JOURNALS = (Path("reports/journal.jsonl"), Path("reports/check/journal.jsonl"))
REPLAYS = (Path("reports/replay/journal.jsonl"), Path("reports/check/replay/journal.jsonl"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedFinding:
    """A finding, the journal that shows it, and the title of its cause."""

    journal: Journal
    sample: Sample
    cause: str

    @property
    def name(self) -> str:
        """The finding's name."""
        return finding_id(self.journal.header.run, self.sample.number)

    @property
    def items(self) -> tuple[str, ...]:
        """The items that reproduce it: its own, and those of its exchanges; none for a finding of a run-wide check."""
        finding = self.sample.finding
        names = {exchange.item for exchange in self.journal.exchanges if exchange.id in finding.exchanges} | {
            finding.item
        }
        return tuple(item.item for plan in self.journal.plans for item in plan.items if item.item in names)


def look_up(word: str, journal: Path | None) -> LocatedFinding:
    """Return the finding that `word` names: its number, alone or after the name of its run.

    Raises UserError for a word that names none, and JournalError for a journal that cannot be read.
    """
    run, _, digits = word.rpartition("-")
    if not digits.isascii() or not digits.isdigit():
        raise UserError(f"{word!r} is no finding: name it as a report does, such as 1f3a9c0b-5, or by its number")
    path = _journal_of(run, journal)
    read = read_journal(path)
    if run and read.header.run != run:
        raise UserError(
            f"{path} is the journal of the run {read.header.run}, not {run}; name the right one with --journal"
        )
    document = judge(read)
    samples = document.findings
    titles = {number: cause.title for cause in document.causes for number in cause.findings}
    for sample in samples:
        if sample.number == int(digits):
            return LocatedFinding(journal=read, sample=sample, cause=titles[sample.number])
    known = f"its findings are 1 to {len(samples)}" if samples else "it has none"
    raise UserError(f"{path} has no finding {int(digits)}: {known}")


def _journal_of(run: str, journal: Path | None) -> Path:
    """Return the journal to search: the one named, else that of `run` in the default places, else the latest."""
    if journal is not None:
        return journal
    there = [path for path in JOURNALS + REPLAYS if path.is_file() and run in ("", _run_of(path))]
    if not there:
        whose = f"of the run {run} " if run else ""
        raise UserError(f"no journal {whose}in {JOURNALS[0].parent}/: name it with --journal")
    last = [path for path in there if path in JOURNALS] or there
    return max(last, key=lambda path: path.stat().st_mtime)


def _run_of(path: Path) -> str:
    """Return the run of a journal, "" for any other file."""
    try:
        with path.open("rb") as file:
            event = decode_line(file.readline()).event
    except (OSError, JournalError):
        return ""
    return event.run if isinstance(event, Header) else ""
