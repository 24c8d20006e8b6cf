"""Time until a mistake in a target file is reported: a selector, and those of `tests/fit/test_wrong_target_files.py`.

    python -m benchmarks.wrong_target [MISTAKE …]

Runs `validate` and `check` on each mistake, with as many workers as a user has by default, and prints the seconds by
the wall, those of the processor, and the line. The goal, on a machine that does nothing else: 10 s.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.fit.test_whole_runs import technogate
from tests.fit.test_wrong_target_files import MISTAKES, described

#: Seconds until a mistake must be reported.
GOAL_S = 10.0
#: The reference pair with a wrong selector, and what is said of it.
SELECTOR = f"""extends = "{ROOT}/images/embedded.toml"
[backend]
cwd = "{ROOT}/images/backend"
[console]
cwd = "{ROOT}/images/console"
module = "{ROOT}/images/console/static/client.js"
[console.selectors]
audit_limit = "#limit-of-another-page"
"""
SAID = {name: said for name, (_, _, said) in MISTAKES.items()} | {"selector": "nothing on the page matches #limit"}


def main(chosen: list[str]) -> int:
    """Measure each mistake; 1 when one takes longer than the goal or is not said."""
    missed = 0
    for mistake in chosen or SAID:
        for words in (("validate",), ("check",)):
            with tempfile.TemporaryDirectory() as folder:
                before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
                text = SELECTOR if mistake == "selector" else described(mistake)
                ended = technogate(Path(folder), text, *words)
                seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            met = seconds <= GOAL_S and ended.returncode == 2 and SAID[mistake] in ended.stderr
            missed += not met
            said = " ".join(ended.stderr.strip().splitlines()[-1:])[:90]
            took = f"{seconds:5.1f} s, {used:4.1f} s of the processor"
            sys.stdout.write(f"{'met' if met else 'MISSED':<6} {took}  {words[0]:<8} {mistake:<10} {said}\n")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
