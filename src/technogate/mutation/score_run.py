"""A whole score: every mutant and the reference judged side by side, the document, the files, the exit code."""

from __future__ import annotations

import difflib
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from technogate import __version__
from technogate.contract.loader import Contract
from technogate.contract.selection import select
from technogate.model.errors import UserError
from technogate.model.settings import Profile
from technogate.mutation.fork_server import SuitesError, collect
from technogate.mutation.image_mutants import forget_images
from technogate.mutation.job import Job, JobOutcome
from technogate.mutation.job_schedule import run_all
from technogate.mutation.mutant import Mutant, load
from technogate.mutation.mutant_kinds import KINDS, files_in, kind_of
from technogate.mutation.mutation_score import About, MutantResult, MutantStatus, MutationScore, ReferenceResult, score
from technogate.mutation.score_files import FILES, write_all
from technogate.mutation.score_output import show
from technogate.mutation.score_progress import ScoreProgress
from technogate.runner.run_context import contract_or_default
from technogate.target.compose.engine import EngineError
from technogate.util.shipped import mutants_folder

#: The reference is judged once for each of these; together they are every requirement.
REFERENCES = ("backend", "console", "pair")

#: The kind whose mutants are images.
STACK = "stack"

#: Every score draws the same cases: two of them can be compared.
SEED = 1


@dataclass(slots=True, kw_only=True)
class Scoring:
    """A score under way."""

    contract: Contract
    mutants: Mapping[str, tuple[Path, Mutant]]
    suites: Mapping[str, tuple[str, ...]]
    folder: Path
    profile: Profile = "quick"
    results: dict[str, MutantResult] = field(default_factory=dict)
    references: dict[str, ReferenceResult] = field(default_factory=dict)
    _first: dict[str, JobOutcome] = field(default_factory=dict)

    def jobs(self, *, references: bool) -> list[Job]:
        """The first run of everything: what takes long before what is short."""
        wanted = [self._reference(kind) for kind in REFERENCES] if references else []
        ordered = sorted(self.mutants, key=lambda name: self._weight(self.mutants[name][1]))
        return wanted + [self._declared(name) for name in ordered]

    def done(self, job: Job, outcome: JobOutcome) -> list[Job]:
        """Take in what came of a run; the run of the whole check, where the declared requirement stayed green."""
        name = job.name
        if not job.file:
            self.references[name] = _reference(name, outcome)
            return []
        path, mutant = self.mutants[name]
        if outcome.end == "judged" and not outcome.findings.get(mutant.breaks) and name not in self._first:
            self._first[name] = outcome
            return [self._job(name, path, mutant, KINDS[job.kind].parties, "whole", stop_at="")]
        before = self._first.get(name)
        self.results[name] = _mutant(name, job.kind, mutant, outcome, before)
        return []

    def _weight(self, mutant: Mutant) -> tuple[bool, bool, bool]:
        return mutant.profile == "quick", not mutant.page, mutant.breaks == ""

    def _declared(self, name: str) -> Job:
        path, mutant = self.mutants[name]
        words = (mutant.breaks, *mutant.beside)
        return self._job(name, path, mutant, words, "declared", stop_at=mutant.breaks)

    def _job(self, name: str, path: Path, mutant: Mutant, words: Sequence[str], what: str, *, stop_at: str) -> Job:
        return Job(
            kind=kind_of(path).name,
            file=str(path),
            selection=(selection := select(self.contract, words)),
            stop_at=stop_at,
            suites=self._suites(selection),
            profile=mutant.profile,
            seed=SEED,
            folder=str(self.folder / f"{name}.{what}"),
        )

    def _reference(self, kind: str) -> Job:
        selection = select(self.contract, [kind])
        return Job(
            kind=kind,
            file="",
            selection=selection,
            stop_at="",
            suites=self._suites(selection),
            profile=self.profile,
            seed=SEED,
            folder=str(self.folder / f"{kind}.reference"),
        )

    def _suites(self, selection: Sequence[str]) -> tuple[str, ...]:
        """The files with the checks of the requirements selected: all of them, where one has none of its own."""
        return tuple(sorted({path for name in selection for path in self.suites.get(name, ())}))


def _reference(name: str, outcome: JobOutcome) -> ReferenceResult:
    problem = "" if outcome.end == "judged" else outcome.text
    if not problem and outcome.crashed:
        problem = f"{len(outcome.crashed)} items broke: {outcome.crashed[0]}"
    if not problem and not outcome.items:
        problem = "no check ran"
    return ReferenceResult(
        name=name,
        items=outcome.items,
        false_positives=outcome.findings,
        not_exercised=outcome.open,
        seconds=round(outcome.seconds, 2),
        problem=problem,
    )


def _mutant(name: str, kind: str, mutant: Mutant, outcome: JobOutcome, before: JobOutcome | None) -> MutantResult:
    """The fate of a mutant; `before` is the run of its declared requirement, when that one stayed green."""
    seen = outcome.findings
    status: MutantStatus = "declared" if mutant.breaks in seen else "other" if seen else "survived"
    observed = seen.get(mutant.breaks) or next(iter(seen.values()), "")
    problem = ""
    if outcome.end == "refused":
        # The gate did not open, and says which requirement keeps it shut.
        status = "declared" if mutant.breaks in outcome.text else "unjudged"
        seen, observed = ({mutant.breaks: outcome.text}, outcome.text) if status == "declared" else ({}, "")
        problem = "" if status == "declared" else outcome.text
    elif outcome.end == "broken":
        status, problem = "unjudged", outcome.text
    elif status == "survived" and not outcome.items:
        status, problem = "unjudged", "no check ran"
    first = outcome.seconds if outcome.end == "refused" else outcome.first_s
    return MutantResult(
        name=name,
        kind=kind,
        breaks=mutant.breaks,
        subtlety=mutant.subtlety,
        description=mutant.description,
        status=status,
        killed_by=tuple(seen),
        observed=observed,
        first_s=round(first, 2) if status == "declared" and first is not None else None,
        seconds=round(outcome.seconds + (before.seconds if before else 0.0), 2),
        problem=problem,
    )


def score_all(names: Sequence[str], mutants: Path | None, reports: Path, workers: int | None, console: Console) -> int:
    """Judge the mutants named, or all, write the reports, show the score, and return the exit code.

    Raises UserError and ContractError for what the user can mend.
    """
    contract = contract_or_default("")
    wanted = _wanted(names, mutants or mutants_folder(), contract)
    _prepare(reports)
    count = workers or max(1, os.cpu_count() or 1)
    started, began = time.time(), time.monotonic()
    try:
        suites = collect()
    except SuitesError as problem:
        raise UserError(str(problem)) from problem
    with tempfile.TemporaryDirectory(prefix="technogate-score-", ignore_cleanup_errors=True) as place:
        scoring = Scoring(contract=contract, mutants=wanted, suites=suites, folder=Path(place))
        jobs = scoring.jobs(references=not names)
        with ScoreProgress(console, len(jobs)) as progress:

            def done(job: Job, outcome: JobOutcome) -> list[Job]:
                further = scoring.done(job, outcome)
                if not further:
                    progress.judged(job, outcome)
                return further

            try:
                run_all(jobs, count, done, progress.tick)
            finally:
                if any(job.kind == STACK for job in jobs):
                    _clear(console)
    about = About(
        gate_version=__version__,
        contract=contract.ref,
        seed=SEED,
        started=started,
        seconds=round(time.monotonic() - began, 1),
        workers=count,
        partial=bool(names),
    )
    document = _document(scoring, about)
    files = write_all(document, reports)
    show(console, document, files)
    return document.exit_code


def _clear(console: Console) -> None:
    """Remove the images that were built; one that stays costs disk and no verdict."""
    try:
        forget_images()
    except EngineError as error:
        console.print(f"images of the score may be left: {error}", markup=False)


def _document(scoring: Scoring, about: About) -> MutationScore:
    """The document, in the order of the requirements that the mutants break."""
    place = {name: number for number, name in enumerate(scoring.contract.requirements)}
    ordered = sorted(scoring.results.values(), key=lambda one: (place.get(one.breaks, -1), one.name))
    references = [scoring.references[name] for name in REFERENCES if name in scoring.references]
    return score(about, scoring.contract.requirements, ordered, references)


def _wanted(names: Sequence[str], folder: Path, contract: Contract) -> dict[str, tuple[Path, Mutant]]:
    """The mutants asked for, by name; raises UserError."""
    files = files_in(folder)
    for name in names:
        if name not in files:
            near = difflib.get_close_matches(name, files, n=1, cutoff=0.5)
            raise UserError(f"there is no mutant {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    loaded = {name: (files[name], load(files[name])) for name in (names or files)}
    for name, (_, mutant) in loaded.items():
        for word in (mutant.breaks, *mutant.also, *mutant.beside):
            if word not in contract.requirements:
                raise UserError(f"{name}: the contract has no requirement {word!r}")
    return loaded


def _prepare(reports: Path) -> None:
    """Make the folder of the reports and remove an earlier score; raises UserError."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (reports / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"cannot write reports to {reports}: {error.strerror}; name another folder") from error
