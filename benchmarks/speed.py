"""The speed of the gate, compared with other tools, measured in one run.

Writes `reports/benchmark.md`: the wall clock of the standard validation of the embedded pair; requests a second,
compared with a plain load generator and the `schemathesis` command line on the same server; and the time to the first
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
from benchmarks.checkout import FindingTime
from benchmarks.first_finding import REFERENCE, sample, time_on
from benchmarks.request_rate import ToolRate, measure
from technogate.journal.journal_file import read_journal
from technogate.model.errors import UserError
from technogate.target import load_target
from technogate.target.api_key import new_key

ROOT = Path(__file__).resolve().parents[1]

#: Seconds that the contract's own timeouts take, one after the other for one page.
CONTRACT_S = 16.0

#: Requests of the plain load generator.
PLAIN = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The standard validation: its times in seconds, and the items and seconds of each suite, added up over workers.

    `findings` names the requirements with a finding: there are some if the machine is too busy to respond in time.
    """

    wall: float
    cpu: float
    exchanges: int
    suites: dict[str, tuple[int, float]]
    findings: tuple[str, ...]


def validation() -> Validation:
    """Validate the embedded pair once."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-") as place:
        arguments = ["validate", "--target", "embedded", "--profile", "standard", "--seed", "1", "--reports", place]
        before, started = _cpu(), time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "technogate", *arguments], capture_output=True, cwd=ROOT, check=False
        )
        wall, cpu = time.monotonic() - started, _cpu() - before
        journal = read_journal(Path(place) / "journal.jsonl")
    if journal.torn or not journal.results:
        raise UserError(f"the validation failed: {done.stdout.decode('utf-8', 'replace')[-300:]}")
    suites: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for result in journal.results:
        suite = result.item.split("/")[1]
        items, seconds = suites[suite]
        suites[suite] = items + 1, seconds + result.seconds
    findings = tuple(sorted({finding.requirement for finding in journal.findings}))
    return Validation(wall=wall, cpu=cpu, exchanges=len(journal.exchanges), suites=dict(suites), findings=findings)


def _cpu() -> float:
    """Processor time of all processes that were started from here and have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def plain_rate() -> float:
    """Requests a second of a client that generates, records and judges nothing, on one kept-alive connection."""
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
                raise UserError(f"the plain load generator received {response.status}")
        return PLAIN / (time.monotonic() - started)


def finding_times(names: list[str]) -> dict[str, tuple[FindingTime, FindingTime]]:
    """Both tools on each mutant, one right after the other."""
    times = {}
    for name in names:
        times[name] = time_on(name, first_finding.technogate), time_on(name, first_finding.schemathesis)
        _log(f"{name}: {_seconds(times[name][0].first_s)} and {_seconds(times[name][1].first_s)}")
    return times


def page(size: int, examples: int) -> str:
    """Measure everything and return the page as Markdown."""
    load = os.getloadavg()[0]
    _log("the standard validation")
    whole = validation()
    _log("requests a second")
    plain = plain_rate()
    rates = measure(examples)
    _log("the first finding")
    times = finding_times([REFERENCE, *sample(size)])
    reference = times.pop(REFERENCE)
    if any(tool.first_s is not None for tool in reference):
        raise UserError("a tool has a finding on the reference: its findings on mutants prove nothing")
    known = first_finding.with_known_requirement(list(times))
    about = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {os.cpu_count()} cores"
    return f"""# Benchmark

{about}. Load of the machine before: {load:.1f}, at the end: {os.getloadavg()[0]:.1f} (mean of a minute).
Made by `python -m benchmarks.speed` in one run.

## The standard validation of the embedded pair

Wall clock **{whole.wall:.1f} s**, of which the contract's own timeouts take {CONTRACT_S:.0f} s. Processor time
{whole.cpu:.1f} s; {whole.exchanges} exchanges; findings: {", ".join(whole.findings) or "none"}.
By suite, added up over the workers:

| suite | items | seconds |
|---|--:|--:|
{_lines(f"| {name} | {items} | {took:.1f} |" for name, (items, took) in sorted(whole.suites.items()))}

{_rates(plain, *rates)}

{_first_findings(times, reference, known)}
"""


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _rates(plain: float, technogate: ToolRate, schemathesis: ToolRate) -> str:
    """The chapter on requests a second."""
    judged = f"technogate: generated, sent, recorded, judged ({technogate.checks} checks)"
    return f"""## Requests a second, one worker, the same server

| | requests a second | of the plain load generator |
|---|--:|--:|
| a plain load generator: nothing generated, recorded or judged | {plain:.0f} | 100 % |
| {judged} | {technogate.rate:.0f} | {100 * technogate.rate / plain:.0f} % |
| `schemathesis run` | {schemathesis.rate:.0f} | {100 * schemathesis.rate / plain:.0f} % |

technogate makes {technogate.rate / schemathesis.rate:.1f} times as many requests a second as `schemathesis run`."""


def _first_findings(
    times: dict[str, tuple[FindingTime, FindingTime]],
    reference: tuple[FindingTime, FindingTime],
    known: dict[str, float],
) -> str:
    """The chapter on the first finding."""
    count = len(times)
    ours, theirs = ([tools[side].first_s for tools in times.values()] for side in (0, 1))
    both = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]
    found = [sum(seconds is not None for seconds in tool) for tool in (ours, theirs)]
    rows = (f"| {name} | {_seconds(a.first_s)} | {_seconds(b.first_s)} |" for name, (a, b) in times.items())
    return f"""## Seconds until the first finding: {count} of the wrong backends, evenly by name

Both tools are started as a user starts them, with one worker, without knowledge of the defect, and ended at their first
finding. Neither has a finding on the reference. `schemathesis run` has the contract's OpenAPI document and all its own
checks.

| | `technogate check backend` | `schemathesis run` |
|---|--:|--:|
| found | {found[0]} of {count} | {found[1]} of {count} |
| median of those that it found | {_median(ours)} | {_median(theirs)} |
| median of the {len(both)} that both found | {_median(a for a, _ in both)} | {_median(b for _, b in both)} |
| a whole run, on the reference | {reference[0].total_s:.1f} s | {reference[1].total_s:.1f} s |

`technogate mutants` begins with the requirement that a mutant breaks: there the median of the same mutants is
{_median(known.values())}.

| mutant | technogate | `schemathesis run` |
|---|--:|--:|
{_lines(rows)}"""


def _median(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return _seconds(median(known) if known else None)


def _seconds(value: float | None) -> str:
    return "not found" if value is None else f"{value:.1f} s"


def _log(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description="The speed of the gate: wall clock, requests a second, first finding.")
    parser.add_argument("--mutants", type=int, default=20, help="wrong backends in the sample")
    parser.add_argument("--examples", type=int, default=150, help="examples of each operation for schemathesis")
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "benchmark.md")
    arguments = parser.parse_args()
    try:
        text = page(arguments.mutants, arguments.examples)
    except UserError as error:
        sys.stderr.write(f"benchmark: {error}\n")
        return 2
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text, "utf-8")
    _log(f"wrote {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
