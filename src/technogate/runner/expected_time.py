"""How long a run takes at least where the target file says how many requests its backend takes. Pure."""

from __future__ import annotations

import math

from technogate.contract.loader import Contract
from technogate.drivers.http.request_window import RequestWindow
from technogate.model.requirement import Party
from technogate.model.settings import Profile
from technogate.target.spec import TargetFile

#: Requests that every requirement on a backend sends in all, by profile: measured with a conforming one.
REQUESTS: dict[Profile, int] = {"quick": 3200, "standard": 5700, "thorough": 25_000}


def expected_time(
    spec: TargetFile,
    contract: Contract,
    selection: tuple[str, ...],
    profile: Profile,
    workers: int,
    max_time_s: float = 0.0,
) -> str:
    """One line with the time that the declared rate limit costs, "" without one; an empty `selection` means everything.

    It says so when that is more than the run may take.

    Each worker starts a backend of its own, which counts by itself.
    """
    if spec.backend is None or spec.backend.rate_limit is None:
        return ""
    limit = spec.backend.rate_limit
    window = RequestWindow(requests=limit.requests, per_s=limit.per_s)
    requests, seconds = _needed(window, contract, selection, profile, workers)
    apart = f" by {workers} workers, each with a backend of its own," if workers > 1 else ""
    took = f"about {requests} requests{apart} take about {in_words(seconds)}"
    return f"the target allows {window}: {took}{_beyond(seconds, max_time_s)}" if seconds >= 1 else ""


def learned_limit(
    window: RequestWindow,
    contract: Contract,
    selection: tuple[str, ...],
    profile: Profile,
    workers: int,
    max_time_s: float = 0.0,
) -> str:
    """The sentence about a limit that the target file does not declare, and that the backend has shown."""
    _, seconds = _needed(window, contract, selection, profile, workers)
    about = f", about {in_words(seconds)} in all{_beyond(seconds, max_time_s)}" if seconds >= 1 else ""
    key = f"rate_limit = {{ requests = {window.requests}, per_s = {window.per_s:.0f} }}"
    return f"the backend allows about {window}: this run waits for that{about}; say so with {key}"


def _needed(
    window: RequestWindow, contract: Contract, selection: tuple[str, ...], profile: Profile, workers: int
) -> tuple[int, float]:
    """How many requests are sent, about, and how many seconds they take at least."""
    sides = [name for name, one in contract.requirements.items() if one.party is Party.BACKEND]
    chosen = [name for name in sides if not selection or name in selection]
    requests = math.ceil(REQUESTS[profile] * len(chosen) / max(1, len(sides)))
    return requests, max(0.0, requests / workers - window.requests) / window.rate


def _beyond(seconds: float, max_time_s: float) -> str:
    """What to do about a run that takes longer than it may; 0 is no limit."""
    return ", more than this run may take: give it that time with --max-time" if 0 < max_time_s < seconds else ""


def in_words(seconds: float) -> str:
    """A time in seconds, minutes or hours, in whole numbers."""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{math.ceil(seconds)} s"
