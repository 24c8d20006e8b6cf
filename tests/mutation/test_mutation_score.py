"""When a score is complete: each thing that is missing keeps it from being so."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from technogate.model.events import ContractRef
from technogate.model.requirement import Level, Party, Requirement
from technogate.mutation.mutation_score import About, Fate, ImpostorResult, ReferenceResult, ScoreDocument, score
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
REFERENCE = ReferenceResult(name="backend", items=9, alarms={}, not_exercised={}, seconds=1.0, problem="")


def impostor(name: str, breaks: str = "EXE-01", fate: Fate = "declared") -> ImpostorResult:
    """One impostor."""
    return ImpostorResult(
        name=name,
        kind="backend",
        breaks=breaks,
        subtlety=1,
        description="It is <script>alert(1)</script> wrong.",
        fate=fate,
        seen_by=(breaks,) if fate == "declared" else (),
        observed="",
        first_s=0.5 if fate == "declared" else None,
        seconds=1.0,
        problem="",
    )


RIGHT = [impostor(f"one-{number}") for number in range(19)] + [impostor("two", "EXE-02")]


def of(
    impostors: list[ImpostorResult] = RIGHT, references: tuple[ReferenceResult, ...] = (REFERENCE,), **about: object
) -> ScoreDocument:
    """A score."""
    return score(msgspec.structs.replace(ABOUT, **about), REQUIREMENTS, impostors, references)


def test_complete() -> None:
    """All seen through, no alarm, every MUST proven: complete, and a SHOULD that is not is only named."""
    document = of()
    assert document.complete
    assert document.exit_code == 0
    assert document.unproven == ()
    assert document.unproven_should == ("TMO-02",)


MISSING = {
    "survivor": (of([*RIGHT, impostor("three", fate="survived")]), 1, "survived"),
    "too few by the declared": (of([*RIGHT, *[impostor(f"o{n}", fate="other") for n in range(3)]]), 1, "less than 90%"),
    "false alarm": (of(references=(msgspec.structs.replace(REFERENCE, alarms={"EXE-01": "x"}),)), 1, "false alarm"),
    "unproven": (of(RIGHT[:-1]), 1, "unproven: EXE-02"),
    "not judged": (of([*RIGHT, impostor("three", fate="unjudged")]), 3, "could not be judged"),
    "reference not judged": (of(references=(msgspec.structs.replace(REFERENCE, problem="x"),)), 3, "reference backend"),
    "no reference": (of(references=()), 3, "the reference was not judged"),
    "partial": (of(partial=True), 3, "only some"),
    "nothing": (of([], ()), 1, "unproven"),
}


@pytest.mark.parametrize(("document", "code", "reason"), MISSING.values(), ids=MISSING)
def test_whatever_is_missing_keeps_it_from_being_complete(document: ScoreDocument, code: int, reason: str) -> None:
    """Each gap has its exit code and its reason."""
    assert not document.complete
    assert document.exit_code == code
    assert reason in " ".join(document.reasons)


def test_another_requirement_proves_nothing() -> None:
    """An impostor that only another requirement sees leaves the one that it breaks unproven."""
    assert of([*RIGHT[:-1], impostor("two", "EXE-02", "other")]).unproven == ("EXE-02",)


def test_the_files_say_the_same(tmp_path: Path) -> None:
    """The JSON is valid against the published schema; the pages show the figures, and markup as text."""
    document = of([*RIGHT, impostor("three", fate="survived")])
    assert [path.name for path in write_all(document, tmp_path)] == list(FILES)
    written = json.loads((tmp_path / "score.json").read_text("utf-8"))
    jsonschema.validate(written, json.loads((ROOT / FILE).read_text("utf-8")))
    assert written["total"]["survived"] == 1
    page, summary = (tmp_path / "score.html").read_text("utf-8"), (tmp_path / "score.md").read_text("utf-8")
    for text in (page, summary):
        assert "20 of 21 impostors killed (95.2 %)" in text
        assert "<script>" not in text
        assert "three" in text


def test_schema_is_up_to_date() -> None:
    """The published schema is the one that the types make."""
    assert (ROOT / FILE).read_text("utf-8") == score_schema()
