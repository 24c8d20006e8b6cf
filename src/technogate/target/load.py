"""Load a target from the argument of `--target`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal

from technogate.model.errors import TargetFileError, UnknownTarget
from technogate.target.extends import files_read
from technogate.target.process.process_target import ProcessTarget
from technogate.target.protocol import Target
from technogate.target.target_file import read_target_file
from technogate.util.shipped import shipped

#: The reference pair, as programs and as containers, within the shipped data.
REFERENCE = {"embedded": Path("images", "embedded.toml"), "compose": Path("images", "compose.toml")}


#: The target file that is found without being named, in the current folder or one above it.
TARGET_FILE = "technogate.toml"

_NO_FILE = (
    f"there is no {TARGET_FILE} in this folder or above it: write one with `technogate init`, name one with --target, "
    "or see the reference pair with `technogate demo`"
)


def discovered(start: Path) -> Path | None:
    """The target file of the folder `start`, or of the nearest folder above it that has one."""
    folder = start.resolve()
    return next((path / TARGET_FILE for path in (folder, *folder.parents) if (path / TARGET_FILE).is_file()), None)


def load_target(text: str) -> Target:
    """Load the target that `text` names: `embedded`, `compose`, or the path of a TOML file.

    "" means the file `technogate.toml` of the current folder or of one above it. Raises UnknownTarget for anything
    else, and where there is no such file; TargetFileError for a file with errors.
    """
    if not text:
        found = discovered(Path.cwd())
        if found is None:
            raise UnknownTarget(_NO_FILE)
        return _target(found, "file")
    if text in REFERENCE:
        path = shipped(REFERENCE[text])
        if not path.is_file():
            name = REFERENCE[text].as_posix()
            raise TargetFileError(f"{name} is missing from this installation; install technogate again")
        return _target(path, "embedded")
    path = Path(text)
    if path.is_dir():
        raise UnknownTarget(f"--target {text} is a folder; name a TOML file in it")
    if not path.is_file():
        raise UnknownTarget(f"--target {text}: there is no such target or file{_suggestion(text)}")
    return _target(path, "file")


def _target(path: Path, kind: Literal["embedded", "file"]) -> Target:
    """The target that a file describes: containers where it has [compose], else programs."""
    spec = read_target_file(path)
    folder = path.parent.resolve()
    if spec.compose is None:
        return ProcessTarget(spec=spec, folder=folder, kind=kind)
    # Importing pytest-docker takes time: only targets with containers need it.
    from technogate.target.compose.compose_target import ComposeTarget

    return ComposeTarget(spec=spec, folder=folder, described=files_read(path))


def _suggestion(text: str) -> str:
    """Return a hint: the closest word or file, else the choices."""
    folder = Path(text).parent
    files = [path.as_posix() for path in sorted(folder.glob("*.toml"))] if folder.is_dir() else []
    close = difflib.get_close_matches(Path(text).as_posix(), [*REFERENCE, *files], n=1)
    return f"; did you mean {close[0]}?" if close else "; name embedded, compose, or the path of a TOML target file"
