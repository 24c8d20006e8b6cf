"""From the word after `--target` to a target."""

from __future__ import annotations

import difflib
from pathlib import Path

from technogate.errors import TargetFileError, UnknownTarget, UserError
from technogate.target.file import read_target_file
from technogate.target.process import ProcessTarget
from technogate.target.protocol import Target

#: The reference pair, within the gate's home.
EMBEDDED = Path("images", "embedded.toml")


def load_target(text: str, home: Path) -> Target:
    """The target that `text` names: `embedded`, or the path of a TOML file.

    Raises UnknownTarget for anything else, TargetFileError for a file with mistakes, and UserError
    for `compose`.
    """
    if text == "embedded":
        path = home / EMBEDDED
        if not path.is_file():
            raise TargetFileError(f"{EMBEDDED.as_posix()} is missing from this installation; install technogate again")
        return ProcessTarget(spec=read_target_file(path, home), folder=path.parent.resolve(), kind="embedded")
    if text == "compose":
        raise UserError("--target compose is not available in this version: use embedded, or a TOML target file")
    path = Path(text)
    if path.is_dir():
        raise UnknownTarget(f"--target {text} is a folder; name a TOML file in it")
    if not path.is_file():
        raise UnknownTarget(f"--target {text}: there is no such target or file{_suggestion(text)}")
    return ProcessTarget(spec=read_target_file(path, home), folder=path.parent.resolve())


def _suggestion(text: str) -> str:
    """What the user may have meant: a near word or file, else what there is to choose from."""
    folder = Path(text).parent
    files = [path.as_posix() for path in sorted(folder.glob("*.toml"))] if folder.is_dir() else []
    close = difflib.get_close_matches(Path(text).as_posix(), ["embedded", *files], n=1)
    return f"; did you mean {close[0]}?" if close else "; say embedded, or the path of a TOML target file"
