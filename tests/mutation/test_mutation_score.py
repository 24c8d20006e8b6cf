"""The verdict of a mutation score: each thing that is missing prevents a PASS."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import jsonschema
import msgspec
import pytest
from rich.console import Console

from technogate.model.events import ContractRef
from technogate.model.requirement import Level, Party, Requirement
from technogate.model.verdict import Verdict
from technogate.mutation.mutation_output import show
from technogate.mutation.mutation_reports import FILES, write_all
from technogate.mutation.mutation_score import (
    MutantResult,
    MutantStatus,
    MutationScore,
    ReferenceResult,
    ScoreOrigin,
    mutation_score,
)
from technogate.mutation.mutation_score_schema import FILE, mutation_score_schema

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = {
    name: Requirement(id=name, party=Party.BACKEND, level=level, group="execute", text="it holds <b>")
    for name, level in (("EXE-01", Level.MUST), ("EXE-02", Level.MUST), ("TMO-02", Level.SHOULD))
}
ORIGIN = ScoreOrigin(
    gate_version="0",
    contract=ContractRef(id="c", title="t", version="1", digest="d"),
    seed=1,
    started=0.0,
    seconds=10.0,
    workers=2,
    partial=False,
)
REFERENCE = ReferenceResult(name="backend", items=9, false_positives={}, not_exercised={}, seconds=1.0, problem="")


def mutant(name: str, breaks: str = "EXE-01", status: MutantStatus = "killed") -> MutantResult:
    """The result of a mutant."""
    return MutantResult(
        name=name,
        kind="backend",
        breaks=breaks,
        subtlety=1,
        description="It is <script>alert(1)</script> wrong.",
        status=status,
        killed_by=(breaks,) if status == "killed" else (),
        observed="",
        first_finding_s=0.5 if status == "killed" else None,
        seconds=1.0,
        problem="",
    )


ALL_KILLED = [mutant(f"one-{number}") for number in range(19)] + [mutant("two", "EXE-02")]


def score_of(
    mutants: list[MutantResult] = ALL_KILLED,
    references: tuple[ReferenceResult, ...] = (REFERENCE,),
    not_run: Mapping[str, str] = MappingProxyType({}),
    **origin: object,
) -> MutationScore:
    """A mutation score of these results."""
    return mutation_score(msgspec.structs.replace(ORIGIN, **origin), REQUIREMENTS, mutants, references, not_run)


def test_passes_when_nothing_is_missing() -> None:
    """All mutants killed, no false positive, every MUST proven: PASS; an unproven SHOULD is only listed."""
    document = score_of()
    assert document.verdict is Verdict.PASS
    assert document.exit_code == 0
    assert document.unproven == ()
    assert document.unproven_should == ("TMO-02",)


MISSING = {
    "survivor": (score_of([*ALL_KILLED, mutant("three", status="survived")]), 1, "survived"),
    "too many killed by another": (
        score_of([*ALL_KILLED, *[mutant(f"o{n}", status="killed_by_other") for n in range(3)]]),
        1,
        "less than 90%",
    ),
    "false positive": (
        score_of(references=(msgspec.structs.replace(REFERENCE, false_positives={"EXE-01": "x"}),)),
        1,
        "false positive",
    ),
    "unproven": (score_of(ALL_KILLED[:-1]), 1, "unproven: EXE-02"),
    "not judged": (score_of([*ALL_KILLED, mutant("three", status="not_judged")]), 3, "could not be judged"),
    "reference not judged": (
        score_of(references=(msgspec.structs.replace(REFERENCE, problem="x"),)),
        3,
        "reference backend",
    ),
    "no reference": (score_of(references=()), 3, "the reference was not judged"),
    "partial": (score_of(partial=True), 3, "only some"),
    "kind not run": (score_of(not_run={"react": "found no npm"}), 3, "kind react were not run: found no npm"),
    "nothing": (score_of([], ()), 1, "unproven"),
}


@pytest.mark.parametrize(("document", "code", "reason"), MISSING.values(), ids=MISSING)
def test_whatever_is_missing_prevents_a_pass(document: MutationScore, code: int, reason: str) -> None:
    """Each gap has its exit code, its verdict and its reason."""
    assert document.verdict is (Verdict.FAIL if code == 1 else Verdict.INCONCLUSIVE)
    assert document.exit_code == code
    assert reason in " ".join(document.reasons)


def test_another_requirement_proves_nothing() -> None:
    """A mutant that only another requirement kills leaves the one that it breaks unproven."""
    assert score_of([*ALL_KILLED[:-1], mutant("two", "EXE-02", "killed_by_other")]).unproven == ("EXE-02",)


def test_all_outputs_agree(tmp_path: Path) -> None:
    """The JSON is valid against the published schema; the pages and the terminal show its figures, markup as text."""
    document = score_of([*ALL_KILLED, mutant("three", status="survived")])
    assert [path.name for path in write_all(document, tmp_path)] == list(FILES)
    written = json.loads((tmp_path / "mutation-score.json").read_text("utf-8"))
    jsonschema.validate(written, json.loads((ROOT / FILE).read_text("utf-8")))
    assert written["verdict"] == "FAIL"
    assert written["total"]["survived"] == 1
    page = (tmp_path / "mutation-score.html").read_text("utf-8")
    summary = (tmp_path / "mutation-score.md").read_text("utf-8")
    assert "<script>" not in page
    assert "<script>" not in summary
    terminal = io.StringIO()
    show(Console(file=terminal, width=200), document, [])
    for text in (page, summary, terminal.getvalue()):
        assert "20 of 21 mutants killed (95.2 %)" in text
        assert "FAIL" in text
        assert "three" in text


def test_a_kind_that_was_not_run_is_shown(tmp_path: Path) -> None:
    """Each output names the kind whose mutants were not run, and why."""
    document = score_of(not_run={"react": "found no npm"})
    terminal = io.StringIO()
    show(Console(file=terminal, width=200), document, [])
    texts = [path.read_text("utf-8") for path in write_all(document, tmp_path)]
    assert json.loads(texts[0])["not_run"] == {"react": "found no npm"}
    for text in (*texts[1:], terminal.getvalue()):
        assert "react (not run)" in text
        assert "found no npm" in text


def test_schema_is_up_to_date() -> None:
    """The published schema is the one that the types make."""
    assert (ROOT / FILE).read_text("utf-8") == mutation_score_schema()
