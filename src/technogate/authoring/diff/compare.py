"""Two versions of a contract compared: each change once, in the order of the folder. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from technogate.authoring.diff.behavior_changes import behavior_changes
from technogate.authoring.diff.change import Change
from technogate.authoring.diff.folder_text import FolderText
from technogate.authoring.diff.operation_changes import document_changes
from technogate.authoring.diff.requirement_changes import decision_changes, group_changes, requirement_changes
from technogate.contract.files import ContractError
from technogate.contract.openapi import RefError


def changes_between(old: FolderText, new: FolderText) -> tuple[Change, ...]:
    """Every change from `old` to `new`; one that several operations share is one, with all of them.

    Raises ContractError for a document whose references go in a circle.
    """
    try:
        return tuple(_merged(_all(old, new)))
    except RefError as error:
        raise ContractError(f"openapi.yaml: {error}; correct the reference") from error


def _all(old: FolderText, new: FolderText) -> Iterator[Change]:
    yield from document_changes(old.document, new.document)
    yield from behavior_changes(old.behavior, new.behavior)
    yield from group_changes(old.groups, new.groups)
    yield from requirement_changes(old.requirements, new.requirements)
    yield from decision_changes(old.decisions, new.decisions, old.requirements, new.requirements)


def _merged(changes: Iterable[Change]) -> Iterator[Change]:
    """One change for each rule, place and text; `used_by` is of all."""
    known: dict[tuple[str, str, str], Change] = {}
    for change in changes:
        key = (change.rule, change.where, change.what)
        used = known[key].used_by if key in known else ()
        known[key] = msgspec.structs.replace(change, used_by=tuple(dict.fromkeys((*used, *change.used_by))))
    yield from known.values()
