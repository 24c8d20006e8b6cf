"""The six phases: each is done by its evidence alone, and what is not of this contract counts for nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from technogate.contract.loader import load_contract
from technogate.model.verdict import Verdict, VerdictDocument
from technogate.report.project_progress import MOST, PhaseStep, bars
from technogate.report.status_page import status_page
from technogate.workflow.deployment import Deployment, ProofRecord
from technogate.workflow.evaluation import confirmed
from technogate.workflow.gap_history import GapHistory, GapRun, Item
from technogate.workflow.intake_answer_file import read_answer
from technogate.workflow.phases import FoundDocuments, phases, progress_of
from tests.deploy.sealed import document_of
from tests.workflow.answers import CONTRACT, ROOT, best, evaluated, with_value

change = msgspec.structs.replace
RUN = GapRun(
    run="r1", source="validation", at="2026-01-01 00:00:00 UTC", contract_digest=CONTRACT.digest, open=(), closed=(),
    new=(),
)  # fmt: skip
GAP = Item(id="AUT-02", priority="critical", observed="<img src=x>", fix="", since="r1")
UNPROVEN = change(GAP, priority="unproven")
NO_TEAM = with_value(best(), "", "team", '""')
DEPLOY = Deployment(
    schema=1, deploy=True, at="t", console="c:1", backend="b:1", evidence_sha256="e", images={},
    lines=(ProofRecord(title="t", proven=True, proof="p"),),
)  # fmt: skip
DOCUMENT: VerdictDocument = document_of(load_contract(ROOT / "contracts" / "console-v0.1"), 1e9)
DONE = FoundDocuments(
    prompt="p",
    expected_prompt="p",
    answer=read_answer(best(), CONTRACT),
    evaluation=confirmed(evaluated(best()), "Ada", "t"),
    spec="s",
    expected_spec="s",
    history=GapHistory(schema=1, runs=(RUN,)),
    document=DOCUMENT,
    evidence_sha256="e",
    deployment=DEPLOY,
)


def states(found: FoundDocuments) -> list[str]:
    """The state of each phase."""
    return [one.state for one in phases(found, CONTRACT)]


def test_everything_is_done_by_its_evidence() -> None:
    """With all of its evidence, every phase is done."""
    assert states(DONE) == ["done"] * 6


def held(found: FoundDocuments) -> FoundDocuments:
    """The same documents with an answer on HOLD."""
    text = with_value(best(), "", "weeks", 5)
    return replace(found, answer=read_answer(text, CONTRACT), evaluation=confirmed(evaluated(text), "Ada", "t"))


@pytest.mark.parametrize(
    ("number", "state", "because", "change_of"),
    [
        (1, "next", "not written", lambda f: replace(f, prompt=None)),
        (1, "next", "not the one that this contract generates", lambda f: replace(f, prompt="other")),
        (1, "next", "no answer yet", lambda f: replace(f, answer=None)),
        (1, "next", "cannot be read", lambda f: replace(f, answer="it cannot be read")),
        (1, "next", "1 thing missing", lambda f: replace(f, answer=read_answer(NO_TEAM, CONTRACT))),
        (2, "next", "not evaluated", lambda f: replace(f, evaluation=None)),
        (2, "next", "another contract", lambda f: replace(f, evaluation=change(f.evaluation, contract_digest="0"))),
        (2, "next", "another answer", lambda f: replace(f, answer=read_answer(best() + "\nx\n", CONTRACT))),
        (2, "next", "not confirmed by a person", lambda f: replace(f, evaluation=confirmed(f.evaluation, "", ""))),
        (2, "blocked", "HOLD by rule H7", held),
        (3, "next", "not written", lambda f: replace(f, spec=None)),
        (3, "next", "not the one", lambda f: replace(f, spec="t")),
        (4, "next", "no list of gaps", lambda f: replace(f, history=GapHistory(schema=1, runs=()))),
        (4, "next", "no list of gaps", lambda f: replace(f, history=runs(change(RUN, source="evaluation")))),
        (4, "next", "another contract", lambda f: replace(f, history=runs(change(RUN, contract_digest="0")))),
        (4, "next", "1 gap open", lambda f: replace(f, history=runs(change(RUN, open=(GAP,))))),
        (4, "next", "1 gap open", lambda f: replace(f, history=runs(change(RUN, open=(UNPROVEN,))))),
        (4, "next", "close no gap: it crashed", lambda f: replace(f, history=runs(change(RUN, problem="it crashed")))),
        (5, "next", "no journal", lambda f: replace(f, document=None)),
        (5, "next", "damaged", lambda f: replace(f, document="it is damaged")),
        (5, "next", "another contract", lambda f: judged(f, contract=change(DOCUMENT.contract, digest="0"))),
        (5, "next", "only a check", lambda f: judged(f, is_validation=False)),
        (5, "next", "backend only", lambda f: judged(f, target=change(DOCUMENT.target, parties=("backend",)))),
        (5, "blocked", "FAIL", lambda f: judged(f, verdict=Verdict.FAIL, exit_code=1)),
        (5, "blocked", "INCONCLUSIVE", lambda f: judged(f, verdict=Verdict.INCONCLUSIVE, exit_code=3)),
        (5, "blocked", "PASS", lambda f: judged(f, exit_code=3)),
        (6, "next", "no signed evidence", lambda f: replace(f, evidence_sha256="")),
        (6, "next", "was not run", lambda f: replace(f, deployment=None)),
        (6, "next", "other evidence", lambda f: replace(f, evidence_sha256="f")),
        (6, "blocked", "DO NOT DEPLOY", lambda f: replace(f, deployment=change(DEPLOY, deploy=False))),
        (6, "blocked", "DO NOT DEPLOY", lambda f: replace(f, deployment=change(DEPLOY, lines=()))),
    ],
)  # fmt: skip
def test_without_its_evidence_a_phase_is_not_done(
    number: int, state: str, because: str, change_of: Callable[[FoundDocuments], FoundDocuments]
) -> None:
    """Earlier phases stay done, and later phases wait."""
    found = change_of(DONE)
    assert states(found) == ["done"] * (number - 1) + [state] + ["blocked"] * (6 - number)
    here = phases(found, CONTRACT)[number - 1]
    assert because in here.evidence
    assert here.command
    assert all(f"waits for phase {number}" in one.evidence for one in phases(found, CONTRACT)[number:])


def runs(run: GapRun) -> GapHistory:
    """A history of one run."""
    return GapHistory(schema=1, runs=(run,))


def judged(found: FoundDocuments, **changes: object) -> FoundDocuments:
    """The same documents with changes in that of the validation."""
    return replace(found, document=change(DOCUMENT, **changes))


def test_a_failed_should_does_not_block() -> None:
    """A minor gap is shown, and the phase is done."""
    found = replace(DONE, history=runs(change(RUN, open=(change(GAP, priority="minor"),))))
    assert states(found) == ["done"] * 6
    assert "1 gap open" in phases(found, CONTRACT)[3].evidence


def test_the_page_shows_text_as_text() -> None:
    """Neither a name nor a run becomes markup."""
    found = replace(DONE, evaluation=confirmed(evaluated(best()), "<script>x</script>", "t"))
    page = status_page(progress_of(found, CONTRACT))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def step(open_: int) -> PhaseStep:
    """A run with this number of open gaps."""
    return PhaseStep(
        run="r", source="check", at="2026-01-01 10:00:00 UTC", critical=open_, unproven=0, minor=0, new=0, closed=0
    )


def test_the_chart_is_to_scale() -> None:
    """Heights are proportional, an empty part is not drawn, and only the latest of many runs are shown."""
    high, half, none = bars((step(10), step(5), step(0)))
    assert high.parts[0].height == 2 * half.parts[0].height
    assert none.parts == ()
    assert bars(()) == ()
    many = bars(tuple(step(number) for number in range(100)))
    assert [one.step.open for one in many] == list(range(100 - MOST, 100))
    assert all(one.x + one.width < 720 for one in many)
