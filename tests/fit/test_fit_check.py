"""The result of a fit check: what ends a run, what a report states, and how it is written as text."""

from __future__ import annotations

from technogate.fit.fit_text import conclusion, fault_text, misfit_lines
from technogate.model.fit_check import Blame, FitCheck, Misfit

SELECTOR = Misfit(
    area="page",
    part="console.selectors.run",
    found="nothing on the page matches #go",
    blame=Blame.TARGET,
    undecided=("CON-01",),
    line='run = "#run" below [console.selectors]',
)
ABSENT = Misfit(area="backend", part="GET /api/memory", found="answers 404", blame=Blame.PROGRAM)
LIMIT = Misfit(
    area="page",
    part="console.selectors.audit_limit",
    found="nothing",
    blame=Blame.OPTIONAL,
    consequence="default alone",
)
SLOW, WARNING = (
    Misfit(area="commands", part=f"backend.commands.{name}", found="none", blame=Blame.OPTIONAL, undecided=musts)
    for name, musts in (("slow", ("TMO-01",)), ("warning", ("EXE-01", "AUD-01")))
)


def test_one_mistake_is_one_line() -> None:
    """A single mistake has no heading; several have one, and a line each."""
    assert fault_text("mine", FitCheck(misfits=(SELECTOR, ABSENT, LIMIT))) == (
        "mine: console.selectors.run: nothing on the page matches #go; undecided: CON-01; write "
        'run = "#run" below [console.selectors]'
    )
    two = fault_text("mine", FitCheck(misfits=(SELECTOR, SELECTOR))).splitlines()
    assert two[0] == "mine: the target file has 2 mistakes; nothing was run"
    assert len(two) == 3


def test_only_mistakes_of_the_file_end_a_run() -> None:
    """What the program lacks, and what is optional, is no mistake of the file."""
    fit = FitCheck(misfits=(ABSENT, LIMIT))
    assert fit.target_faults == ()
    assert not fit.fits
    assert FitCheck(misfits=(LIMIT,)).fits


def test_reports_state_what_is_optional() -> None:
    """Commands are one line, each part of a page is one."""
    assert FitCheck(misfits=(LIMIT, SLOW, WARNING, SELECTOR, ABSENT)).warnings == (
        "[backend.commands] names no command for slow, warning; undecided: AUD-01, EXE-01, TMO-01",
        "not on the page: console.selectors.audit_limit: default alone",
    )


def test_the_conclusion_says_whether_it_fits() -> None:
    """Each of the three ends has its words."""
    assert conclusion(FitCheck()) == "FITS"
    assert conclusion(FitCheck(misfits=(LIMIT,))).startswith("FITS; 1 optional part missing")
    assert conclusion(FitCheck(misfits=(ABSENT,))).startswith("THE TARGET FILE FITS; the program lacks")
    assert conclusion(FitCheck(misfits=(SELECTOR, ABSENT))) == "DOES NOT FIT: the target file has 1 mistake"
    assert misfit_lines(SELECTOR)[0] == "console.selectors.run (a mistake in the target file)"
