"""What stays undecided without a line of a target file, in the words of the requirements."""

from __future__ import annotations

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
    "console.selectors.command": ("every requirement on the console",),
    "console.selectors.run": ("every requirement on the console",),
    "console.selectors.status": ("CON-02", "CON-03", "CON-04", "CON-05", "CON-06", "CON-07", "CON-08", "CON-18"),
    "console.selectors.trace_id": ("CON-02",),
    "console.selectors.reasons": ("CON-18",),
    "console.selectors.message": ("CON-04",),
    "console.selectors.audit_row": ("CON-10",),
    "console.selectors.memory": ("CON-11",),
}  # fmt: skip


def requirements_of(path: str) -> tuple[str, ...]:
    """The ids of the requirements that stay undecided without the key at `path`."""
    return _UNDECIDED.get(path, ())


def consequence(path: str) -> str:
    """The same as a phrase, "" when nothing else depends on the key."""
    ids = requirements_of(path)
    return f"without it undecided: {', '.join(ids)}" if ids else ""
