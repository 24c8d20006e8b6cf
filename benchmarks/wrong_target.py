"""The time until a mistake in a target file is said: each of the mistakes of `tests/fit/test_wrong_target_files.py`.

    python -m benchmarks.wrong_target [MISTAKE …]

Runs `validate` and `check` on each mistake, with as many workers as a user has by default, and prints the seconds and
the line. The goal, on a machine that does nothing else: 10 s.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.fit.test_whole_runs import technogate
from tests.fit.test_wrong_target_files import MISTAKES, described

#: Seconds until a mistake must be said.
GOAL_S = 10.0


def main(chosen: list[str]) -> int:
    """Measure each mistake; 1 when one takes longer than the goal or is not said."""
    missed = 0
    for mistake in chosen or MISTAKES:
        for words in (("validate",), ("check",)):
            with tempfile.TemporaryDirectory() as folder:
                began = time.monotonic()
                ended = technogate(Path(folder), described(mistake), *words)
                seconds = time.monotonic() - began
            met = seconds <= GOAL_S and ended.returncode == 2 and MISTAKES[mistake][2] in ended.stderr
            missed += not met
            said = " ".join(ended.stderr.strip().splitlines()[-1:])[:90]
            sys.stdout.write(f"{'met' if met else 'MISSED':<6} {seconds:5.1f} s  {words[0]:<8} {mistake:<10} {said}\n")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
