"""The speed of checking a console: generated invalid responses for each client function, and slow responses.

    python -m benchmarks.console [--profile standard] [--seed 1] [--only responses|timeouts]

Runs the generated items of the console's suites against the embedded reference with one worker, and reads the times
from the journal. The goals are those of the standard profile: in each driver, a number of responses for each function
within 20 s.

Then runs the timeout interactions in a run of their own and measures from the first call to the end of the last one.
The goals: all of a driver together within 17 s; those of the thorough profile that take two timeouts within 32 s. The
time until they are ready (in the browser, a page for each) is printed as well; the rest of a run goes on meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from fixtures.slow_response_run import CLAIM
from technogate.journal.journal_file import Journal, read_journal
from technogate.model.events import FaultEvent, ItemResult

#: Invalid responses for each function that must be judged within `SECONDS`, by driver.
GOAL = {"module": 400, "browser": 60}
SECONDS = 20.0

#: Seconds for all timeout interactions of a driver together, and for those that take two timeouts.
TIMEOUT_SECONDS = {"one timeout": 17.0, "two timeouts": 32.0}

#: The requirements that are checked with generated invalid responses, and the client function of each.
FUNCTIONS = {
    "CON-03": "executeCommand",
    "CON-04": "executeCommand",
    "CON-05": "executeCommand",
    "CON-08": "executeCommand",
    "CON-10": "fetchAuditLog",
    "CON-11": "fetchMemory",
}

#: The items with generated responses: the others of these requirements check a few written ones.
GENERATED = "::test_any_"


def run(requirements: Sequence[str], profile: str, seed: int, folder: Path) -> Journal:
    """Check these requirements with one worker and return the journal."""
    line = [sys.executable, "-m", "technogate", "check", *requirements, "--target", "embedded"]
    line += ["--profile", profile, "--seed", str(seed), "--workers", "1", "--reports", str(folder)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    return read_journal(folder / "journal.jsonl")


def responses(results: Sequence[ItemResult]) -> bool:
    """Print the number of generated responses and the time for them; whether every goal was met."""
    cases: dict[tuple[str, str], int] = defaultdict(int)
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    missing = set(FUNCTIONS)
    for result in results:
        if GENERATED in result.item and result.requirement in FUNCTIONS:
            missing.discard(result.requirement)
            driver = result.item.rpartition("[")[2].rstrip("]")
            key = driver, FUNCTIONS[result.requirement]
            cases[key] += result.checks
            seconds[key] += result.seconds
    for requirement in sorted(missing):
        sys.stdout.write(f"{requirement}: no item with generated responses  goal missed\n")
    all_met = not missing
    for (driver, function), count in sorted(cases.items()):
        took = seconds[driver, function]
        met = count >= GOAL[driver] and took <= SECONDS
        all_met = all_met and met
        per_response_ms = took / count * 1000
        line = f"{driver:8} {function:15} {count:5} responses  {took:6.1f} s  {per_response_ms:6.1f} ms each"
        sys.stdout.write(f"{line}  {'' if met else 'goal missed'}".rstrip() + "\n")
    return all_met


def timeouts(events: Sequence[FaultEvent]) -> bool:
    """Print the time that the timeout interactions took together; whether every goal was met."""
    starts: dict[tuple[str, str], list[float]] = defaultdict(list)
    ends: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        if event.kind.startswith("late ") and event.kind != CLAIM:
            _, driver, endpoint, _ = event.kind.split(" ")
            key = driver, "two timeouts" if endpoint == "chain" else "one timeout"
            {"injected": starts, "recovered": ends}.get(event.phase, defaultdict(list))[key].append(event.at)
    claimed = min((event.at for event in events if event.kind == CLAIM), default=0.0)
    all_met = bool(starts)
    for key, times in sorted(starts.items()):
        took, ready = max(ends[key]) - min(times), min(times) - claimed
        met = took <= TIMEOUT_SECONDS[key[1]]
        all_met = all_met and met
        line = f"{key[0]:8} {key[1]:12} {len(times):3} interactions  {took:6.1f} s, ready after {ready:.1f} s"
        sys.stdout.write(f"{line}  {'' if met else 'goal missed'}".rstrip() + "\n")
    if not starts:
        sys.stdout.write("no timeout interaction was recorded  goal missed\n")
    return all_met


def main() -> int:
    """Print one line for each function and driver, and for the timeouts; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description="The speed of checking a console: generated responses and timeouts.")
    parser.add_argument("--profile", default="standard")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("responses", "timeouts"), help="measure only this")
    arguments = parser.parse_args()
    all_met = True
    with tempfile.TemporaryDirectory() as folder:
        if arguments.only != "timeouts":
            journal = run(tuple(FUNCTIONS), arguments.profile, arguments.seed, Path(folder) / "responses")
            all_met = responses(journal.results)
        if arguments.only != "responses":
            journal = run(("CON-06",), arguments.profile, arguments.seed, Path(folder) / "timeouts")
            all_met = timeouts(journal.faults) and all_met
    return 0 if all_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
