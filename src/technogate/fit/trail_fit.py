"""One reading of the audit trail: can it be read where the target file says that it is?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from technogate.model.events import Exchange
from technogate.model.fit_check import Blame, FoundPart, Misfit
from technogate.target import AuditSpec
from technogate.trail.entry import TrailError
from technogate.trail.sources.open_source import AuditSource, open_source

#: The keys of [backend.audit] that say where a trail is, by its source.
_KEYS = {"jsonl": "path", "sql": "url", "command": "command"}


def open_trail(spec: AuditSpec, url: str, key: str) -> AuditSource | Misfit:
    """The source of the trail, or why there is none that could be read."""
    try:
        return open_source(spec, url, key)
    except TrailError as error:
        return _misfit(spec, str(error))


def trail_parts(spec: AuditSpec, read: Callable[[], int], source: str) -> Iterator[FoundPart | Misfit]:
    """Read the trail once; `read` returns the number of entries that it shows, or raises TrailError.

    A trail in a file, a database or of a command is the target file's to name: one that cannot be read is its fault.
    What the API of the backend answers is the program's.
    """
    try:
        count = read()
    except TrailError as error:
        yield _misfit(spec, str(error))
        return
    yield FoundPart(area="trail", part=source, shown=f"{count} entries" if count != 1 else "1 entry")


def trace_id_of(exchange: Exchange | None, header: str) -> str:
    """The trace id of an answer, "" without one."""
    if exchange is None or exchange.response is None:
        return ""
    return exchange.response.header(header) or ""


def _misfit(spec: AuditSpec, found: str) -> Misfit:
    key = _KEYS.get(spec.source, "source")
    at_fault = spec.source in _KEYS
    return Misfit(
        area="trail",
        part=f"backend.audit.{key}",
        found=found,
        blame=Blame.TARGET if at_fault else Blame.PROGRAM,
        consequence="" if at_fault else "the run judges that",
        line=f'{key} = "…" below [backend.audit], with the place of the trail' if at_fault else "",
    )
