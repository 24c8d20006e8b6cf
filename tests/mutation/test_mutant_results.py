"""The status of a mutant and of a reference, from the outcome of its run."""

from __future__ import annotations

import msgspec
import pytest

from technogate.mutation.job import JobOutcome
from technogate.mutation.mutant_kinds import REFERENCE
from technogate.mutation.mutant_results import mutant_result, reference_result

MUTANT = msgspec.structs.replace(REFERENCE, breaks="EXE-01")
OTHER = {"EXE-02": "wrong"}

STATUSES = {
    "killed": (JobOutcome(end="judged", items=1, findings={"EXE-01": "x", **OTHER}, first_finding_s=1.0), "killed"),
    "killed by another": (JobOutcome(end="judged", items=1, findings=OTHER), "killed_by_other"),
    "survived": (JobOutcome(end="judged", items=1), "survived"),
    "no check ran": (JobOutcome(end="judged"), "not_judged"),
    "crashed": (JobOutcome(end="crashed", message="out of memory", items=1), "not_judged"),
    "refused for its requirement": (JobOutcome(end="refused", message="EXE-01: invalid"), "killed"),
    "refused for another": (JobOutcome(end="refused", message="EXE-02: invalid"), "not_judged"),
}


@pytest.mark.parametrize(("outcome", "status"), STATUSES.values(), ids=STATUSES)
def test_status_follows_from_the_outcome(outcome: JobOutcome, status: str) -> None:
    """A mutant is killed only by a finding; a run that judged nothing is not_judged and has a reason."""
    result = mutant_result("one", "backend", MUTANT, outcome, None)
    assert result.status == status
    assert bool(result.problem) == (status == "not_judged")
    assert bool(result.killed_by) == status.startswith("killed")
    assert (result.first_finding_s is None) == (status != "killed")


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (JobOutcome(end="judged", items=1), ""),
        (JobOutcome(end="judged"), "no check ran"),
        (JobOutcome(end="judged", items=1, crashed_items=("a: b",)), "1 item crashed: a: b"),
        (JobOutcome(end="crashed", message="gone"), "gone"),
    ],
)
def test_reference_without_a_whole_run_has_a_problem(outcome: JobOutcome, problem: str) -> None:
    """A reference counts as judged only if its checks ran and no item crashed."""
    assert reference_result("backend", outcome).problem == problem
