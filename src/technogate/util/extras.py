"""The packages that only some users need: the extras of the installation, and what is missing of them."""

from __future__ import annotations

from importlib.util import find_spec

#: The modules of each extra in `pyproject.toml` that has a command, a target or a check depend on it.
MODULES = {
    "browser": ("playwright",),
    "reference": ("sqlalchemy", "starlette", "uvicorn"),
    "sql": ("psycopg", "sqlalchemy"),
}


def missing(*modules: str) -> tuple[str, ...]:
    """Those of the top-level modules that cannot be imported; nothing is imported to find out."""
    return tuple(module for module in modules if find_spec(module) is None)


def not_installed(modules: tuple[str, ...]) -> str:
    """The reason for an error message: which packages are not installed."""
    return f"{', '.join(modules)} {'is' if len(modules) == 1 else 'are'} not installed"


def install_hint(extra: str) -> str:
    """The command that installs an extra."""
    return f'pip install "technogate[{extra}]"'
