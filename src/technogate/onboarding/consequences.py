"""What stays undecided without a line of a target file, in the words of the requirements."""

from __future__ import annotations

from technogate.target.page_parts import BY_NAME

#: The MUST requirements that nothing else decides, by the key that is missing.
_UNDECIDED: dict[str, tuple[str, ...]] = {
    "backend.commands.approved": (
        "EXE-01", "EXE-07", "EXE-08", "EXE-10", "MEM-01", "TRL-01", "TRL-05", "TRL-06", "TRL-07", "TRL-08", "TRL-09",
        "TRL-10", "ERR-05", "ERR-07",
    ),
    "backend.commands.warning": ("EXE-01",),
    "backend.commands.neutral": ("EXE-01",),
    "backend.commands.expired": ("ENV-06",),
    "backend.commands.blocked": ("ENV-06", "EXE-09"),
    "backend.commands.slow": ("TMO-01",),
    "backend.commands.crashing": ("ERR-05",),
    "backend.commands.unknown_status": ("FCB-01",),
    "backend.unwritable": ("TRL-10",),
}  # fmt: skip


def requirements_of(path: str) -> tuple[str, ...]:
    """The ids of the requirements that stay undecided without the key at `path`."""
    table, _, name = path.rpartition(".")
    if table == "console.selectors" and name in BY_NAME:
        return BY_NAME[name].undecided
    return _UNDECIDED.get(path, ())


def consequence(path: str) -> str:
    """The same as a phrase, or what is done without a part of a page; "" when nothing depends on the key."""
    table, _, name = path.rpartition(".")
    without = [BY_NAME[name].without] if table == "console.selectors" and name in BY_NAME else []
    ids = requirements_of(path)
    return "; ".join([*without, *([f"without it undecided: {', '.join(ids)}"] if ids else [])])
