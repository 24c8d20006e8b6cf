"""What to do after a run, in one sentence: the one place that may advise to deploy.

A pure function of the verdict document and of what became of its evidence. `deploy` is advised only where
`technogate deploy-check` says DEPLOY at that moment.
"""

from __future__ import annotations

from enum import StrEnum

from technogate.model.requirement import Level
from technogate.model.scope import Sides, TargetKind
from technogate.model.verdict import Verdict, VerdictDocument


class EvidenceState(StrEnum):
    """What became of the evidence of a run: none, signed, or signed and decided to be DEPLOY by the deploy gate."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    DEPLOYABLE = "deployable"


#: The side that a validation of one side alone did not judge, and the table of a target file that describes it.
_OTHER = {Sides.BACKEND: "console", Sides.CONSOLE: "backend"}

_AFTER_PASS = {
    EvidenceState.UNSIGNED: (
        "Sign the evidence: validate again with --signing-key FILE or TECHNOGATE_SIGNING_KEY, then run "
        "`technogate deploy-check`."
    ),
    EvidenceState.SIGNED: "Run `technogate deploy-check`: it decides, from the signed evidence.",
    EvidenceState.DEPLOYABLE: "Deploy these two images.",
}


def next_step(document: VerdictDocument, evidence: EvidenceState = EvidenceState.UNSIGNED) -> str:
    """What to do next."""
    if not document.requirements:
        return "See what was not judged: describe more of the target, or select what it can be judged by."
    if not document.is_validation:
        return _after_check(document)
    if document.verdict is Verdict.FAIL:
        if any(r.level is Level.MUST and r.effective_verdict is Verdict.FAIL for r in document.requirements):
            return "Fix the causes below (each has commands that reproduce it), then validate again."
        return "Correct each waiver as described below, then validate again."
    if document.verdict is Verdict.INCONCLUSIVE:
        return "Follow the hint beside each reason below, then validate again."
    return " ".join([_after_pass(document, evidence), *_besides(document)])


def _after_check(document: VerdictDocument) -> str:
    """What to do after a check, which never leads to a deployment by itself."""
    if document.verdict is Verdict.FAIL:
        return "Fix the causes below (each has commands that reproduce it), then check again."
    if document.verdict is Verdict.INCONCLUSIVE:
        return "Follow the hint beside each reason below, then check again."
    return "Run `technogate validate` for a verdict on the whole contract."


def _after_pass(document: VerdictDocument, evidence: EvidenceState) -> str:
    """What is missing before two images can be deployed; to deploy them when nothing is."""
    scope = document.scope
    if other := _OTHER.get(scope.sides):
        return f"Validate the {other} too: describe it in the target file, as [{other}]."
    if scope.kind is not TargetKind.IMAGES:
        return "Validate the images of both sides (--target compose)."
    return _AFTER_PASS[evidence]


def _besides(document: VerdictDocument) -> list[str]:
    """What failed and does not decide."""
    waived = any(requirement.waived for requirement in document.requirements)
    should = any(r.level is Level.SHOULD and r.verdict is Verdict.FAIL for r in document.requirements)
    return [
        *(["Fix the waived failures before their waivers expire."] if waived else []),
        *(["Review the SHOULD requirements that failed; they do not decide."] if should else []),
    ]
