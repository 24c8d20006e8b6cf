"""The temporary files of one run: its bytecode, its browsers' profiles, whatever its helpers leave; all removed."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from technogate.target.environment import clean_environment
from technogate.target.process.reaper import FOLDER_PREFIX, Reaper
from technogate.util.sealed_start import FOLDER, bytecode_of_a_run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """Where a run keeps its `bytecode`, and the `environment` in which its suites keep their temporary files.

    A browser that is killed leaves its profile behind, and a run that is killed all that it has. So the reaper gets
    what is to be removed, and the process group that ends by itself before that.
    """

    bytecode: str
    environment: dict[str, str] = field(default_factory=dict)
    reaper: Reaper | None = None

    def begins(self, group: int) -> None:
        """The suites run in this process group: when this process is killed, they end before the folder is removed."""
        if self.reaper is not None:
            with suppress(OSError):
                self.reaper.add_end(group)

    def ended(self, group: int) -> None:
        """All processes of the group have ended."""
        if self.reaper is not None:
            self.reaper.remove_end(group)


@contextmanager
def run_folder() -> Iterator[RunFolder]:
    """Make the folder of a run, and remove it at the end; where none can be made, the run goes on without it."""
    with ExitStack() as stack:
        bytecode = stack.enter_context(bytecode_of_a_run())
        try:
            reaper = Reaper(clean_environment())
            stack.callback(reaper.close)
            own = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}run-"))
        except OSError:
            yield RunFolder(bytecode=bytecode)
            return
        # Programs under test have folders in it, and may be of another user.
        own.chmod(0o711)
        for folder in (own, Path(bytecode)):
            if folder.name.startswith((own.name, FOLDER)):
                reaper.add_folder(folder)
                stack.callback(reaper.remove_folder, folder)
        stack.callback(shutil.rmtree, own, ignore_errors=True)
        # Elsewhere its path may be too long for the name of a socket.
        environment = {"TMPDIR": str(own)} if sys.platform == "linux" else {}
        yield RunFolder(bytecode=bytecode, environment=environment, reaper=reaper)
