"""One run of a mutation score, in a process of its own: make the mutant, run the suites, judge, write the outcome.

The suites and the judge are those of every other run. Two things differ: only the files that hold the selected checks
are collected, and the first finding of one requirement ends the run, like an interruption.

`python -m technogate.mutation.run_job FOLDER` runs the job in a folder.
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
from technogate.journal.line_marks import JournalKey
from technogate.judging.judge import judge
from technogate.model.errors import UserError
from technogate.model.events import Event, Finding
from technogate.model.events import Outcome as ItemOutcome
from technogate.model.settings import Settings
from technogate.model.verdict import Verdict, VerdictDocument
from technogate.mutation.job import JOB, LOG, OUTCOME, Job, JobOutcome
from technogate.mutation.mutant import load
from technogate.mutation.mutant_kinds import KINDS, REFERENCE, MutationSubject
from technogate.runner.plugin import RUN_CONTEXT
from technogate.runner.run_context import load_inputs
from technogate.runner.suite_process import pytest_arguments

#: The arguments that let pytest run in a process that has already imported its plugins.
WARM = ("-W", "ignore::pytest.PytestAssertRewriteWarning")


class StopAtFinding:
    """The pytest plugin that ends a run at the first finding of a requirement; `at` is its time (`time.monotonic`).

    `journal_key` is that of the run, None before it began.
    """

    def __init__(self, requirement: str) -> None:
        self._requirement = requirement
        self.at: float | None = None
        self.journal_key: JournalKey | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Watch the events that the run records."""

        def watch(event: Event) -> None:
            if isinstance(event, Finding) and event.requirement == self._requirement and self.at is None:
                self.at = time.monotonic()
                session.shouldstop = f"a finding of {self._requirement}"

        run_context = session.config.stash[RUN_CONTEXT]
        run_context.watchers.append(watch)
        self.journal_key = run_context.journal_key


def run_job(job: Job, started: float) -> None:
    """Run a job that started at `started` (of `time.monotonic`) and write its outcome into its folder."""
    outcome = _outcome(job, started)
    unfinished = job.path / f".{OUTCOME}"
    unfinished.write_bytes(msgspec.json.encode(outcome))
    unfinished.replace(job.path / OUTCOME)


def _outcome(job: Job, started: float) -> JobOutcome:
    try:
        subject = KINDS[job.kind].make(load(Path(job.file)) if job.file else REFERENCE, job.path)
    except UserError as error:
        return JobOutcome(end="crashed", message=str(error), seconds=time.monotonic() - started)
    stop = StopAtFinding(job.stop_at)
    settings = _settings(job, subject)
    pytest.main(_arguments(settings, job), plugins=[stop])
    if not settings.journal.exists():
        return _without_a_journal(settings, started)
    try:
        document = judge(read_journal(settings.journal, stop.journal_key))
    except JournalError as error:
        return JobOutcome(end="crashed", message=str(error), seconds=time.monotonic() - started)
    seconds = time.monotonic() - started
    first_finding_s = None if stop.at is None else stop.at - started
    return _judged(document, job, first_finding_s, seconds)


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
    """The arguments of pytest: those of every run, except for the files that are collected."""
    suites, *rest = pytest_arguments()
    arguments = [*(job.suites or [suites]), *rest, *WARM, "--tb=short", f"--target={settings.target}"]
    arguments += [f"--contract={settings.contract}", f"--profile={settings.profile}", f"--seed={settings.seed}"]
    arguments += [f"--reports={settings.reports}", f"--gate-mode={settings.mode}"]
    return [*arguments, f"--gate-select={','.join(settings.selection)}"]


def _without_a_journal(settings: Settings, started: float) -> JobOutcome:
    """Why there was no run: the message that every command prints for it, or that the reason is unknown."""
    try:
        load_inputs(settings)
    except (UserError, ContractError) as error:
        return JobOutcome(end="refused", message=str(error), seconds=time.monotonic() - started)
    return JobOutcome(end="crashed", message="the suites left no journal", seconds=time.monotonic() - started)


def _judged(document: VerdictDocument, job: Job, first_finding_s: float | None, seconds: float) -> JobOutcome:
    """The parts of a verdict document that a mutation score needs."""
    findings: dict[str, str] = {}
    for sample in document.findings:
        finding = sample.finding
        findings.setdefault(finding.requirement, f"expected {finding.expected}; observed {finding.observed}")
    crashed_items = [
        f"{item.item}: {item.reason}"
        for result in document.requirements
        for item in result.items
        if item.outcome is ItemOutcome.ERRORED
    ]
    if first_finding_s is None and job.stop_at in findings:
        # A run-wide check has its findings when the journal is judged: at the end of the run.
        first_finding_s = seconds
    return JobOutcome(
        end="judged",
        findings=findings,
        not_exercised={
            result.id: result.reason for result in document.requirements if result.verdict is Verdict.INCONCLUSIVE
        },
        crashed_items=tuple(crashed_items),
        items=document.items.passed + document.items.failed,
        first_finding_s=first_finding_s,
        seconds=seconds,
    )


def redirect_output(job: Job) -> None:
    """Send all output of this process to the log of its job."""
    log = os.open(job.path / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for stream in (1, 2):
        os.dup2(log, stream)


def main(arguments: list[str]) -> int:
    """Run the job in the folder named by the argument."""
    started = time.monotonic()
    job = msgspec.json.decode((Path(arguments[0]) / JOB).read_bytes(), type=Job)
    redirect_output(job)
    run_job(job, started)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
