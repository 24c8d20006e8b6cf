"""Seconds until a tool has its first finding against a wrong backend: the gate, and the `schemathesis` command line.

Each is started as its user would start it, told nothing of the defect, with one worker; its own start counts. The gate
starts the backend itself; for `schemathesis` it runs already, which is in its favour. Against the reference neither
has a finding, so whatever it finds in a mutant is the defect.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from technogate.model.errors import UserError
from technogate.model.events import Finding
from technogate.mutation.mutant import load
from technogate.mutation.mutant_kinds import HONEST, KINDS
from technogate.runner.run_context import new_key
from technogate.runner.suite_process import Tail
from technogate.target import load_target
from technogate.util.shipped import mutants_folder

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = mutants_folder() / "backend"
OPENAPI = ROOT / "contracts" / "console-v0.1" / "openapi.yaml"

#: Seconds that a tool gets for one mutant.
TIMEOUT_S = 240.0

#: Seconds between two looks.
POLL_S = 0.02

#: What stands for the reference among the mutants.
REFERENCE = "(the reference)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """One tool against one backend: seconds to its first finding, None without one, and seconds to its end."""

    first: float | None
    whole: float


def sample(size: int) -> list[str]:
    """So many backend mutants, evenly from the list by name: the same ones every time."""
    names = sorted(path.stem for path in MUTANTS.glob("*.toml"))
    step = max(1, len(names) // size)
    return names[step // 2 :: step][:size]


def hunt(name: str, tool: Callable[[str, Path], Hunt]) -> Hunt:
    """Set a tool on the mutant `name`; raises UserError when the tool itself breaks."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-", ignore_cleanup_errors=True) as place:
        mutant = HONEST if name == REFERENCE else load(MUTANTS / f"{name}.toml")
        subject = KINDS["backend"].make(ROOT, mutant, Path(place))
        return tool(subject.target, Path(place))


def run_context(target: str, place: Path) -> Hunt:
    """`technogate check backend`, ended at the first finding in its journal."""
    reports = place / "reports"
    words = ["check", "backend", "--target", target, "--profile", "quick", "--seed", "1", "--workers", "1"]
    tail, started = Tail(reports / "journal.jsonl"), time.monotonic()
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "technogate", *words, "--reports", str(reports)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
        )  # fmt: skip
        first: float | None = None
        while process.poll() is None and time.monotonic() - started < TIMEOUT_S:
            if first is None and any(isinstance(event, Finding) for event in tail.events()):
                first = time.monotonic() - started
                process.terminate()
            time.sleep(POLL_S)
        process.terminate()
        process.wait()
    whole = time.monotonic() - started
    if first is None and process.returncode == 1 and _document(reports)["findings"]:
        # What only the run as a whole shows is found at its end, by the judge.
        first = whole
    if first is None and process.returncode not in (0, 3):
        raise UserError(f"technogate broke on {target}: {(place / 'log').read_text('utf-8', 'replace')[-300:]}")
    return Hunt(first=first, whole=whole)


def _document(reports: Path) -> dict[str, Any]:
    return msgspec.json.decode((reports / "verdict.json").read_bytes(), type=dict[str, Any])


def schemathesis(target: str, place: Path) -> Hunt:
    """`schemathesis run` with the contract's document and all its own checks and phases, ended at its first failure."""
    key = new_key()
    with load_target(target, ROOT).start(key) as pair:
        if pair.backend is None:
            raise UserError("the target has no backend")
        words = ["run", str(OPENAPI), "--url", pair.backend.url, "-H", f"X-API-Key: {key}", "--seed", "1"]
        words += ["--workers", "1", "--max-failures", "1", "--no-color"]
        started = time.monotonic()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "schemathesis.cli", *words],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=place, timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Hunt(first=None, whole=TIMEOUT_S)
    whole = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise UserError(f"schemathesis broke on {target}: {(done.stdout + done.stderr)[-300:]}")
    return Hunt(first=whole if done.returncode else None, whole=whole)


def hinted(names: Sequence[str]) -> dict[str, float]:
    """Seconds to the first finding of the declared requirement, as `technogate score` measures them."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-") as place:
        words = ["score", *names, "--workers", "1", "--reports", place]
        done = subprocess.run([sys.executable, "-m", "technogate", *words], capture_output=True, cwd=ROOT, check=False)
        # A score of some mutants is never a complete one: its exit code says so.
        if done.returncode not in (0, 1, 3):
            raise UserError(f"technogate score broke: {done.stderr.decode('utf-8', 'replace')[-300:]}")
        score = msgspec.json.decode((Path(place) / "score.json").read_bytes(), type=dict[str, Any])
    return {one["name"]: one["first_s"] for one in score["mutants"] if one["first_s"] is not None}
