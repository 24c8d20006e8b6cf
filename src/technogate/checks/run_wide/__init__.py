"""Sweeps: checks over everything that a run recorded, whoever sent it and whatever it was sent for.

A sweep is a pure function from the whole run to findings, tied to one requirement. It runs when the
journal is judged, and it counts as one item of its requirement. It needs evidence: a sweep that met
nothing of its kind has checked nothing, and one that could not see all that it had to says so.
"""

from __future__ import annotations

from technogate.checks.run_wide import envelope_run_wide, latency_run_wide, leaks_run_wide, trail_run_wide
from technogate.checks.run_wide.run_wide_check import RunWideCheck, RunWideResult, WholeRun

__all__ = ["RUN_WIDE_CHECKS", "RunWideCheck", "RunWideResult", "WholeRun"]

#: Every sweep there is.
RUN_WIDE_CHECKS: tuple[RunWideCheck, ...] = (
    *envelope_run_wide.RUN_WIDE_CHECKS,
    *leaks_run_wide.RUN_WIDE_CHECKS,
    *latency_run_wide.RUN_WIDE_CHECKS,
    *trail_run_wide.RUN_WIDE_CHECKS,
)
