"""The mutation score: run every mutant and the reference in parallel, write the reports, return the exit code."""

from __future__ import annotations

import difflib
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from technogate import __version__
from technogate.contract.loader import Contract
from technogate.model.errors import UserError
from technogate.mutation.fork_server import SuitesError, collect
from technogate.mutation.image_mutants import remove_images
from technogate.mutation.job import Job, JobOutcome
from technogate.mutation.job_schedule import run_all
from technogate.mutation.mutant import Mutant, load
from technogate.mutation.mutant_kinds import MutantFile, files_in
from technogate.mutation.mutation_output import show
from technogate.mutation.mutation_plan import REFERENCES, SEED, MutationPlan
from technogate.mutation.mutation_progress import MutationProgress
from technogate.mutation.mutation_reports import FILES, write_all
from technogate.mutation.mutation_score import MutationScore, ScoreOrigin, mutation_score
from technogate.runner.run_context import contract_or_default
from technogate.target.compose.engine import EngineError
from technogate.util.shipped import mutants_folder

#: The kind whose mutants are images.
STACK = "stack"


def run_mutants(names: Sequence[str], folder: Path | None, reports: Path, workers: int | None, console: Console) -> int:
    """Run the named mutants, or all of them and the reference, and return the exit code of the mutation score.

    The mutants are those in `folder`, None for the shipped ones. The reports go to `reports`, the score is printed to
    `console`. Raises UserError and ContractError for mistakes of the user.
    """
    contract = contract_or_default("")
    selected = _selected(names, folder or mutants_folder(), contract)
    _prepare(reports)
    count = workers or max(1, os.cpu_count() or 1)
    started, clock = time.time(), time.monotonic()
    try:
        suites = collect()
    except SuitesError as error:
        raise UserError(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="technogate-mutants-", ignore_cleanup_errors=True) as place:
        plan = MutationPlan(contract=contract, mutants=selected, suites=suites, folder=Path(place))
        plan.prepare()
        _run(plan, plan.jobs(references=not names), count, console)
    origin = ScoreOrigin(
        gate_version=__version__,
        contract=contract.ref,
        seed=SEED,
        started=started,
        seconds=round(time.monotonic() - clock, 1),
        workers=count,
        partial=bool(names),
    )
    document = _document(plan, origin)
    files = write_all(document, reports)
    show(console, document, files)
    return document.exit_code


def _run(plan: MutationPlan, jobs: Sequence[Job], workers: int, console: Console) -> None:
    """Run all jobs with a progress line, and remove the images that were built."""
    with MutationProgress(console, len(jobs)) as progress:

        def done(job: Job, outcome: JobOutcome) -> list[Job]:
            further = plan.done(job, outcome)
            if not further:
                progress.judged(job, outcome)
            return further

        try:
            run_all(jobs, workers, done, progress.tick)
        finally:
            if any(job.kind == STACK for job in jobs):
                _remove_images(console)


def _remove_images(console: Console) -> None:
    """Remove the images that were built; one that is left takes disk space, but changes no verdict."""
    try:
        remove_images()
    except EngineError as error:
        console.print(f"images of the mutants may be left: {error}", markup=False)


def _document(plan: MutationPlan, origin: ScoreOrigin) -> MutationScore:
    """The document, in the order of the requirements that the mutants break."""
    position = {name: number for number, name in enumerate(plan.contract.requirements)}
    results = sorted(plan.results.values(), key=lambda result: (position.get(result.breaks, -1), result.name))
    references = [plan.references[name] for name in REFERENCES if name in plan.references]
    return mutation_score(origin, plan.contract.requirements, results, references, plan.not_run)


def _selected(names: Sequence[str], folder: Path, contract: Contract) -> dict[str, tuple[MutantFile, Mutant]]:
    """The named mutants, or all, by name; raises UserError."""
    files = files_in(folder)
    for name in names:
        if name not in files:
            near = difflib.get_close_matches(name, files, n=1, cutoff=0.5)
            raise UserError(f"there is no mutant {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    mutants = {name: (files[name], load(files[name].path)) for name in (names or files)}
    for name, (_, mutant) in mutants.items():
        for requirement in (mutant.breaks, *mutant.may_also_break, *mutant.run_with):
            if requirement not in contract.requirements:
                raise UserError(f"{name}: the contract has no requirement {requirement!r}")
    return mutants


def _prepare(reports: Path) -> None:
    """Make the reports folder and remove the reports of an earlier mutation score; raises UserError."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (reports / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"cannot write reports to {reports}: {error.strerror}; pass another folder") from error
