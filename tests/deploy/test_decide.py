"""The deploy gate, line by line: each line is proven for correct evidence, and fails for one planted change."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from securesystemslib.signer import CryptoSigner

from technogate.contract.loader import Contract, load_contract
from technogate.deploy.decide import DeployDecision, decide, seconds_of
from technogate.deploy.decision_output import show
from technogate.model.errors import UserError
from technogate.model.events import Waiver
from technogate.model.verdict import Verdict, VerdictDocument, WaiverResult, WaiverState
from technogate.util.gate_digest import gate_digest
from tests.conftest import ROOT
from tests.deploy.sealed import (
    BACKEND_ID,
    BACKEND_NAME,
    CONSOLE_ID,
    CONSOLE_NAME,
    both,
    described,
    document_of,
    engine,
    failing,
    sealed,
)
from tests.report.samples import HOSTILE

NOW = 1_750_000_000.0
DAY = 86_400.0
SIGNER = CryptoSigner.generate_ed25519()
CONTRACT = load_contract(ROOT / "contracts" / "console-v0.1")
CORRECT = document_of(CONTRACT, NOW - 3600)

LINES = (
    "console: exists, tagged",
    "backend: exists, tagged",
    "evidence: signed, unchanged",
    "evidence: of a validation",
    "validated by this gate",
    "against this contract",
    "of this console",
    "of this backend",
    "not too long ago",
    "verdict PASS",
    "full stack tested",
    "techno-net verified",
    "endpoints verified",
    "audit trail verified",
    "rest of the contract",
    "waivers in force",
)
#: What cannot be known without evidence that may be trusted.
TRUSTED = set(LINES[3:])


@dataclass(frozen=True, kw_only=True)
class Case:
    """One deployment in which everything is correct, except for what a test changes."""

    document: VerdictDocument = CORRECT
    gate: str = ""
    signer: CryptoSigner = SIGNER
    change: Callable[[dict[str, Any]], Any] | None = None
    raw: Callable[[bytes], bytes] = field(default=lambda raw: raw)
    images: dict[str, Any] = field(default_factory=both)
    console: str = CONSOLE_NAME
    backend: str = BACKEND_NAME
    key: CryptoSigner = SIGNER
    max_age_s: float = DAY
    contract: Contract = CONTRACT
    now: float = NOW


def decided(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> DeployDecision:
    """Return the decision of the gate."""
    path = folder / "evidence.dsse.json"
    change = case.change
    raw = sealed(
        case.document,
        case.gate or gate_digest(),
        case.signer,
        None if change is None else lambda plain: change(plain),
    )
    path.write_bytes(case.raw(raw))
    monkeypatch.setenv("PATH", str(engine(folder / "bin", case.images)))
    return decide(
        images={"console": case.console, "backend": case.backend},
        evidence=path,
        key=case.key.public_key,
        max_age_s=case.max_age_s,
        contract=case.contract,
        now=case.now,
    )


def run_of(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the part of the statement that the gate defines."""
    run: dict[str, Any] = plain["predicate"]["technogate"]
    return run


def requirement(plain: dict[str, Any], name: str) -> dict[str, Any]:
    """One requirement of the statement."""
    matches: list[dict[str, Any]] = [entry for entry in run_of(plain)["requirements"] if entry["id"] == name]
    return matches[0]


def test_everything_proven_is_deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With correct evidence of two validated images, every line is proven, each with its proof."""
    decision = decided(Case(), tmp_path, monkeypatch)
    assert [(line.title, line.proven) for line in decision.lines] == [(title, True) for title in LINES]
    assert all(line.proof for line in decision.lines)
    assert decision.deploy


def test_an_empty_list_is_no_deploy() -> None:
    """A checklist without lines is no DEPLOY."""
    assert not DeployDecision(lines=()).deploy


def other_contract() -> Contract:
    """The same contract under another digest."""
    return replace(CONTRACT, digest="e" * 64)


def without(name: str) -> Contract:
    """A contract of the same digest that lacks a requirement, as a manipulated reader would return it."""
    return replace(CONTRACT, requirements={key: one for key, one in CONTRACT.requirements.items() if key != name})


def lacks(name: str) -> Callable[[dict[str, Any]], None]:
    """Evidence that does not name a requirement."""

    def change(plain: dict[str, Any]) -> None:
        run = run_of(plain)
        run["requirements"] = [entry for entry in run["requirements"] if entry["id"] != name]

    return change


def with_run(**fields: object) -> Callable[[dict[str, Any]], None]:
    """Evidence with other values of the run."""
    return lambda plain: run_of(plain).update(fields)


def with_scope(**fields: str) -> Callable[[dict[str, Any]], None]:
    """Evidence of another scope."""
    return lambda plain: run_of(plain)["scope"].update(fields)


def with_requirement(name: str, **fields: object) -> Callable[[dict[str, Any]], None]:
    """Evidence with other values of a requirement, and the same verdict."""
    return lambda plain: requirement(plain, name).update(fields)


def digest(position: int) -> Callable[[dict[str, Any]], None]:
    """Evidence of another subject."""
    return lambda plain: plain["subject"][position].update(digest={"sha256": "f" * 64})


def waived(name: str = "AUT-01", expires: str = "2999-12-31", **fields: Any) -> VerdictDocument:
    """A validation in which a failure was waived."""
    values = {"requirement": name, "reason": "r", "owner": "o", "expires": expires, "image": ""}
    covering = Waiver(**(values | fields))
    requirements = tuple(
        msgspec.structs.replace(entry, verdict=Verdict.FAIL, effective_verdict=Verdict.PASS)
        if entry.id == name
        else entry
        for entry in CORRECT.requirements
    )
    used = WaiverResult(waiver=covering, state=WaiverState.USED, problem="")
    return msgspec.structs.replace(CORRECT, requirements=requirements, waivers=(used,))


def envelope_type(raw: bytes) -> bytes:
    """Another payload type in the envelope."""
    return raw.replace(b"application/vnd.in-toto+json", b"application/vnd.in-toto.test-result+json")


def swapped() -> dict[str, Any]:
    """An engine in which both names stand for the other's image."""
    return {CONSOLE_NAME: described(CONSOLE_NAME, BACKEND_ID), BACKEND_NAME: described(BACKEND_NAME, CONSOLE_ID)}


def moved() -> dict[str, Any]:
    """An engine in which the console's tag was moved to another image."""
    return both() | {CONSOLE_NAME: described(CONSOLE_NAME, f"sha256:{'0' * 64}")}


NAMES = {"latest": "techno-os-console:latest", "untagged": "techno-os-console", "id": CONSOLE_ID}
IMAGE = {"console: exists, tagged", "of this console"}
SIGNED = {"evidence: signed, unchanged", *TRUSTED}
PARTS = {
    "STK-02": {"full stack tested", "techno-net verified"},
    "STK-06": {"full stack tested"},
    "EXE-01": {"endpoints verified"},
    "AUD-02": {"endpoints verified"},
    "MEM-01": {"endpoints verified"},
    "AUT-01": {"endpoints verified"},
    "ERR-05": {"endpoints verified"},
    "TRL-07": {"audit trail verified"},
    "TMO-01": {"rest of the contract"},
    "FCB-01": {"rest of the contract"},
    "CTR-01": {"rest of the contract"},
}

#: What was planted, and the lines that it must turn red: these and no other.
PLANTED: dict[str, tuple[Case, set[str]]] = {
    **{f"image by {name}": (Case(console=image_name), IMAGE) for name, image_name in NAMES.items()},
    "image that is not there": (Case(console="techno-os-console:9.9"), IMAGE),
    "backend with a moving tag": (Case(backend="b:main"), {"backend: exists, tagged", "of this backend"}),
    "no engine knows anything": (
        Case(images={}),
        {"console: exists, tagged", "backend: exists, tagged", "of this console", "of this backend"},
    ),
    "tag moved to another image": (Case(images=moved()), {"of this console"}),
    "images swapped in the engine": (Case(images=swapped()), {"of this console", "of this backend"}),
    "images swapped on the command line": (
        Case(console=BACKEND_NAME, backend=CONSOLE_NAME),
        {"of this console", "of this backend"},
    ),
    "evidence of another console": (Case(change=digest(0)), {"of this console"}),
    "evidence of another backend": (Case(change=digest(1)), {"of this backend"}),
    "evidence of another contract": (Case(change=digest(2)), {"against this contract"}),
    "another contract given": (Case(contract=other_contract()), {"against this contract"}),
    "another gate": (Case(gate="f" * 64), {"validated by this gate"}),
    "another key trusted": (Case(key=CryptoSigner.generate_ed25519()), SIGNED),
    "signed with another key": (Case(signer=CryptoSigner.generate_ed25519()), SIGNED),
    "a byte of the payload": (Case(raw=lambda raw: raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]), SIGNED),
    "payload type": (Case(raw=envelope_type), SIGNED),
    "unsigned": (Case(raw=lambda raw: raw[: raw.index(b'"signatures":') + 13] + b"[]}"), SIGNED),
    "cut short": (Case(raw=lambda raw: raw[: len(raw) // 2]), SIGNED),
    "empty": (Case(raw=lambda _: b""), SIGNED),
    "huge": (Case(raw=lambda raw: raw + b" " * 3_000_000), SIGNED),
    "the statement without an envelope": (Case(raw=lambda _: b"{}"), SIGNED),
    "another predicate": (Case(change=lambda plain: plain.update(predicateType="x")), TRUSTED),
    "a field that nobody knows": (Case(change=with_run(force=True)), TRUSTED),
    "too old": (Case(max_age_s=3599.0), {"not too long ago"}),
    "from the future": (Case(now=NOW - 3700), {"not too long ago"}),
    "ended before it began": (Case(change=with_run(started=NOW)), {"not too long ago"}),
    "verdict FAIL": (Case(change=with_run(verdict="FAIL")), {"verdict PASS"}),
    "verdict INCONCLUSIVE": (Case(change=with_run(verdict="INCONCLUSIVE")), {"verdict PASS"}),
    "a check": (Case(change=with_run(is_validation=False)), {"verdict PASS"}),
    "scope of processes": (Case(change=with_scope(kind="processes")), {"verdict PASS"}),
    "scope of one side": (Case(change=with_scope(sides="backend")), {"verdict PASS"}),
    "result FAILED": (Case(change=lambda plain: plain["predicate"].update(result="FAILED")), {"verdict PASS"}),
    "failed tests": (Case(change=lambda plain: plain["predicate"].update(failedTests=["X"])), {"verdict PASS"}),
    **{
        f"{name} failed": (Case(document=failing(CORRECT, name)), {"verdict PASS", *lines})
        for name, lines in PARTS.items()
    },
    **{
        f"{name} inconclusive": (
            Case(change=with_requirement(name, verdict="INCONCLUSIVE", effective_verdict="INCONCLUSIVE")),
            lines,
        )
        for name, lines in PARTS.items()
    },
    **{
        f"{name} without a check": (Case(change=with_requirement(name, checks=0)), lines)
        for name, lines in PARTS.items()
    },
    **{
        f"{name} missing": (Case(change=lacks(name)), {"rest of the contract", *lines}) for name, lines in PARTS.items()
    },
    "a SHOULD missing": (Case(change=lacks("TMO-02")), {"rest of the contract"}),
    "a requirement that the contract lacks": (
        Case(contract=without("STK-02")),
        {"techno-net verified", "rest of the contract"},
    ),
    "failed, and output to weigh nothing": (
        Case(change=with_requirement("AUT-01", verdict="FAIL", effective_verdict="PASS")),
        {"endpoints verified"},
    ),
    "inconclusive, and output to weigh nothing": (
        Case(change=with_requirement("AUT-01", verdict="INCONCLUSIVE", effective_verdict="PASS")),
        {"endpoints verified"},
    ),
    "waiver expired since": (Case(document=waived(expires="2025-06-14")), {"endpoints verified", "waivers in force"}),
    "waiver for another requirement": (
        Case(
            document=waived(),
            change=lambda plain: run_of(plain)["waivers"][0]["waiver"].update(requirement="AUT-02"),
        ),
        {"endpoints verified"},
    ),
    "waiver for another image": (Case(document=waived(image=f"sha256:{'0' * 64}")), {"endpoints verified"}),
    "waiver that was not used": (
        Case(document=waived(), change=lambda plain: run_of(plain)["waivers"][0].update(state="unused")),
        {"endpoints verified", "waivers in force"},
    ),
    "waiver with a problem": (
        Case(document=waived(), change=lambda plain: run_of(plain)["waivers"][0].update(problem="expired")),
        {"waivers in force"},
    ),
}


@pytest.mark.parametrize(("case", "red"), PLANTED.values(), ids=PLANTED)
def test_each_planted_change_fails_its_own_lines(
    case: Case, red: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each planted change fails exactly the lines about it, and the decision is DO NOT DEPLOY."""
    decision = decided(case, tmp_path, monkeypatch)
    assert [line.title for line in decision.lines] == list(LINES)
    assert {line.title for line in decision.lines if not line.proven} == red
    assert all(line.proof for line in decision.lines)
    assert not decision.deploy


def test_every_line_can_fail() -> None:
    """The planted changes fail every line of the checklist."""
    seen = {title for _, red in PLANTED.values() if len(red) < len(TRUSTED) for title in red}
    assert seen == set(LINES) - {"evidence: signed, unchanged", "evidence: of a validation"}


@pytest.mark.parametrize("document", [waived(), waived(image=CONSOLE_ID), waived(expires="2025-06-15")])
def test_a_waiver_in_force_is_shown_and_lets_pass(
    document: VerdictDocument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure that is waived until today or later does not prevent DEPLOY, and the checklist shows it."""
    decision = decided(Case(document=document), tmp_path, monkeypatch)
    assert decision.deploy
    proofs = {line.title: line.proof for line in decision.lines}
    assert "AUT-01" in proofs["endpoints verified"]
    assert "AUT-01 until 2" in proofs["waivers in force"]


def test_a_group_that_the_contract_lacks_is_not_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contract without a requirement for both images together proves nothing of them."""
    requirements = {name: one for name, one in CONTRACT.requirements.items() if one.group != "stack"}
    small = replace(CONTRACT, requirements=requirements)
    decision = decided(Case(document=document_of(small, NOW), contract=small), tmp_path, monkeypatch)
    red = {line.title for line in decision.lines if not line.proven}
    assert red == {"full stack tested", "techno-net verified"}


def test_a_clock_may_differ_a_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines whose clocks differ by less than a minute can work together."""
    assert decided(Case(document=document_of(CONTRACT, NOW + 59)), tmp_path, monkeypatch).deploy
    assert not decided(Case(document=document_of(CONTRACT, NOW + 61)), tmp_path, monkeypatch).deploy


@pytest.mark.parametrize(
    ("age", "seconds"), [("1s", 1.0), ("90m", 5400.0), ("24h", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY)]
)
def test_an_age(age: str, seconds: float) -> None:
    """A number with its unit."""
    assert seconds_of(age) == seconds


@pytest.mark.parametrize("age", ["", "0s", "24", "h", "-1h", "1.5h", "31d", "9999999h", "inf", "24 h", "24h\n", "٣h"])
def test_refuses_an_invalid_age(age: str) -> None:
    """No age disables the line: neither zero nor an unlimited one."""
    with pytest.raises(UserError):
        seconds_of(age)


def test_hostile_evidence_is_shown_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No control character, markup or command of a signed file reaches a terminal."""
    text = HOSTILE.replace("\ud800", "")
    hostile_values = with_run(
        run=text, gate_version=text, target=text, profile=text, journal_sha256=text, reasons=[text]
    )
    hostile = waived(reason=text, owner=text)
    for case in (
        Case(document=hostile, change=hostile_values),
        Case(change=lambda plain: (hostile_values(plain), with_run(verdict="FAIL")(plain))),
    ):
        show(Console(highlight=False, emoji=False), decided(case, tmp_path, monkeypatch))
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "##[error]" not in shown
    assert "::error" not in shown
    assert "rich[/]" in shown


def test_a_terminal_of_another_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A character that the encoding lacks is written as an escape, and the decision is readable."""
    buffer = io.BytesIO()
    with io.TextIOWrapper(buffer, encoding="ascii") as file:
        show(Console(file=file, highlight=False, emoji=False), decided(Case(), tmp_path, monkeypatch))
        file.flush()
        raw = buffer.getvalue()
    assert b"\\u2714" in raw
    assert b" DEPLOY: 16 of 16 lines proven" in raw
