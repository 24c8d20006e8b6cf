"""The mutants of a page made with a framework: the same defects as those of the reference console, built by Vite."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from technogate.drivers.console_driver import DriverError
from technogate.model.errors import UserError
from technogate.mutation import page_mutants
from technogate.mutation.mutant import Change, MutantError, load, plant
from technogate.mutation.mutant_kinds import CONSOLE, PAGE_SCRIPT, REACT, REFERENCE, files_in
from technogate.mutation.page_mutants import PAGES, build_pages, page_target, planted_changes
from technogate.util.shipped import mutants_folder
from tests.conftest import ROOT

FILES = files_in(mutants_folder())
CONSOLES = {name: load(file.path) for name, file in FILES.items() if file.kind == CONSOLE}
PAGE_MUTANTS = {name: load(file.path) for name, file in FILES.items() if file.kind == REACT}


@pytest.mark.parametrize("name", CONSOLES)
def test_each_defect_of_the_console_is_one_of_the_page(name: str) -> None:
    """Each mutant of the reference console has one with the same defect, unless its file says why it cannot."""
    console, page = CONSOLES[name], PAGE_MUTANTS.get(f"react-{name}")
    assert (page is None) == bool(console.module_only)
    if page is not None:
        same = ("breaks", "may_also_break", "subtlety", "description", "profile", "run_with")
        assert [getattr(page, field) for field in same] == [getattr(console, field) for field in same]


def test_only_the_page_of_the_reference_is_translated() -> None:
    """A defect of the client module alone has no file of its own for the page in React."""
    own = {path.stem for path in (mutants_folder() / REACT).glob("*.toml")}
    of_the_page = {
        name for name, mutant in CONSOLES.items() if PAGE_SCRIPT in {change.file for change in mutant.change}
    }
    assert own == of_the_page
    assert len(PAGE_MUTANTS) >= 90


@pytest.fixture(scope="module")
def unchanged() -> dict[str, str]:
    """The text of each file that a mutant may change, by its path in the copy."""
    files = [*(ROOT / "examples/react-console/src").iterdir(), *(ROOT / "images/console/static").iterdir()]
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in files}


@pytest.mark.parametrize("name", PAGE_MUTANTS)
def test_its_changes_fit(name: str, unchanged: dict[str, str], tmp_path: Path) -> None:
    """The changes of each mutant fit the page and the client module that it imports; none touches a server."""
    changes = planted_changes(PAGE_MUTANTS[name])
    for change in changes:
        path = tmp_path / change.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(unchanged[change.file], "utf-8")
    plant(changes, tmp_path)
    assert changes
    assert {Path(change.file).suffix for change in changes} <= {".js", ".jsx"}


def test_says_why_nothing_can_be_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the packages of the page cannot be had, that is the reason."""

    def nothing(*_: object) -> Path:
        raise DriverError("found no npm: install it")

    monkeypatch.setattr(page_mutants, "installed", nothing)
    with pytest.raises(UserError, match="found no npm: install it"):
        build_pages({REACT: REFERENCE}, tmp_path)


@pytest.mark.slow
def test_builds_pages_and_says_which_it_could_not(tmp_path: Path) -> None:
    """A page is built with its defect and described as the example is; one with a mistake in its source is named."""
    broken = load(FILES["react-con21-last-result-stays"].path)
    mistaken = msgspec.structs.replace(REFERENCE, change=(Change(file="src/App.jsx", before="<h1>", after="<h1"),))
    build_pages({"react-last": broken, "react-mistaken": mistaken}, tmp_path)
    (tmp_path / "react-last.first").mkdir()
    described = tomllib.loads(Path(page_target(tmp_path / "react-last.first")).read_text("utf-8"))
    page = tmp_path / PAGES / "react-last" / "examples" / "react-console"
    assert described["extends"] == str(page / "technogate.toml")
    assert described["console"]["cwd"] == str(page)
    assert (page / "dist" / "index.html").is_file()
    with pytest.raises(MutantError, match=r"its page cannot be built: .*src/App\.jsx"):
        page_target(tmp_path / "react-mistaken.first")
