"""CON-16: a console goes on after a failure: it sends its next request, and neither page nor module ends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from technogate.checks.console_interaction import CRASH, Interaction, as_sent, finding, what_came_of
from technogate.checks.family import Example, Family, RunWideCheck
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Exchange, Finding, Stuck, by_id
from technogate.model.requirement import Party
from technogate.util.phrases import few

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.checks.known_run import KnownRun

#: The name of the check that a stuck console fails.
STUCK = "stuck"

_NOTHING_SENT = "nothing was sent"

#: At most so many further responses are named after which a console was stuck.
AFTER_SHOWN = 8


def sends_again(interaction: Interaction) -> list[Finding]:
    """The console sent its request without being started afresh (CON-16)."""
    stuck = interaction.stuck
    if stuck is None:
        return []
    expected, observed = stuck_words(stuck.rendered.call, interaction.after, what_was_observed(stuck))
    found = finding(STUCK, stuck, expected, observed, {"response before": interaction.after})
    fresh = (*found[0].rendered_outputs, interaction.rendered.id)
    return [msgspec.structs.replace(found[0], rendered_outputs=fresh)]


def goes_on(interaction: Interaction) -> list[Finding]:
    """The page or the client module did not end by itself while a response was taken (CON-16)."""
    if not interaction.ended:
        return []
    return finding(CRASH, interaction, "the console goes on after a response", what_came_of(interaction))


def what_was_observed(stuck: Interaction) -> str:
    """What a console did that sent nothing, as a clause in the past tense."""
    return what_came_of(stuck) if stuck.ended else f"{_NOTHING_SENT} and {what_came_of(stuck)}"


def stuck_words(call: str, after: str, observed: str) -> tuple[str, str]:
    """What was expected of a stuck console, and what was observed."""
    return f"{call} sends its request after {after}", f"{observed} until the console was started afresh"


def _never_stuck(whole: WholeRun) -> RunWideResult:
    """One finding for each function of the console that was stuck, with one response that led to it."""
    sent = [rendered for rendered in whole.journal.rendered_outputs if rendered.exchanges]
    known: dict[str, list[Stuck]] = {}
    # Not in the order of the journal, in which the events of several processes are mixed.
    for stuck in sorted(whole.journal.stuck, key=lambda stuck: (stuck.item, stuck.after)):
        known.setdefault(stuck.call, []).append(stuck)
    exchanges = by_id(whole.journal.exchanges) if known else {}
    return run_wide_result(len(sent), [_as_finding(known[call], exchanges) for call in sorted(known)])


def _as_finding(known: Sequence[Stuck], exchanges: Mapping[str, Exchange]) -> Finding:
    """The finding names no exchange: the items that sent them do not show the same thing when they run again alone."""
    stuck = known[0]
    expected, observed = stuck_words(stuck.call, stuck.after, stuck.observed)
    example = {"call": stuck.call, "driver": stuck.driver, "response before": stuck.after}
    for exchange in stuck.exchanges:
        if exchange in exchanges:
            example[f"response before, to {exchanges[exchange].operation}"] = as_sent(exchanges[exchange])
    others = list(dict.fromkeys(other.after for other in known if other.after != stuck.after))
    if others:
        example["also after"] = few(others, AFTER_SHOWN)
    return Finding(
        check=STUCK if stuck.observed.startswith(_NOTHING_SENT) else CRASH,
        operation=stuck.call,
        expected=expected,
        observed=observed,
        example=example,
        rendered_outputs=(stuck.rendered,) if stuck.rendered else (),
    )


# ---- examples ----


def _healed(e: ExampleEvidence) -> Interaction:
    made = e.interaction(e.executed(), status=e.approved)
    return Interaction(
        rendered=made.rendered, exchanges=made.exchanges, stuck=e.interaction(status=e.blocked), after="403"
    )


def _stuck(run: KnownRun) -> None:
    """The console of the known run was stuck once."""
    run.stuck.append(
        Stuck(
            item="self-test", call="self-test", driver="module", at=run.exchanges[0].ended, after="403",
            observed="nothing was sent and a refusal was shown",
        )
    )  # fmt: skip


EXAMPLES = (
    Example(
        requirement="CON-16",
        predicate=sends_again,
        good=lambda e: (e.interaction(e.executed(), status=e.approved),),
        bad=lambda e: (_healed(e),),
    ),
    Example(
        requirement="CON-16",
        predicate=goes_on,
        good=lambda e: (e.interaction(e.executed(), status=e.approved),),
        bad=lambda e: (e.interaction(e.executed(), ended="ended its process with exit code 1"),),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="CON-16",
        subject="No call sent its request only after the console was started afresh.",
        run=_never_stuck,
        defects=(_stuck,),
    ),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES, run_wide=RUN_WIDE)
