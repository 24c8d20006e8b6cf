"""`technogate verify` and its single file: the public key is enough to find each change of evidence and journal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from securesystemslib.signer import CryptoSigner

from technogate.deploy import standalone_verifier
from technogate.deploy.evidence.envelope import seal
from technogate.deploy.evidence.sign import sign_evidence
from technogate.deploy.evidence.signing_keys import generate, signer_from
from technogate.deploy.verify import judged_again
from technogate.model.container_facts import Mount
from technogate.model.events import Event, Header, Outcome, Waiver
from technogate.model.requirement import Level, Party, Requirement
from technogate.runner.finish_run import finish_run
from tests import builders
from tests.conftest import STUCK_S
from tests.deploy.sealed import BACKEND_ID, CONSOLE_ID, payload
from tests.deploy.test_statement import with_images
from tests.gate_command import GATE
from tests.judging.test_waivers import day

SCRIPT = Path(standalone_verifier.__file__)
#: One requirement that a check over the whole run judges too, a SHOULD, and one that may be waived.
REQUIREMENTS = (
    *builders.REQUIREMENTS,
    Requirement(id="ENV-04", party=Party.BACKEND, level=Level.MUST, group="execute", text="trace ids are unique"),
)

PLAN = builders.plan(("a", "AUT-01"), ("b", "EXE-01"), ("c", "ENV-04"), ("d", "TMO-90"))
EXCHANGES = (builders.exchange(1, trace_id="t-1"), builders.exchange(2, trace_id="t-2"))
PASSED: tuple[Event, ...] = (
    PLAN, *EXCHANGES, builders.result("a", "AUT-01", checks=3), builders.result("b", "EXE-01"),
    builders.result("c", "ENV-04"), builders.result("d", "TMO-90", Outcome.SKIPPED, reason="why"),
)  # fmt: skip
FAILED: tuple[Event, ...] = (
    *(event for event in PASSED if event != builders.result("b", "EXE-01")),
    builders.result("b", "EXE-01", Outcome.FAILED), builders.finding("b", "EXE-01"),
)  # fmt: skip


def head(*waivers: Waiver) -> Header:
    """The header of a validation of two images."""
    header = with_images(builders.header(requirements=REQUIREMENTS))
    return msgspec.structs.replace(header, waivers=waivers)


class Signed:
    """A run with its journal and its evidence, in a folder of its own."""

    def __init__(self, folder: Path, events: tuple[Event, ...] = PASSED, *waivers: Waiver, **more: Any) -> None:
        self.folder = folder
        generate(folder)
        signer = signer_from(str(folder / "technogate.key"), {})
        assert signer is not None
        self.signer: CryptoSigner = signer
        builders.journal(folder, *events, head=head(*waivers), **more)
        finished = finish_run(folder / "journal.jsonl", folder, key=builders.KEY)
        assert sign_evidence(finished, signer, folder) is not None
        self.journal, self.evidence = folder / "journal.jsonl", folder / "evidence.dsse.json"

    def stated(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Sign another statement, as somebody who has the key and not the gate."""
        plain = payload(self.evidence.read_bytes())
        change(plain)
        self.evidence.write_bytes(seal(json.dumps(plain).encode(), self.signer))

    def lines(self, *, journal: bool = True) -> dict[str, bool]:
        """The lines of the single file, and of the judge once all of them hold."""
        key = self.folder / "technogate.pub"
        lines = standalone_verifier.verify(self.evidence, self.journal if journal else None, key)
        if journal and all(line.holds for line in lines):
            lines.append(judged_again(self.evidence, self.journal, key))
        return {line.title: line.holds for line in lines}


def waiver(**fields: str) -> Waiver:
    """A waiver for the failure."""
    values = {"requirement": "EXE-01", "reason": "fixed in 1.3", "owner": "o", "expires": day(20)}
    return Waiver(**(values | fields))


ALL = ("signature", "shape", "digests", "verdict of the evidence", "journal", "verdict of the journal", "judged again")
HONEST: dict[str, tuple[tuple[Event, ...], tuple[Waiver, ...], dict[str, Any]]] = {
    "PASS": (PASSED, (), {}),
    "FAIL": (FAILED, (), {}),
    "a waived failure": (FAILED, (waiver(),), {}),
    "a waiver for nothing": (PASSED, (waiver(),), {}),
    "a waiver that expired": (FAILED, (waiver(expires="2020-01-01"),), {}),
    "a run-wide failure": ((*PASSED, builders.exchange(3, trace_id="t-1")), (), {}),
    "an item that never reported": (PASSED[:-2], (), {}),
    "an item without a check": ((*PASSED[:-2], builders.result("c", "ENV-04", checks=0)), (), {}),
    "an item that reported twice": ((*PASSED, builders.result("b", "EXE-01", Outcome.ERRORED)), (), {}),
    "interrupted": (PASSED, (), {"end": "interrupted"}),
    "no self-test": (PASSED, (), {"proofs": ()}),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_evidence_is_verified(name: str, tmp_path: Path) -> None:
    """Evidence of any verdict holds, line by line, with the journal and without it."""
    events, waivers, more = HONEST[name]
    signed = Signed(tmp_path, events, *waivers, **more)
    assert signed.lines() == dict.fromkeys(ALL, True)
    assert signed.lines(journal=False) == dict.fromkeys(ALL[:4], True)


def run_of(plain: dict[str, Any]) -> dict[str, Any]:
    """The part of the statement that the gate defines."""
    run: dict[str, Any] = plain["predicate"]["technogate"]
    return run


def named(plain: dict[str, Any], name: str) -> dict[str, Any]:
    """One requirement of the statement."""
    found: list[dict[str, Any]] = [one for one in run_of(plain)["requirements"] if one["id"] == name]
    return found[0]


def as_passed(plain: dict[str, Any]) -> None:
    """A statement that says PASS of a run that failed, with all that follows from it."""
    named(plain, "EXE-01").update(verdict="PASS", effective_verdict="PASS")
    run_of(plain).update(verdict="PASS", reasons=[])
    plain["predicate"].update(
        result="WARNED", passedTests=["AUT-01", "EXE-01", "ENV-04"], failedTests=[], warnedTests=["TMO-90"]
    )


def as_waived(plain: dict[str, Any]) -> None:
    """A statement that says PASS of a run that failed, for a waiver that nobody handed in."""
    as_passed(plain)
    named(plain, "EXE-01").update(verdict="FAIL")
    plain["predicate"].update(passedTests=["AUT-01", "ENV-04"], warnedTests=["EXE-01", "TMO-90"])
    run_of(plain).update(waivers=[{"waiver": msgspec.to_builtins(waiver()), "state": "used", "problem": ""}])


#: What somebody with the key states of a run that failed, and the line that shows it.
LIES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "PASS alone": (lambda plain: run_of(plain).update(verdict="PASS"), "verdict of the evidence"),
    "PASS with all that follows": (as_passed, "verdict of the journal"),
    "a failure that weighs nothing": (
        lambda plain: named(plain, "EXE-01").update(effective_verdict="PASS"),
        "verdict of the evidence",
    ),
    "a requirement left out": (
        lambda plain: run_of(plain)["requirements"].remove(named(plain, "EXE-01")),
        "verdict of the evidence",
    ),
    "a MUST made SHOULD": (lambda plain: named(plain, "EXE-01").update(level="should"), "verdict of the evidence"),
    "a requirement twice": (
        lambda plain: run_of(plain)["requirements"].append(named(plain, "AUT-01")),
        "shape",
    ),
    "more checks": (lambda plain: named(plain, "AUT-01").update(checks=99), "verdict of the journal"),
    "a check over the run that passed": (
        lambda plain: named(plain, "AUT-01").update(
            run_wide=[{"item": "every exchange::AUT-01", "outcome": "passed", "checks": 5}], checks=8
        ),
        "judged again",
    ),
    "a check of another requirement": (
        lambda plain: named(plain, "AUT-01").update(run_wide=[{"item": "x", "outcome": "passed", "checks": 5}]),
        "shape",
    ),
    "isolated": (lambda plain: run_of(plain).update(isolation="isolated"), "verdict of the journal"),
    "another result of in-toto": (lambda plain: plain["predicate"].update(result="PASSED"), "verdict of the evidence"),
    "another list": (lambda plain: plain["predicate"].update(failedTests=[]), "verdict of the evidence"),
    "another seed": (lambda plain: run_of(plain).update(seed=8), "digests"),
    "another contract": (lambda plain: plain["subject"][2].update(digest={"sha256": "1" * 64}), "digests"),
    "another image": (lambda plain: plain["subject"][0].update(digest={"sha256": "0" * 64}), "journal"),
    "another gate": (lambda plain: plain["subject"][3].update(digest={"sha256": "0" * 64}), "journal"),
    "another journal": (lambda plain: run_of(plain).update(journal_sha256="0" * 64), "journal"),
    "a check": (lambda plain: run_of(plain).update(is_validation=False), "shape"),
    "no requirement": (lambda plain: run_of(plain).update(requirements=[]), "shape"),
    "another predicate": (lambda plain: plain.update(predicateType="https://slsa.dev/provenance/v1"), "shape"),
    "no predicate": (lambda plain: plain.pop("predicate"), "shape"),
    "a waiver that was not handed in": (as_waived, "verdict of the journal"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_found(name: str, tmp_path: Path) -> None:
    """Whatever is signed, it must follow from the journal; a line says that it does not."""
    signed = Signed(tmp_path, FAILED)
    change, red = LIES[name]
    signed.stated(change)
    assert next(title for title, holds in signed.lines().items() if not holds) == red


@pytest.mark.sabotage("evidence says PASS of a run in which a container ran another program than its image's")
@pytest.mark.parametrize("what", ["another command", "another image", "a setting", "a mount", "joined"])
def test_a_container_of_another_program_is_found(what: str, tmp_path: Path) -> None:
    """Nothing that is signed makes a PASS of what the engine reported."""
    good = builders.container("backend", BACKEND_ID)
    mount = Mount(type="bind", source="/x", target="/app", writable=False, admitted=False)
    other = msgspec.structs.replace(good.runs, command=("other",))
    changes: dict[str, dict[str, Any]] = {
        "another command": {"runs": other},
        "another image": {"runs": builders.container("backend", CONSOLE_ID).runs, "named": good.named},
        "a setting": {"settings": {"Privileged": "true"}},
        "a mount": {"mounts": (mount,)},
        "joined": {"side": "", "joins": ("backend",)},
    }
    signed = Signed(tmp_path, (*PASSED, msgspec.structs.replace(good, **changes[what])))
    signed.stated(lambda plain: (run_of(plain).update(verdict="PASS"), plain["predicate"].update(result="WARNED")))
    assert next(title for title, holds in signed.lines().items() if not holds) == "verdict of the journal"


def with_another_key(signed: Signed) -> None:
    """Evidence of somebody else."""
    signed.evidence.write_bytes(seal(b"{}", CryptoSigner.generate_ed25519()))


TAMPERED: dict[str, tuple[Callable[[Signed], Any], str]] = {
    "a byte of the evidence": (
        lambda signed: signed.evidence.write_bytes(signed.evidence.read_bytes().replace(b"A", b"B", 1)),
        "signature",
    ),
    "another key": (with_another_key, "signature"),
    "no evidence": (lambda signed: signed.evidence.unlink(), "signature"),
    "empty evidence": (lambda signed: signed.evidence.write_bytes(b""), "signature"),
    "nested evidence": (lambda signed: signed.evidence.write_bytes(b"[" * 100_000), "signature"),
    "a byte of the journal": (
        lambda signed: signed.journal.write_bytes(signed.journal.read_bytes().replace(b"EXE-01", b"EXE-02", 1)),
        "journal",
    ),
    "a journal cut short": (lambda signed: signed.journal.write_bytes(signed.journal.read_bytes()[:-1]), "journal"),
    "the journal of another run": (
        lambda signed: builders.journal(signed.folder, *PASSED, head=head()),
        "journal",
    ),
    "no journal": (lambda signed: signed.journal.unlink(), "journal"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_change_is_found(name: str, tmp_path: Path) -> None:
    """A change of a file after the run is found by the line about it."""
    signed = Signed(tmp_path)
    change, red = TAMPERED[name]
    change(signed)
    assert [title for title, holds in signed.lines().items() if not holds] == [red]


def test_nothing_verified_is_not_verified() -> None:
    """Without a line the last word is NOT VERIFIED, and no text of a file reaches a terminal as a command."""
    assert standalone_verifier.report([]) == " NOT VERIFIED\n"
    text = standalone_verifier.report([standalone_verifier.Line("t", False, "a\x1b[31m\nb")])
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.slow
def test_the_single_file_needs_nothing_of_the_gate(tmp_path: Path) -> None:
    """Copied elsewhere and run without the gate's package it comes to the same, with its exit code."""
    (tmp_path / "run").mkdir()
    signed = Signed(tmp_path / "run", FAILED)
    script = shutil.copy(SCRIPT, tmp_path / "verify_evidence.py")
    # -S and -I would hide `cryptography`; a finder refuses everything else that is installed.
    guard = (
        "import sys, runpy\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        own = name.partition('.')[0] in sys.stdlib_module_names | {'cryptography', '_cffi_backend', 'cffi'}\n"
        "        if not own: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "script = sys.argv.pop(1)\n"
        "sys.argv[0] = script\n"
        "runpy.run_path(script, run_name='__main__')\n"
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-I", "-c", guard, str(script), *words]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=STUCK_S, check=False)

    key = ("--key", "run/technogate.pub")
    ended = run("run/evidence.dsse.json", "run/journal.jsonl", *key)
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, " VERIFIED"), ended.stdout + ended.stderr
    signed.stated(as_passed)
    ended = run("run/evidence.dsse.json", "run/journal.jsonl", *key)
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (1, " NOT VERIFIED"), ended.stdout + ended.stderr
    assert run("run/evidence.dsse.json").returncode == 2


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    """Exit codes and the script that it prints."""
    signed = Signed(tmp_path, PASSED)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        line = [*GATE, "verify", *words]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=STUCK_S, check=False)

    ended = run("evidence.dsse.json", "journal.jsonl", "--key", "technogate.pub")
    assert (ended.returncode, "judged again" in ended.stdout) == (0, True), ended.stdout + ended.stderr
    signed.stated(lambda plain: run_of(plain).update(target="another"))
    ended = run("evidence.dsse.json", "journal.jsonl", "--key", "technogate.pub")
    assert (ended.returncode, "comes to another target" in ended.stdout) == (1, True), ended.stdout
    assert run("evidence.dsse.json").returncode == 2
    assert run("--print-script").stdout == SCRIPT.read_text("utf-8")
