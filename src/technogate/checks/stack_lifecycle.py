"""STK-01 to STK-06: both images together: start, network, and what the page shows when the backend is gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from technogate.checks.console_interaction import Interaction, finding
from technogate.checks.family import Example, Family
from technogate.model.events import Finding, TrailEntry
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence


def both_started_within(seconds: Mapping[str, float], limit_s: float) -> list[Finding]:
    """Each side was ready (and healthy, where it has a health check) within `limit_s` (STK-01)."""
    too_late = {side: taken for side, taken in seconds.items() if taken > limit_s}
    if not too_late:
        return []
    observed = ", ".join(f"{side} after {taken:.1f} s" for side, taken in too_late.items())
    return [Finding(check="start", expected=f"both healthy within {limit_s:g} s", observed=observed)]


def both_healthy(health: Mapping[str, str]) -> list[Finding]:
    """Every side that has a health check is healthy (STK-01)."""
    unhealthy = {side: state for side, state in health.items() if state not in ("", "healthy")}
    if not unhealthy:
        return []
    observed = ", ".join(f"{side} is {state}" for side, state in unhealthy.items())
    return [Finding(check="health", expected="both healthy", observed=observed)]


def both_on_network(networks: Mapping[str, Mapping[str, str]], wanted: str) -> list[Finding]:
    """Both sides are on one network that is called `wanted`; `networks` are each side's, name by id (STK-02)."""
    joined = [{key for key, name in own.items() if _is_called(name, wanted)} for own in networks.values()]
    if joined and set.intersection(*joined):
        return []
    observed = "; ".join(f"{side} on {', '.join(own.values()) or 'none'}" for side, own in networks.items())
    return [Finding(check="network", expected=f"both on one network {wanted}", observed=observed)]


def backend_responds_by_name(url: str, status: str) -> list[Finding]:
    """Requested from within the network at `url`, the backend returns `status` 200 (STK-02)."""
    if status == "200":
        return []
    return [
        Finding(
            check="service name",
            expected=f"status 200 from {url}, requested within the network",
            observed=status or "nothing",
        )
    ]


def result_is_shown_within(interaction: Interaction, limit_s: float) -> list[Finding]:
    """The page showed its result at the latest `limit_s` after the command was entered (STK-05)."""
    taken = interaction.rendered.ended - interaction.rendered.started
    if "pending" not in interaction.shown and taken <= limit_s:
        return []
    observed = f"nothing after {taken:.1f} s" if "pending" in interaction.shown else f"a result after {taken:.1f} s"
    return finding("in time", interaction, f"a result within {limit_s:g} s", observed)


def _is_called(name: str, wanted: str) -> bool:
    """Whether a network has this name, with the name of its project before it or not."""
    return name == wanted or name.endswith((f"_{wanted}", f"-{wanted}"))


def is_in_trail(entries: Iterable[TrailEntry], trace_id: str, trail: str) -> list[Finding]:
    """The audit trail, which is called `trail`, holds exactly one entry of `trace_id` (STK-03)."""
    count = sum(entry.trace_id == trace_id for entry in entries)
    if count == 1:
        return []
    expected = f"one entry with trace id {trace_id} in the trail ({trail})"
    return [Finding(check="trail entry", expected=expected, observed=f"{count} entries", trace_id=trace_id)]


def _shown_after(e: ExampleEvidence, seconds: float) -> Interaction:
    made = e.interaction(status=e.blocked)
    return Interaction(rendered=msgspec.structs.replace(made.rendered, started=0, ended=seconds), exchanges=())


EXAMPLES = (
    Example(
        requirement="STK-01",
        predicate=both_started_within,
        good=lambda _: ({"backend": 1.0, "console": 2.0}, 60),
        bad=lambda _: ({"backend": 1.0, "console": 61.0}, 60),
    ),
    Example(
        requirement="STK-01",
        predicate=both_healthy,
        good=lambda _: ({"backend": "healthy", "console": ""},),
        bad=lambda _: ({"backend": "starting", "console": ""},),
    ),
    Example(
        requirement="STK-02",
        predicate=both_on_network,
        good=lambda _: ({"backend": {"1": "p_techno-net"}, "console": {"1": "p_techno-net"}}, "techno-net"),
        bad=lambda _: ({"backend": {"1": "p_techno-net"}, "console": {"2": "p_techno-net"}}, "techno-net"),
    ),
    Example(
        requirement="STK-02",
        predicate=backend_responds_by_name,
        good=lambda _: ("http://backend.invalid", "200"),
        bad=lambda _: ("http://backend.invalid", ""),
    ),
    Example(
        requirement="STK-03",
        predicate=is_in_trail,
        good=lambda e: ([e.entry()], "t-1", "self-test"),
        bad=lambda e: ([e.entry()], "t-2", "self-test"),
    ),
    Example(
        requirement="STK-05",
        predicate=result_is_shown_within,
        good=lambda e: (_shown_after(e, 1), 16),
        bad=lambda e: (_shown_after(e, 17), 16),
    ),
)

FAMILY = Family(prefixes=("STK",), party=Party.PAIR, examples=EXAMPLES)
