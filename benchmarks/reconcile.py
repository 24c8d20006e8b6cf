"""The time and the memory that reconciling requests with the audit trail takes: `python -m benchmarks.reconcile`.

Reconciles the history of a long run: 100,000 requests of every kind, some in parallel, some without a response, each
with its entry; the audit trail is read after every 400 requests. Prints CPU seconds, the peak memory of reconciling,
and the ratio to the time for 10,000 requests. Exits with 1 when a bound is exceeded.
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

#: Entries of one reading of the audit trail, and requests between two readings.
WINDOW, EVERY = 1000, 400

#: Bounds for 100,000 requests: CPU seconds, peak memory, and the ratio to the time for 10,000.
MAX_SECONDS, MAX_MEGABYTES, MAX_RATIO = 2.0, 500.0, 15.0


def history(count: int) -> tuple[list[Exchange], list[TrailReading]]:
    """`count` requests and the readings of their audit trail."""
    random.seed(count)
    exchanges, readings, entries = [], [], []
    compactor = Compactor()
    at = START
    for number in range(count):
        at += random.uniform(0, 0.01)  # noqa: S311 - a history, not a secret
        refused, without_response = number % 5 == 0, number % 97 == 0
        trace_id = f"{number:08x}-0000-4000-8000-000000000000"
        state = "BLOCKED" if refused else "APPROVED"
        timestamp = datetime.fromtimestamp(at + 0.002, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = {"status": state, "ts_utc": timestamp, "trace_id": trace_id, "reason_codes": ["VALIDATION_FAILED"]}
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
                response=None if without_response else response,
                end=Ended.INDETERMINATE if without_response else Ended.OK,
                started=at,
                ended=at + 0.02,
            )
        )
        entries.append(
            TrailEntry(
                timestamp=timestamp, action="PING", result="SUCCESS", state=state, execution_id="e", trace_id=trace_id
            )
        )
        if number % EVERY == 0 or number == count - 1:
            read_at = at + (3 if number == count - 1 else 0.03)
            new_entries, layout = compactor.fold(entries[: -WINDOW - 1 : -1], lambda entry: entry)
            readings.append(
                TrailReading(
                    id=f"gw0-{count + number}",
                    item="one",
                    source="api x",
                    at=read_at,
                    ended=read_at,
                    limit=WINDOW,
                    entries=new_entries,
                    layout=layout,
                    base_url="http://backend.test",
                )
            )
    return exchanges, readings


def seconds(exchanges: list[Exchange], readings: list[TrailReading], times: int = 5) -> float:
    """The least CPU time of several runs; raises RuntimeError when a conforming history has anomalies or gaps."""
    best = float("inf")
    for _ in range(times):
        gc.collect()
        started = time.process_time()
        result = reconcile(exchanges, readings, TERMS)
        best = min(best, time.process_time() - started)
        if result.anomalies or result.gaps:
            raise RuntimeError(f"{len(result.anomalies)} anomalies, {dict(result.gaps)}")
    return best


def peak_megabytes(exchanges: list[Exchange], readings: list[TrailReading]) -> float:
    """The peak memory of one run without its input."""
    tracemalloc.start()
    reconcile(exchanges, readings, TERMS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> int:
    """Print the measurements; 1 when a bound is exceeded."""
    small, large = history(10_000), history(100_000)
    of_small, of_large = seconds(*small), seconds(*large)
    memory = peak_megabytes(*large)
    ratio = of_large / of_small
    sys.stdout.write(f"100000 exchanges, 100000 entries, {len(large[1])} readings: {of_large:.2f} s of CPU\n")
    sys.stdout.write(f"peak memory of reconciling: {memory:.0f} MB\n")
    sys.stdout.write(f"ratio of the time for 100000 to the time for 10000: {ratio:.1f}\n")
    return int(of_large > MAX_SECONDS or memory > MAX_MEGABYTES or ratio > MAX_RATIO)


if __name__ == "__main__":
    sys.exit(main())
