"""What a target file shows that is probably a mistake, before anything is started: then the fit is checked first.

The fit check of a run comes when its suites and workers have started, which takes most of the time until a mistake is
reported. Each doubt may be unfounded, and then costs one more start of the backend; nothing is decided on it.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from technogate.target.spec import AuditSpec, BackendSpec, ConsoleSpec
from technogate.util.source_texts import Sources

#: Seconds that a database may take to accept a connection before its place is in doubt.
CONNECT_S = 1.0
#: The ports of databases whose address names none.
_PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "mssql": 1433}
_WORKDIR, _KEY = "{workdir}", "{api_key}"
#: The names in a selector that the text of a page has too: ids, classes, and the values of attributes.
_NAMED = re.compile(r"""[#.](-?[A-Za-z_][\w-]*)|\[[\w-]+[~|^$*]?=["']?([^"'\]]+)""")


def console_doubts(console: ConsoleSpec, folder: Path) -> Iterator[str]:
    """The selectors of a page that name what no text in the folder of its program has; `folder` is the target file's.

    Nothing is known of a page that runs already, or whose program has no text there.
    """
    if not console.command or console.driver != "browser":
        return
    texts = Sources(folder / console.cwd).texts.values()
    if not texts:
        return
    for name, selector in msgspec.structs.asdict(console.selectors).items():
        words = [first or second for first, second in _NAMED.findall(selector)]
        if not all(any(word in text for text in texts) for word in words):
            yield name


def backend_doubts(backend: BackendSpec) -> Iterator[str]:
    """The keys of `[backend]` that are probably wrong."""
    given = (*backend.command, *backend.env.values())
    if backend.command and not backend.api_key_env and not any(_KEY in text for text in given):
        yield "env"
    if backend.command and backend.port is not None and not any(str(backend.port) in text for text in given):
        yield "port"
    if place := _trail_in_workdir(backend.audit):
        # A program that is told the folder alone chooses the name in it.
        folders = [place[:at] for at, char in enumerate(place) if char == "/"]
        if not any(place in text or text.rstrip("/").endswith(tuple(folders)) for text in given):
            yield "audit"
    if backend.audit.source == "sql" and _refuses(backend.audit.url):
        yield "audit"


def _trail_in_workdir(audit: AuditSpec) -> str:
    """The file of a trail in the pair's own folder, without what a pattern adds to its name; "" for another place."""
    text = audit.path if audit.source == "jsonl" else audit.url if audit.source == "sql" else ""
    at = text.find(_WORKDIR)
    return text[at:].partition("?")[0].rstrip("*") if at >= 0 else ""


def _refuses(url: str) -> bool:
    """Whether nothing accepts connections where a database should; False where its address cannot be told."""
    with suppress(ValueError):
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
        if not parts.hostname or "{" in parts.netloc or port is None:
            return False
        try:
            socket.create_connection((parts.hostname, port), timeout=CONNECT_S).close()
        except OSError:
            return True
    return False
