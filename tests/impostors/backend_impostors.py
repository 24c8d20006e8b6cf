"""Backends with one planted defect each: copies of the reference, changed, started and judged.

`python -m tests.impostors.backend_impostors [NAME]…` judges the named ones, or all, and prints a table;
with `--whole` each is held to every requirement of the backend, which shows what else turns red.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.impostors import impostor
from tests.impostors.impostor import ROOT, Impostor, ImpostorError, Judged

#: Where the impostors' files lie, and what they are changed copies of.
FOLDER = Path(__file__).parent / "backend"
REFERENCE = ROOT / "images" / "backend" / "techno_backend"

#: The commands of the reference, by the outcome that they provoke.
COMMANDS = {
    "approved": "PING",
    "warning": "CHECK_QUOTA",
    "neutral": "NOOP",
    "expired": "OLD_SESSION",
    "blocked": "DELETE_ALL",
    "slow": "SLOW",
    "crashing": "CRASH",
    "unknown_status": "ODD_STATUS",
}

TARGET = """
name = "NAME"

[backend]
command = ["{python}", "-m", "techno_backend", "--host", "{host}", "--port", "{port}"]
cwd = "."
env = { TECHNO_API_KEY = "{api_key}", TECHNO_DATABASE_URL = "sqlite:///{workdir}/trail.db", TECHNO_DEMO_FAULTS = "1" }

[backend.unwritable]
lock_sqlite = "{workdir}/trail.db"

[backend.commands]
"""

#: The reference itself, described as an impostor without a defect is.
HONEST = Impostor(
    breaks="",
    description="The reference, as it is.",
    subtlety=1,
    change=(impostor.Change(file="app.py", before="class Backend:", after="class Backend:"),),
)


def prepare(wanted: Impostor, folder: Path, name: str = "impostor") -> Path:
    """Make the changed backend in `folder`, and a target file for it; raises ImpostorError."""
    impostor.plant(wanted, REFERENCE, folder / "techno_backend")
    commands = "".join(f'{outcome} = "{word}"\n' for outcome, word in {**COMMANDS, **wanted.commands}.items())
    target = folder / f"{name}.toml"
    target.write_text(TARGET.replace("NAME", name) + commands, "utf-8")
    return target


def unmask(wanted: Impostor, folder: Path, name: str = "impostor", words: Sequence[str] = ()) -> Judged:
    """Make the backend in `folder`, which must not exist, and have the gate check `words` of it.

    The default is what it breaks, and what it asks for beside that. Raises ImpostorError.
    """
    folder.mkdir(parents=True)
    target = prepare(wanted, folder, name)
    return impostor.judge(target, folder / "reports", tuple(words) or (wanted.breaks, *wanted.beside), wanted.profile)


def main(arguments: Sequence[str]) -> int:
    """Judge the named impostors, or all; 1 when one was not seen through or turned too much red."""
    names = [name for name in arguments if name != "--whole"]
    whole = len(names) < len(arguments)
    files = impostor.files_in(FOLDER)
    failed = 0
    for name in names or files:
        wanted = impostor.load(files[name])
        with tempfile.TemporaryDirectory(prefix="impostor-") as place:
            judged = unmask(wanted, Path(place) / "run", name, ("backend",) if whole else ())
        result = impostor.outcome(wanted, judged)
        surplus = sorted(judged.observed.keys() - {wanted.breaks, *wanted.also})
        failed += result == "survived" or bool(surplus)
        line = f"{result:8} {judged.seconds:5.1f} s  {wanted.breaks}  {wanted.subtlety}  {name}"
        line += f"  also {', '.join(surplus)}" if surplus else ""
        seen = judged.observed.get(wanted.breaks) or [f"exit code {judged.exit_code}, {judged.verdicts}"]
        sys.stdout.write(f"{line}\n{'':18}{seen[0][:200]}\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ImpostorError, KeyError, msgspec.MsgspecError) as mistake:
        sys.exit(f"backend_impostors: {mistake}")
