"""Whether the packages that a target needs of this installation are there."""

from __future__ import annotations

from technogate.model.errors import UserError
from technogate.target.spec import TargetFile
from technogate.util.extras import MODULES, install_hint, missing, not_installed


def check_reference() -> None:
    """See that the reference backend can run in this Python; raises UserError when a package is missing."""
    if absent := missing(*MODULES["reference"]):
        install = install_hint("reference")
        raise UserError(
            f"the reference backend cannot start: {not_installed(absent)}; hint: {install}, or name your own --target"
        )


def check_audit_database(spec: TargetFile) -> None:
    """See that the database of the audit trail can be read; raises UserError when a package is missing."""
    audit = spec.backend.audit if spec.backend is not None else None
    if audit is None or audit.source != "sql":
        return
    # Another driver is the user's own, and another database has one.
    ours = audit.url.startswith(("postgres:", "postgresql:", "postgresql+psycopg:"))
    needed = MODULES["sql"] if ours else ("sqlalchemy",)
    if absent := missing(*needed):
        raise UserError(
            f"{spec.name}: backend.audit.source is sql, but {not_installed(absent)}; hint: {install_hint('sql')}"
        )
