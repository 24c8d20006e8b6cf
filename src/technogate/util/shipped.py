"""Find the data that ships with technogate: contracts, suites, fixtures, images and mutants."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

#: The folder of the package itself.
PACKAGE = Path(__file__).resolve().parents[1]


class ShippedDataError(Exception):
    """The shipped data is missing from this installation; the text is one line for the user."""


def user_cache(env: Mapping[str, str]) -> Path:
    """Return the user's cache folder, for what may be made again at any time, from their environment `env`."""
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    if os.name == "nt":
        return Path(env.get("LOCALAPPDATA", str(home)))
    return Path(env.get("XDG_CACHE_HOME", "") or home / ".cache")


@cache
def shipped_root() -> Path:
    """Return the folder that holds `contracts/`, `suites/`, `fixtures/` and `images/`.

    In a checkout this is its root; in an installed package, the copy in the wheel. Raises ShippedDataError when
    both are missing.
    """
    for candidate in (PACKAGE.parents[1], PACKAGE / "_shipped"):
        if (candidate / "suites").is_dir() and (candidate / "contracts").is_dir():
            return candidate
    raise ShippedDataError("the suites and contracts are missing from this installation; install technogate again")


def shipped(*parts: str | Path) -> Path:
    """Return the path of shipped data: `shipped("images", "embedded.toml")`; without parts, the root.

    The path may not exist. Raises ShippedDataError when the installation has no shipped data at all.
    """
    return shipped_root().joinpath(*parts)


def mutants_folder() -> Path:
    """Return the folder of the mutants in the package: one folder for each kind, one TOML file for each mutant."""
    return PACKAGE / "mutation" / "mutants"
