"""One call of a console: what its backend sent, what it showed, and findings that rest on it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from technogate.model.as_seen import HIDDEN
from technogate.model.contract_words import spoken
from technogate.model.events import Exchange, Finding, RenderedOutput
from technogate.util.phrases import many

#: The name of the check that a page or module fails which ends by itself.
CRASH = "crash"

#: A response's body is shown in a finding up to this many characters.
BODY_SHOWN = 2000

#: At most so many rows of a list are shown in a finding.
ROWS_SHOWN = 3

#: Further lines of a finding's example, by name.
Remarks = Mapping[str, str]
NO_REMARKS: Remarks = MappingProxyType({})

#: The part of a rendered output that has all text of an area without parts of its own.
TEXT = "text"

#: The fields with free text, by what they mean.
_FREE = frozenset({"message", "output", "command", "action"})
_FREE_TEXT = re.compile(r'^"\w+"\s*:\s*"(.*)"$', re.DOTALL)

#: What a driver returns in the place of fields when there is nothing to read, in a developer's words.
_NOTHING_SHOWN = {
    "pending": "nothing: it was still waiting when the gate stopped waiting for it",
    "refused": "nothing: it does not let this be run",
    "unchanged": "nothing: it did not react",
    "empty": "nothing: an empty list, or no snapshot",
}

#: The same as a clause in the past tense.
_WITHOUT_RESULT = {
    "pending": "it was still waiting",
    "refused": "it did not let it be run",
    "unchanged": "it did not react",
    "empty": "an empty list, or no snapshot, was shown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One call of the console: the responses it was sent, and what it showed.

    `stuck` is the same call as made before the console was started afresh for it, None where it was not; `after`
    describes the response before that.
    """

    rendered: RenderedOutput
    exchanges: tuple[Exchange, ...]
    case: str = ""
    stuck: Interaction | None = None
    after: str = ""

    @property
    def shown(self) -> dict[str, str]:
        """What was shown, by the part of the page."""
        return self.rendered.fields

    @property
    def ended(self) -> str:
        """How the page or the client module ended by itself in this call, as a predicate; "" when it did not."""
        return self.rendered.fields.get("ended", "")

    def sent(self, operation: str) -> list[Exchange]:
        """The requests of `operation` that the console made, in order."""
        return [exchange for exchange in self.exchanges if exchange.operation == operation]


def seen(interaction: Interaction, fields: Mapping[str, str], part: str, expected: str) -> str | None:
    """What `fields` show as a part; None when it is not shown.

    An area without parts is one text (see `TEXT`): there the expected value is seen when it stands in the text, and for
    a status when no other status word does, but for those in what the backend sent as free text.
    """
    observed = fields.get(part)
    if TEXT not in fields:
        return observed
    if observed is None:
        return expected if _stands_in(expected, fields[TEXT]) else None
    words = observed.split()
    if expected in words and all(word == expected or is_free_text(interaction, word) for word in words):
        return expected
    return observed


def _stands_in(expected: str, text: str) -> bool:
    """Whether a value stands in a text, however white space is folded there."""
    return re.search(rf"(?<!\w){re.escape(' '.join(expected.split()))}(?!\w)", " ".join(text.split())) is not None


def is_free_text(interaction: Interaction, word: str) -> bool:
    """Whether a word stands in what the responses hold as free text: all of that may be shown."""
    bodies = [exchange.response.body.text for exchange in interaction.exchanges if exchange.response is not None]
    fields = _free_fields(spoken().names_of(_FREE))
    free = [_FREE_TEXT.sub(r"\1", found) for body in bodies for found in fields.findall(body)]
    return any(_stands_in(word, text) for text in free)


@cache
def _free_fields(names: frozenset[str]) -> re.Pattern[str]:
    """A member of an object with one of these names, and its text."""
    return re.compile(rf'"(?:{"|".join(map(re.escape, sorted(names)))})"\s*:\s*"(?:[^"\\]|\\.)*"')


def finding(
    check: str, interaction: Interaction, expected: str, observed: str, remarks: Remarks = NO_REMARKS
) -> list[Finding]:
    """One finding about one interaction: the response that was sent, as bytes, beside what was shown.

    `remarks` are further lines of the example: what the contract makes of the response. Whatever was expected of a
    page or module that ended in the call, the check that it fails is `CRASH`.
    """
    example = {"call": interaction.rendered.call, "driver": interaction.rendered.driver}
    if interaction.case:
        example["case"] = interaction.case
    trace_id = ""
    for number, exchange in enumerate(interaction.exchanges, 1):
        place = exchange.operation or f"{exchange.request.method} {exchange.request.path}"
        name = (
            f"response to {place}"
            if f"response to {place}" not in example
            else f"response to {place} (request {number})"
        )
        example[name] = as_sent(exchange)
        if exchange.response is not None:
            trace_id = trace_id or exchange.response.header(spoken().trace_header) or ""
    example |= remarks
    for name, value in interaction.shown.items():
        if name in _NOTHING_SHOWN:
            example["shown"] = _NOTHING_SHOWN[name]
        else:
            example[f"shown as {name}"] = value
    for number, row in enumerate(interaction.rendered.rows[:ROWS_SHOWN], 1):
        example[f"shown as row {number}"] = ", ".join(f"{name} {value!r}" for name, value in row.items())
    return [
        Finding(
            check=CRASH if interaction.ended else check,
            operation=interaction.exchanges[0].operation if interaction.exchanges else "",
            expected=expected,
            observed=observed,
            example=example,
            exchanges=tuple(exchange.id for exchange in interaction.exchanges),
            rendered_outputs=(interaction.rendered.id,),
            trace_id=trace_id,
        )
    ]


def as_sent(exchange: Exchange) -> str:
    """A response as it went over the wire, and what a fault did to it on the way."""
    sent = exchange.response
    fault = f"({exchange.under_fault})" if exchange.under_fault else ""
    if sent is None:
        return " ".join(word for word in (fault, exchange.error) if word) or "none"
    if sent.status == 0:
        return f"{fault} {sent.body.text[:BODY_SHOWN]!r}".strip()
    head = "".join(f"\n{name}: {value}" for name, value in sent.headers)
    body = sent.body.text[:BODY_SHOWN] if sent.body.text or not sent.body.size else f"({sent.body.size} bytes)"
    return f"{sent.http_version} {sent.status} {fault}".rstrip() + f"{head}\n\n{body}"


def shown_instead(interaction: Interaction) -> str:
    """What is shown in the place of a status, in words."""
    if HIDDEN in interaction.shown:
        return f"{interaction.shown['status']!r} ({interaction.shown[HIDDEN]})"
    if "status" in interaction.shown:
        return repr(interaction.shown["status"])
    if "error" in interaction.shown or interaction.ended:
        return f"nothing: {what_came_of(interaction)}"
    return next((f"nothing: {name} {value!r}" for name, value in interaction.shown.items()), "nothing")


def what_came_of(interaction: Interaction) -> str:
    """What came of a call, as a clause in the past tense."""
    rendered, shown = interaction.rendered, interaction.shown
    if "ended" in shown:
        return f"the {'client module' if rendered.driver == 'module' else 'page'} {shown['ended']}"
    if "error" in shown:
        error = shown["error"]
        return error if error.startswith(rendered.call) else f"{rendered.call} {error}"
    if "status" in shown:
        return f"{shown['status'] or 'no status'} was shown"
    without = next((words for sign, words in _WITHOUT_RESULT.items() if sign in shown), "")
    return without or (f"{many(len(rendered.rows), 'row')} shown" if rendered.rows else "nothing was shown")


def only_of(interaction: Interaction, base_url: str) -> Interaction:
    """The same interaction with the requests to one origin alone."""
    return replace(
        interaction, exchanges=tuple(exchange for exchange in interaction.exchanges if exchange.base_url == base_url)
    )
