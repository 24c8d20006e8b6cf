"""The kinds of mutant: which program each is a changed copy of, and the target file for it.

The mutants of a kind are the TOML files in the folder with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from technogate.mutation.image_mutants import stack_target
from technogate.mutation.mutant import Mutant, MutantError, copied, plant

BACKEND = """
[backend]
command = ["{python}", "-m", "techno_backend", "--host", "{host}", "--port", "{port}"]
cwd = "CWD"
start_timeout_s = 90
env = { TECHNO_API_KEY = "{api_key}", TECHNO_DATABASE_URL = "sqlite:///{workdir}/trail.db", \
TECHNO_ALLOWED_ORIGINS = "{console_origin}", TECHNO_DEMO_FAULTS = "1" }

[backend.unwritable]
lock_sqlite = "{workdir}/trail.db"

[backend.commands]
approved = "PING"
warning = "CHECK_QUOTA"
neutral = "NOOP"
expired = "OLD_SESSION"
blocked = "DELETE_ALL"
slow = "SLOW"
crashing = "CRASH"
unknown_status = ["ODD_STATUS", "LOWER_STATUS", "PADDED_STATUS", "LIST_STATUS", "NULL_STATUS", "NO_STATUS"]
"""

PAGE = """
[console]
command = ["{python}", "server.py", "--host", "{host}", "--port", "{port}"]
cwd = "console"
env = { NEXT_PUBLIC_API_URL = "{backend_url}", NEXT_PUBLIC_API_KEY = "{api_key}" }
"""

MODULE = """
[console]
driver = "module"
module = "console/static/client.js"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationSubject:
    """The arguments of a run: a target, and a contract folder ("" for the shipped one)."""

    target: str
    contract: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantKind:
    """One kind: the parties that it is checked as (arguments of `technogate check`), and how its mutants are made.

    `make` makes a subject from the folder of the shipped data, the mutant and an empty folder; it raises UserError.
    """

    name: str
    parties: tuple[str, ...]
    make: Callable[[Path, Mutant, Path], MutationSubject]


def _target(folder: Path, *tables: str) -> MutationSubject:
    path = folder / "target.toml"
    path.write_text('name = "mutant"\n' + "".join(tables), "utf-8")
    return MutationSubject(target=str(path))


def _backend(home: Path, mutant: Mutant, folder: Path) -> MutationSubject:
    plant(mutant.change, copied(home / "images" / "backend" / "techno_backend", folder / "techno_backend"))
    return _target(folder, BACKEND.replace("CWD", "."))


def _console(home: Path, mutant: Mutant, folder: Path) -> MutationSubject:
    plant(mutant.change, copied(home / "images" / "console", folder / "console", "Dockerfile", "*.md"))
    if not mutant.change:
        return _target(folder, PAGE, 'module = "console/static/client.js"\n')
    return _target(folder, PAGE if mutant.page_only else MODULE)


def _pair(home: Path, mutant: Mutant, folder: Path) -> MutationSubject:
    copied(home / "images" / "backend" / "techno_backend", folder / "backend" / "techno_backend")
    copied(home / "images" / "console", folder / "console", "Dockerfile", "*.md")
    plant(mutant.change, folder)
    return _target(folder, BACKEND.replace("CWD", "backend"), PAGE)


def _contract(home: Path, mutant: Mutant, folder: Path) -> MutationSubject:
    copy = copied(home / "contracts" / "console-v0.1", folder / "contract")
    plant(mutant.change, copy)
    return MutationSubject(target="embedded", contract=str(copy))


def _stack(home: Path, mutant: Mutant, folder: Path) -> MutationSubject:
    return MutationSubject(target=str(stack_target(home, mutant, folder)))


KINDS: Mapping[str, MutantKind] = {
    kind.name: kind
    for kind in (
        MutantKind(name="backend", parties=("backend",), make=_backend),
        MutantKind(name="console", parties=("console",), make=_console),
        MutantKind(name="pair", parties=("pair",), make=_pair),
        MutantKind(name="contract", parties=("contract",), make=_contract),
        MutantKind(name="stack", parties=("pair",), make=_stack),
    )
}

#: The reference, made the same way as its mutants.
REFERENCE = Mutant(breaks="", description="The unchanged reference.", subtlety=1)


def kind_of(path: Path) -> MutantKind:
    """The kind of the mutant in the file at `path`, from the name of its folder; raises MutantError."""
    kind = KINDS.get(path.parent.name)
    if kind is None:
        raise MutantError(f"{path}: the folder of a mutant must have the name of its kind: {', '.join(KINDS)}")
    return kind


def files_in(folder: Path) -> dict[str, Path]:
    """The files of every mutant in the folders within `folder`, by name, sorted; raises MutantError."""
    files: dict[str, Path] = {}
    for path in sorted(folder.glob("*/*.toml")):
        kind_of(path)
        if path.stem in files:
            raise MutantError(f"{path}: another mutant has the same name")
        files[path.stem] = path
    if not files:
        raise MutantError(f"{folder} contains no mutants; pass another folder with --mutants")
    return files
