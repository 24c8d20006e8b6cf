"""Consoles with one planted defect each: copies of the reference, changed, started and judged.

`python -m tests.impostors.console_impostors [NAME]…` judges the named ones, or all, and prints a table;
with `--whole` each is held to every requirement of the console, which shows what else turns red.

A console's file may say `page = true`: its defect shows in the page alone. Any other is judged by its
client module, without a browser.
"""

from __future__ import annotations

import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.impostors import impostor
from tests.impostors.impostor import ROOT, Impostor, ImpostorError, Judged

#: Where the impostors' files lie, and what they are changed copies of.
FOLDER = Path(__file__).parent / "console"
REFERENCE = ROOT / "images" / "console"

#: Requirements whose items wait for a scene of 15 s and more: whoever breaks one is judged beside others.
SLOW = frozenset({"CON-06", "CON-10", "CON-11"})

PAGE = """
name = "NAME"

[console]
command = ["{python}", "server.py", "--host", "{host}", "--port", "{port}"]
cwd = "console"
env = { NEXT_PUBLIC_API_URL = "{backend_url}", NEXT_PUBLIC_API_KEY = "{api_key}" }
"""

MODULE = """
name = "NAME"

[console]
driver = "module"
module = "console/static/client.js"
"""


class ConsoleImpostor(Impostor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One planted defect of a console; `page` says that it shows in the page alone."""

    page: bool = False

    @property
    def late(self) -> bool:
        """Whether it takes a scene of 15 s and more to see it."""
        return self.breaks in SLOW


#: The reference itself, described as an impostor without a defect is.
HONEST = ConsoleImpostor(
    breaks="",
    description="The reference, as it is.",
    subtlety=1,
    change=(impostor.Change(file="static/client.js", before="No dependencies", after="No dependencies"),),
)


def load(path: Path) -> ConsoleImpostor:
    """Read the impostor in the file at `path`; raises ImpostorError."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), ConsoleImpostor)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ImpostorError(f"{path.name}: {error}") from error


def prepare(wanted: ConsoleImpostor, folder: Path, name: str = "impostor") -> Path:
    """Make the changed console in `folder`, and a target file for it; raises ImpostorError."""
    impostor.plant(wanted, REFERENCE, folder / "console", "Dockerfile", "README.md")
    target = folder / f"{name}.toml"
    target.write_text((PAGE if wanted.page else MODULE).replace("NAME", name), "utf-8")
    return target


def unmask(wanted: ConsoleImpostor, folder: Path, name: str = "impostor", words: Sequence[str] = ()) -> Judged:
    """Make the console in `folder`, which must not exist, and have the gate check `words` of it.

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
        wanted = load(files[name])
        with tempfile.TemporaryDirectory(prefix="impostor-") as place:
            judged = unmask(wanted, Path(place) / "run", name, ("console",) if whole else ())
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
        sys.exit(f"console_impostors: {mistake}")
