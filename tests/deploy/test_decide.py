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
from technogate.deploy.decide import DeployDecision, decide
from technogate.deploy.decision_output import show
from technogate.deploy.policy import DeployPolicy, TrustedKey, seconds_of, strict_policy
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
    failing,
    sealed,
)
from tests.deploy.stand_in_engine import StandInEngine
from tests.report.samples import HOSTILE

NOW = 1_750_000_000.0
DAY = 86_400.0
SIGNER = CryptoSigner.generate_ed25519()
CONTRACT = load_contract(ROOT / "contracts" / "console-v0.1")
CORRECT = document_of(CONTRACT, NOW - 3600)

LINES = (
    "evidence: signed, unchanged",
    "evidence: of a validation",
    "policy in force",
    "clock not set back",
    "key valid",
    "validated by a trusted gate",
    "against a trusted contract",
    "not too long ago",
    "of a known target",
    "isolated from the gate",
    "verdict PASS",
    "profile and checks",
    "full stack tested",
    "techno-net verified",
    "endpoints verified",
    "audit trail verified",
    "rest of the contract",
    "waivers in force",
    "console: named",
    "of this console",
    "backend: named",
    "of this backend",
)
#: What cannot be known without evidence that may be trusted.
TRUSTED = set(LINES[1:]) - {"policy in force", "clock not set back"}


def trusting(signer: CryptoSigner = SIGNER, **entries: Any) -> DeployPolicy:
    """The strict policy that trusts one key, with other entries."""
    return replace(strict_policy(signer.public_key), **entries)


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
    policy: DeployPolicy = field(default_factory=trusting)
    contract: Contract = CONTRACT
    now: float = NOW
    times: tuple[tuple[float, str], ...] = ()


def decided(case: Case, folder: Path, engine: StandInEngine) -> DeployDecision:
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
    engine.images = case.images
    return decide(
        images={"console": case.console, "backend": case.backend},
        evidence=path,
        policy=case.policy,
        contract=case.contract,
        now=case.now,
        times=case.times,
    )


def run_of(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the part of the statement that the gate defines."""
    run: dict[str, Any] = plain["predicate"]["technogate"]
    return run


def requirement(plain: dict[str, Any], name: str) -> dict[str, Any]:
    """One requirement of the statement."""
    matches: list[dict[str, Any]] = [entry for entry in run_of(plain)["requirements"] if entry["id"] == name]
    return matches[0]


def test_everything_proven_is_deploy(tmp_path: Path, engine: StandInEngine) -> None:
    """With correct evidence of two validated images, every line is proven, each with its proof."""
    decision = decided(Case(), tmp_path, engine)
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


def waived(name: str = "ERR-05", expires: str = "2025-08-01", **fields: Any) -> VerdictDocument:
    """A validation in which a failure was waived."""
    values = {"requirement": name, "reason": "fixed in 1.3", "owner": "o", "expires": expires, "image": ""}
    covering = Waiver(**(values | fields))
    requirements = tuple(
        msgspec.structs.replace(entry, verdict=Verdict.FAIL, effective_verdict=Verdict.PASS)
        if entry.id == name
        else entry
        for entry in CORRECT.requirements
    )
    used = WaiverResult(waiver=covering, state=WaiverState.USED, problem="")
    return msgspec.structs.replace(CORRECT, requirements=requirements, waivers=(used,))


def waiving(name: str = "ERR-05", expires: str = "2025-08-01", entries: Any = None, **fields: Any) -> DeployPolicy:
    """A policy that lets this failure be waived by `o`, in a file with this waiver."""
    values = {"requirement": name, "reason": "fixed in 1.3", "owner": "o", "expires": expires, "image": ""}
    waiver = Waiver(**(values | fields), place="waivers.toml, line 7")
    terms = {"waivable": frozenset({name}), "owners": frozenset({"o"}), "waivers": (waiver,)}
    return trusting(**(terms | (entries or {})))


def keyed(**times: float) -> DeployPolicy:
    """A policy whose key counts for a time."""
    return trusting(keys=(TrustedKey(name="k", key=SIGNER.public_key, **times),))


def lacking(field_name: str) -> Callable[[dict[str, Any]], None]:
    """Evidence without a field of the run."""
    return lambda plain: run_of(plain).pop(field_name)


def one_check(plain: dict[str, Any]) -> None:
    """Evidence in which each requirement made one check."""
    for entry in run_of(plain)["requirements"]:
        entry["checks"] = 1


#: The right image under a name of someone else.
EVIL = described("evil/techno-os-console:1.2", CONSOLE_ID)
WAIVER = {"endpoints verified", "waivers in force"}


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
IMAGE = {"console: named", "of this console"}
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
    "image that is not there": (Case(console="techno-os-console:9.9"), {"of this console"}),
    "backend with a moving tag": (
        Case(backend="registry.example:5000/techno-os-backend:main"),
        {"backend: named", "of this backend"},
    ),
    "another repository that has the same image": (
        Case(console="evil/techno-os-console:1.2", images=both() | {"evil/techno-os-console:1.2": EVIL}),
        IMAGE,
    ),
    "a repository that the policy does not name": (
        Case(policy=trusting(repositories={"console": frozenset({"docker.io/library/other"})})),
        IMAGE,
    ),
    "a digest that the policy does not name": (
        Case(policy=trusting(images={"backend": frozenset({"0" * 64})})),
        {"of this backend"},
    ),
    "another digest in the name": (Case(console=f"techno-os-console@sha256:{'0' * 64}"), {"of this console"}),
    "no engine knows anything": (
        Case(images={}),
        {"of this console", "of this backend"},
    ),
    "tag moved to another image": (Case(images=moved()), {"of this console"}),
    "images swapped in the engine": (Case(images=swapped()), {"of this console", "of this backend"}),
    "images swapped on the command line": (
        Case(console=BACKEND_NAME, backend=CONSOLE_NAME),
        {"console: named", "backend: named", "of this console", "of this backend"},
    ),
    "evidence of another console": (Case(change=digest(0)), {"of this console"}),
    "evidence of another backend": (Case(change=digest(1)), {"of this backend"}),
    "evidence of another contract": (Case(change=digest(2)), {"against a trusted contract"}),
    "another contract given": (Case(contract=other_contract()), {"against a trusted contract"}),
    "another contract judged and given": (
        Case(document=document_of(other_contract(), NOW - 3600), contract=other_contract()),
        {"against a trusted contract"},
    ),
    "a contract that the policy does not name": (
        Case(policy=trusting(contracts=frozenset({"e" * 64}))),
        {"against a trusted contract"},
    ),
    "another gate": (Case(gate="f" * 64), {"validated by a trusted gate"}),
    "a gate that the policy does not name": (
        Case(policy=trusting(gates=frozenset({"e" * 64}))),
        {"validated by a trusted gate"},
    ),
    "a policy of tomorrow": (Case(policy=trusting(issued=NOW + DAY)), {"policy in force"}),
    "a policy that expired": (Case(policy=trusting(expires=NOW - 1)), {"policy in force"}),
    "a key that counts from now on": (Case(policy=keyed(since=NOW - 60)), {"key valid"}),
    "a key that counted until now": (Case(policy=keyed(until=NOW - 1)), {"key valid"}),
    "a later time was seen": (Case(times=((NOW + 40 * DAY, "seen"),)), {"clock not set back"}),
    "a time that is none was seen": (Case(times=((float("nan"), "seen"),)), {"clock not set back"}),
    "not isolated": (Case(change=with_run(isolation="not isolated: no root")), {"isolated from the gate"}),
    "isolation unknown": (Case(change=lacking("isolation")), {"isolated from the gate"}),
    "another target": (Case(change=with_run(target_argument="mine.toml")), {"of a known target"}),
    "a compose file beside the shipped target": (
        Case(change=with_run(target_digests={"extra.yml": "1" * 64})),
        {"of a known target"},
    ),
    "a target that the policy does not know": (
        Case(change=with_run(target_digests={"t.toml": "1" * 64}), policy=trusting(targets=frozenset({"2" * 64}))),
        {"of a known target"},
    ),
    "a target without digests": (Case(policy=trusting(targets=frozenset({"2" * 64}))), {"of a known target"}),
    "the quick profile": (Case(change=with_run(profile="quick")), {"profile and checks"}),
    "a profile that nobody knows": (Case(change=with_run(profile="total")), {"profile and checks"}),
    "a profile weaker than the policy's": (Case(policy=trusting(profile="thorough")), {"profile and checks"}),
    "one check a requirement": (Case(change=one_check), {"profile and checks"}),
    "fewer checks than the policy asks for": (Case(policy=trusting(checks={"AUT-01": 51})), {"profile and checks"}),
    "another key trusted": (Case(policy=trusting(CryptoSigner.generate_ed25519())), SIGNED),
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
    "too old": (Case(policy=trusting(max_age_s=3599.0)), {"not too long ago"}),
    "from the future": (Case(now=NOW - 3700), {"not too long ago", "clock not set back"}),
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
        f"{name} without a check": (Case(change=with_requirement(name, checks=0)), {*lines, "profile and checks"})
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
    "waiver, and no policy": (Case(document=waived()), WAIVER),
    "waiver expired since": (Case(document=waived(expires="2025-06-14"), policy=waiving(expires="2025-06-14")), WAIVER),
    "waiver of an owner that the policy does not know": (
        Case(document=waived(), policy=waiving(entries={"owners": frozenset({"someone"})})),
        WAIVER,
    ),
    "waiver for what the policy does not let be waived": (
        Case(document=waived(), policy=waiving(entries={"waivable": frozenset({"ERR-02"})})),
        WAIVER,
    ),
    "waiver that is not in the file": (Case(document=waived(), policy=waiving(entries={"waivers": ()})), WAIVER),
    "waiver with another reason than in the file": (
        Case(document=waived(reason="fixed in 1.4"), policy=waiving()),
        WAIVER,
    ),
    "waiver with a reason that is none": (Case(document=waived(reason="."), policy=waiving(reason=".")), WAIVER),
    "waiver for longer than 90 days": (
        Case(document=waived(expires="9999-12-31"), policy=waiving(expires="9999-12-31")),
        WAIVER,
    ),
    "waiver for longer than the policy lets": (Case(document=waived(), policy=waiving(entries={"days": 14})), WAIVER),
    "waiver for the key": (
        Case(document=waived("AUT-01"), policy=waiving("AUT-01")),
        {"endpoints verified", "waivers in force"},
    ),
    "waiver for what fails closed": (
        Case(document=waived("FCB-01"), policy=waiving("FCB-01")),
        {"rest of the contract", "waivers in force"},
    ),
    "waiver for another requirement": (
        Case(
            document=waived(),
            policy=waiving(),
            change=lambda plain: run_of(plain)["waivers"][0]["waiver"].update(requirement="ERR-02"),
        ),
        WAIVER,
    ),
    "waiver for another image": (
        Case(document=waived(image=f"sha256:{'0' * 64}"), policy=waiving(image=f"sha256:{'0' * 64}")),
        {"endpoints verified"},
    ),
    "waiver that was not used": (
        Case(
            document=waived(), policy=waiving(), change=lambda plain: run_of(plain)["waivers"][0].update(state="unused")
        ),
        {"endpoints verified", "waivers in force"},
    ),
    "waiver with a problem": (
        Case(
            document=waived(),
            policy=waiving(),
            change=lambda plain: run_of(plain)["waivers"][0].update(problem="expired"),
        ),
        {"waivers in force"},
    ),
}


@pytest.mark.parametrize(("case", "red"), PLANTED.values(), ids=PLANTED)
def test_each_planted_change_fails_its_own_lines(
    case: Case, red: set[str], tmp_path: Path, engine: StandInEngine
) -> None:
    """Each planted change fails exactly the lines about it, and the decision is DO NOT DEPLOY."""
    decision = decided(case, tmp_path, engine)
    assert [line.title for line in decision.lines] == list(LINES)
    assert {line.title for line in decision.lines if not line.proven} == red
    assert all(line.proof for line in decision.lines)
    assert not decision.deploy


def test_every_line_can_fail() -> None:
    """The planted changes fail every line of the checklist."""
    seen = {title for _, red in PLANTED.values() if len(red) < len(TRUSTED) for title in red}
    assert seen == set(LINES) - {"evidence: signed, unchanged", "evidence: of a validation"}


@pytest.mark.parametrize("fields", [{}, {"image": CONSOLE_ID}, {"expires": "2025-06-15"}])
def test_a_waiver_in_force_is_shown_and_lets_pass(
    fields: dict[str, str], tmp_path: Path, engine: StandInEngine
) -> None:
    """A failure that is waived until today or later, as the policy has it, does not prevent DEPLOY, and is shown."""
    decision = decided(Case(document=waived(**fields), policy=waiving(**fields)), tmp_path, engine)
    assert decision.deploy
    proofs = {line.title: line.proof for line in decision.lines}
    assert "ERR-05" in proofs["endpoints verified"]
    assert "ERR-05 until 2" in proofs["waivers in force"]


@pytest.mark.parametrize(
    "case",
    [
        Case(policy=trusting(isolated=False), change=lacking("isolation")),
        Case(policy=trusting(profile="quick"), change=with_run(profile="quick")),
        Case(
            policy=trusting(targets=frozenset({"1" * 64})),
            change=with_run(target_argument="mine.toml", target_digests={"mine.toml": "1" * 64}),
        ),
        Case(policy=trusting(checks={"AUT-01": 2}), change=with_requirement("AUT-01", checks=2)),
        Case(policy=trusting(gates=frozenset({"f" * 64})), gate="f" * 64),
        Case(
            policy=trusting(contracts=frozenset({"e" * 64})),
            document=document_of(other_contract(), NOW - 3600),
            contract=other_contract(),
        ),
        Case(policy=keyed(since=NOW - DAY, until=NOW + DAY)),
        Case(policy=trusting(issued=NOW - DAY, expires=NOW + DAY)),
        Case(
            policy=trusting(repositories={"console": frozenset({"docker.io/evil/techno-os-console"})}),
            console="evil/techno-os-console:1.2",
            images=both() | {"evil/techno-os-console:1.2": EVIL},
        ),
        Case(console=f"techno-os-console@{CONSOLE_ID}", images={BACKEND_NAME: both()[BACKEND_NAME]}),
        Case(times=((NOW, "now"), (NOW - DAY, "then"))),
    ],
)
def test_what_the_policy_says_is_deployed(case: Case, tmp_path: Path, engine: StandInEngine) -> None:
    """Each entry of the policy can make a default less strict, or be met."""
    decision = decided(case, tmp_path, engine)
    assert [(line.title, line.proof) for line in decision.lines if not line.proven] == []


def test_the_answer_names_digests(tmp_path: Path, engine: StandInEngine) -> None:
    """By the digest of the registry where the engine knows it, else by the id that was validated."""
    registry = f"sha256:{'d' * 64}"
    images = both() | {CONSOLE_NAME: described(CONSOLE_NAME, CONSOLE_ID, f"techno-os-console@{registry}")}
    decision = decided(Case(images=images), tmp_path, engine)
    assert decision.images == {
        "console": f"techno-os-console@{registry}",
        "backend": f"{BACKEND_NAME.removesuffix(':1.2')}@{BACKEND_ID}",
    }
    by_digest = f"techno-os-console@{registry}"
    known = images | {by_digest: described("techno-os-console:9", CONSOLE_ID, by_digest)}
    assert decided(Case(images=known, console=by_digest), tmp_path, engine).images["console"] == by_digest


def test_a_group_that_the_contract_lacks_is_not_proven(tmp_path: Path, engine: StandInEngine) -> None:
    """A contract without a requirement for both images together proves nothing of them."""
    requirements = {name: one for name, one in CONTRACT.requirements.items() if one.group != "stack"}
    small = replace(CONTRACT, requirements=requirements)
    policy = trusting(contracts=frozenset({small.digest}))
    decision = decided(Case(document=document_of(small, NOW), contract=small, policy=policy), tmp_path, engine)
    red = {line.title for line in decision.lines if not line.proven}
    assert red == {"full stack tested", "techno-net verified"}


def test_a_clock_may_differ_a_little(tmp_path: Path, engine: StandInEngine) -> None:
    """Two machines whose clocks differ by less than a minute can work together."""
    assert decided(Case(document=document_of(CONTRACT, NOW + 59)), tmp_path, engine).deploy
    assert not decided(Case(document=document_of(CONTRACT, NOW + 61)), tmp_path, engine).deploy


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
    tmp_path: Path, engine: StandInEngine, capsys: pytest.CaptureFixture[str]
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
        show(Console(highlight=False, emoji=False), decided(case, tmp_path, engine))
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "##[error]" not in shown
    assert "::error" not in shown
    assert "rich[/]" in shown


def test_a_terminal_of_another_encoding(tmp_path: Path, engine: StandInEngine) -> None:
    """A character that the encoding lacks is written as an escape, and the decision is readable."""
    buffer = io.BytesIO()
    with io.TextIOWrapper(buffer, encoding="ascii") as file:
        show(Console(file=file, highlight=False, emoji=False), decided(Case(), tmp_path, engine))
        file.flush()
        raw = buffer.getvalue()
    assert b"\\u2714" in raw
    assert b" DEPLOY: 22 of 22 lines proven" in raw
