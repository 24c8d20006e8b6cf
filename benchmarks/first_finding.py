"""Seconds until a tool has its first finding on a mutant: technogate, and the `schemathesis` command line.

Each is started as a user starts it, without knowledge of the defect, with one worker; its start-up time counts.
technogate starts the backend itself; for `schemathesis` it already runs, which favours `schemathesis`. Neither has a
finding on the reference, so every finding on a mutant is due to the defect.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.checkout import JUDGED, ROOT, TIMEOUT_S, Checkout, FindingTime
from technogate.model.errors import UserError
from technogate.mutation import mutant_kinds
from technogate.mutation.mutant import load
from technogate.mutation.mutant_kinds import KINDS
from technogate.mutation.mutation_reports import JSON
from technogate.target import load_target
from technogate.target.api_key import new_key
from technogate.util.shipped import mutants_folder

MUTANTS = mutants_folder() / "backend"
OPENAPI = ROOT / "contracts" / "console-v0.1" / "openapi.yaml"

#: The name of the reference in a list of mutants.
REFERENCE = "(the reference)"


def sample(size: int) -> list[str]:
    """`size` backend mutants, spread evenly over the sorted names: the same ones every time."""
    names = sorted(path.stem for path in MUTANTS.glob("*.toml"))
    step = max(1, len(names) // size)
    return names[step // 2 :: step][:size]


def time_on(name: str, tool: Callable[[str, Path], FindingTime]) -> FindingTime:
    """Run a tool on the mutant `name`; raises UserError when the tool itself fails."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-", ignore_cleanup_errors=True) as place:
        mutant = mutant_kinds.REFERENCE if name == REFERENCE else load(MUTANTS / f"{name}.toml")
        subject = KINDS["backend"].make(ROOT, mutant, Path(place))
        return tool(subject.target, Path(place))


def technogate(target: str, folder: Path) -> FindingTime:
    """`technogate check backend` of this checkout."""
    return Checkout.this().first_finding(target, folder)


def schemathesis(target: str, folder: Path) -> FindingTime:
    """`schemathesis run` with the contract's document, all its own checks and phases, ended at its first failure."""
    key = new_key()
    with load_target(target, ROOT).start(key) as pair:
        if pair.backend is None:
            raise UserError("the target has no backend")
        arguments = ["run", str(OPENAPI), "--url", pair.backend.url, "-H", f"X-API-Key: {key}", "--seed", "1"]
        arguments += ["--workers", "1", "--max-failures", "1", "--no-color"]
        started = time.monotonic()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "schemathesis.cli", *arguments],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder, timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return FindingTime(first_s=None, total_s=TIMEOUT_S)
    total_s = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise UserError(f"schemathesis failed on {target}: {(done.stdout + done.stderr)[-300:]}")
    return FindingTime(first_s=total_s if done.returncode else None, total_s=total_s)


def with_known_requirement(names: Sequence[str]) -> dict[str, float]:
    """Seconds to the first finding of the requirement that each mutant breaks, from `technogate mutants`."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-") as place:
        arguments = ["mutants", *names, "--workers", "1", "--reports", place]
        done = subprocess.run(
            [sys.executable, "-m", "technogate", *arguments], capture_output=True, cwd=ROOT, check=False
        )
        # The verdict over some of the mutants is never PASS.
        if done.returncode not in JUDGED:
            raise UserError(f"technogate mutants failed: {done.stderr.decode('utf-8', 'replace')[-300:]}")
        score = json.loads((Path(place) / JSON).read_bytes())
    return {
        mutant["name"]: mutant["first_finding_s"]
        for mutant in score["mutants"]
        if mutant["first_finding_s"] is not None
    }
