"""The end of a run: read its journal, judge it, write every report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from technogate.journal import Journal, JournalError, read_journal
from technogate.judge import judge
from technogate.verdict import ExitCode, VerdictDocument, exit_code
from technogate.writer import WriterError, write_all
from technogate.writer.verdict_json import NAME as VERDICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a run came to. `problem` is one line when a report could not be written."""

    journal: Journal
    document: VerdictDocument
    files: tuple[Path, ...]
    exit_code: ExitCode
    problem: str


def conclude(journal_path: Path, folder: Path, run: str = "") -> Conclusion:
    """Judge a journal, which must be that of `run` if that is named, and write its reports into `folder`.

    A report that cannot be written makes a PASS inconclusive, and `verdict.json` is removed: nobody could have
    read all of it. Raises JournalError when the journal cannot be read, is damaged, or is that of another run.
    """
    journal = read_journal(journal_path)
    if run and journal.header.run != run:
        raise JournalError(f"{journal_path} is that of another run: give each run a folder of its own with --reports")
    document = judge(journal)
    code, problem = exit_code(document), ""
    try:
        files = write_all(journal, document, folder)
    except WriterError as error:
        files, problem = [], str(error)
        if code is ExitCode.PASS:
            code = ExitCode.INCONCLUSIVE
            # Whoever reads this file alone must not deploy either.
            (folder / VERDICT).unlink(missing_ok=True)
    return Conclusion(journal=journal, document=document, files=tuple(files), exit_code=code, problem=problem)
