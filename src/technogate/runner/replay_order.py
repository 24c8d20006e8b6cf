"""The file that names what the suites replay: the items to run, and the case to begin with."""

from __future__ import annotations

from pathlib import Path

import msgspec

from technogate.model.errors import UserError
from technogate.util.write_file import write_file

#: The name of the file, in the folder of the replay.
NAME = "replay.json"


class Replay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One replay: the finding's name, the items to run, and the finding's own item with its smallest case."""

    finding: str
    items: tuple[str, ...]
    item: str
    smallest: str


def write_replay(replay: Replay, folder: Path) -> Path:
    """Write `replay` into `folder` and return the file; raises UserError when that is impossible."""
    path = folder / NAME
    try:
        write_file(path, msgspec.json.encode(replay).decode("utf-8"))
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another folder with --reports") from error
    return path


def read_replay(path: Path) -> Replay:
    """Read what `write_replay` wrote; raises UserError for anything else."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Replay)
    except (OSError, msgspec.DecodeError) as error:
        raise UserError(f"{path} is not a replay file: {error}") from error
