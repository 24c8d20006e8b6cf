"""Checks that an answer was shown as the contract reads it: as it is, or failing closed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from technogate.checks.console import Interaction, Validity, blocked, empty_list, finding, no_snapshot
from technogate.generation.responses.response_oracle import Meaning, ResponseReading
from technogate.model.events import Finding

#: What a page may show in its own way (a time) is compared only where nothing is shown: in a module.
_OWN_WAY = frozenset({"timestamp", "ts_utc"})

#: Free text: a page folds white space, and shows no control characters.
_FREE = frozenset({"message", "output", "command"})


def command_shown(interaction: Interaction, reading: ResponseReading) -> list[Finding]:
    """A conforming answer to a command is shown with status, trace id and reasons; any other as BLOCKED."""
    if reading.meaning is Meaning.OPEN:
        return []
    said = {"the contract says": reading.why, **reading.fields()}
    if reading.meaning is Meaning.REFUSED:
        return blocked(interaction, said=said)
    return _same(interaction, interaction.shown, _mapping(reading.value), "status trace_id reason_codes", said)


def snapshot_shown(interaction: Interaction, reading: ResponseReading) -> list[Finding]:
    """A conforming snapshot is shown as it is; any other answer is no snapshot (CON-11)."""
    if reading.meaning is Meaning.OPEN:
        return []
    said = {"the contract says": reading.why, **reading.fields()}
    if reading.meaning is Meaning.REFUSED:
        return no_snapshot(interaction, said=said)
    return _same(interaction, interaction.shown, _mapping(reading.value), "command output status", said)


def list_shown(interaction: Interaction, reading: ResponseReading) -> list[Finding]:
    """The rows of a conforming list are shown, each as it is; for any other answer the list is empty (CON-10)."""
    if reading.meaning is Meaning.OPEN:
        return []
    said = {"the contract says": reading.why, **reading.fields()}
    entries = reading.value if isinstance(reading.value, list) else []
    if reading.meaning is Meaning.REFUSED or not entries:
        return empty_list(interaction, said=said)
    if len(interaction.rendered.rows) != len(entries):
        return finding(
            "list shown", interaction, f"{len(entries)} entries", f"{len(interaction.rendered.rows)} entries", said
        )
    for entry, row in zip(entries, interaction.rendered.rows, strict=True):
        found = _same(interaction, row, _mapping(entry), "action result state", said)
        if found:
            return found
    return []


def _same(
    interaction: Interaction, shown: Mapping[str, str], value: Mapping[str, object], required: str, said: Validity
) -> list[Finding]:
    """What is shown of a value is that value; the fields `required` must be shown, the others may be."""
    module = interaction.rendered.driver == "module"
    for name, member in value.items():
        if name in _OWN_WAY and not module:
            continue
        wanted, there = _text(member), shown.get(name)
        if there is None and name not in required.split():
            continue
        if not module and name in _FREE:
            wanted, there = visible(wanted), visible(there or "")
        if there != wanted:
            return finding(f"shown {name}", interaction, f"{name} {wanted!r}", f"{name} {there!r}", said)
    return []


def _text(member: object) -> str:
    """A field as a view holds it: a list of words with spaces between them."""
    return " ".join(map(str, member)) if isinstance(member, list) else str(member)


def visible(text: str) -> str:
    """The characters of a text that a page shows for certain: no spaces, controls and invisible ones."""
    folded = unicodedata.normalize("NFC", text)
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "CZ")


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
