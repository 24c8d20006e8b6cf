"""Where the gate's own material lies: contracts, suites, fixtures and the reference pair."""

from __future__ import annotations

from pathlib import Path

#: The folder of the package itself.
PACKAGE = Path(__file__).resolve().parents[1]


class HomeError(Exception):
    """The installation is incomplete; the text is one line for a person."""


def find_home() -> Path:
    """The folder that holds `contracts/`, `suites/`, `fixtures/` and `images/`.

    In a checkout that is its root; in an installed package the copy that travels with it. Raises
    HomeError when neither is there.
    """
    for candidate in (PACKAGE.parents[1], PACKAGE / "_home"):
        if (candidate / "suites").is_dir() and (candidate / "contracts").is_dir():
            return candidate
    raise HomeError("the suites and contracts are missing from this installation; install technogate again")


def mutants_folder() -> Path:
    """The folder of the mutants that ship with the package: one folder a kind, one TOML file a mutant."""
    return PACKAGE / "mutation" / "mutants"


def moving_tags_file() -> Path:
    """The list of image tags that move from one image to the next, one a line. Raises HomeError."""
    return find_home() / "images" / "moving-tags.txt"
