"""Sign the result of a validation of images, as a file beside the reports, and decide whether it leads to DEPLOY."""

from __future__ import annotations

import time
from pathlib import Path

from securesystemslib.signer import Signer, SSlibKey

from technogate.deploy.decide import decide
from technogate.deploy.evidence.envelope import EvidenceError, seal
from technogate.deploy.evidence.statement import encode, statement_of
from technogate.deploy.policy import strict_policy
from technogate.model.verdict import ExitCode, Verdict
from technogate.report.next_step import EvidenceState
from technogate.report.report_files import EVIDENCE
from technogate.runner.finish_run import FinishedRun, reported, withheld
from technogate.runner.run import Sign
from technogate.runner.run_context import contract_or_default
from technogate.util.gate_digest import gate_digest
from technogate.util.write_file import write_file

NAME = EVIDENCE


def sign_evidence(finished_run: FinishedRun, signer: Signer | None, folder: Path) -> Path | None:
    """Write the evidence of a finished validation into `folder`; None without a key and without images.

    Raises EvidenceError, one line, when there is a key or there are images but no evidence is possible: without a key,
    without images, when the files of the gate changed during the run, or when the run did not end with its verdict.
    Raises OSError when the file cannot be written.
    """
    images = finished_run.document.target.images
    if signer is None and not images:
        return None
    if signer is None:
        raise EvidenceError("no signing key was given (--signing-key FILE or TECHNOGATE_SIGNING_KEY)")
    if not images:
        raise EvidenceError("processes were judged, but only images can be deployed; use a target with images")
    if finished_run.journal.unproven:
        raise EvidenceError(finished_run.journal.unproven)
    if finished_run.document.verdict is Verdict.PASS and finished_run.exit_code is not ExitCode.PASS:
        raise EvidenceError("the run did not end with its verdict")
    digest = finished_run.journal.header.gate_digest
    if gate_digest() != digest:
        raise EvidenceError("the gate's own files are not those of the run; run the validation again with this gate")
    payload = encode(statement_of(finished_run.document, digest))
    return write_file(folder / NAME, seal(payload, signer).decode("ascii"))


def signed_by(signer: Signer | None, contract: str = "") -> Sign:
    """The step that signs the result of a validation; `contract` is the folder of its contract, "" for the shipped one.

    It returns the finished run and one line: the path of the evidence, or why there is none. The reports are written
    again: what they advise follows from the decision of the deploy gate on that evidence. When evidence was
    requested but could not be written, a PASS becomes INCONCLUSIVE, because it cannot be deployed.
    """

    def sign(finished_run: FinishedRun, folder: Path) -> tuple[FinishedRun, str]:
        try:
            written = sign_evidence(finished_run, signer, folder)
        except (EvidenceError, OSError) as error:
            message = f"no evidence: {error}"
            requested = signer is not None and finished_run.document.target.images
            return withheld(finished_run, message, folder) if requested else finished_run, message
        if written is None or signer is None:
            return finished_run, ""
        state = _state(finished_run, written, signer, contract)
        finished_run = reported(finished_run, state, folder)
        if finished_run.problem:
            # The reports no longer say what was signed.
            written.unlink(missing_ok=True)
            return finished_run, ""
        return finished_run, f"evidence: {written}"

    return sign


def _state(finished_run: FinishedRun, evidence: Path, signer: Signer, contract: str) -> EvidenceState:
    """What the deploy gate decides on the evidence now without a policy, thus strictly, for the images that ran."""
    if finished_run.document.verdict is not Verdict.PASS:
        return EvidenceState.SIGNED
    key = signer.public_key
    if not isinstance(key, SSlibKey):
        return EvidenceState.SIGNED
    decision = decide(
        images={side: image.name for side, image in finished_run.document.target.images.items()},
        evidence=evidence,
        policy=strict_policy(key),
        contract=contract_or_default(contract),
        now=time.time(),
    )
    return EvidenceState.DEPLOYABLE if decision.deploy else EvidenceState.SIGNED
