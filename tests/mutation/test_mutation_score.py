"""When a score is complete: each thing that is missing keeps it from being so."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from technogate.model.events import ContractRef
from technogate.model.requirement import Level, Party, Requirement
from technogate.mutation.mutation_score import About, MutantResult, MutantStatus, MutationScore, ReferenceResult, score
from technogate.mutation.score_files import FILES, write_all
from technogate.mutation.score_schema import FILE, score_schema

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = {
    name: Requirement(id=name, party=Party.BACKEND, level=level, group="execute", text="it holds <b>")
    for name, level in (("EXE-01", Level.MUST), ("EXE-02", Level.MUST), ("TMO-02", Level.SHOULD))
}
ABOUT = About(
    gate_version="0",
    contract=ContractRef(id="c", title="t", version="1", digest="d"),
    seed=1,
    started=0.0,
    seconds=10.0,
    workers=2,
    partial=False,
)
REFERENCE = ReferenceResult(name="backend", items=9, false_positives={}, not_exercised={}, seconds=1.0, problem="")


def mutant(name: str, breaks: str = "EXE-01", status: MutantStatus = "declared") -> MutantResult:
    """One mutant."""
    return MutantResult(
        name=name,
        kind="backend",
        breaks=breaks,
        subtlety=1,
        description="It is <script>alert(1)</script> wrong.",
        status=status,
        killed_by=(breaks,) if status == "declared" else (),
        observed="",
        first_s=0.5 if status == "declared" else None,
        seconds=1.0,
        problem="",
    )


RIGHT = [mutant(f"one-{number}") for number in range(19)] + [mutant("two", "EXE-02")]


def of(
    mutants: list[MutantResult] = RIGHT, references: tuple[ReferenceResult, ...] = (REFERENCE,), **about: object
) -> MutationScore:
    """A score."""
    return score(msgspec.structs.replace(ABOUT, **about), REQUIREMENTS, mutants, references)


def test_complete() -> None:
    """All seen through, no alarm, every MUST proven: complete, and a SHOULD that is not is only named."""
    document = of()
    assert document.complete
    assert document.exit_code == 0
    assert document.unproven == ()
    assert document.unproven_should == ("TMO-02",)


MISSING = {
    "survivor": (of([*RIGHT, mutant("three", status="survived")]), 1, "survived"),
    "too few by the declared": (of([*RIGHT, *[mutant(f"o{n}", status="other") for n in range(3)]]), 1, "less than 90%"),
    "false alarm": (
        of(references=(msgspec.structs.replace(REFERENCE, false_positives={"EXE-01": "x"}),)),
        1,
        "false alarm",
    ),
    "unproven": (of(RIGHT[:-1]), 1, "unproven: EXE-02"),
    "not judged": (of([*RIGHT, mutant("three", status="unjudged")]), 3, "could not be judged"),
    "reference not judged": (of(references=(msgspec.structs.replace(REFERENCE, problem="x"),)), 3, "reference backend"),
    "no reference": (of(references=()), 3, "the reference was not judged"),
    "partial": (of(partial=True), 3, "only some"),
    "nothing": (of([], ()), 1, "unproven"),
}


@pytest.mark.parametrize(("document", "code", "reason"), MISSING.values(), ids=MISSING)
def test_whatever_is_missing_keeps_it_from_being_complete(document: MutationScore, code: int, reason: str) -> None:
    """Each gap has its exit code and its reason."""
    assert not document.complete
    assert document.exit_code == code
    assert reason in " ".join(document.reasons)


def test_another_requirement_proves_nothing() -> None:
    """A mutant that only another requirement sees leaves the one that it breaks unproven."""
    assert of([*RIGHT[:-1], mutant("two", "EXE-02", "other")]).unproven == ("EXE-02",)


def test_the_files_say_the_same(tmp_path: Path) -> None:
    """The JSON is valid against the published schema; the pages show the figures, and markup as text."""
    document = of([*RIGHT, mutant("three", status="survived")])
    assert [path.name for path in write_all(document, tmp_path)] == list(FILES)
    written = json.loads((tmp_path / "score.json").read_text("utf-8"))
    jsonschema.validate(written, json.loads((ROOT / FILE).read_text("utf-8")))
    assert written["total"]["survived"] == 1
    page, summary = (tmp_path / "score.html").read_text("utf-8"), (tmp_path / "score.md").read_text("utf-8")
    for text in (page, summary):
        assert "20 of 21 mutants killed (95.2 %)" in text
        assert "<script>" not in text
        assert "three" in text


def test_schema_is_up_to_date() -> None:
    """The published schema is the one that the types make."""
    assert (ROOT / FILE).read_text("utf-8") == score_schema()
