"""The statement: in-toto's shape, the result it carries, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from securesystemslib.signer import CryptoSigner

from technogate.contract.loader import Contract, load_contract
from technogate.deploy.evidence.envelope import EvidenceError
from technogate.deploy.evidence.sign import NAME, sign_evidence
from technogate.deploy.evidence.statement import Statement, decode, digests, encode, statement_of
from technogate.model.events import Event, Header, ImageRef, Outcome
from technogate.model.verdict import ExitCode, Verdict, VerdictDocument
from technogate.runner.finish_run import FinishedRun, finish_run
from technogate.util import shipped as shipped_data
from technogate.util.gate_digest import gate_digest
from tests import builders
from tests.conftest import ROOT
from tests.deploy.conftest import HASH_OF_FILES
from tests.deploy.sealed import BACKEND_ID, CONSOLE_ID, changed, document_of, failing, payload
from tests.judging.test_waivers import ONE_FAILED, PASSED, header, waiver
from tests.report.samples import waived

GATE_DIGEST = "d" * 64
SIGNER = CryptoSigner.generate_ed25519()


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(ROOT / "contracts" / "console-v0.1")


@pytest.fixture(scope="module")
def document(contract: Contract) -> VerdictDocument:
    """A validation of both images that passed."""
    return document_of(contract, 1_750_000_000.0)


def test_the_statement_has_in_totos_shape(document: VerdictDocument, contract: Contract) -> None:
    """Types, subjects and the fields of the predicate are those that the specifications name."""
    plain = json.loads(encode(statement_of(document, GATE_DIGEST)))
    assert plain["_type"] == "https://in-toto.io/Statement/v1"
    assert plain["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert {item["name"]: item["digest"] for item in plain["subject"]} == {
        "console": {"sha256": CONSOLE_ID.removeprefix("sha256:")},
        "backend": {"sha256": BACKEND_ID.removeprefix("sha256:")},
        "contract": {"sha256": contract.digest},
        "gate": {"sha256": GATE_DIGEST},
    }
    predicate = plain["predicate"]
    assert predicate["result"] == "PASSED"
    assert predicate["passedTests"] == list(contract.requirements)
    assert predicate["warnedTests"] == predicate["failedTests"] == []
    settings = {item["name"]: item for item in predicate["configuration"]}
    assert settings["contract"]["digest"] == {"sha256": contract.digest}
    assert base64.b64decode(settings["seed"]["content"]) == str(document.seed).encode()


def test_the_statement_carries_the_result(document: VerdictDocument) -> None:
    """It holds verdict, requirements, seed and the journal's digest, and decodes to the same values."""
    again = decode(encode(statement_of(document, GATE_DIGEST)))
    assert again == statement_of(document, GATE_DIGEST)
    run = again.predicate.technogate
    assert (run.verdict, run.seed, run.journal_sha256) == (Verdict.PASS, document.seed, document.journal.sha256)
    assert [entry.id for entry in run.requirements] == [entry.id for entry in document.requirements]
    assert digests(again)["gate"] == GATE_DIGEST


@pytest.mark.parametrize(
    ("requirement", "verdict", "result", "field"),
    [
        ("AUT-01", Verdict.FAIL, "FAILED", "failed_tests"),
        ("AUT-01", Verdict.INCONCLUSIVE, "FAILED", "failed_tests"),
        ("TMO-02", Verdict.FAIL, "WARNED", "warned_tests"),
        ("TMO-02", Verdict.INCONCLUSIVE, "WARNED", "warned_tests"),
    ],
)
def test_a_failed_requirement_is_not_passed(
    document: VerdictDocument, requirement: str, verdict: Verdict, result: str, field: str
) -> None:
    """A MUST without a pass makes FAILED, a SHOULD makes WARNED; neither is among the passed."""
    predicate = statement_of(failing(document, requirement, verdict), GATE_DIGEST).predicate
    assert predicate.result == result
    assert getattr(predicate, field) == (requirement,)
    assert requirement not in predicate.passed_tests


def test_a_waived_failure_is_a_warning(document: VerdictDocument) -> None:
    """A waived failure is neither passed nor failed, and the statement lists the waiver."""
    sample = msgspec.structs.replace(waived()[1], target=document.target, contract=document.contract)
    predicate = statement_of(sample, GATE_DIGEST).predicate
    assert predicate.result == "WARNED"
    assert "CON-14" in predicate.warned_tests
    assert "CON-14" not in predicate.passed_tests + predicate.failed_tests
    assert predicate.technogate.waivers == sample.waivers


def test_there_is_nothing_to_state_without_images_or_a_validation(document: VerdictDocument) -> None:
    """One image, no image, an invalid digest, a check, no digest of the gate: no statement."""
    replace = msgspec.structs.replace
    images = document.target.images

    def with_images(judged: dict[str, ImageRef]) -> VerdictDocument:
        return replace(document, target=replace(document.target, images=judged))

    for unusable, judging_digest in (
        (with_images({}), GATE_DIGEST),
        (with_images({"console": images["console"]}), GATE_DIGEST),
        (with_images(images | {"proxy": images["console"]}), GATE_DIGEST),
        (with_images(images | {"console": ImageRef(name="c:1", digest="c" * 64)}), GATE_DIGEST),
        (replace(document, is_validation=False), GATE_DIGEST),
        (document, ""),
    ):
        with pytest.raises(EvidenceError):
            statement_of(unusable, judging_digest)


def subject(position: int, **fields: object) -> Callable[[dict[str, Any]], None]:
    """Change a subject."""
    return lambda plain: plain["subject"][position].update(fields)


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "another statement": lambda plain: plain.update(_type="https://in-toto.io/Statement/v0.1"),
    "another predicate": lambda plain: plain.update(predicateType="https://slsa.dev/provenance/v1"),
    "no predicate": lambda plain: plain.pop("predicate"),
    "a subject too few": lambda plain: plain["subject"].pop(),
    "a subject too many": lambda plain: plain["subject"].append(plain["subject"][0]),
    "a subject by another name": subject(0, name="frontend"),
    "a digest of another kind": subject(0, digest={"md5": "c" * 64}),
    "two digests": subject(0, digest={"sha256": "c" * 64, "sha512": "c" * 64}),
    "a digest that is none": subject(0, digest={"sha256": "c"}),
    "a verdict that nobody knows": lambda plain: plain["predicate"]["technogate"].update(verdict="OK"),
    "no verdict": lambda plain: plain["predicate"]["technogate"].pop("verdict"),
    "a field that nobody knows": lambda plain: plain["predicate"]["technogate"].update(force=True),
    "a requirement twice": lambda plain: plain["predicate"]["technogate"]["requirements"].append(
        plain["predicate"]["technogate"]["requirements"][0]
    ),
    "a time that is none": lambda plain: plain["predicate"]["technogate"].update(ended="now"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_refuses_anything_but_a_statement(
    document: VerdictDocument, change: Callable[[dict[str, Any]], object]
) -> None:
    """Signed or not, what this gate would not have written is refused."""
    statement: Statement = statement_of(document, GATE_DIGEST)
    with pytest.raises(EvidenceError) as caught:
        decode(changed(statement, lambda plain: (change(plain), None)[1]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'{"a": NaN}', b"\xff", b"[" * 100_000])
def test_refuses_a_payload_that_is_not_json(raw: bytes) -> None:
    """The error is one line."""
    with pytest.raises(EvidenceError):
        decode(raw)


def concluded(folder: Path, head: Header, events: tuple[Event, ...]) -> FinishedRun:
    """The end of a run with these events."""
    builders.journal(folder, *events, head=head)
    return finish_run(folder / "journal.jsonl", folder, key=builders.KEY)


def with_images(head: Header) -> Header:
    """The header of a run that judged both images."""
    images = {
        "console": ImageRef(name="c:1", digest=CONSOLE_ID),
        "backend": ImageRef(name="b:1", digest=BACKEND_ID),
    }
    target = msgspec.structs.replace(head.target, images=images)
    return msgspec.structs.replace(head, target=target, gate_digest=gate_digest())


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        (PASSED, "PASS"),
        (ONE_FAILED, "FAIL"),
        ((*PASSED[:2], builders.result("b", "EXE-01", Outcome.SKIPPED)), "INCONCLUSIVE"),
    ],
)
def test_a_validation_of_images_ends_in_evidence(tmp_path: Path, events: tuple[Event, ...], verdict: str) -> None:
    """Evidence of any verdict is signed, with the digest of its journal."""
    finished_run = concluded(tmp_path, with_images(builders.header()), events)
    path = sign_evidence(finished_run, SIGNER, tmp_path)
    assert path == tmp_path / NAME
    stated = payload(path.read_bytes())
    assert stated["predicate"]["technogate"]["verdict"] == verdict
    assert stated["predicate"]["technogate"]["journal_sha256"] == finished_run.journal.sha256


def test_no_evidence_without_a_key_or_without_images(tmp_path: Path) -> None:
    """Without both there is no message; with only one of them the reason is printed."""
    processes = concluded(tmp_path, builders.header(), PASSED)
    assert sign_evidence(processes, None, tmp_path) is None
    with pytest.raises(EvidenceError, match="processes were judged"):
        sign_evidence(processes, SIGNER, tmp_path)
    images = concluded(tmp_path, with_images(builders.header()), PASSED)
    with pytest.raises(EvidenceError, match="no signing key"):
        sign_evidence(images, None, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_no_evidence_of_a_check_or_of_an_unsound_run(tmp_path: Path) -> None:
    """A check, a gate that changed during the run, a pass whose report could not be written: nothing is signed."""
    check = msgspec.structs.replace(with_images(builders.header()), mode="check", selection=("AUT-01",))
    changed_gate = msgspec.structs.replace(with_images(builders.header()), gate_digest="e" * 64)
    sound = concluded(tmp_path, with_images(builders.header()), PASSED)
    unsound = FinishedRun(
        journal=sound.journal, document=sound.document, files=(), exit_code=ExitCode.INCONCLUSIVE, problem="x"
    )
    for finished_run, why in (
        (concluded(tmp_path, check, PASSED), "a check is not a validation"),
        (concluded(tmp_path, changed_gate, PASSED), "are not those of the run"),
        (unsound, "did not end with its verdict"),
    ):
        with pytest.raises(EvidenceError, match=why):
            sign_evidence(finished_run, SIGNER, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_evidence_lists_the_waivers(tmp_path: Path) -> None:
    """The evidence lists the waived requirements."""
    finished_run = concluded(tmp_path, with_images(header([waiver()])), ONE_FAILED)
    path = sign_evidence(finished_run, SIGNER, tmp_path)
    assert path is not None
    [stated] = payload(path.read_bytes())["predicate"]["technogate"]["waivers"]
    assert (stated["waiver"]["requirement"], stated["state"]) == ("EXE-01", "used")


def test_the_gates_digest_covers_what_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed suite, fixture or file name changes the digest; files that a run writes do not."""
    for name in ("suites/a/test_a.py", "fixtures/f.py", "conftest.py", "suites/__pycache__/x.pyc", "suites/.x/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(shipped_data, "shipped_root", lambda: tmp_path)
    monkeypatch.setattr("technogate.util.gate_digest._hash_of_files", HASH_OF_FILES)
    first = gate_digest()
    assert first == gate_digest()
    for name, differs in (
        ("suites/a/test_a.py", True),
        ("fixtures/f.py", True),
        ("conftest.py", True),
        ("suites/__pycache__/x.pyc", False),
        ("suites/.x/y", False),
    ):
        (tmp_path / name).write_text("2")
        assert (gate_digest() != first) is differs, name
        (tmp_path / name).write_text("1")
    (tmp_path / "suites" / "a" / "test_a.py").rename(tmp_path / "suites" / "a" / "test_b.py")
    assert gate_digest() != first
