"""The six phases on one screen: done, next or blocked, with the evidence found in the project folder. Pure."""

from __future__ import annotations

import html
from dataclasses import dataclass

from technogate.contract import Contract
from technogate.text import no_commands, visible
from technogate.verdict import Verdict, VerdictDocument
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.gaps import History
from technogate.workflow.rubric import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase: `state` is done, next or blocked."""

    number: int
    title: str
    state: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the project folder holds; None or False for what it does not. `spec` is "" or why it does not count."""

    prompt: bool
    answer_problems: int | None
    evaluation: Evaluation | None
    spec: str | None
    history: History
    verdict: VerdictDocument | None
    signed: bool


def phases(found: Found, contract: Contract) -> tuple[Phase, ...]:
    """Every phase; the first that is not done is next, unless something bars it, and what follows is blocked."""
    checks = (
        ("Intake", _intake(found)),
        ("Evaluation", _evaluation(found, contract)),
        ("Specification", _spec(found)),
        ("Implementation", _implementation(found, contract)),
        ("Validation", _validation(found, contract)),
        ("Deployment", (False, False, _deployment(found))),
    )
    rows: list[Phase] = []
    open_before = False
    for number, (title, (done, barred, evidence)) in enumerate(checks, 1):
        state = "done" if done and not open_before else "blocked" if barred or open_before else "next"
        open_before = open_before or not done
        rows.append(Phase(number=number, title=title, state=state, evidence=evidence))
    return tuple(rows)


def _intake(found: Found) -> tuple[bool, bool, str]:
    if found.answer_problems is None:
        return (
            False,
            False,
            "the prompt is written, no answer yet" if found.prompt else "run `technogate intake prompt`",
        )
    if found.answer_problems:
        return False, False, f"the answer lacks {found.answer_problems} things: `technogate intake check`"
    return True, False, "the answer is complete"


def _evaluation(found: Found, contract: Contract) -> tuple[bool, bool, str]:
    one = found.evaluation
    if one is None:
        return False, False, "run `technogate evaluate FILE`"
    if one.contract_digest != contract.digest:
        return False, True, "the evaluation is of another contract"
    if one.decision is Decision.HOLD:
        return False, True, f"HOLD by rule {one.decided_by}, {one.date}"
    if not one.confirmed_by:
        return False, True, f"{one.decision.value} by rule {one.decided_by}, not confirmed by a person"
    return True, False, f"{one.decision.value}, confirmed by {one.confirmed_by} at {one.confirmed_at}"


def _spec(found: Found) -> tuple[bool, bool, str]:
    if found.spec is None:
        return False, False, "run `technogate spec`"
    return (False, True, found.spec) if found.spec else (True, False, "the specification is of this contract")


def _implementation(found: Found, contract: Contract) -> tuple[bool, bool, str]:
    runs = [one for one in found.history.runs if one.source != "evaluation"]
    if not runs:
        return False, False, "no backend was judged yet: `technogate gaps JOURNAL`"
    last = runs[-1]
    if last.contract_digest != contract.digest:
        return False, True, "the gaps are of another contract"
    if last.source != "validation":
        return False, False, "only a part was checked: list the gaps of a whole validation"
    return not last.open, False, f"{len(last.open)} gaps open after run {last.run}"


def _validation(found: Found, contract: Contract) -> tuple[bool, bool, str]:
    one = found.verdict
    if one is None:
        return False, False, "run `technogate validate`"
    if one.contract.digest != contract.digest:
        return False, True, "the validation is of another contract"
    if not one.is_validation or not {"backend", "console"} <= set(one.target.parties):
        return False, False, f"{one.verdict.value} of a part (run {one.run}): validate the whole pair"
    done = one.verdict is Verdict.PASS and one.exit_code == 0 and not one.journal.torn
    counts = f"{one.must.passed} of {one.must.total} MUST passed"
    return done, one.verdict is Verdict.FAIL, f"{one.verdict.value}, run {one.run}, {counts}"


def _deployment(found: Found) -> str:
    if not found.signed:
        return "no signed evidence: validate images with --signing-key"
    return "evidence is there, its proof is not remembered: run `technogate deploy-check`, its word alone counts"


def status_page(rows: tuple[Phase, ...], history: History, title: str) -> str:
    """The phases and the burn-down of the gaps as one page of HTML without script or network."""
    cells = "".join(
        f'<tr class="{one.state}"><td>{one.number}</td><th scope="row">{one.title}</th>'
        f"<td><b>{one.state}</b></td><td>{_text(one.evidence)}</td></tr>\n"
        for one in rows
    )
    return no_commands(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f'<meta name="viewport" content="width=device-width"><title>Status: {_text(title)}</title><style>{_STYLE}</style>'
        f"</head><body><h1>Status: {_text(title)}</h1>\n<table><thead><tr><th>Phase</th><th></th><th>State</th>"
        f"<th>Evidence</th></tr></thead><tbody>{cells}</tbody></table>\n{_burn_down(history)}</body></html>\n"
    )


def _burn_down(history: History) -> str:
    """The number of open gaps, run after run."""
    if not history.runs:
        return "<p>No list of gaps yet.</p>"
    most = max(1, *(len(one.open) for one in history.runs))
    bars, width = [], 640 / len(history.runs)
    for number, one in enumerate(history.runs):
        height = 160 * len(one.open) / most
        x, y = number * width, 180 - height
        bars.append(
            f'<rect x="{x + 3:.1f}" y="{y:.1f}" width="{max(1, min(60, width - 6)):.1f}" height="{height:.1f}"/>'
            f'<text x="{x + 3:.1f}" y="{y - 4:.1f}">{len(one.open)}</text>'
            f'<text x="{x + 3:.1f}" y="196">{_text(one.at[5:10])}</text>'
        )
    last = history.runs[-1]
    said = (
        f"Open gaps, run after run: {len(last.open)} after the latest, {len(last.new)} new, {len(last.closed)} closed."
    )
    return f'<h2>Burn-down</h2><p>{said}</p><svg viewBox="0 0 640 200" role="img" aria-label="{said}">{"".join(bars)}</svg>\n'


def _text(text: str) -> str:
    return html.escape(visible(text, 500))


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2230}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.5rem;border-bottom:1px solid #d5dae1}"
    "td{overflow-wrap:anywhere}.done b{color:#11692f}.next b{color:#0b57b0}.blocked b{color:#a3160f}"
    "svg{width:100%;max-height:16rem}rect{fill:#0b57b0}text{font-size:12px}"
)
