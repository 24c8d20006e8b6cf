"""The self-test passes with sound instruments and fails with a broken one; then no requirement is judged."""

from __future__ import annotations

import asyncio
import pkgutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from technogate.checks.whole_run import WholeRun
from technogate.journal.journal_file import read_journal
from technogate.judging.judge import judge
from technogate.judging.self_test_result import FAULT_KINDS, required
from technogate.mock import responses
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.raw_bytes import Raw
from technogate.model.events import Header, Outcome, Proof
from technogate.model.settings import Settings
from technogate.model.verdict import Verdict
from technogate.runner.run_context import RunContext, open_run
from technogate.runner.self_test import mock_examples
from technogate.runner.self_test.run_self_test import SelfTestRun
from tests import builders

pytestmark = pytest.mark.slow


@pytest.fixture
def run_context(tmp_path: Path) -> RunContext:
    """A run of the reference pair that has begun; its programs are not started."""
    return open_run(Settings(target="embedded", reports=str(tmp_path), seed=1))


def unproven(run_context: RunContext) -> list[str]:
    """What the self-test of a run reports as not proven; every proof that a pair needs is in the journal."""
    problems = SelfTestRun(run_context).end()
    journal = read_journal(run_context.journal.path)
    [self_test] = journal.self_tests
    assert {proof.name for proof in self_test.proofs} >= set(required(("backend", "console")))
    return problems


def test_self_test_passes(run_context: RunContext) -> None:
    """With sound instruments everything is proven, and the journal has every fault kind."""
    assert unproven(run_context) == []
    observed = {
        exchange.under_fault.split()[0]
        for exchange in read_journal(run_context.journal.path).exchanges
        if exchange.under_fault
    }
    assert {"stall", "drip", "reset", "closed", "truncated", "redirect", "raw"} <= observed


def test_every_fault_kind_has_an_example() -> None:
    """The self-test covers every fault kind, a new one included."""
    modules = {module.name for module in pkgutil.iter_modules(responses.__path__)}
    assert modules == set(FAULT_KINDS) == {example.kind for example in mock_examples.examples()}


@pytest.mark.parametrize(
    "kind", ["stall", "drip", "broken", "truncated", "held", "status_code", "chunked", "compressed"]
)
def test_a_fault_that_is_not_delivered_is_noticed(
    run_context: RunContext, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mock backend that sends a complete response in place of a fault is observed on the wire."""
    harmless = Raw(data=mock_examples.WHOLE)
    real = mock_examples.examples()
    broken = [replace(example, fault=harmless) if example.kind == kind else example for example in real]
    monkeypatch.setattr(mock_examples, "examples", lambda: broken)
    assert [problem for problem in unproven(run_context) if problem.startswith(f"fault {kind}:")]


def test_a_refusal_that_is_none_is_noticed(run_context: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mock backend that still responds where it should refuse is observed on the wire."""
    monkeypatch.setattr(MockBackend, "refuse", lambda *_: None)
    assert [problem for problem in unproven(run_context) if problem.startswith("fault refusal:")]


def test_a_journal_that_loses_exchanges_is_noticed(run_context: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorded exchange that is missing in the file is reported."""
    append = run_context.journal.append
    monkeypatch.setattr(
        run_context.journal, "append", lambda event: None if hasattr(event, "responded_by") else append(event)
    )
    assert [problem for problem in unproven(run_context) if problem.startswith("journal:")]


def test_a_key_in_the_journal_is_noticed(run_context: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redactor that does not mask the key is reported."""
    monkeypatch.setattr(run_context.redactor, "headers", lambda headers: (headers, ()))
    assert [problem for problem in unproven(run_context) if problem.startswith("journal: it holds")]


@pytest.mark.parametrize(
    ("check", "proof"),
    [
        ("technogate.checks.key_refusals.has_status", "backend checks"),
        ("technogate.checks.error_responses.is_error_response", "backend checks"),
        ("technogate.checks.console_readings.shows_blocked", "console checks"),
    ],
)
def test_a_check_that_always_passes_is_noticed(
    run_context: RunContext, check: str, proof: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that never reports a finding is named."""
    monkeypatch.setattr(check, lambda *_, **__: [])
    assert [problem for problem in unproven(run_context) if problem.startswith(f"{proof}: ")]


def test_reconciling_that_finds_nothing_is_noticed(run_context: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reconciliation without anomalies fails each run-wide check that rests on it."""
    real: Any = vars(WholeRun)["reconciled"]
    monkeypatch.setattr(WholeRun, "reconciled", property(lambda whole: replace(real.func(whole), anomalies=())))
    [problem] = [reason for reason in unproven(run_context) if reason.startswith("run-wide checks:")]
    assert "TRL-01" in problem
    assert "TRL-05" in problem


def test_an_instrument_that_raises_is_noticed(run_context: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that raises an exception does not count."""
    monkeypatch.setattr(asyncio, "run", lambda coroutine: (coroutine.close(), 1 / 0))
    assert [problem for problem in unproven(run_context) if "ZeroDivisionError" in problem]


GREEN = (
    builders.plan(("a", "AUT-01"), ("b", "EXE-01")),
    builders.result("a", "AUT-01"),
    builders.result("b", "EXE-01"),
)
ALL = tuple(Proof(name=name) for name in required(("backend",)))


def head() -> Header:
    """The header of a run against a backend."""
    return builders.header(parties=("backend",))


def test_a_journal_without_a_self_test_is_no_pass(tmp_path: Path) -> None:
    """A run without a self-test proves nothing, whatever its results."""
    document = judge(builders.journal(tmp_path, *GREEN, head=head(), proofs=()))
    assert (document.verdict, document.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert any("no self-test" in reason for reason in document.reasons)


@pytest.mark.parametrize("left_out", required(("backend",)))
def test_a_self_test_without_a_proof_is_no_pass(tmp_path: Path, left_out: str) -> None:
    """Each proof that a party needs must be there; with all of them the run passes."""
    assert judge(builders.journal(tmp_path, *GREEN, head=head(), proofs=ALL)).verdict is Verdict.PASS
    remaining = tuple(proof for proof in ALL if proof.name != left_out)
    assert judge(builders.journal(tmp_path, *GREEN, head=head(), proofs=remaining)).verdict is Verdict.INCONCLUSIVE


def test_a_failed_self_test_judges_no_party(tmp_path: Path) -> None:
    """With a broken instrument a finding is assigned to no team, and the operator must act."""
    broken = (*ALL[1:], Proof(name=ALL[0].name, problem="nothing was seen"))
    events = (GREEN[0], GREEN[1], builders.result("b", "EXE-01", Outcome.FAILED), builders.finding("b", "EXE-01"))
    document = judge(builders.journal(tmp_path, *events, head=head(), proofs=broken))
    assert (document.verdict, document.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert any("nothing was seen" in reason and "loopback" in reason for reason in document.reasons)
