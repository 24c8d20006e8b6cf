"""The API key of a pair, from the environment variable that its target file names."""

from __future__ import annotations

import os
import secrets
import string

from technogate.journal.redaction import SHORTEST_KEY
from technogate.model.errors import UserError
from technogate.target.spec import TargetFile


def new_key() -> str:
    """Draw an API key for one run, with letters of both cases: a comparison that ignores case must be found."""
    alphabet = string.ascii_letters + string.digits
    return "Tg" + "".join(secrets.choice(alphabet) for _ in range(30))


def key_from_environment(spec: TargetFile) -> str:
    """Return the key of the pair; "" when the target file names no variable, or the variable is not set."""
    _, name = _variable(spec)
    return os.environ.get(name, "") if name else ""


def check_key(spec: TargetFile) -> None:
    """Raise UserError when the target file names a variable that holds no usable key."""
    where, name = _variable(spec)
    if not name:
        return
    key = os.environ.get(name, "")
    if not key:
        raise UserError(f"{spec.name}: {where} names {name}, which is not set: export {name}=<the key>")
    if len(key) < SHORTEST_KEY or not key.isascii() or not key.isprintable() or key != key.strip():
        rule = f"at least {SHORTEST_KEY} printable ASCII characters, no blank at either end"
        raise UserError(f"{spec.name}: {name} is no usable API key: it needs {rule}")


def _variable(spec: TargetFile) -> tuple[str, str]:
    """Return the key path that names the variable, and the name; "" without one."""
    for side, served in (("backend", spec.backend), ("console", spec.console)):
        if served is not None and served.api_key_env:
            return f"{side}.api_key_env", served.api_key_env
    return "", ""
