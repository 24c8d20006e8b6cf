"""How long reconciling takes and how much memory: `python benchmarks/reconcile.py`.

A backend of a long run: 100,000 requests of every kind, some in parallel, some without an answer, each with
its entry, and the trail read whenever 400 have come. Prints CPU seconds, the peak of memory that reconciling
itself takes, and how time grows from a tenth of that. Ends with 1 when a bound is passed.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import tracemalloc
from datetime import UTC, datetime

import msgspec

from technogate.model.events import Body, Ended, Exchange, Request, Response, TrailEntry, TrailReading
from technogate.trail.history import Compactor
from technogate.trail.reconcile.expected_entries import TrailTerms
from technogate.trail.reconcile.reconciliation import reconcile

TERMS = TrailTerms(execute="executeCommand", guarded=frozenset({"executeCommand", "fetchAuditLog", "fetchMemory"}))
START = 1_750_000_000.0
WINDOW, EVERY = 1000, 400

#: What 100,000 requests may take, and how much more than ten times the time of 10,000.
MOST_SECONDS, MOST_MEGABYTES, MOST_GROWTH = 2.0, 500.0, 15.0


def history(count: int) -> tuple[list[Exchange], list[TrailReading]]:
    """`count` requests and the readings of their trail."""
    random.seed(count)
    exchanges, readings, entries = [], [], []
    compactor = Compactor()
    at = START
    for number in range(count):
        at += random.uniform(0, 0.01)  # noqa: S311 - a story, not a secret
        refused, silent = number % 5 == 0, number % 97 == 0
        trace_id = f"{number:08x}-0000-4000-8000-000000000000"
        state = "BLOCKED" if refused else "APPROVED"
        stamp = datetime.fromtimestamp(at + 0.002, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = {"status": state, "ts_utc": stamp, "trace_id": trace_id, "reason_codes": ["VALIDATION_FAILED"]}
        response = Response(
            status=400 if refused else 200,
            headers=(("date", "now"), ("content-type", "application/json"), ("x-trace-id", trace_id)),
            body=Body.of(msgspec.json.encode(body)),
        )
        exchanges.append(
            Exchange(
                id=f"gw0-{number}",
                item="one",
                responded_by="backend",
                operation="executeCommand",
                base_url="http://backend.test",
                request=Request(
                    method="POST",
                    path="/api/execute",
                    headers=(("Host", "backend.test"), ("Accept", "*/*"), ("X-API-Key", "$TECHNOGATE_API_KEY")),
                    body=Body.of(b'{"command": "PING"}'),
                ),
                response=None if silent else response,
                end=Ended.INDETERMINATE if silent else Ended.OK,
                started=at,
                ended=at + 0.02,
            )
        )
        entries.append(
            TrailEntry(
                timestamp=stamp, action="PING", result="SUCCESS", state=state, execution_id="e", trace_id=trace_id
            )
        )
        if number % EVERY == 0 or number == count - 1:
            later = at + (3 if number == count - 1 else 0.03)
            fresh, layout = compactor.fold(entries[: -WINDOW - 1 : -1], lambda entry: entry)
            readings.append(
                TrailReading(
                    id=f"gw0-{count + number}",
                    item="one",
                    source="api x",
                    at=later,
                    ended=later,
                    limit=WINDOW,
                    entries=fresh,
                    layout=layout,
                    base_url="http://backend.test",
                )
            )
    return exchanges, readings


def seconds(exchanges: list[Exchange], readings: list[TrailReading], times: int = 5) -> float:
    """The least CPU time of several runs; raises RuntimeError when an honest history is not found honest."""
    best = float("inf")
    for _ in range(times):
        gc.collect()
        begun = time.process_time()
        result = reconcile(exchanges, readings, TERMS)
        best = min(best, time.process_time() - begun)
        if result.anomalies or result.gaps:
            raise RuntimeError(f"{len(result.anomalies)} anomalies, {dict(result.gaps)}")
    return best


def peak_megabytes(exchanges: list[Exchange], readings: list[TrailReading]) -> float:
    """The most memory that one run holds beside its input."""
    tracemalloc.start()
    reconcile(exchanges, readings, TERMS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> int:
    """Measure and judge."""
    small, large = history(10_000), history(100_000)
    of_small, of_large = seconds(*small), seconds(*large)
    memory = peak_megabytes(*large)
    growth = of_large / of_small
    sys.stdout.write(f"100000 exchanges, 100000 entries, {len(large[1])} readings: {of_large:.2f} s of CPU\n")
    sys.stdout.write(f"peak memory of reconciling: {memory:.0f} MB\n")
    sys.stdout.write(f"time for 100000 to time for 10000: {growth:.1f}\n")
    return int(of_large > MOST_SECONDS or memory > MOST_MEGABYTES or growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
