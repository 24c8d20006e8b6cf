"""How fast generated hostile answers are judged: each client function, in the module driver and in the browser.

    python benchmarks/console.py [--profile standard] [--seed 1]

Runs the generated items of the console's suites against the embedded reference with one worker, and
reads the times from the journal. The goals are those of the standard profile: in each driver, so many
answers for each function within 20 s.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from technogate.evidence import ItemResult
from technogate.journal import read_journal

#: Hostile answers for each function that are to be judged within the time, by driver.
GOAL = {"module": 400, "browser": 60}
SECONDS = 20.0

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


def run(profile: str, seed: int, folder: Path) -> list[ItemResult]:
    """Run the requirements that have such items and return the results of the run."""
    line = [sys.executable, "-m", "technogate", "check", *REQUIREMENTS, "--profile", profile]
    line += ["--seed", str(seed), "--workers", "1", "--reports", str(folder)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    return read_journal(folder / "journal.jsonl").results


def main() -> int:
    """Print one line for each function and driver; 1 when a goal was missed."""
    words = argparse.ArgumentParser(description="Judging generated hostile answers: how many, how fast.")
    words.add_argument("--profile", default="standard")
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    cases: dict[tuple[str, str], int] = defaultdict(int)
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    with tempfile.TemporaryDirectory() as folder:
        for result in run(given.profile, given.seed, Path(folder)):
            name, _, parameter = result.item.rpartition("::")[2].partition("[")
            if name in FUNCTIONS:
                key = parameter.rstrip("]"), FUNCTIONS[name]
                cases[key] += result.checks
                seconds[key] += result.seconds
    missed = False
    for (driver, function), count in sorted(cases.items()):
        took = seconds[driver, function]
        met = count >= GOAL[driver] and took <= SECONDS
        missed = missed or not met
        each = took / count * 1000
        line = f"{driver:8} {function:15} {count:5} answers  {took:6.1f} s  {each:6.1f} ms each"
        sys.stdout.write(f"{line}  {'' if met else 'goal missed'}".rstrip() + "\n")
    return 1 if missed or (given.profile != "standard" and not cases) else 0


if __name__ == "__main__":
    raise SystemExit(main())
