"""What the environment may set, read once at the start. A bad value stops the start with one line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Bytes of a request body that are read at most (EXE-05).
BODY_LIMIT = 64 * 1024
#: Bytes of request target and headers together that are accepted.
HEAD_LIMIT = 32 * 1024
#: Seconds that a client has for sending its body.
BODY_SECONDS = 5.0
#: Seconds that one write to the trail waits for a lock before the trail counts as unwritable. A write
#: may wait behind another one, so a response comes at the latest this much times two after the executor.
TRAIL_SECONDS = 2.0
#: Seconds that a read of the trail may take in all, its wait in the queue included.
TRAIL_READ_SECONDS = 5.0
#: The executor's limit may not be higher: limit and trail together stay under the 15 s of TMO-01.
EXECUTOR_LIMIT_MAX = 10.5


class SettingsError(Exception):
    """The environment is not usable. The text is one line that names what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The backend's settings.

    `executor_limit` is in seconds, from the start of the request; `rate_limit` in requests per second,
    0 for none; `allowed_origins` are the browser origins that may call (CORS).
    """

    api_key: bytes = field(repr=False)
    database_url: str = field(default="sqlite:///./trail.db", repr=False)
    allowed_origins: tuple[str, ...] = ()
    executor_limit: float = 10.0
    rate_limit: float = 0.0
    demo_faults: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the `TECHNO_…` variables.

        Raises:
            SettingsError: the key is missing, or a value has the wrong form.
        """
        key = environ.get("TECHNO_API_KEY", "")
        if not re.fullmatch(r"[!-~]+", key):
            raise SettingsError("set TECHNO_API_KEY to the key clients must send: printable ASCII without spaces")
        origins = [origin.strip() for origin in environ.get("TECHNO_ALLOWED_ORIGINS", "").split(",")]
        if "*" in origins:
            raise SettingsError("TECHNO_ALLOWED_ORIGINS: name each origin, as in http://127.0.0.1:3001")
        faults = environ.get("TECHNO_DEMO_FAULTS", "") or "0"
        if faults not in ("0", "1"):
            raise SettingsError("TECHNO_DEMO_FAULTS: set it to 1, to 0, or not at all")
        limit = _number(environ, "TECHNO_EXECUTOR_LIMIT", default=10.0, highest=EXECUTOR_LIMIT_MAX)
        if limit == 0:
            raise SettingsError("TECHNO_EXECUTOR_LIMIT: expected more than 0 seconds")
        return cls(
            api_key=key.encode("ascii"),
            database_url=environ.get("TECHNO_DATABASE_URL", "") or "sqlite:///./trail.db",
            allowed_origins=tuple(origin for origin in origins if origin),
            executor_limit=limit,
            rate_limit=_number(environ, "TECHNO_RATE_LIMIT", default=0.0, highest=1e6),
            demo_faults=faults == "1",
        )


def _number(environ: Mapping[str, str], name: str, *, default: float, highest: float) -> float:
    """The variable `name` as a number from 0 to `highest`, or `default` when it is not set."""
    text = environ.get(name, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= highest:
        raise SettingsError(f"{name}: expected a number from 0 to {highest:g}")
    return number
