"""The canary: it sings with sound instruments, is silent with a broken one, and then nobody is judged."""

from __future__ import annotations

import asyncio
import pkgutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from technogate.canary import faults, trail
from technogate.canary.answers import Known, unproven
from technogate.canary.run import CanaryRun
from technogate.check.canary import FAULT_KINDS, required
from technogate.check.sweep import SWEEPS, WholeRun
from technogate.evidence import Header, Outcome, Proof
from technogate.fault import kinds
from technogate.fault.double import Double
from technogate.fault.kinds.raw import Raw
from technogate.journal import read_journal
from technogate.judge import judge
from technogate.session import Gate, open_gate
from technogate.settings import Settings
from technogate.verdict import Verdict
from tests import builders

pytestmark = pytest.mark.slow


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A run that has begun, of the reference pair, which nobody starts."""
    return open_gate(Settings(reports=str(tmp_path), seed=1))


def silent(gate: Gate) -> list[str]:
    """What the canary of a run says is not proven; every proof that a pair needs is in the journal."""
    problems = CanaryRun(gate).end()
    journal = read_journal(gate.journal.path)
    [canary] = journal.canaries
    assert {proof.name for proof in canary.proofs} >= set(required(("backend", "console")))
    return problems


def test_it_sings(gate: Gate) -> None:
    """With sound instruments everything is proven, and every fault kind stands in the journal."""
    assert silent(gate) == []
    felt = {one.disturbed_by.split()[0] for one in read_journal(gate.journal.path).exchanges if one.disturbed_by}
    assert {"stall", "drip", "reset", "closed", "truncated", "redirect", "raw"} <= felt


def test_every_kind_and_every_sweep_has_a_proof() -> None:
    """A fault kind or a sweep that is added cannot be forgotten."""
    modules = {module.name for module in pkgutil.iter_modules(kinds.__path__)}
    assert modules == set(FAULT_KINDS) == {order.kind for order in faults.orders()}
    assert {sweep.requirement for sweep in SWEEPS} == set(trail.WRONG)


@pytest.mark.parametrize("kind", ["stall", "drip", "broken", "truncated", "held", "status", "chunked", "compressed"])
def test_a_fault_that_is_not_delivered_is_noticed(gate: Gate, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A double that sends a whole answer in place of a fault is seen on the wire."""
    harmless = Raw(data=faults.WHOLE)
    real = faults.orders()
    broken = [replace(one, fault=harmless) if one.kind == kind else one for one in real]
    monkeypatch.setattr(faults, "orders", lambda: broken)
    assert [problem for problem in silent(gate) if problem.startswith(f"fault {kind}:")]


def test_a_refusal_that_is_none_is_noticed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A double that goes on answering where it should refuse is seen on the wire."""
    monkeypatch.setattr(Double, "refuse", lambda *_: None)
    assert [problem for problem in silent(gate) if problem.startswith("fault refusal:")]


def test_a_journal_that_loses_exchanges_is_noticed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was recorded and is not in the file is missed."""
    append = gate.journal.append
    monkeypatch.setattr(gate.journal, "append", lambda event: None if hasattr(event, "answered_by") else append(event))
    assert [problem for problem in silent(gate) if problem.startswith("journal:")]


def test_a_key_in_the_journal_is_noticed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redactor that lets the key through is seen in the file."""
    monkeypatch.setattr(gate.redactor, "headers", lambda headers: (headers, ()))
    assert [problem for problem in silent(gate) if problem.startswith("journal: it holds")]


@pytest.mark.parametrize(
    ("check", "proof"),
    [("technogate.check.answer.status", "backend checks"), ("technogate.check.console.blocked", "console checks")],
)
def test_a_check_that_is_always_green_is_noticed(
    gate: Gate, check: str, proof: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that finds nothing, whatever it is shown, is named."""
    monkeypatch.setattr(check, lambda *_, **__: [])
    assert [problem for problem in silent(gate) if problem.startswith(f"{proof}: ")]


def test_reconciling_that_finds_nothing_is_noticed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reconciliation without anomalies is seen by each sweep that rests on it."""
    real: Any = vars(WholeRun)["reconciled"]
    monkeypatch.setattr(WholeRun, "reconciled", property(lambda whole: replace(real.func(whole), anomalies=())))
    [problem] = [one for one in silent(gate) if one.startswith("trail reconciliation:")]
    assert "TRL-01" in problem
    assert "TRL-05" in problem


def test_an_instrument_that_raises_is_noticed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that breaks is no proof."""
    monkeypatch.setattr(asyncio, "run", lambda coroutine: (coroutine.close(), 1 / 0))
    assert [problem for problem in silent(gate) if "ZeroDivisionError" in problem]


def test_a_check_that_is_always_red_is_noticed() -> None:
    """A check that turns red on good evidence is named too."""
    assert "red on a known-good" in unproven([Known(check="x", bad=lambda: ["red"], good=lambda: ["red"])])


GREEN = (
    builders.plan(("a", "AUT-01"), ("b", "EXE-01")),
    builders.result("a", "AUT-01"),
    builders.result("b", "EXE-01"),
)
ALL = tuple(Proof(name=name) for name in required(("backend",)))


def head() -> Header:
    """The header of a run against a backend."""
    return builders.header(parties=("backend",))


def test_a_journal_without_a_canary_is_no_pass(tmp_path: Path) -> None:
    """However green, a run without a canary proves nothing."""
    document = judge(builders.journal(tmp_path, *GREEN, head=head(), proofs=()))
    assert (document.verdict, document.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert any("no canary" in reason for reason in document.reasons)


@pytest.mark.parametrize("left_out", required(("backend",)))
def test_a_canary_without_a_proof_is_no_pass(tmp_path: Path, left_out: str) -> None:
    """Each proof that a party needs must be there; with all of them the run passes."""
    assert judge(builders.journal(tmp_path, *GREEN, head=head(), proofs=ALL)).verdict is Verdict.PASS
    some = tuple(proof for proof in ALL if proof.name != left_out)
    assert judge(builders.journal(tmp_path, *GREEN, head=head(), proofs=some)).verdict is Verdict.INCONCLUSIVE


def test_a_silent_canary_judges_nobody(tmp_path: Path) -> None:
    """Beside a broken instrument a finding blames nobody either, and who runs the gate must act."""
    broken = (*ALL[1:], Proof(name=ALL[0].name, problem="nothing was seen"))
    events = (GREEN[0], GREEN[1], builders.result("b", "EXE-01", Outcome.FAILED), builders.finding("b", "EXE-01"))
    document = judge(builders.journal(tmp_path, *events, head=head(), proofs=broken))
    assert (document.verdict, document.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert any("nothing was seen" in reason and "loopback" in reason for reason in document.reasons)
