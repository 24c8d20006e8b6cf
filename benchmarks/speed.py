"""How fast the gate is, beside what is there without it, measured side by side in one run.

Writes `reports/benchmark.md`: the wall clock of the standard validation of the embedded pair, requests a second beside
those of a plain load generator and of the `schemathesis` command line on the same server, and the time to the first
finding for a sample of wrong backends. Takes some minutes. Run from the repository's root:

    python -m benchmarks.speed
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from benchmarks import first_finding
from benchmarks.first_finding import REFERENCE, Hunt, hunt, sample
from benchmarks.requests import Measured, compare
from technogate.journal.journal_file import read_journal
from technogate.model.errors import UserError
from technogate.runner.run_context import new_key
from technogate.target import load_target

ROOT = Path(__file__).resolve().parents[1]

#: Seconds that the contract's own time-outs take, one after the other for one page.
CONTRACT_S = 16.0

#: Requests of the plain load generator.
PLAIN = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The standard validation: its times in seconds, and the items and seconds of each suite, added up over workers.

    `found` names what the reference pair was found to break: on a machine that is too busy to answer in time.
    """

    wall: float
    cpu: float
    exchanges: int
    suites: dict[str, tuple[int, float]]
    found: tuple[str, ...]


def validation() -> Validation:
    """Validate the embedded pair once, both sides and everything."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-") as place:
        words = ["validate", "--profile", "standard", "--seed", "1", "--reports", place]
        before, started = _cpu(), time.monotonic()
        done = subprocess.run([sys.executable, "-m", "technogate", *words], capture_output=True, cwd=ROOT, check=False)
        wall, cpu = time.monotonic() - started, _cpu() - before
        journal = read_journal(Path(place) / "journal.jsonl")
    if journal.torn or not journal.results:
        raise UserError(f"the validation broke: {done.stdout.decode('utf-8', 'replace')[-300:]}")
    suites: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for result in journal.results:
        suite = result.item.split("/")[1]
        items, seconds = suites[suite]
        suites[suite] = items + 1, seconds + result.seconds
    found = tuple(sorted({finding.requirement for finding in journal.findings}))
    return Validation(wall=wall, cpu=cpu, exchanges=len(journal.exchanges), suites=dict(suites), found=found)


def _cpu() -> float:
    """Seconds of processor time of every process that was started from here and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def plain_rate() -> float:
    """Requests a second of a client that draws, records and judges nothing, on one connection that is kept."""
    key = new_key()
    with load_target("embedded", ROOT).start(key) as pair:
        if pair.backend is None:
            raise UserError("the embedded target has no backend")
        connection = http.client.HTTPConnection(urlsplit(pair.backend.url).netloc, timeout=30)
        headers = {"X-API-Key": key, "Content-Type": "application/json"}
        kinds = [
            ("POST", "/api/execute", b'{"command": "PING"}'),
            ("GET", "/api/audit", None),
            ("GET", "/api/diagnostic/metrics", None),
            ("GET", "/api/memory", None),
        ]
        started = time.monotonic()
        for number in range(PLAIN):
            method, path, body = kinds[number % len(kinds)]
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise UserError(f"the plain load generator was answered {response.status}")
        return PLAIN / (time.monotonic() - started)


def hunts(names: list[str]) -> dict[str, tuple[Hunt, Hunt]]:
    """Both tools on each mutant, the one right after the other."""
    found = {}
    for name in names:
        found[name] = hunt(name, first_finding.run_context), hunt(name, first_finding.schemathesis)
        _say(f"{name}: {_seconds(found[name][0].first)} and {_seconds(found[name][1].first)}")
    return found


def page(size: int, examples: int) -> str:
    """Measure everything and write it down as Markdown."""
    load = os.getloadavg()[0]
    _say("the standard validation")
    whole = validation()
    _say("requests a second")
    plain = plain_rate()
    rates = compare(examples)
    _say("the first finding")
    found = hunts([REFERENCE, *sample(size)])
    reference = found.pop(REFERENCE)
    if any(one.first is not None for one in reference):
        raise UserError("a tool has a finding against the reference: its findings prove nothing")
    told = first_finding.hinted(list(found))
    about = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {os.cpu_count()} cores"
    return f"""# Benchmark

{about}. Load of the machine before: {load:.1f}, at the end: {os.getloadavg()[0]:.1f} (mean of a minute).
Made by `python -m benchmarks.speed` in one run.

## The standard validation of the embedded pair

Wall clock **{whole.wall:.1f} s**, of which the contract's own time-outs take {CONTRACT_S:.0f} s. Processor time
{whole.cpu:.1f} s; {whole.exchanges} exchanges; findings: {", ".join(whole.found) or "none"}.
By suite, added up over the workers:

| suite | items | seconds |
|---|--:|--:|
{_lines(f"| {name} | {items} | {took:.1f} |" for name, (items, took) in sorted(whole.suites.items()))}

{_rates(plain, *rates)}

{_firsts(found, reference, told)}
"""


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _rates(plain: float, ours: Measured, theirs: Measured) -> str:
    """The chapter on requests a second."""
    judged = f"technogate: drawn, sent, recorded, judged ({ours.checks} checks)"
    return f"""## Requests a second, one worker, the same server

| | requests a second | of the plain load generator |
|---|--:|--:|
| a plain load generator: nothing drawn, recorded or judged | {plain:.0f} | 100 % |
| {judged} | {ours.rate:.0f} | {100 * ours.rate / plain:.0f} % |
| `schemathesis run` | {theirs.rate:.0f} | {100 * theirs.rate / plain:.0f} % |

technogate makes {ours.rate / theirs.rate:.1f} times as many as `schemathesis run`."""


def _firsts(found: dict[str, tuple[Hunt, Hunt]], reference: tuple[Hunt, Hunt], told: dict[str, float]) -> str:
    """The chapter on the first finding."""
    count = len(found)
    mine, theirs = ([one[side].first for one in found.values()] for side in (0, 1))
    both = [(one, other) for one, other in zip(mine, theirs, strict=True) if one is not None and other is not None]
    hits = [sum(one is not None for one in side) for side in (mine, theirs)]
    return f"""## Seconds until the first finding: {count} of the wrong backends, evenly by name

Both tools are started as a user would, with one worker, told nothing of the defect, and ended at their first finding.
Neither has any against the reference. `schemathesis run` has the contract's OpenAPI document and all its own checks.

| | `technogate check backend` | `schemathesis run` |
|---|--:|--:|
| found | {hits[0]} of {count} | {hits[1]} of {count} |
| median of those that it found | {_median(mine)} | {_median(theirs)} |
| median of the {len(both)} that both found | {_median(one for one, _ in both)} | {_median(one for _, one in both)} |
| a whole run, against the reference | {reference[0].whole:.1f} s | {reference[1].whole:.1f} s |

`technogate score` begins with the requirement that a mutant breaks: there the median of the same ones is
{_median(told.values())}.

| mutant | technogate | `schemathesis run` |
|---|--:|--:|
{_lines(f"| {name} | {_seconds(one.first)} | {_seconds(two.first)} |" for name, (one, two) in found.items())}"""


def _median(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return _seconds(median(known) if known else None)


def _seconds(value: float | None) -> str:
    return "not found" if value is None else f"{value:.1f} s"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> int:
    """Write the page."""
    words = argparse.ArgumentParser(description="How fast the gate is: wall clock, requests a second, first finding.")
    words.add_argument("--mutants", type=int, default=20, help="wrong backends in the sample")
    words.add_argument("--examples", type=int, default=150, help="examples of each operation for schemathesis")
    words.add_argument("--out", type=Path, default=ROOT / "reports" / "benchmark.md")
    given = words.parse_args()
    try:
        text = page(given.mutants, given.examples)
    except UserError as mistake:
        sys.stderr.write(f"benchmark: {mistake}\n")
        return 2
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(text, "utf-8")
    _say(f"wrote {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
