"""How fast a console is judged: generated hostile answers for each client function, and answers that come too late.

    python -m benchmarks.console [--profile standard] [--seed 1] [--only answers|timeouts]

Runs the generated items of the console's suites against the embedded reference with one worker, and
reads the times from the journal. The goals are those of the standard profile: in each driver, so many
answers for each function within 20 s.

Then the timeout scenes in a run of their own, from the first call to the word that the last is over: all of a
driver together within 17 s, in the thorough profile the one that takes two windows within 32 s. What it takes
to get them ready (in the browser, a page for each) is told beside it; the rest of a run goes on meanwhile.
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

#: Hostile answers for each function that are to be judged within the time, by driver.
GOAL = {"module": 400, "browser": 60}
SECONDS = 20.0

#: Seconds for all timeout scenes of a driver together, and for those that take two windows.
TIMEOUT_SECONDS = {"one window": 17.0, "two windows": 32.0}

#: The generated items of hostile answers, by the function that they are for.
FUNCTIONS = {
    "test_any_other_status_is_blocked": "executeCommand",
    "test_any_4xx_is_blocked": "executeCommand",
    "test_any_5xx_is_blocked": "executeCommand",
    "test_any_violation_is_blocked": "executeCommand",
    "test_any_broken_list_leads_to_the_fallback": "fetchAuditLog",
    "test_any_broken_memory_is_no_snapshot": "fetchMemory",
}
REQUIREMENTS = ("CON-03", "CON-04", "CON-05", "CON-08", "CON-10", "CON-11")


def run(requirements: Sequence[str], profile: str, seed: int, folder: Path) -> Journal:
    """Check these requirements with one worker and return the journal."""
    line = [sys.executable, "-m", "technogate", "check", *requirements, "--profile", profile]
    line += ["--seed", str(seed), "--workers", "1", "--reports", str(folder)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    return read_journal(folder / "journal.jsonl")


def responses(results: Sequence[ItemResult]) -> bool:
    """Print how many generated answers were judged how fast; whether every goal was met."""
    cases: dict[tuple[str, str], int] = defaultdict(int)
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for result in results:
        name, _, parameter = result.item.rpartition("::")[2].partition("[")
        if name in FUNCTIONS:
            key = parameter.rstrip("]"), FUNCTIONS[name]
            cases[key] += result.checks
            seconds[key] += result.seconds
    every = bool(cases)
    for (driver, function), count in sorted(cases.items()):
        took = seconds[driver, function]
        met = count >= GOAL[driver] and took <= SECONDS
        every = every and met
        each = took / count * 1000
        line = f"{driver:8} {function:15} {count:5} answers  {took:6.1f} s  {each:6.1f} ms each"
        sys.stdout.write(f"{line}  {'' if met else 'goal missed'}".rstrip() + "\n")
    return every


def timeouts(events: Sequence[FaultEvent]) -> bool:
    """Print how long the timeout scenes took together; whether every goal was met."""
    begun: dict[tuple[str, str], list[float]] = defaultdict(list)
    over: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        if event.kind.startswith("late ") and event.kind != CLAIM:
            _, driver, endpoint, _ = event.kind.split(" ")
            key = driver, "two windows" if endpoint == "chain" else "one window"
            {"injected": begun, "recovered": over}.get(event.phase, defaultdict(list))[key].append(event.at)
    claimed = min(event.at for event in events if event.kind == CLAIM)
    every = bool(begun)
    for key, starts in sorted(begun.items()):
        took, ready = max(over[key]) - min(starts), min(starts) - claimed
        met = took <= TIMEOUT_SECONDS[key[1]]
        every = every and met
        line = f"{key[0]:8} timeouts, {key[1]:11} {len(starts):3} scenes  {took:6.1f} s, ready after {ready:.1f} s"
        sys.stdout.write(f"{line}  {'' if met else 'goal missed'}".rstrip() + "\n")
    return every


def main() -> int:
    """Print one line for each function and driver, and for the timeouts; 1 when a goal was missed."""
    words = argparse.ArgumentParser(description="Judging a console: how many generated answers, how fast; timeouts.")
    words.add_argument("--profile", default="standard")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--only", choices=("answers", "timeouts"), help="measure this alone")
    given = words.parse_args()
    every = True
    with tempfile.TemporaryDirectory() as folder:
        if given.only != "timeouts":
            journal = run(REQUIREMENTS, given.profile, given.seed, Path(folder) / "answers")
            every = responses(journal.results)
        if given.only != "answers":
            journal = run(("CON-06",), given.profile, given.seed, Path(folder) / "timeouts")
            every = timeouts(journal.faults) and every
    return 0 if every else 1


if __name__ == "__main__":
    raise SystemExit(main())
