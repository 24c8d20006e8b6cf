"""The end of a validation of images: its result, signed, as a file beside the reports."""

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
    """Write the evidence of a finished validation into `folder`; None when nobody asked for any.

    Raises EvidenceError, one line, when a key was given or images were judged and there is no evidence
    all the same: without a key, without images, when the gate's files changed during the run, or when
    the run did not end as its verdict says. Raises OSError when the disk does not take it.
    """
    images = finished_run.document.target.images
    if signer is None and not images:
        return None
    if signer is None:
        raise EvidenceError("no signing key was given (--signing-key FILE or TECHNOGATE_SIGNING_KEY)")
    if not images:
        raise EvidenceError("processes were judged, and what can be deployed are images: name them with the target")
    if finished_run.document.verdict is Verdict.PASS and finished_run.exit_code is not ExitCode.PASS:
        raise EvidenceError("the run did not end as its verdict says")
    digest = finished_run.journal.header.gate_digest
    if gate_digest() != digest:
        raise EvidenceError("the gate's own files changed during the run; run the validation again")
    payload = encode(statement_of(finished_run.document, digest))
    return write_file(folder / NAME, seal(payload, signer).decode("ascii"))


def signed_by(signer: CryptoSigner | None) -> Sign:
    """The step that signs what a validation proved.

    It returns what the run came to then, and one line: where the evidence is, or why there is none. Evidence
    that was asked for and could not be had makes a PASS inconclusive: it cannot be deployed.
    """

    def sign(finished_run: FinishedRun, folder: Path) -> tuple[FinishedRun, str]:
        try:
            written = sign_evidence(finished_run, signer, folder)
        except (EvidenceError, OSError) as error:
            said = f"no evidence: {error}"
            asked = signer is not None and finished_run.document.target.images
            return withheld(finished_run, said, folder) if asked else finished_run, said
        return finished_run, f"evidence: {written}" if written is not None else ""

    return sign
