"""The runtimes of consoles: what they get wrong themselves is found, told as that, and blamed on no console."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.response_templates import ResponseTemplates
from fixtures.runtimes import Runtime
from suites.console import test_audit_fallback, test_no_snapshot, test_once
from technogate.contract.loader import load_contract
from technogate.drivers.module.node import find_node
from technogate.drivers.page.chromium import browser_missing, find_browser
from technogate.generation.responses.framing import FramedResponse, Framing
from technogate.judging.judge import judge
from technogate.mock.responses.chunked import Chunked
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault
from technogate.model.events import RenderedOutput, RuntimeFault, RuntimeProof
from technogate.model.verdict import Verdict
from technogate.runner.run_context import DEFAULT_CONTRACT
from technogate.runner.self_test import prove_runtime, runtime_trial
from technogate.runner.self_test.mock_examples import TEMPLATE
from technogate.runner.self_test.prove_runtime import prove_browser, prove_node
from technogate.runner.self_test.runtime_behaviour import KEPT_ALIVE, WHOLE, behaviour_of, stand_in
from technogate.runner.self_test.runtime_examples import examples, stalls
from tests import builders
from tests.conftest import ROOT, Sandbox
from tests.planted_node import PLANTS, planted_node, script

#: Every behaviour that a sound runtime proves.
KNOWN = {example.behaviour for example in [*examples(), *stalls()]} | {"connections closed", "connections reset"}

#: A behaviour that each planted fault spoils.
SPOILT = {
    "hides-cut-bodies": "truncated",
    "follows-redirects": "redirect 307",
    "keeps-answers": "caching headers",
    "never-aborts": "stall in-body",
    "sends-again": "reset before-headers",
    "reports-no-refusal": "connections closed",
    "gets-everything-wrong": WHOLE,
}


def faults_of_suites() -> list[Fault]:
    """The responses that items send by name."""
    contract = load_contract(ROOT / "contracts" / DEFAULT_CONTRACT)
    context = cast("Any", SimpleNamespace(contract=contract, console_contract=contract))
    harness: Any = ResponseTemplates(run_context=context, numbers=count())
    makers = [test_audit_fallback.BROKEN, test_no_snapshot.BROKEN, test_once.FAILURES]
    return [make(harness) for made in makers for make in made.values()]


@pytest.mark.parametrize("wire", Framing, ids=lambda wire: wire.name.lower())
def test_every_framing_relies_on_a_behaviour_that_is_tried(wire: Framing) -> None:
    """No generated response relies on what the known answers leave out: it would never be judged."""
    sent = FramedResponse(what="", body=TEMPLATE.body, wire=wire, at=7)
    assert behaviour_of(sent.fault().reply()) in KNOWN


def test_every_named_fault_relies_on_a_behaviour_that_is_tried() -> None:
    """The same of the responses that the suites name one by one."""
    assert {behaviour_of(fault.reply()) for fault in faults_of_suites()} <= KNOWN


def proof_without(*behaviours: str) -> RuntimeProof:
    """A Node that gets these behaviours wrong."""
    faults = tuple(RuntimeFault(behaviour=name, problem=f"gets {name} wrong") for name in behaviours)
    return RuntimeProof(
        driver="module", program="Node 20.1.0", proven=tuple(sorted(KNOWN - set(behaviours))), faults=faults
    )


CUT = Chunked(template=TEMPLATE, form="cut")


def test_a_response_that_the_runtime_gets_wrong_is_replaced() -> None:
    """Where there is an equivalent response that the runtime gets right, that one is sent."""
    sent = Runtime(proof=proof_without("chunked, cut, close")).judged(CUT)
    assert isinstance(sent, Chunked)
    assert (sent.form, sent.template.keep_alive, sent.template.body) == ("cut", True, TEMPLATE.body)
    assert Runtime(proof=proof_without()).judged(CUT) is CUT


@pytest.mark.parametrize(
    ("wrong", "sent"),
    [
        (("chunked, cut, close", "chunked, cut, keep-alive"), CUT),
        (("truncated",), Truncated(template=TEMPLATE, at=3)),
        ((WHOLE,), Truncated(template=TEMPLATE, at=3)),
        ((WHOLE,), Conforming(template=TEMPLATE)),
    ],
)
def test_an_item_that_needs_a_wrong_behaviour_is_not_exercised(wrong: tuple[str, ...], sent: Fault) -> None:
    """Without an equivalent response the item ends, and its reason names the runtime and not the console."""
    with pytest.raises(pytest.skip.Exception, match=r"Node 20\.1\.0 gets .* wrong.*no mistake of the console.*hint"):
        Runtime(proof=proof_without(*wrong)).judged(sent)


def test_a_runtime_that_was_not_tried_judges_nothing() -> None:
    """A proof that broke off proves nothing, whatever it holds."""
    broken = RuntimeProof(driver="module", program="Node 20.1.0", problem="it ended")
    for runtime in (Runtime(proof=broken), Runtime(proof=RuntimeProof(driver="module", program="Node 20.1.0"))):
        with pytest.raises(pytest.skip.Exception, match=r"Node 20\.1\.0"):
            runtime.judged(Conforming(template=TEMPLATE))
        with pytest.raises(pytest.skip.Exception, match=r"Node 20\.1\.0"):
            runtime.require_stalls()
        with pytest.raises(pytest.skip.Exception, match=r"Node 20\.1\.0"):
            runtime.require_refusal("closed")


def test_only_a_chunked_body_has_a_stand_in() -> None:
    """A stand-in has none of its own, and most responses have none at all."""
    other = stand_in(CUT)
    assert other is not None
    assert stand_in(other) is None
    assert stand_in(Conforming(template=TEMPLATE)) is None


# ---- judging ----


def shown(driver: str) -> RenderedOutput:
    """Something that a console showed."""
    return RenderedOutput(id="v-1", item="a", call="fetchMemory", driver=driver)  # type: ignore[arg-type]


ITEMS = (("a", "CON-01"), ("b", "AUT-01"), ("c", "EXE-01"), ("d", "STK-03"))
RESULTS = tuple(builders.result(*item) for item in ITEMS)
BOTH = builders.header(parties=("backend", "console"))


def test_a_fault_of_a_runtime_is_a_warning_once(tmp_path: Path) -> None:
    """Each process of a run tries its own runtime: the report names version and fault once, and the run may pass."""
    fault = RuntimeFault(behaviour="x", problem="takes a cut body as whole", stand_in=KEPT_ALIVE)
    proof = RuntimeProof(driver="module", program="Node 20.1.0", proven=(WHOLE,), faults=(fault, fault))
    document = judge(
        builders.journal(tmp_path, builders.plan(*ITEMS), proof, proof, shown("module"), *RESULTS, head=BOTH)
    )
    assert document.verdict is Verdict.PASS
    assert document.runtimes == ("Node 20.1.0",)
    [warning] = document.warnings
    assert warning.startswith("Node 20.1.0 takes a cut body as whole; responses of this kind are not judged: they")


def test_a_runtime_that_was_never_tried_is_no_pass(tmp_path: Path) -> None:
    """What a console showed in a runtime that no known answer was tried on proves nothing."""
    proof = RuntimeProof(driver="module", program="Node 20.1.0", proven=(WHOLE,))
    document = judge(builders.journal(tmp_path, builders.plan(*ITEMS), proof, shown("browser"), *RESULTS, head=BOTH))
    assert document.verdict is Verdict.INCONCLUSIVE
    assert any("the runtime of the browser driver" in reason for reason in document.reasons)


# ---- real runtimes ----


@pytest.mark.slow
def test_every_behaviour_of_a_real_node_is_known() -> None:
    """Each behaviour is right, or wrong with an equivalent that is right."""
    proof = prove_node(find_node())
    assert proof.problem == ""
    assert set(proof.proven) | {fault.behaviour for fault in proof.faults} == KNOWN
    assert all(fault.stand_in for fault in proof.faults)


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_of_node_is_found(plant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Node whose fetch is wrong is reported with what it gets wrong."""
    monkeypatch.setattr(runtime_trial, "RESPONSE_S", 2.0)
    monkeypatch.setattr(runtime_trial, "CLOSED_S", 0.5)
    proof = prove_node(planted_node(tmp_path, plant))
    assert SPOILT[plant] in {fault.behaviour for fault in proof.faults}
    assert SPOILT[plant] not in proof.proven
    assert (WHOLE in proof.proven) is (plant != "gets-everything-wrong")


@pytest.mark.slow
def test_a_node_that_ends_proves_nothing(tmp_path: Path) -> None:
    """A Node that dies while it is tried is reported, and no behaviour of it counts."""
    program = planted_node(tmp_path, "follows-redirects")
    (tmp_path / "follows-redirects.mjs").write_text("globalThis.fetch = () => process.exit(7);", "utf-8")
    proof = prove_node(program)
    assert proof.proven == ()
    assert "ended its process with exit code 7" in proof.problem


@pytest.mark.slow
@pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing()))
@pytest.mark.parametrize("plant", ["none", "hides-cut-bodies", "follows-redirects", "sends-again"])
def test_a_planted_fault_of_a_page_is_found(plant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser gets everything right, and a page whose fetch is wrong does not."""
    real = prove_runtime._blank_page

    def planted(*arguments: Any) -> Any:
        page = real(*arguments)
        page.evaluate(script(plant) if plant in PLANTS else "0")
        return page

    monkeypatch.setattr(prove_runtime, "_blank_page", planted)
    browser = find_browser()
    assert browser is not None
    proof = prove_browser(browser, {})
    assert (proof.problem, proof.program.split()[0]) == ("", "Chromium")
    wrong = {fault.behaviour for fault in proof.faults}
    assert wrong == set() if plant == "none" else SPOILT[plant] in wrong
    assert set(proof.proven) | wrong == KNOWN


@pytest.mark.slow
@pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing()))
@pytest.mark.parametrize("spoilt", [1, 9])
def test_a_change_of_the_network_is_no_fault_of_the_browser(spoilt: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that such a change has spoilt is repeated; when each is spoilt, nothing counts as tried."""
    real, attempts = prove_runtime._blank_page, 0

    def changing(browser: Any, mock_backend: Any, traffic: Any) -> Any:
        nonlocal attempts
        attempts += 1
        traffic.network_changes += attempts <= spoilt
        return real(browser, mock_backend, traffic)

    monkeypatch.setattr(prove_runtime, "_blank_page", changing)
    browser = find_browser()
    assert browser is not None
    proof = prove_browser(browser, {})
    assert (attempts, bool(proof.problem), WHOLE in proof.proven) == (
        (2, False, True) if spoilt == 1 else (3, True, False)
    )


SUITE = '''
from technogate.checks.console_display import shows, shows_blocked
from technogate.mock.responses.chunked import Chunked
from technogate.mock.responses.truncated import Truncated
from technogate.runner.suite import requirement

@requirement("CON-02")
def test_approval(wide_harness, must_hold):
    """An approval is shown."""
    must_hold(shows(wide_harness.execute(wide_harness.conforming()), "status", "APPROVED"))

@requirement("CON-08")
def test_cut(wide_harness, must_hold):
    """A truncated response is BLOCKED."""
    must_hold(shows_blocked(wide_harness.execute(Truncated(template=wide_harness.template(), at=9))))
'''


@pytest.mark.slow
@pytest.mark.parametrize("plant", ["hides-cut-bodies", "gets-everything-wrong"])
def test_no_console_is_blamed_for_its_runtime(sandbox: Sandbox, tmp_path: Path, plant: str) -> None:
    """A run in a wrong Node never fails the console: what relies on it is inconclusive, and the rest is judged."""
    sandbox.suite("test_it.py", SUITE)
    contract = sandbox.contract(("CON-02", "CON-08"))
    node = str(planted_node(tmp_path, plant))
    ended = sandbox.run("check", "CON-02", "CON-08", "--contract", str(contract), TECHNOGATE_NODE=node)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    document = json.loads((sandbox.reports / "check" / "verdict.json").read_text("utf-8"))
    verdicts = {result["id"]: result["verdict"] for result in document["requirements"]}
    everything = plant == "gets-everything-wrong"
    assert verdicts == {"CON-02": "INCONCLUSIVE" if everything else "PASS", "CON-08": "INCONCLUSIVE"}
    reason = next(result["reason"] for result in document["requirements"] if result["id"] == "CON-08")
    assert "Node" in reason
    assert "no mistake of the console" in reason
    assert any(warning.startswith("Node ") for warning in document["warnings"])
