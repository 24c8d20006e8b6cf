"""The jobs of a mutation score and their results: one for each mutant and reference, a second where it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from technogate.contract.loader import Contract
from technogate.contract.selection import select
from technogate.faults.tracing.tracer import NotTraced, find_strace
from technogate.model.errors import UserError
from technogate.model.settings import Profile
from technogate.mutation.job import Job, JobOutcome
from technogate.mutation.mutant import Mutant
from technogate.mutation.mutant_kinds import KINDS, REACT, REFERENCE, MutantFile
from technogate.mutation.mutant_results import mutant_result, reference_result
from technogate.mutation.mutation_score import MutantResult, ReferenceResult

#: The reference is run once for each of these kinds; the first three cover every requirement, the last is another page.
REFERENCES = ("backend", "console", "pair", REACT)

#: The profile that the reference is checked with.
REFERENCE_PROFILE: Profile = "quick"

#: Every mutation score draws the same cases, so that two of them can be compared.
SEED = 1


@dataclass(slots=True, kw_only=True)
class MutationPlan:
    """The jobs and results of a mutation score; `folder` holds a folder for each job."""

    contract: Contract
    mutants: Mapping[str, tuple[MutantFile, Mutant]]
    suites: Mapping[str, tuple[str, ...]]
    folder: Path
    results: dict[str, MutantResult] = field(default_factory=dict)
    references: dict[str, ReferenceResult] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    _first_outcomes: dict[str, JobOutcome] = field(default_factory=dict)

    def jobs(self, *, references: bool) -> list[Job]:
        """The first job of every mutant, and of the references if requested; long jobs come first."""
        kinds = [kind for kind in REFERENCES if kind not in self.not_run] if references else []
        names = [
            name
            for name, (file, mutant) in self.mutants.items()
            if file.kind not in self.not_run and mutant.needs not in self.not_run
        ]
        ordered = sorted(names, key=lambda name: _brevity(self.mutants[name][1]))
        return [self._reference_job(kind) for kind in kinds] + [self._first_job(name) for name in ordered]

    def prepare(self) -> None:
        """Prepare the kinds that need it; where that is not possible, `not_run` gets the kind and the reason.

        It gets the program too that some mutants need and that is not there.
        """
        if any(mutant.needs == "strace" for _, mutant in self.mutants.values()):
            try:
                find_strace()
            except NotTraced as why:
                self.not_run["strace"] = f"{why}; {why.hint}"
        for kind in KINDS.values():
            mutants = {name: mutant for name, (file, mutant) in self.mutants.items() if file.kind == kind.name}
            if kind.prepare is None or not mutants:
                continue
            try:
                kind.prepare({**mutants, kind.name: REFERENCE}, self.folder)
            except UserError as error:
                self.not_run[kind.name] = str(error)

    def done(self, job: Job, outcome: JobOutcome) -> list[Job]:
        """Take the outcome of a job; return a second job if the requirement that the mutant breaks found nothing."""
        name = job.name
        if not job.file:
            self.references[name] = reference_result(name, outcome)
            return []
        file, mutant = self.mutants[name]
        if outcome.end == "judged" and not outcome.findings.get(mutant.breaks) and name not in self._first_outcomes:
            self._first_outcomes[name] = outcome
            return [self._job(f"{name}.all", file, mutant.profile, KINDS[job.kind].parties, stop_at="")]
        self.results[name] = mutant_result(name, job.kind, mutant, outcome, self._first_outcomes.get(name))
        return []

    def _first_job(self, name: str) -> Job:
        file, mutant = self.mutants[name]
        requirements = (mutant.breaks, *mutant.run_with)
        return self._job(f"{name}.first", file, mutant.profile, requirements, stop_at=mutant.breaks)

    def _reference_job(self, kind: str) -> Job:
        return self._job(f"{kind}.reference", kind, REFERENCE_PROFILE, KINDS[kind].parties, stop_at="")

    def _job(self, folder: str, of: MutantFile | str, profile: Profile, words: Sequence[str], *, stop_at: str) -> Job:
        """The job of a mutant, or of the reference of a kind."""
        selection = select(self.contract, words)
        return Job(
            kind=of if isinstance(of, str) else of.kind,
            file="" if isinstance(of, str) else str(of.path),
            selection=selection,
            stop_at=stop_at,
            suites=self._suites(selection),
            profile=profile,
            seed=SEED,
            folder=str(self.folder / folder),
        )

    def _suites(self, selection: Sequence[str]) -> tuple[str, ...]:
        """The files with the checks of the selected requirements."""
        return tuple(sorted({path for name in selection for path in self.suites.get(name, ())}))


def _brevity(mutant: Mutant) -> tuple[bool, bool]:
    """A key that sorts mutants whose runs take long before the others."""
    return mutant.profile == "quick", not mutant.page_only
