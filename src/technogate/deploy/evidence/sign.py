"""Sign the result of a validation of images, as a file beside the reports."""

from __future__ import annotations

from pathlib import Path

from securesystemslib.signer import CryptoSigner

from technogate.deploy.evidence.envelope import EvidenceError, seal
from technogate.deploy.evidence.statement import encode, statement_of
from technogate.model.verdict import ExitCode, Verdict
from technogate.report.write_all import EVIDENCE
from technogate.runner.finish_run import FinishedRun, withheld
from technogate.runner.run import Sign
from technogate.util.gate_digest import gate_digest
from technogate.util.write_file import write_file

NAME = EVIDENCE


def sign_evidence(finished_run: FinishedRun, signer: CryptoSigner | None, folder: Path) -> Path | None:
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
    if finished_run.document.verdict is Verdict.PASS and finished_run.exit_code is not ExitCode.PASS:
        raise EvidenceError("the run did not end with its verdict")
    digest = finished_run.journal.header.gate_digest
    if gate_digest() != digest:
        raise EvidenceError("the gate's own files changed during the run; run the validation again")
    payload = encode(statement_of(finished_run.document, digest))
    return write_file(folder / NAME, seal(payload, signer).decode("ascii"))


def signed_by(signer: CryptoSigner | None) -> Sign:
    """The step that signs the result of a validation.

    It returns the finished run and one line: the path of the evidence, or why there is none. When evidence was
    requested but could not be written, a PASS becomes INCONCLUSIVE, because it cannot be deployed.
    """

    def sign(finished_run: FinishedRun, folder: Path) -> tuple[FinishedRun, str]:
        try:
            written = sign_evidence(finished_run, signer, folder)
        except (EvidenceError, OSError) as error:
            message = f"no evidence: {error}"
            requested = signer is not None and finished_run.document.target.images
            return withheld(finished_run, message, folder) if requested else finished_run, message
        return finished_run, f"evidence: {written}" if written is not None else ""

    return sign
