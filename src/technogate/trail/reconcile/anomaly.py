"""What can be wrong between requests and audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from technogate.model.events import TrailEntry


class AnomalyKind(StrEnum):
    """The kinds of anomaly, each a breach of one requirement.

    `lost`: a request that must leave an entry has none (TRL-01, TRL-02). `duplicated`: it has more than one (the
    same; TRL-04 for a request that need not leave one). `misstated`: its state is not that of the response (TRL-01,
    TRL-02). `mistimed`: its time is none, or outside of the request's (TRL-03). `phantom`: an entry of no
    request (TRL-04). `altered`, `vanished`: once shown, later another or gone (TRL-05). `late`: visible only
    after the time that an entry may take (TRL-06). `out of order`: older above newer (AUD-04).
    """

    LOST = "lost"
    DUPLICATED = "duplicated"
    MISSTATED = "misstated"
    MISTIMED = "mistimed"
    PHANTOM = "phantom"
    ALTERED = "altered"
    MISSING = "vanished"
    LATE = "late"
    DISORDERED = "out of order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One anomaly: what was expected and observed, on which exchange, entry and trace ids it rests.

    `parallel` is whether the request was under way together with another.
    """

    kind: AnomalyKind
    requirement: str
    expected: str
    observed: str
    operation: str = ""
    exchanges: tuple[str, ...] = ()
    trace_ids: tuple[str, ...] = ()
    entry: TrailEntry | None = None
    parallel: bool = False


def entry_text(entry: TrailEntry) -> str:
    """The fields of an entry on one line."""
    parts = (entry.timestamp, entry.action, entry.result, entry.state, entry.trace_id)
    return " ".join(part or "(nothing)" for part in parts)
