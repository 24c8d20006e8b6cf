"""A fit check as text: the one line, or the list, that a user reads before anything was run."""

from __future__ import annotations

from technogate.model.fit_check import NAMED, Blame, FitCheck, Misfit
from technogate.util.phrases import few, many

#: Who is to act on a misfit.
_WORDS = {
    Blame.TARGET: "a mistake in the target file",
    Blame.PROGRAM: "the program lacks it",
    Blame.OPTIONAL: "optional",
}


def fault_text(name: str, fit: FitCheck) -> str:
    """What the target file `name` has wrong: one line for one mistake, else a heading and one line for each."""
    faults = [misfit.sentence for misfit in fit.target_faults]
    if len(faults) == 1:
        return f"{name}: {faults[0]}"
    return "\n".join([f"{name}: the target file has {many(len(faults), 'mistake')}; nothing was run", *faults])


def misfit_lines(misfit: Misfit) -> list[str]:
    """One misfit as a few lines: what is missing, what was found, what follows, and the line to write."""
    rest = [
        f"found: {misfit.found}",
        f"without it: {misfit.consequence}" if misfit.consequence else "",
        f"undecided: {few(misfit.undecided, NAMED)}" if misfit.undecided else "",
        f"write: {misfit.line}" if misfit.line else "",
    ]
    return [f"{misfit.part} ({_WORDS[misfit.blame]})", *filter(None, rest)]


def conclusion(fit: FitCheck) -> str:
    """Whether the target file fits, in one line."""
    faults, optional = len(fit.target_faults), sum(misfit.blame is Blame.OPTIONAL for misfit in fit.misfits)
    if faults:
        return f"DOES NOT FIT: the target file has {many(faults, 'mistake')}"
    if not fit.fits:
        return "THE TARGET FILE FITS; the program lacks what a run would judge"
    return "FITS" + (f"; {many(optional, 'optional part')} missing, with the consequence stated" if optional else "")
