"""One run of a score, in a process of its own: make the mutant, have the suites act, judge, write the outcome.

The suites and the judge are those of every other run. Two things differ: only the files that hold the checks
asked for are collected, and the first finding of one requirement ends the run, as an interruption would.

`python -m technogate.mutation.mutant_run FOLDER` does the job that lies in a folder.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec
import pytest

from technogate.contract.loader import ContractError
from technogate.journal.journal_file import JournalError, read_journal
from technogate.judging.judge import judge
from technogate.model.errors import UserError
from technogate.model.events import Event, Finding
from technogate.model.events import Outcome as ItemOutcome
from technogate.model.settings import Settings
from technogate.model.verdict import Verdict, VerdictDocument
from technogate.mutation.job import JOB, LOG, OUTCOME, Job, JobOutcome
from technogate.mutation.mutant import load
from technogate.mutation.mutant_kinds import HONEST, KINDS, MutationSubject
from technogate.runner.plugin import RUN_CONTEXT
from technogate.runner.run_context import load_inputs
from technogate.runner.suite_process import pytest_line

#: What lets pytest run in a process that has imported its plugins already.
WARM = ("-W", "ignore::pytest.PytestAssertRewriteWarning")


class StopAt:
    """The pytest plugin that ends a run at the first finding of a requirement; `first` is when that was."""

    def __init__(self, requirement: str) -> None:
        self._requirement = requirement
        self.first: float | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Listen to what the run writes down."""

        def watch(event: Event) -> None:
            if isinstance(event, Finding) and event.requirement == self._requirement and self.first is None:
                self.first = time.monotonic()
                session.shouldstop = f"a finding of {self._requirement}"

        session.config.stash[RUN_CONTEXT].watchers.append(watch)


def do(job: Job, started: float) -> None:
    """Do a job that began at `started` (of `time.monotonic`) and leave its outcome in its folder."""
    outcome = _outcome(job, started)
    template = job.path / f".{OUTCOME}"
    template.write_bytes(msgspec.json.encode(outcome))
    template.replace(job.path / OUTCOME)


def _outcome(job: Job, started: float) -> JobOutcome:
    try:
        subject = KINDS[job.kind].make(load(Path(job.file)) if job.file else HONEST, job.path)
    except UserError as mistake:
        return JobOutcome(end="broken", text=str(mistake), seconds=time.monotonic() - started)
    stop = StopAt(job.stop_at)
    settings = _settings(job, subject)
    pytest.main(_arguments(settings, job), plugins=[stop])
    if not settings.journal.exists():
        return _without_a_journal(settings, started)
    try:
        document = judge(read_journal(settings.journal))
    except JournalError as error:
        return JobOutcome(end="broken", text=str(error), seconds=time.monotonic() - started)
    seconds = time.monotonic() - started
    first = None if stop.first is None else stop.first - started
    return _judged(document, job, first, seconds)


def _settings(job: Job, subject: MutationSubject) -> Settings:
    return Settings(
        target=subject.target,
        contract=subject.contract,
        profile=job.profile,
        seed=job.seed,
        reports=str(job.path / "reports"),
        mode="check",
        selection=job.selection,
    )


def _arguments(settings: Settings, job: Job) -> list[str]:
    """The arguments of pytest: those of every run, but for the files that are collected."""
    _, _, _, suites, *rest = pytest_line()
    line = [*(job.suites or [suites]), *rest, *WARM, "--tb=short", f"--target={settings.target}"]
    line += [f"--contract={settings.contract}", f"--profile={settings.profile}", f"--seed={settings.seed}"]
    line += [f"--reports={settings.reports}", f"--gate-mode={settings.mode}"]
    return [*line, f"--gate-select={','.join(settings.selection)}"]


def _without_a_journal(settings: Settings, started: float) -> JobOutcome:
    """Why the gate began no run: its own line, as every command says it, or that nobody knows."""
    try:
        load_inputs(settings)
    except (UserError, ContractError) as mistake:
        return JobOutcome(end="refused", text=str(mistake), seconds=time.monotonic() - started)
    return JobOutcome(end="broken", text="the suites left no journal", seconds=time.monotonic() - started)


def _judged(document: VerdictDocument, job: Job, first: float | None, seconds: float) -> JobOutcome:
    """What a verdict document says, as far as a score asks."""
    findings: dict[str, str] = {}
    for sample in document.findings:
        finding = sample.finding
        findings.setdefault(finding.requirement, f"expected {finding.expected}; observed {finding.observed}")
    crashed = [
        f"{item.item}: {item.reason}"
        for result in document.requirements
        for item in result.items
        if item.outcome is ItemOutcome.ERRORED
    ]
    # A sweep has its findings when the journal is judged: that is the end of the run.
    known = first if first is not None else seconds if job.stop_at in findings else None
    return JobOutcome(
        end="judged",
        findings=findings,
        open={one.id: one.reason for one in document.requirements if one.verdict is Verdict.INCONCLUSIVE},
        crashed=tuple(crashed),
        items=document.items.passed + document.items.failed,
        first_s=known,
        seconds=seconds,
    )


def quiet(job: Job) -> None:
    """Send all that this process writes to the log of its job."""
    log = os.open(job.path / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for stream in (1, 2):
        os.dup2(log, stream)


def main(arguments: list[str]) -> int:
    """Do the job in the folder named."""
    started = time.monotonic()
    job = msgspec.json.decode((Path(arguments[0]) / JOB).read_bytes(), type=Job)
    quiet(job)
    do(job, started)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
