"""The end of a run: read its journal, judge it, write every report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from technogate.journal.journal_file import Journal, JournalError, read_journal
from technogate.judging.judge import judge
from technogate.model.verdict import ExitCode, Verdict, VerdictDocument, exit_code
from technogate.report.write_all import WriterError, remove_all, write_all


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """What a run came to. `problem` is one line when a report could not be written."""

    journal: Journal
    document: VerdictDocument
    files: tuple[Path, ...]
    exit_code: ExitCode
    problem: str


def finish_run(journal_path: Path, folder: Path, run: str = "") -> FinishedRun:
    """Judge a journal, which must be that of `run` if that is named, and write its reports into `folder`.

    A report that cannot be written makes a PASS inconclusive, in every other report too. Raises JournalError
    when the journal cannot be read, is damaged, or is that of another run.
    """
    journal = read_journal(journal_path)
    if run and journal.header.run != run:
        raise JournalError(f"{journal_path} is that of another run: give each run a folder of its own with --reports")
    document = judge(journal)
    ended = FinishedRun(journal=journal, document=document, files=(), exit_code=exit_code(document), problem="")
    with nothing_left_of_a_broken_end(folder):
        try:
            return replace(ended, files=tuple(write_all(journal, document, folder)))
        except WriterError as error:
            ended = replace(ended, problem=str(error))
        return withheld(ended, ended.problem, folder)


def withheld(finished_run: FinishedRun, why: str, folder: Path) -> FinishedRun:
    """The conclusion without its PASS, for a reason that the journal does not know; any other is left as it is.

    The reports are written again, so that whoever reads one alone, and not the exit code, does not deploy either.
    """
    if finished_run.exit_code is not ExitCode.PASS:
        return finished_run
    document = msgspec.structs.replace(
        finished_run.document,
        verdict=Verdict.INCONCLUSIVE,
        exit_code=int(ExitCode.INCONCLUSIVE),
        reasons=(why, *finished_run.document.reasons),
    )
    kept_back = replace(finished_run, document=document, files=(), exit_code=ExitCode.INCONCLUSIVE)
    with nothing_left_of_a_broken_end(folder):
        try:
            return replace(kept_back, files=tuple(write_all(finished_run.journal, document, folder)))
        except WriterError:
            # What cannot be written now is gone, and `why` is told in any case.
            return kept_back


@contextmanager
def nothing_left_of_a_broken_end(folder: Path) -> Iterator[None]:
    """Remove every report when what is done within ends in an exception: the exit code will not be theirs."""
    try:
        yield
    except BaseException:
        remove_all(folder)
        raise
