"""The end of a run: read its journal, judge it, write every report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from technogate.journal import run_records
from technogate.journal.journal_file import Journal, JournalError, read_journal
from technogate.journal.line_marks import JournalKey
from technogate.judging.judge import judge
from technogate.model.verdict import ExitCode, Verdict, VerdictDocument, exit_code
from technogate.report.next_step import EvidenceState
from technogate.report.report_files import remove_all
from technogate.report.write_all import WriterError, evidence_in, write_all


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """A judged run and its reports, with the state of its evidence.

    `problem` is one line when a report could not be written.
    """

    journal: Journal
    document: VerdictDocument
    files: tuple[Path, ...]
    exit_code: ExitCode
    problem: str
    evidence: EvidenceState = EvidenceState.UNSIGNED


def finish_run(
    journal_path: Path, folder: Path, run: str = "", *, key: JournalKey | None = None, sha256: str = ""
) -> FinishedRun:
    """Judge a journal and write its reports into `folder`; if `run` is given, the journal must be of that run.

    `key` is that of a run which has just ended, with every program of it: the digest of its journal is kept, so that
    it can be judged again. `sha256` is the digest of a stored journal, from a source that is trusted. A report that
    cannot be written makes a PASS inconclusive, in every other report too. Raises JournalError when the journal cannot
    be read, is damaged, or is that of another run.
    """
    journal = read_journal(journal_path, key, sha256=sha256)
    if run and journal.header.run != run:
        raise JournalError(f"{journal_path} is of another run; give each run a folder of its own with --reports")
    if key is not None and not journal.torn and not journal.unproven:
        run_records.keep(journal.sha256, journal.header.run)
    document = judge(journal)
    ended = FinishedRun(journal=journal, document=document, files=(), exit_code=exit_code(document), problem="")
    # A run begins without evidence in its folder; beside a stored journal there may be some.
    return reported(ended, evidence_in(folder), folder)


def reported(finished_run: FinishedRun, evidence: EvidenceState, folder: Path) -> FinishedRun:
    """Write every report, for evidence in this state; one that cannot be written makes a PASS inconclusive."""
    ended = replace(finished_run, evidence=evidence)
    with reports_removed_on_error(folder):
        try:
            return replace(ended, files=tuple(write_all(ended.journal, ended.document, folder, evidence)))
        except WriterError as error:
            ended = replace(ended, problem=str(error))
        return withheld(ended, ended.problem, folder)


def withheld(finished_run: FinishedRun, why: str, folder: Path) -> FinishedRun:
    """Turn a PASS into INCONCLUSIVE, for a reason `why` that is not in the journal; leave any other result as it is.

    The reports are written again: a reader of one report must not take the run for a PASS.
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
    with reports_removed_on_error(folder):
        try:
            return replace(kept_back, files=tuple(write_all(finished_run.journal, document, folder)))
        except WriterError:
            # A report that cannot be written now is removed, and `why` is shown in any case.
            return kept_back


@contextmanager
def reports_removed_on_error(folder: Path) -> Iterator[None]:
    """Remove every report when the block raises: the exit code will differ from the verdict in them."""
    try:
        yield
    except BaseException:
        remove_all(folder)
        raise
