"""Checks of both images together: their start, their network, and what the page shows when the backend is gone."""

from __future__ import annotations

from collections.abc import Mapping

from technogate.checks.console import Interaction, finding
from technogate.model.events import Finding


def started_within(seconds: Mapping[str, float], limit_s: float) -> list[Finding]:
    """Each side was ready (and healthy, where it tells) within `limit_s` (STK-01)."""
    late = {side: taken for side, taken in seconds.items() if taken > limit_s}
    if not late:
        return []
    observed = ", ".join(f"{side} after {taken:.1f} s" for side, taken in late.items())
    return [Finding(check="start", expected=f"both healthy within {limit_s:g} s", observed=observed)]


def healthy(health: Mapping[str, str]) -> list[Finding]:
    """No side that tells its health is anything but healthy (STK-01)."""
    sick = {side: told for side, told in health.items() if told not in ("", "healthy")}
    if not sick:
        return []
    observed = ", ".join(f"{side} is {told}" for side, told in sick.items())
    return [Finding(check="health", expected="both healthy", observed=observed)]


def on_network(networks: Mapping[str, Mapping[str, str]], wanted: str) -> list[Finding]:
    """Both sides are on one network that is called `wanted`; `networks` are each side's, name by id (STK-02)."""
    joined = [{number for number, name in each.items() if _is_called(name, wanted)} for each in networks.values()]
    if joined and set.intersection(*joined):
        return []
    observed = "; ".join(f"{side} on {', '.join(each.values()) or 'none'}" for side, each in networks.items())
    return [Finding(check="network", expected=f"both on one network {wanted}", observed=observed)]


def responses_by_name(url: str, said: str) -> list[Finding]:
    """Asked from within the network at `url`, the backend `said` 200 (STK-02)."""
    if said == "200":
        return []
    return [
        Finding(
            check="service name",
            expected=f"status 200 from {url}, asked within the network",
            observed=said or "nothing",
        )
    ]


def shown_within(interaction: Interaction, limit_s: float) -> list[Finding]:
    """The page showed its result at the latest `limit_s` after the command was entered (STK-05)."""
    taken = interaction.rendered.ended - interaction.rendered.started
    if "pending" not in interaction.shown and taken <= limit_s:
        return []
    observed = f"nothing after {taken:.1f} s" if "pending" in interaction.shown else f"a result after {taken:.1f} s"
    return finding("in time", interaction, f"a result within {limit_s:g} s", observed)


def _is_called(name: str, wanted: str) -> bool:
    """Whether a network has this name, its project's name before it or not."""
    return name == wanted or name.endswith((f"_{wanted}", f"-{wanted}"))
