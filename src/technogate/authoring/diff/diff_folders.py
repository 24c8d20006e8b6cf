"""Compare two contract folders, and read the changes that are accepted: the document that all formats show."""

from __future__ import annotations

from pathlib import Path

from technogate.authoring.diff.accepted import apply_changes, parse_changes
from technogate.authoring.diff.change import Breaks, ContractDiff, Result
from technogate.authoring.diff.compare import changes_between
from technogate.authoring.diff.folder_text import read_text
from technogate.model.errors import UserError

#: The file of accepted changes in the folder of the new version.
CHANGES = "changes.toml"


def diff_folders(old: Path, new: Path, changes: Path | None, now: float) -> ContractDiff:
    """The comparison of two folders at the time `now`, in seconds since the epoch.

    `changes` is the file of accepted changes, None for `changes.toml` in `new` where there is one. Raises
    ContractError for a folder that cannot be read, UserError for a mistake in that file.
    """
    before, after = read_text(old), read_text(new)
    entries = parse_changes(_raw(changes or new / CHANGES, is_named=changes is not None), str(changes or CHANGES), now)
    found, warnings = apply_changes(changes_between(before, after), entries, now)
    breaking = sum(change.is_open for change in found)
    accepted = sum(change.accepted is not None for change in found)
    result = Result.COMPATIBLE if found else Result.SAME
    if any(change.breaks is not Breaks.NOBODY for change in found):
        result = Result.BREAKING if breaking else Result.ACCEPTED
    return ContractDiff(
        version=1,
        old=before.version,
        new=after.version,
        result=result,
        breaking=breaking,
        accepted=accepted,
        changes=found,
        warnings=warnings,
    )


def _raw(path: Path, *, is_named: bool) -> bytes:
    """The bytes of the file; nothing for one that nobody named and that is not there."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        if not is_named:
            return b""
        raise UserError(f"{path} is missing; correct --changes") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; make it a readable file") from error
