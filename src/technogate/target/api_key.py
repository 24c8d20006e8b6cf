"""The API key of a pair, from the environment variable that its target file names."""

from __future__ import annotations

import secrets
import string

from technogate.journal.key_forms import is_telling
from technogate.journal.redaction import SHORTEST_KEY
from technogate.model.errors import UserError
from technogate.target.environment import variable
from technogate.target.spec import TargetFile

#: Characters of a key that is drawn, at least, and how many lengths it can have.
SHORTEST_NEW, LONGER = 32, 12


def new_key() -> str:
    """Draw an API key for one run, which looks like anybody's: 32 to 43 letters of both cases and digits.

    A comparison that ignores case must be found, and any piece of the key in a text can come from the key alone.
    """
    alphabet = string.ascii_letters + string.digits
    while True:
        key = "".join(secrets.choice(alphabet) for _ in range(SHORTEST_NEW + secrets.randbelow(LONGER)))
        if is_telling(key) and key.swapcase() != key:
            return key


def key_from_environment(spec: TargetFile) -> str:
    """Return the key of the pair; "" when the target file names no variable, or the variable is not set."""
    _, name = _variable(spec)
    return (variable(name) or "") if name else ""


def check_key(spec: TargetFile) -> None:
    """Raise UserError when the target file names a variable that holds no usable key."""
    where, name = _variable(spec)
    if not name:
        return
    key = variable(name) or ""
    if not key:
        raise UserError(f"{spec.name}: {where} names {name}, which is not set: export {name}=<the key>")
    if len(key) < SHORTEST_KEY or not key.isascii() or not key.isprintable() or key != key.strip():
        rule = f"at least {SHORTEST_KEY} printable ASCII characters, no blank at either end"
        raise UserError(f"{spec.name}: {name} is no usable API key: it needs {rule}")


def variables_of(spec: TargetFile) -> set[str]:
    """The names of the variables of the user's environment that a target file names."""
    _, key = _variable(spec)
    steps = spec.console.steps if spec.console is not None else ()
    entered = [field.env for step in steps for field in (step.fill, step.select) if field is not None]
    return {name for name in (key, *entered) if name}


def _variable(spec: TargetFile) -> tuple[str, str]:
    """Return the key path that names the variable, and the name; "" without one."""
    for side, served in (("backend", spec.backend), ("console", spec.console)):
        if served is not None and served.api_key_env:
            return f"{side}.api_key_env", served.api_key_env
    return "", ""
