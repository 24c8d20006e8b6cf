"""What a run advises: title, exit code, scope and next step of each situation, and `Deploy` only after a DEPLOY.

Each situation is a journal. The real judge, the real writers and the real deploy gate make of it what a user sees; only
the container engine is a stand-in.
"""

from __future__ import annotations

import dataclasses
import io
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from rich.console import Console
from securesystemslib.signer import CryptoSigner

from technogate.contract.loader import Contract, load_contract
from technogate.deploy.decide import decide
from technogate.deploy.evidence.sign import signed_by
from technogate.deploy.evidence.statement import Statement, statement_of
from technogate.deploy.policy import strict_policy
from technogate.model.events import Event, ImageRef, Outcome, TargetRef, Waiver
from technogate.model.verdict import VerdictDocument
from technogate.report.report_files import EVIDENCE
from technogate.report.terminal_summary import show
from technogate.runner.finish_run import FinishedRun, finish_run
from technogate.target.described_by import RESOLVED
from technogate.util.gate_digest import gate_digest
from tests import builders
from tests.conftest import ROOT
from tests.deploy.sealed import BACKEND_ID, BACKEND_NAME, CONSOLE_ID, CONSOLE_NAME, RESOLVED_DIGEST, described
from tests.deploy.stand_in_engine import StandInEngine
from tests.judging.test_waivers import day

#: A requirement of each group that the deploy gate asks for, of each party, and the ones on images.
KEPT = (
    "EXE-01", "AUD-02", "MEM-01", "AUT-01", "ERR-05", "TRL-07", "CTR-01", "CON-18",
    "STK-03", "STK-02", "STK-07", "STK-08",
)  # fmt: skip
SHOULD = "STK-08"
SIGNER = CryptoSigner.generate_ed25519()
BOTH = ("backend", "console")
LATEST = "techno-os-console:latest"

FIX = "Fix the causes below (each has commands that reproduce it), then validate again."
HINT = "Follow the hint beside each reason below, then validate again."
IMAGES_NEXT = "Validate the images of both sides (--target compose)."
SIGN = (
    "Sign the evidence: validate again with --signing-key FILE or TECHNOGATE_SIGNING_KEY, then run "
    "`technogate deploy-check`."
)
ASK = "Run `technogate deploy-check`: it decides, from the signed evidence."
DEPLOY = "Deploy these two images."
VALIDATE = "Run `technogate validate` for a verdict on the whole contract."
WAIVED = "Fix the waived failures before their waivers expire."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Situation:
    """A run, and what a user must be told of it. `outcomes` are those of items that did not pass."""

    title: str
    code: int
    step: str
    scope: tuple[str, str] = ("pair", "images")
    not_judged: tuple[str, ...] = ()
    parties: tuple[str, ...] = BOTH
    images: bool = True
    console: str = CONSOLE_NAME
    key: bool = True
    outcomes: dict[str, Outcome] = dataclasses.field(default_factory=dict)
    mode: Literal["validate", "check", "replay"] = "validate"
    selection: tuple[str, ...] = ()
    waiver: str = ""
    end: Literal["finished", "none"] = "finished"
    deploy: bool = False


PROCESSES = {"scope": ("pair", "processes"), "images": False, "not_judged": ("STK-02", "STK-07", "STK-08")}
FAILED = {"ERR-05": Outcome.FAILED}
SKIPPED = {"AUT-01": Outcome.SKIPPED}
CHECKED = {"mode": "check", "selection": ("AUT-01", "EXE-01", "STK-08"), "key": False}
REST = tuple(name for name in KEPT if name not in ("AUT-01", "EXE-01", "STK-08"))

SITUATIONS = {
    "processes": Situation(title="PASS", code=0, step=IMAGES_NEXT, key=False, **PROCESSES),  # type: ignore[arg-type]
    "processes, with a key": Situation(title="PASS", code=0, step=IMAGES_NEXT, **PROCESSES),  # type: ignore[arg-type]
    "processes that fail": Situation(title="FAIL", code=1, step=FIX, outcomes=FAILED, **PROCESSES),  # type: ignore[arg-type]
    "processes, not exercised": Situation(
        title="INCONCLUSIVE",
        code=3,
        step=HINT,
        outcomes=SKIPPED,
        **PROCESSES,  # type: ignore[arg-type]
    ),
    "a backend alone": Situation(
        title="PASS",
        code=0,
        step="Validate the console too: describe it in the target file, as [console].",
        scope=("backend", "processes"),
        not_judged=("CON-18", "STK-03", "STK-02", "STK-07", "STK-08"),
        parties=("backend",),
        images=False,
    ),
    "a console alone": Situation(
        title="PASS",
        code=0,
        step="Validate the backend too: describe it in the target file, as [backend].",
        scope=("console", "processes"),
        not_judged=tuple(name for name in KEPT if name != "CON-18"),
        parties=("console",),
        images=False,
    ),
    "the image of one side": Situation(
        title="PASS",
        code=0,
        step="Validate the console too: describe it in the target file, as [console].",
        scope=("backend", "images"),
        not_judged=("CON-18", "STK-03", "STK-02", "STK-07", "STK-08"),
        parties=("backend",),
        key=False,
    ),
    "nothing at all": Situation(
        title="INCONCLUSIVE",
        code=3,
        step="See what was not judged: describe more of the target, or select what it can be judged by.",
        scope=("none", "processes"),
        not_judged=KEPT,
        parties=(),
        images=False,
    ),
    "images without a key": Situation(title="PASS", code=0, step=SIGN, key=False),
    "images, signed": Situation(title="PASS", code=0, step=DEPLOY, deploy=True),
    "images, signed, a tag that moves": Situation(title="PASS", code=0, step=ASK, console=LATEST),
    "images that fail": Situation(title="FAIL", code=1, step=FIX, outcomes=FAILED),
    "images, a failed SHOULD": Situation(
        title="PASS",
        code=0,
        step=f"{DEPLOY} Review the SHOULD requirements that failed; they do not decide.",
        outcomes={SHOULD: Outcome.FAILED},
        deploy=True,
    ),
    "images, a requirement on images not exercised": Situation(
        title="INCONCLUSIVE", code=3, step=HINT, outcomes={"STK-07": Outcome.SKIPPED}
    ),
    "images, waived": Situation(title="PASS", code=0, step=ASK, outcomes=FAILED, waiver=day(30)),
    "images, a waiver that expired": Situation(title="FAIL", code=1, step=FIX, outcomes=FAILED, waiver="2001-01-01"),
    "images, a waiver for nothing": Situation(
        title="FAIL", code=1, step="Correct each waiver as described below, then validate again.", waiver=day(30)
    ),
    "images, a torn journal": Situation(title="INCONCLUSIVE", code=3, step=HINT, end="none"),
    "a check that holds": Situation(
        title="CHECK PASSED: 3 of 3 requirements hold",
        code=0,
        step=VALIDATE,
        not_judged=REST,
        **CHECKED,  # type: ignore[arg-type]
    ),
    "a check that fails": Situation(
        title="CHECK FAILED: 1 of 3 requirements does not hold",
        code=1,
        step="Fix the causes below (each has commands that reproduce it), then check again.",
        not_judged=REST,
        outcomes={SHOULD: Outcome.FAILED},
        **CHECKED,  # type: ignore[arg-type]
    ),
    "a check that is inconclusive": Situation(
        title="CHECK INCONCLUSIVE: 1 of 3 requirements has no result",
        code=3,
        step="Follow the hint beside each reason below, then check again.",
        not_judged=REST,
        outcomes=SKIPPED,
        **CHECKED,  # type: ignore[arg-type]
    ),
    "a check of what is out of scope": Situation(
        title="CHECK INCONCLUSIVE: no requirement was judged",
        code=3,
        step="See what was not judged: describe more of the target, or select what it can be judged by.",
        scope=("pair", "processes"),
        not_judged=KEPT,
        images=False,
        key=False,
        mode="check",
        selection=("STK-07",),
    ),
    "a replay that passed": Situation(
        title="CHECK INCONCLUSIVE: the run proves nothing",
        code=3,
        step="Follow the hint beside each reason below, then check again.",
        not_judged=tuple(name for name in KEPT if name != "AUT-01"),
        mode="replay",
        selection=("AUT-01",),
        key=False,
    ),
}


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The contract with a few of its requirements, in a folder of its own."""
    folder = tmp_path_factory.mktemp("contracts") / "small"
    shutil.copytree(ROOT / "contracts" / "console-v0.1", folder)
    path = folder / "requirements.toml"
    head, *blocks = path.read_text("utf-8").split("\n[requirement.")
    path.write_text("\n[requirement.".join([head, *(b for b in blocks if b.split("]")[0] in KEPT)]), "utf-8")
    return load_contract(folder)


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_a_run_advises(
    name: str, tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch, engine: StandInEngine
) -> None:
    """Title, exit code, scope and next step are those of the situation, and all reports agree with the deploy gate."""
    situation, reports = SITUATIONS[name], tmp_path / "reports"
    images = {
        situation.console: described(situation.console, CONSOLE_ID),
        BACKEND_NAME: described(BACKEND_NAME, BACKEND_ID),
    }
    engine.images = images
    deployed_as_shipped(monkeypatch, contract)
    ended = _finished(situation, reports, contract)
    document = ended.document
    terminal = _terminal(ended)

    assert int(ended.exit_code) == document.exit_code == situation.code
    assert re.split(r"  |\n", terminal.strip())[0].split(" ", 1)[1] == situation.title
    assert terminal.strip().splitlines()[-1].endswith(f"): see {reports / 'report.html'}")
    assert situation.title in terminal.strip().splitlines()[-1]
    assert (document.scope.sides, document.scope.kind) == situation.scope
    judged = [result.id for result in document.requirements]
    unjudged = [name for entry in document.scope.not_judged for name in entry.requirements]
    assert sorted(unjudged) == sorted(situation.not_judged)
    assert sorted([*judged, *unjudged]) == sorted(KEPT)
    assert document.is_validation is (situation.mode == "validate")

    decision = decide(
        images={"console": situation.console, "backend": BACKEND_NAME},
        evidence=reports / EVIDENCE,
        policy=strict_policy(SIGNER.public_key),
        contract=contract,
        now=time.time(),
    )
    assert decision.deploy is situation.deploy, [line for line in decision.lines if not line.proven]
    texts = {**_reports(reports), "terminal": terminal, "annotations": _annotations(reports / "verdict.json")}
    for report, text in texts.items():
        assert bool(_advice(text)) is (decision.deploy and report in _WITH_NEXT_STEP), (report, _advice(text))
    for report in _WITH_NEXT_STEP:
        assert _plain(situation.step) in _plain(texts[report]), report
    for report, text in texts.items():
        assert all(word in _plain(text) for word in situation.scope), report


def test_the_reports_follow_when_evidence_cannot_be_decided(
    tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch, engine: StandInEngine
) -> None:
    """Without an engine that knows the images, signed evidence leads to the deploy gate and not to a deployment."""
    engine.images = {}
    deployed_as_shipped(monkeypatch, contract)
    ended = _finished(SITUATIONS["images, signed"], tmp_path / "reports", contract)
    assert int(ended.exit_code) == 0
    assert _plain(ASK) in _plain(_terminal(ended))
    assert not any(_advice(text) for text in _reports(tmp_path / "reports").values())


def deployed_as_shipped(monkeypatch: pytest.MonkeyPatch, contract: Contract) -> None:
    """Take the small contract for the one that ships, one check for enough, and the pair for one that was isolated."""
    monkeypatch.setattr("technogate.deploy.decide.digest_of", lambda _: contract.digest)
    monkeypatch.setattr("technogate.deploy.result_proofs.least_checks", dict)
    monkeypatch.setattr("technogate.deploy.evidence.sign.statement_of", isolated)


def isolated(document: VerdictDocument, gate_digest: str) -> Statement:
    """The statement of a run whose programs could not reach the gate."""
    statement = statement_of(document, gate_digest)
    run = msgspec.structs.replace(
        statement.predicate.technogate, isolation="isolated", target_digests={RESOLVED: RESOLVED_DIGEST}
    )
    return msgspec.structs.replace(statement, predicate=msgspec.structs.replace(statement.predicate, technogate=run))


#: The reports that name the next step; `verdict.json` and the annotations made from it follow from the journal alone.
_WITH_NEXT_STEP = ("report.md", "report.html", "junit.xml", "environment.properties", "terminal")


def _finished(situation: Situation, reports: Path, contract: Contract) -> FinishedRun:
    """The end of the run, as `technogate validate` or `check` reaches it."""
    reports.mkdir()
    images = {
        "console": ImageRef(name=situation.console, digest=CONSOLE_ID),
        "backend": ImageRef(name=BACKEND_NAME, digest=BACKEND_ID),
    }
    target = TargetRef(
        name="pair",
        kind="compose" if situation.images else "file",
        parties=situation.parties,
        started_by_gate=True,
        faults=True,
        images={side: image for side, image in images.items() if situation.images and side in situation.parties},
        target_argument="compose",
    )
    waivers = (
        Waiver(
            requirement="ERR-05", reason="fixed in 1.3", owner="o", expires=situation.waiver, place="w.toml, line 1"
        ),
    )
    head = msgspec.structs.replace(
        builders.header(requirements=tuple(contract.requirements.values())),
        contract=msgspec.structs.replace(contract.ref, shipped=True),
        target=target,
        mode=situation.mode,
        selection=situation.selection,
        groups=dict(contract.groups),
        waivers=waivers if situation.waiver else (),
        profile="standard",
        gate_digest=gate_digest(),
    )
    containers = [builders.container(side, image.digest) for side, image in target.images.items()]
    builders.journal(reports, *_events(situation, contract), *containers, head=head, end=situation.end)
    ended = finish_run(reports / "journal.jsonl", reports, key=builders.KEY)
    if situation.mode == "validate":
        ended, _ = signed_by(SIGNER if situation.key else None, str(contract.folder))(ended, reports)
    return ended


def _events(situation: Situation, contract: Contract) -> Sequence[Event]:
    """One item for each requirement that is in scope, and its result."""
    names = [
        requirement.id
        for requirement in contract.requirements.values()
        if requirement.concerns(situation.parties, images=situation.images)
        and (requirement.id in situation.selection or not situation.selection)
    ]
    events: list[Event] = [builders.plan(*((f"item of {name}", name) for name in names))]
    for name in names:
        outcome = situation.outcomes.get(name, Outcome.PASSED)
        events.append(
            builders.result(f"item of {name}", name, outcome, reason="" if outcome is Outcome.PASSED else "why")
        )
        if outcome is Outcome.FAILED:
            events.append(builders.finding(f"item of {name}", name))
    return events


def _terminal(ended: FinishedRun) -> str:
    """What the terminal shows at the end."""
    console = Console(file=io.StringIO(), width=100, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        show(console, ended.document, files=ended.files, evidence=ended.evidence)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _reports(folder: Path) -> dict[str, str]:
    """The text of each report."""
    names = ("verdict.json", "report.md", "report.html", "junit.xml", "allure-results/environment.properties")
    return {Path(name).name: (folder / name).read_text("utf-8") for name in names}


def _annotations(verdict: Path) -> str:
    """What the example for GitHub Actions makes of `verdict.json`."""
    words = [sys.executable, str(ROOT / "examples" / "ci" / "annotate.py"), str(verdict)]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    document = json.loads(verdict.read_text("utf-8"))
    assert text.startswith("::notice" if document["exit_code"] == 0 else "::error")
    return text


def _advice(text: str) -> list[str]:
    """Where a text speaks of deploying, but for the name of the deploy gate and the warning not to."""
    said = re.sub(r"`?technogate deploy-check`?|must not be deployed", "", _plain(text))
    return re.findall(r".{20}deploy.{20}", said, re.IGNORECASE)


def _plain(text: str) -> str:
    """A text on one line, without the marks of its format."""
    text = re.sub(r"&#34;|&quot;", '"', text).replace("\\`", "`").replace("\\", "")
    return " ".join(text.replace("`", "").split())
