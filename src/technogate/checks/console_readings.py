"""That a console shows a response as the contract reads it: as it is, or failing closed (CON-02 to CON-18). Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from technogate.checks.console_display import shows_blocked, shows_empty_list, shows_no_snapshot
from technogate.checks.console_interaction import TEXT, Interaction, Remarks, finding, is_free_text, seen
from technogate.checks.family import Example, Family
from technogate.generation.responses.response_reading import Meaning, ResponseReading
from technogate.model.contract_words import Shape, spoken
from technogate.model.driver_name import MODULE_DRIVERS
from technogate.model.events import Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence

#: What a page may show in its own way (a time) is compared in a module alone, which shows nothing.
_OWN_WAY = frozenset({"timestamp", "ts_utc"})

#: Free text: a page folds white space, and shows no control characters.
_FREE = frozenset({"message", "output", "command"})


def command_is_shown(interaction: Interaction, reading: ResponseReading) -> list[Finding]:
    """A conforming response to a command is shown with status, trace id and reasons; any other as blocked."""
    if reading.meaning is Meaning.OPEN:
        return []
    remarks = {"the contract says": reading.why, **reading.fields()}
    if reading.meaning is Meaning.REFUSED:
        return shows_blocked(interaction, remarks=remarks)
    return _same(
        interaction, interaction.shown, _meaning("envelope", reading.value), "status trace_id reason_codes", remarks
    )


def snapshot_is_shown(interaction: Interaction, reading: ResponseReading) -> list[Finding]:
    """A conforming snapshot is shown as it is; any other response is no snapshot (CON-11)."""
    if reading.meaning is Meaning.OPEN:
        return []
    remarks = {"the contract says": reading.why, **reading.fields()}
    if reading.meaning is Meaning.REFUSED:
        return shows_no_snapshot(interaction, remarks=remarks)
    return _same(interaction, interaction.shown, _meaning("snapshot", reading.value), "command output status", remarks)


def list_is_shown(interaction: Interaction, reading: ResponseReading) -> list[Finding]:
    """The rows of a conforming list are shown, each as it is; for any other response the list is empty (CON-10)."""
    if reading.meaning is Meaning.OPEN:
        return []
    remarks = {"the contract says": reading.why, **reading.fields()}
    entries = reading.value if isinstance(reading.value, list) else []
    if reading.meaning is Meaning.REFUSED or not entries:
        return shows_empty_list(interaction, remarks=remarks)
    rows = interaction.rendered.rows
    if not rows and TEXT in interaction.shown:
        return _list_in_text(interaction, entries, remarks)
    if len(rows) != len(entries):
        return finding(
            "list shown", interaction, f"{len(entries)} entries", f"{len(interaction.rendered.rows)} entries", remarks
        )
    for entry, row in zip(entries, rows, strict=True):
        findings = _same(interaction, row, _meaning("entry", entry), "action result state", remarks)
        if findings:
            return findings
    return []


def _list_in_text(interaction: Interaction, entries: list[object], remarks: Remarks) -> list[Finding]:
    """A list that is one text: the values of each entry stand in it, and no status word that no entry has."""
    states = {str(_meaning("entry", entry).get("state")) for entry in entries}
    for word in interaction.shown.get("state", "").split():
        if word not in states and not is_free_text(interaction, word):
            return finding("list shown", interaction, f"no status but {sorted(states)}", f"{word} is shown", remarks)
    row = {TEXT: interaction.shown[TEXT]}
    for entry in entries:
        if findings := _same(interaction, row, _meaning("entry", entry), "action result state", remarks):
            return findings
    return []


def _same(
    interaction: Interaction, shown: Mapping[str, str], value: Mapping[str, object], required: str, remarks: Remarks
) -> list[Finding]:
    """What is shown of a value is that value; the fields `required` must be shown, the others may be."""
    module = interaction.rendered.driver in MODULE_DRIVERS
    for name, member in value.items():
        if name in _OWN_WAY and not module:
            continue
        wanted = _text(member)
        observed = seen(interaction, shown, name, wanted)
        if observed is None and name not in required.split():
            continue
        if TEXT in shown and name not in shown and name in _FREE and visible(wanted) in visible(shown[TEXT]):
            continue
        if observed is None and not module and wanted == "":
            # A page may leave out the part that has nothing to show, as frameworks do.
            continue
        if not module and name in _FREE:
            wanted, observed = visible(wanted), visible(observed or "")
        if observed != wanted:
            return finding(f"shown {name}", interaction, f"{name} {wanted!r}", f"{name} {observed!r}", remarks)
    return []


def _text(member: object) -> str:
    """A field as a rendered output holds it: a list of words with spaces between them."""
    return " ".join(map(str, member)) if isinstance(member, list) else str(member)


def visible(text: str) -> str:
    """The characters of a text that a page shows for certain: no spaces, controls and invisible ones."""
    folded = unicodedata.normalize("NFC", text)
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "CZ")


def _meaning(shape: Shape, value: object) -> Mapping[str, object]:
    """The fields of an object by what they mean."""
    return spoken().meaning(shape, value) if isinstance(value, Mapping) else {}


_REFUSED = ResponseReading(meaning=Meaning.REFUSED, problems=("self-test",))


def _snapshot(e: ExampleEvidence) -> Interaction:
    return e.interaction(command="PING", output="", status=e.approved)


def _conforms(value: object) -> ResponseReading:
    return ResponseReading(meaning=Meaning.CONFORMS, value=value)


def _entry(e: ExampleEvidence) -> dict[str, str]:
    return {"action": "PING", "result": e.contract.behavior.audit.success, "state": e.approved}


def _listed(e: ExampleEvidence, times: int) -> ResponseReading:
    return _conforms([e.contract.words.written("entry", _entry(e))] * times)


EXAMPLES = (
    Example(
        requirement="CON-02",
        predicate=command_is_shown,
        good=lambda e: (
            e.interaction(status=e.approved, trace_id="t-1", reason_codes="A"),
            _conforms(
                e.contract.words.written("envelope", {"status": e.approved, "trace_id": "t-1", "reason_codes": ["A"]})
            ),
        ),
        bad=lambda e: (e.interaction(status=e.approved), _REFUSED),
    ),
    Example(
        requirement="CON-11",
        predicate=snapshot_is_shown,
        good=lambda e: (
            _snapshot(e),
            _conforms(e.contract.words.written("snapshot", {"command": "PING", "output": "", "status": e.approved})),
        ),
        bad=lambda e: (_snapshot(e), _REFUSED),
    ),
    Example(
        requirement="CON-10",
        predicate=list_is_shown,
        good=lambda e: (e.interaction(rows=(_entry(e),)), _listed(e, 1)),
        bad=lambda e: (e.interaction(rows=(_entry(e),)), _listed(e, 2)),
    ),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
