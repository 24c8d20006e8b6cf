"""The time of a console without `aria-busy` beside the reference's: a page that does not say when it waits.

    python -m benchmarks.plain_page [--seed 1] [--pairs 3]

Checks every requirement of a console on both pages in turn, with one worker, and compares the least times of the
processor's clock and the wall's. The goal: the plain page takes at most 1.3 times as long.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAIRS = ROOT / "tests" / "programs" / "pairs"
GOAL = 1.3

#: The target file of each page; the plain one is the console of the pairs, with the reference's own client.
PLAIN = """name = "plain"
[console]
command = ["node", "../console/serve.mjs", "--host", "{host}", "--port", "{port}", "--dir", "."]
env = { NEXT_PUBLIC_API_URL = "{backend_url}", NEXT_PUBLIC_API_KEY = "{api_key}" }
"""


def prepared(folder: Path) -> dict[str, Path]:
    """The folders of the two pages, each with its target file."""
    shutil.copytree(PAIRS / "console", folder / "console")
    shutil.copy(ROOT / "images" / "console" / "static" / "client.js", folder / "console")
    plain, reference = folder / "plain", folder / "reference"
    for place in (plain, reference):
        place.mkdir()
    (plain / "target.toml").write_text(PLAIN, "utf-8")
    extends = ROOT / "images" / "console.toml"
    text = f'name = "reference"\nextends = "{extends}"\n[console]\ncwd = "{ROOT / "images" / "console"}"\n'
    (reference / "target.toml").write_text(text, "utf-8")
    return {"reference": reference, "plain": plain}


def measured(folder: Path, seed: int) -> tuple[float, float]:
    """Seconds by the wall and of the processor for one check of the page in a folder, which must pass."""
    line = [sys.executable, "-m", "technogate", "check", "console", "--target", "target.toml", "--workers", "1"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*line, "--seed", str(seed)], cwd=folder, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, used


def main() -> int:
    """Compare the two pages; 1 when the plain one takes longer than the goal."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--pairs", type=int, default=3)
    chosen = options.parse_args()
    times: dict[str, list[tuple[float, float]]] = {"reference": [], "plain": []}
    with tempfile.TemporaryDirectory() as name:
        folders = prepared(Path(name).resolve())
        for _ in range(chosen.pairs):
            for page, folder in folders.items():
                times[page].append(measured(folder, chosen.seed))
    least = {page: [min(column) for column in zip(*taken, strict=True)] for page, taken in times.items()}
    for page, (wall, used) in least.items():
        sys.stdout.write(f"{page:<10} {wall:6.1f} s by the wall, {used:6.1f} s of the processor\n")
    ratio = least["plain"][0] / least["reference"][0]
    said = "met" if ratio <= GOAL else "MISSED"
    sys.stdout.write(f"{said}: {ratio:.2f} times the reference's time, the goal is {GOAL}\n")
    return int(ratio > GOAL)


if __name__ == "__main__":
    raise SystemExit(main())
