"""Checks of what the console showed, given the answers it was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import parse_qsl

import msgspec

from technogate.contract.loader import Contract
from technogate.journal.redaction import MARK
from technogate.model.events import Exchange, Finding, RenderedOutput
from technogate.util.strict_json import NotStrictJson, parse

#: An answer's body is shown in a finding up to this many characters.
BODY_SHOWN = 2000

Validity = Mapping[str, str]
NOTHING_SAID: Validity = MappingProxyType({})

#: At most so many rows of a list are shown in a finding.
ROWS_SHOWN = 3


#: What a driver says in the place of a view's fields when there is nothing to read, in a developer's words.
_NOTHING_SHOWN = {
    "pending": "nothing: it was still waiting when the gate stopped looking",
    "refused": "nothing: it does not let this be run",
    "unchanged": "nothing: it did not react",
    "empty": "nothing: an empty list, or no snapshot",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One call of the console: what it was answered, and what it showed."""

    rendered: RenderedOutput
    exchanges: tuple[Exchange, ...]
    case: str = ""

    @property
    def shown(self) -> dict[str, str]:
        """What was shown, by the part of the page."""
        return self.rendered.fields

    def sent(self, operation: str) -> list[Exchange]:
        """The requests of `operation` that the console made, in order."""
        return [exchange for exchange in self.exchanges if exchange.operation == operation]


def finding(
    check: str, interaction: Interaction, expected: str, observed: str, said: Validity = NOTHING_SAID
) -> list[Finding]:
    """One finding about one scene: the answer that was sent, as bytes, beside what was shown.

    `said` are further lines of the example: what the contract says of the answer.
    """
    example = {"call": interaction.rendered.call, "driver": interaction.rendered.driver}
    if interaction.case:
        example["case"] = interaction.case
    trace_id = ""
    for number, exchange in enumerate(interaction.exchanges, 1):
        place = exchange.operation or f"{exchange.request.method} {exchange.request.path}"
        name = f"answer to {place}" if f"answer to {place}" not in example else f"answer to {place} (request {number})"
        example[name] = _as_sent(exchange)
        if exchange.response is not None:
            trace_id = trace_id or exchange.response.header("X-Trace-Id") or ""
    example |= said
    for name, value in interaction.shown.items():
        if name in _NOTHING_SHOWN:
            example["shown"] = _NOTHING_SHOWN[name]
        else:
            example[f"shown as {name}"] = value
    for number, row in enumerate(interaction.rendered.rows[:ROWS_SHOWN], 1):
        example[f"shown as row {number}"] = ", ".join(f"{name} {value!r}" for name, value in row.items())
    return [
        Finding(
            check=check,
            operation=interaction.exchanges[0].operation if interaction.exchanges else "",
            expected=expected,
            observed=observed,
            example=example,
            exchanges=tuple(exchange.id for exchange in interaction.exchanges),
            rendered_outputs=(interaction.rendered.id,),
            trace_id=trace_id,
        )
    ]


def _as_sent(exchange: Exchange) -> str:
    """An answer as it went over the wire, and what was done to it on the way."""
    sent = exchange.response
    fault = f"({exchange.under_fault})" if exchange.under_fault else ""
    if sent is None:
        return " ".join(word for word in (fault, exchange.error) if word) or "none"
    if sent.status == 0:
        return f"{fault} {sent.body.text[:BODY_SHOWN]!r}".strip()
    head = "".join(f"\n{name}: {value}" for name, value in sent.headers)
    body = sent.body.text[:BODY_SHOWN] if sent.body.text or not sent.body.size else f"({sent.body.size} bytes)"
    return f"{sent.http_version} {sent.status} {fault}".rstrip() + f"{head}\n\n{body}"


def shows(interaction: Interaction, part: str, expected: str) -> list[Finding]:
    """A part of the page has exactly this text."""
    found = interaction.shown.get(part)
    if found == expected:
        return []
    return finding(f"shown {part}", interaction, f"{part} {expected!r}", f"{part} {found!r}")


def shows_reasons(interaction: Interaction, codes: list[str]) -> list[Finding]:
    """Every reason code of the answer is shown (CON-18)."""
    found = interaction.shown.get("reason_codes", "").split()
    if found == codes:
        return []
    return finding("shown reasons", interaction, f"reason codes {' '.join(codes)}", f"{' '.join(found) or 'none'}")


def blocked(interaction: Interaction, word: str = "BLOCKED", said: Validity = NOTHING_SAID) -> list[Finding]:
    """BLOCKED is shown, and no word of approval."""
    found = interaction.shown.get("status")
    if found == word:
        return []
    return finding("fails closed", interaction, f"{word} is shown", f"{_instead(interaction)} is shown", said)


def _instead(interaction: Interaction) -> str:
    """What is shown in the place of a status, in words."""
    if "status" in interaction.shown:
        return repr(interaction.shown["status"])
    return next((f"nothing: {name} {value!r}" for name, value in interaction.shown.items()), "nothing")


def never(interaction: Interaction, word: str) -> list[Finding]:
    """The status `word` is not shown."""
    if interaction.shown.get("status") != word:
        return []
    return finding("no approval", interaction, f"anything but {word}", f"{word} is shown")


def empty_list(interaction: Interaction, said: Validity = NOTHING_SAID) -> list[Finding]:
    """The audit list is empty, and nothing else broke (CON-10)."""
    if not interaction.rendered.rows and interaction.shown == {"empty": "true"}:
        return []
    observed = f"{len(interaction.rendered.rows)} entries" if interaction.rendered.rows else _instead(interaction)
    return finding("empty list", interaction, "an empty audit list", observed, said)


def no_snapshot(interaction: Interaction, said: Validity = NOTHING_SAID) -> list[Finding]:
    """There is no snapshot, and no error (CON-11)."""
    if interaction.shown == {"empty": "true"}:
        return []
    return finding("no snapshot", interaction, "no snapshot (null)", _instead(interaction), said)


def same_query(interaction: Interaction, operation: str, other: str) -> list[Finding]:
    """Both operations were asked with the same query, to the letter but for its order (CON-10)."""
    asked_first = [query(exchange) for exchange in interaction.sent(operation)]
    asked_then = [query(exchange) for exchange in interaction.sent(other)]
    if asked_first == asked_then:
        return []
    return finding("same query", interaction, f"{other} asked with {asked_first}", f"asked with {asked_then}")


def asked_for(
    interaction: Interaction, operation: str, wanted: Mapping[str, str], usual: Mapping[str, str]
) -> list[Finding]:
    """Each request of `operation` asks for `wanted`; a parameter that is left out has its `usual` value."""
    for exchange in interaction.sent(operation):
        given = {**usual, **dict(parse_qsl(exchange.request.path.partition("?")[2], keep_blank_values=True))}
        if given != dict(wanted):
            return finding("query", interaction, f"{operation} asked for {dict(wanted)}", f"asked for {given}")
    return []


def rows_say(interaction: Interaction, part: str, expected: Sequence[str]) -> list[Finding]:
    """The rows of the list say this in one of their columns, in this order."""
    found = [row.get(part) for row in interaction.rendered.rows]
    if found == list(expected):
        return []
    return finding(
        f"shown {part}", interaction, f"rows with {part} {list(expected)}", f"{found or _instead(interaction)}"
    )


def query(exchange: Exchange) -> str:
    """The query of a request, its parameters in the order of their names."""
    return "&".join(sorted(exchange.request.path.partition("?")[2].split("&")))


def key_stays_at(interaction: Interaction, base_url: str) -> list[Finding]:
    """No request to another origin than `base_url` carries the key (CON-14)."""
    for exchange in interaction.exchanges:
        place = f"{exchange.request.method} {exchange.base_url}{exchange.request.path}"
        if exchange.base_url != base_url and (exchange.key or MARK in exchange.request.path):
            return finding(
                "key stays at home", interaction, f"the key at {base_url} alone", f"the key was sent: {place}"
            )
    return []


def only_of(interaction: Interaction, base_url: str) -> Interaction:
    """The same scene with the requests to one origin alone."""
    return replace(interaction, exchanges=tuple(each for each in interaction.exchanges if each.base_url == base_url))


def nothing_at(interaction: Interaction, base_url: str, operation: str) -> list[Finding]:
    """No request of `operation` went to the origin `base_url` (CON-14)."""
    for exchange in interaction.sent(operation):
        if exchange.base_url == base_url:
            return finding(
                "not repeated", interaction, f"{operation} sent to its own backend alone", f"also to {base_url}"
            )
    return []


def mentions(interaction: Interaction, part: str, text: str) -> list[Finding]:
    """A part of the page holds `text`."""
    found = interaction.shown.get(part, "")
    if text in found:
        return []
    return finding(f"shown {part}", interaction, f"{part} says {text!r}", f"{part} {found!r}")


def asked(interaction: Interaction, operation: str, times: int) -> list[Finding]:
    """The console sent `operation` exactly so many times."""
    found = len(interaction.sent(operation))
    if found == times:
        return []
    return finding("requests sent", interaction, f"{operation} asked {times} times", f"asked {found} times")


def reached(interaction: Interaction, operation: str) -> list[Finding]:
    """The console asked at all: what was never sent cannot show what an answer leads to."""
    if interaction.sent(operation):
        return []
    return finding(
        "requests sent", interaction, f"{operation} is asked", f"nothing was asked; {_instead(interaction)} is shown"
    )


def not_stuck(interaction: Interaction) -> list[Finding]:
    """The console came to an end with this call, and let it be made (CON-16)."""
    stuck = {"pending": "is still waiting", "refused": "does not let it be made", "unchanged": "does not react"}
    for sign, words in stuck.items():
        if sign in interaction.shown:
            return finding(
                "not stuck", interaction, f"{interaction.rendered.call} comes to an end", f"the console {words}"
            )
    return []


def after(findings: list[Finding], failures: Sequence[str]) -> list[Finding]:
    """The same findings, naming the failures that came before (CON-16)."""
    before = "; then ".join(failures)
    return [
        msgspec.structs.replace(
            found, observed=f"after a failure, {found.observed}", example={"answers before": before, **found.example}
        )
        for found in findings
    ]


def sent_valid(contract: Contract, interaction: Interaction, operation: str) -> list[Finding]:
    """Every request of `operation` that was sent keeps the contract (CON-13)."""
    for exchange in interaction.sent(operation):
        problems = contract.request_problems(operation, _json(exchange))
        if problems:
            sent = exchange.request.body.text
            return finding(
                "command sent", interaction, "no request that breaks the contract", f"{sent} ({problems[0]})"
            )
    return []


def sent_command(interaction: Interaction, operation: str, command: str) -> list[Finding]:
    """Every request of `operation` is for `command`."""
    for exchange in interaction.sent(operation):
        value = _json(exchange)
        if not isinstance(value, dict) or value.get("command") != command:
            return finding("command sent", interaction, f"the command {command}", exchange.request.body.text)
    return []


def _json(exchange: Exchange) -> object:
    """The value of a request's body, None when it is no JSON."""
    try:
        return parse(exchange.request.body.raw)
    except NotStrictJson:
        return None


def silent(interaction: Interaction) -> list[Finding]:
    """The backend was sent nothing at all (CON-20)."""
    if not interaction.exchanges:
        return []
    sent = ", ".join(f"{each.request.method} {each.request.path}" for each in interaction.exchanges)
    return finding("nothing sent", interaction, "no request", f"sent {sent}")


def carries_key(interaction: Interaction) -> list[Finding]:
    """Every request of the scene has the key in its header, and none has it in its URL (CON-01)."""
    for exchange in interaction.exchanges:
        place = f"{exchange.request.method} {exchange.request.path}"
        if MARK in exchange.request.path:
            return finding("key header", interaction, "no key in a URL", f"the key in {place}")
        if exchange.key != MARK:
            expected = "the key in X-API-Key on each request"
            return finding("key header", interaction, expected, f"{place} had {exchange.key or 'none'}")
    if not interaction.exchanges:
        return finding("key header", interaction, "a request", "nothing was sent")
    return []
