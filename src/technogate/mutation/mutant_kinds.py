"""The kinds of mutant: which program each is a changed copy of, and the target file for it.

The mutants of a kind are the TOML files in the folder with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from technogate.mutation.image_mutants import stack_target
from technogate.mutation.mutant import Mutant, MutantError, copied, plant
from technogate.util.shipped import shipped

#: A machine that starts many mutants at once starts each of them slowly.
BACKEND = """
[backend]
start_timeout_s = 90
"""

MODULE = """
[console]
driver = "module"
module = "console/static/client.js"
runtime = "node"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationSubject:
    """The arguments of a run: a target, and a contract folder ("" for the shipped one)."""

    target: str
    contract: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantKind:
    """One kind: the parties that it is checked as (arguments of `technogate check`), and how its mutants are made.

    `make` makes a subject from the mutant and an empty folder; it raises UserError.
    """

    name: str
    parties: tuple[str, ...]
    make: Callable[[Mutant, Path], MutationSubject]


def _target(folder: Path, *sides: str, tables: str = "") -> MutationSubject:
    """Describe a target that extends the reference's target files for `sides`, with further `tables`."""
    path = folder / "target.toml"
    extended = [str(shipped("images", f"{side}.toml")) for side in sides]
    head = f"extends = {extended}\n" if extended else ""
    path.write_text(f'name = "mutant"\n{head}{tables}', "utf-8")
    return MutationSubject(target=str(path))


def _backend(mutant: Mutant, folder: Path) -> MutationSubject:
    plant(mutant.change, copied(shipped("images", "backend", "techno_backend"), folder / "techno_backend"))
    return _target(folder, "backend", tables=BACKEND + 'cwd = "."\n')


def _console(mutant: Mutant, folder: Path) -> MutationSubject:
    plant(mutant.change, copied(shipped("images", "console"), folder / "console", "Dockerfile", "*.md"))
    if not mutant.change:
        return _target(folder, "console", tables='[console]\nmodule = "console/static/client.js"\n')
    return _target(folder, "console") if mutant.page_only else _target(folder, tables=MODULE)


def _pair(mutant: Mutant, folder: Path) -> MutationSubject:
    copied(shipped("images", "backend", "techno_backend"), folder / "backend" / "techno_backend")
    copied(shipped("images", "console"), folder / "console", "Dockerfile", "*.md")
    plant(mutant.change, folder)
    return _target(folder, "backend", "console", tables=BACKEND)


def _contract(mutant: Mutant, folder: Path) -> MutationSubject:
    copy = copied(shipped("contracts", "console-v0.1"), folder / "contract")
    plant(mutant.change, copy)
    return MutationSubject(target="embedded", contract=str(copy))


def _stack(mutant: Mutant, folder: Path) -> MutationSubject:
    return MutationSubject(target=str(stack_target(mutant, folder)))


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
