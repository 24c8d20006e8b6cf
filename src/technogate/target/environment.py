"""The environment of a program under test.

It is not the gate's own, which may hold keys, tokens and proxy addresses that could then be in the program's
output. A program gets the variables named here, where they are set, and those that its target file declares.

The gate's own helpers (the browser, Playwright's driver, a command that makes the trail unwritable) may be reached by
what they run or load. So a process of a run that starts them first withholds from its environment whatever is not
known to be harmless; the gate still finds there what a target file names.

Its time zone is one of the gate's choice: where a machine is in UTC, as in CI, local time would pass for UTC (ENV-03).
"""

from __future__ import annotations

import os
import re
import zoneinfo
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

#: Passed on from the gate's environment: where programs, libraries, temporary files and the home folder
#: are, and the language. `LC_*` is passed on too.
PASSED_ON = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
    "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES",
})  # fmt: skip

#: Set for every program under test, whatever its target file declares.
SET_BY_GATE = frozenset({"PYTHONUNBUFFERED", "TZ"})

#: Kept in the environment of the gate's own processes besides those above, and so given to the browser and the like.
KEPT = PASSED_ON | frozenset({
    "TERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "SHELL", "PWD", "TZ", "CI", "VIRTUAL_ENV",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "NODE_EXTRA_CA_CERTS",
    "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
})  # fmt: skip

#: What the gate, Python, the browser and the container engine read begins with one of these.
KEPT_PREFIXES = (
    "LC_", "TECHNOGATE_", "PYTEST_", "PYTHON", "HYPOTHESIS_", "COV_", "COVERAGE_",
    "PLAYWRIGHT_", "XDG_", "FONTCONFIG_", "SSL_CERT_", "DOCKER_", "COMPOSE_", "BUILDKIT_",
)  # fmt: skip

#: Names of variables that may hold a secret, whatever they begin with.
_SECRET = re.compile(
    r"TOKEN|SECRET|PASS(WORD|WD|PHRASE)?$|CREDENTIAL|PRIVATE|AUTH_CONFIG|(^|_|API)KEYS?$", re.IGNORECASE
)

#: What was taken out of the environment of this process and may be asked for by name.
_withheld: dict[str, str] = {}

#: A zone whose time is never near UTC, nor whole hours away from it, and that has no summer time.
ZONE = "Asia/Kathmandu"

#: The same for a machine without a database of zones. Node knows a zone by its name alone, and has its own database.
ZONE_BY_OFFSET = "XXX-05:45"


def clean_environment(declared: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a program under test: what is passed on, and what is `declared`.

    `PYTHONUNBUFFERED` is set, so that the last lines of a Python program that crashes are not lost, and `TZ`.
    """
    passed = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith("LC_")}
    return {**passed, "PYTHONUNBUFFERED": "1", "TZ": _zone(), **(declared or {})}


def withhold(named: Collection[str] | None) -> None:
    """Take out of this process's environment what its children have no use for.

    `variable` and `whole_environment` still know those that are `named`; all of them with None.
    """
    for name in [name for name in os.environ if not _kept(name)]:
        value = os.environ.pop(name)
        if named is None or name in named:
            _withheld[name] = value


def withheld() -> dict[str, str]:
    """What was taken out and is still known, for another process of the gate."""
    return dict(_withheld)


def know(variables: Mapping[str, str]) -> None:
    """Know what another process of the gate has withheld."""
    _withheld.update(variables)


def variable(name: str) -> str | None:
    """The value of a variable of the user's environment that a target file names, None when it is not set."""
    return os.environ.get(name, _withheld.get(name))


def whole_environment() -> dict[str, str]:
    """The user's environment, as far as this process knows it: for other processes of the gate, and for compose."""
    return {**_withheld, **os.environ}


def tool_environment(declared: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command that the gate runs on behalf of a target file: harmless, and what is `declared`."""
    return {**{name: value for name, value in os.environ.items() if _kept(name)}, **declared}


def _kept(name: str) -> bool:
    return name in KEPT or (name.startswith(KEPT_PREFIXES) and not _SECRET.search(name))


@cache
def _zone() -> str:
    """The time zone for programs under test, in a form that this machine knows."""
    known = any((Path(folder) / ZONE).is_file() for folder in zoneinfo.TZPATH)
    return ZONE if known else ZONE_BY_OFFSET
