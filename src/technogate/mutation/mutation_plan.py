"""The jobs of a mutation score and their results: one for each mutant and reference, a second where it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from technogate.contract.loader import Contract
from technogate.contract.selection import select
from technogate.model.settings import Profile
from technogate.mutation.job import Job, JobOutcome
from technogate.mutation.mutant import Mutant
from technogate.mutation.mutant_kinds import KINDS, kind_of
from technogate.mutation.mutant_results import mutant_result, reference_result
from technogate.mutation.mutation_score import MutantResult, ReferenceResult

#: The reference is run once for each of these parties; together they cover every requirement.
REFERENCES = ("backend", "console", "pair")

#: The profile that the reference is checked with.
REFERENCE_PROFILE: Profile = "quick"

#: Every mutation score draws the same cases, so that two of them can be compared.
SEED = 1


@dataclass(slots=True, kw_only=True)
class MutationPlan:
    """The jobs and results of a mutation score; `folder` holds a folder for each job."""

    contract: Contract
    mutants: Mapping[str, tuple[Path, Mutant]]
    suites: Mapping[str, tuple[str, ...]]
    folder: Path
    results: dict[str, MutantResult] = field(default_factory=dict)
    references: dict[str, ReferenceResult] = field(default_factory=dict)
    _first_outcomes: dict[str, JobOutcome] = field(default_factory=dict)

    def jobs(self, *, references: bool) -> list[Job]:
        """The first job of every mutant, and of the references if requested; long jobs come first."""
        jobs = [self._reference_job(kind) for kind in REFERENCES] if references else []
        ordered = sorted(self.mutants, key=lambda name: _brevity(self.mutants[name][1]))
        return jobs + [self._first_job(name) for name in ordered]

    def done(self, job: Job, outcome: JobOutcome) -> list[Job]:
        """Take the outcome of a job; return a second job if the requirement that the mutant breaks found nothing."""
        name = job.name
        if not job.file:
            self.references[name] = reference_result(name, outcome)
            return []
        path, mutant = self.mutants[name]
        if outcome.end == "judged" and not outcome.findings.get(mutant.breaks) and name not in self._first_outcomes:
            self._first_outcomes[name] = outcome
            return [self._job(f"{name}.all", path, mutant.profile, KINDS[job.kind].parties, stop_at="")]
        self.results[name] = mutant_result(name, job.kind, mutant, outcome, self._first_outcomes.get(name))
        return []

    def _first_job(self, name: str) -> Job:
        path, mutant = self.mutants[name]
        requirements = (mutant.breaks, *mutant.run_with)
        return self._job(f"{name}.first", path, mutant.profile, requirements, stop_at=mutant.breaks)

    def _reference_job(self, kind: str) -> Job:
        return self._job(f"{kind}.reference", None, REFERENCE_PROFILE, [kind], stop_at="")

    def _job(self, folder: str, path: Path | None, profile: Profile, words: Sequence[str], *, stop_at: str) -> Job:
        selection = select(self.contract, words)
        return Job(
            kind=kind_of(path).name if path else folder.partition(".")[0],
            file=str(path or ""),
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
