"""What a console shows: status, reasons and rows, and how it fails closed (CON-02 to CON-11, CON-16, CON-18). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from technogate.checks.console_interaction import NO_REMARKS, TEXT, Interaction, Remarks, finding, seen, shown_instead
from technogate.checks.family import Example, Family
from technogate.model.as_seen import HIDDEN
from technogate.model.contract_words import spoken
from technogate.model.events import Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence


def shows(interaction: Interaction, part: str, expected: str) -> list[Finding]:
    """A part of the page has exactly this text."""
    observed = seen(interaction, interaction.shown, part, expected)
    if observed == expected:
        return []
    is_hidden = part == "status" and HIDDEN in interaction.shown
    shown = f"{part} {shown_instead(interaction) if is_hidden else repr(observed)}"
    return finding(f"shown {part}", interaction, f"{part} {expected!r}", shown)


def shows_reasons(interaction: Interaction, codes: list[str]) -> list[Finding]:
    """Every reason code of the response is shown (CON-18)."""
    observed = interaction.shown.get("reason_codes", "").split()
    if TEXT in interaction.shown and not observed:
        observed = [code for code in codes if seen(interaction, interaction.shown, "reason_codes", code) == code]
    if observed == codes:
        return []
    return finding("shown reasons", interaction, f"reason codes {' '.join(codes)}", f"{' '.join(observed) or 'none'}")


def mentions(interaction: Interaction, part: str, text: str) -> list[Finding]:
    """A part of the page holds `text`."""
    observed = interaction.shown.get(part, interaction.shown.get(TEXT, ""))
    if text in observed:
        return []
    return finding(f"shown {part}", interaction, f"{part} with {text!r}", f"{part} {observed!r}")


def rows_show(interaction: Interaction, part: str, expected: Sequence[str]) -> list[Finding]:
    """The rows of the list have these texts in one of their columns, in this order (CON-10)."""
    shown = interaction.rendered.rows
    if not shown and TEXT in interaction.shown:
        shown = (interaction.shown,) * len(expected)
    known = [*expected, *[""] * (len(shown) - len(expected))]
    observed = [seen(interaction, row, part, text) for row, text in zip(shown, known, strict=False)]
    if observed == list(expected):
        return []
    return finding(
        f"shown {part}", interaction, f"rows with {part} {list(expected)}", f"{observed or shown_instead(interaction)}"
    )


def shows_blocked(interaction: Interaction, remarks: Remarks = NO_REMARKS) -> list[Finding]:
    """The status of a refusal is shown, and no approval."""
    word = spoken().blocked
    observed = seen(interaction, interaction.shown, "status", word)
    if observed == word:
        return []
    instead = shown_instead(interaction)
    what = f"{instead} is shown" if "status" in interaction.shown else instead
    return finding("fails closed", interaction, f"{word} is shown", what, remarks)


def never_shows(interaction: Interaction, word: str) -> list[Finding]:
    """The status `word` is not shown."""
    if interaction.shown.get("status") != word:
        return []
    return finding("no approval", interaction, f"anything but {word}", f"{word} is shown")


def shows_empty_list(interaction: Interaction, remarks: Remarks = NO_REMARKS) -> list[Finding]:
    """The audit list is empty, and nothing else broke (CON-10)."""
    if not interaction.rendered.rows and interaction.shown == {"empty": "true"}:
        return []
    observed = f"{len(interaction.rendered.rows)} entries" if interaction.rendered.rows else shown_instead(interaction)
    return finding("empty list", interaction, "an empty audit list", observed, remarks)


def shows_no_snapshot(interaction: Interaction, remarks: Remarks = NO_REMARKS) -> list[Finding]:
    """There is no snapshot, and no error (CON-11)."""
    if interaction.shown == {"empty": "true"}:
        return []
    return finding("no snapshot", interaction, "no snapshot (null)", shown_instead(interaction), remarks)


def is_not_stuck(interaction: Interaction) -> list[Finding]:
    """The console completed this call, and let it be made (CON-16)."""
    stuck = {"pending": "is still waiting", "refused": "does not let it be made", "unchanged": "does not react"}
    for sign, words in stuck.items():
        if sign in interaction.shown:
            return finding(
                "not stuck", interaction, f"{interaction.rendered.call} comes to an end", f"the console {words}"
            )
    return []


def after_failures(findings: list[Finding], failures: Sequence[str]) -> list[Finding]:
    """The same findings, with the failures that came before (CON-16)."""
    before = "; then ".join(failures)
    return [
        msgspec.structs.replace(
            known,
            observed=f"after a failure, {known.observed}",
            example={"responses before": before, **known.example},
        )
        for known in findings
    ]


# ---- examples ----


def _approved(e: ExampleEvidence) -> Interaction:
    return e.interaction(e.executed(), status=e.approved, trace_id="t-1", reason_codes="A")


def _blocked(e: ExampleEvidence) -> Interaction:
    return e.interaction(e.refused(500), status=e.blocked)


EXAMPLES = (
    Example(
        requirement="CON-02",
        predicate=shows,
        good=lambda e: (_approved(e), "trace_id", "t-1"),
        bad=lambda e: (_approved(e), "trace_id", "t-2"),
    ),
    Example(
        requirement="CON-18",
        predicate=shows_reasons,
        good=lambda e: (_approved(e), ["A"]),
        bad=lambda e: (_approved(e), ["B"]),
    ),
    Example(
        requirement="CON-04",
        predicate=mentions,
        good=lambda e: (e.interaction(message="Not allowed."), "message", "Not"),
        bad=lambda e: (_blocked(e), "message", "Not"),
    ),
    Example(
        requirement="CON-10",
        predicate=rows_show,
        good=lambda e: (e.interaction(rows=({"action": "PING"},)), "action", ["PING"]),
        bad=lambda e: (e.interaction(empty="true"), "action", ["PING"]),
    ),
    Example(
        requirement="CON-03",
        predicate=shows_blocked,
        good=lambda e: (_blocked(e),),
        bad=lambda e: (_approved(e),),
    ),
    Example(
        requirement="CON-13",
        predicate=never_shows,
        good=lambda e: (_blocked(e), e.approved),
        bad=lambda e: (_approved(e), e.approved),
    ),
    Example(
        requirement="CON-10",
        predicate=shows_empty_list,
        good=lambda e: (e.interaction(empty="true"),),
        bad=lambda e: (e.interaction(rows=({"state": e.approved},), empty="true"),),
    ),
    Example(
        requirement="CON-11",
        predicate=shows_no_snapshot,
        good=lambda e: (e.interaction(empty="true"),),
        bad=lambda e: (_approved(e),),
    ),
    Example(
        requirement="CON-16",
        predicate=is_not_stuck,
        good=lambda e: (_blocked(e),),
        bad=lambda e: (e.interaction(pending="true"),),
    ),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
