"""The kinds of mutant: which program each is a changed copy of, and the target file for it.

The mutants of a kind are the TOML files in the folder with its name. The kind `react` has those of the kind `console`
as well: the same defects in another page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from technogate.mutation.image_mutants import stack_target
from technogate.mutation.mutant import Mutant, MutantError, copied, load, plant
from technogate.mutation.page_mutants import build_pages, page_target
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

    `make` makes a subject from the mutant and an empty folder; it raises UserError. `prepare` does before all runs what
    costs less together: it takes the mutants by name, the reference too, and the folder of the score. Where it raises
    UserError, no mutant of this kind is run.
    """

    name: str
    parties: tuple[str, ...]
    make: Callable[[Mutant, Path], MutationSubject]
    prepare: Callable[[Mapping[str, Mutant], Path], None] | None = None


@dataclass(frozen=True, slots=True)
class MutantFile:
    """The file of a mutant, and the kind that it is a mutant of."""

    kind: str
    path: Path


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


def _react(_: Mutant, folder: Path) -> MutationSubject:
    return MutationSubject(target=page_target(folder))


#: The script of the reference's page, within the folder of the console.
PAGE_SCRIPT = "static/page.js"

#: The kind that is a page made with a framework, and the kind whose mutants it shares.
REACT, CONSOLE = "react", "console"

KINDS: Mapping[str, MutantKind] = {
    kind.name: kind
    for kind in (
        MutantKind(name="backend", parties=("backend",), make=_backend),
        MutantKind(name=CONSOLE, parties=("console",), make=_console),
        MutantKind(name=REACT, parties=("console",), make=_react, prepare=build_pages),
        MutantKind(name="pair", parties=("pair",), make=_pair),
        MutantKind(name="contract", parties=("contract",), make=_contract),
        MutantKind(name="stack", parties=("pair",), make=_stack),
    )
}

#: The reference, made the same way as its mutants.
REFERENCE = Mutant(breaks="", description="The unchanged reference.", subtlety=1)


def files_in(folder: Path) -> dict[str, MutantFile]:
    """The files of every mutant in the folders within `folder`, by name, sorted; raises MutantError.

    Where `folder` has mutants of the page in React, the mutants of the reference console are mutants of that page too,
    by the name `react-…`: those that plant their defect in its client module, where it can show in a page.
    """
    files: dict[str, MutantFile] = {}
    for path in sorted(folder.glob("*/*.toml")):
        kind = path.parent.name
        if kind not in KINDS:
            raise MutantError(f"{path}: the folder of a mutant must have the name of its kind: {', '.join(KINDS)}")
        name = f"{REACT}-{path.stem}" if kind == REACT else path.stem
        if name in files:
            raise MutantError(f"{path}: another mutant has the same name")
        files[name] = MutantFile(kind, path)
    if not files:
        raise MutantError(f"{folder} contains no mutants; pass another folder with --mutants")
    return {**files, **_shared(folder, files)}


def _shared(folder: Path, files: Mapping[str, MutantFile]) -> dict[str, MutantFile]:
    """The mutants of the reference console that are mutants of the page in React as they are."""
    if not (folder / REACT).is_dir():
        return {}
    consoles = {name: file.path for name, file in files.items() if file.kind == CONSOLE}
    return {
        f"{REACT}-{name}": MutantFile(REACT, path) for name, path in consoles.items() if _is_of_the_client(load(path))
    }


def _is_of_the_client(mutant: Mutant) -> bool:
    """Whether a mutant of the reference console plants its defect in the client module, and it shows in a page."""
    return not mutant.module_only and all(change.file != PAGE_SCRIPT for change in mutant.change)
