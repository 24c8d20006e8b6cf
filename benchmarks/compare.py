"""Compare the speed of two checkouts in alternation: this one and another one with its own `.venv`.

    python -m benchmarks.compare OTHER_CHECKOUT [--rounds 3] [--mutants 5] [--only validation|requests|findings]

Measures the standard validation of the embedded pair, requests a second, and the time to the first finding on some
mutants. Only commands that both checkouts have are run. The mutants come from this checkout; each of the two gets its
own target file of the embedded pair, beside the same wrong backend. Prints the median of each figure and the ratio of
this checkout to the other. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.checkout import JOURNAL, ROOT, Checkout, JournalTail
from benchmarks.first_finding import MUTANTS, sample
from technogate.model.errors import UserError
from technogate.mutation.mutant import copied, load, plant

#: Requirements that are checked with many generated requests and without waiting.
REQUESTS = ("EXE-02", "EXE-03", "EXE-04", "EXE-06", "ENV-01", "AUT-02", "ERR-01", "AUD-05", "MEM-01")

#: The pair that is measured.
EMBEDDED = ("--target", "embedded")

#: The figures of one round, by name.
Figures = dict[str, float]


def validation(checkout: Checkout) -> Figures:
    """The standard validation of the embedded pair: wall clock and processor time, in seconds."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-") as place:
        times = checkout.technogate("validate", *EMBEDDED, "--profile", "standard", "--seed", "1", reports=Path(place))
    return {"standard validation, wall clock (s)": times.wall_s, "standard validation, processor time (s)": times.cpu_s}


def requests(checkout: Checkout) -> Figures:
    """Requests a second from the first to the last one that reached the backend, with one worker."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-") as place:
        arguments = ("check", *REQUESTS, *EMBEDDED, "--profile", "standard", "--seed", "1", "--workers", "1")
        checkout.technogate(*arguments, reports=Path(place))
        exchanges = [
            (event["started"], event["ended"])
            for event in JournalTail(Path(place) / JOURNAL).events()
            if event["event"] == "exchange" and event.get("item", "").startswith("suites/")
        ]
    if not exchanges:
        raise UserError(f"`technogate check` in {checkout.root} recorded no request")
    seconds = max(ended for _, ended in exchanges) - min(started for started, _ in exchanges)
    return {"requests a second, one worker": len(exchanges) / seconds}


def findings(name: str, checkout: Checkout) -> Figures:
    """Seconds to the first finding on the mutant `name`; raises UserError without one."""
    with tempfile.TemporaryDirectory(prefix="technogate-benchmark-", ignore_cleanup_errors=True) as place:
        images = copied(checkout.root / "images", Path(place) / "images", "wheels", "techno_backend")
        backend = copied(ROOT / "images" / "backend" / "techno_backend", images / "backend" / "techno_backend")
        plant(load(MUTANTS / f"{name}.toml").change, backend)
        first_s = checkout.first_finding(str(images / "embedded.toml"), Path(place)).first_s
    if first_s is None:
        raise UserError(f"`technogate check backend` in {checkout.root} has no finding on the mutant {name}")
    return {f"first finding on {name} (s)": first_s}


def alternate(
    measure: Callable[[Checkout], Figures], this: Checkout, other: Checkout, rounds: int
) -> Iterator[tuple[str, float, float]]:
    """Measure both checkouts `rounds` times, each first in every other round; name and medians of each figure."""
    figures: dict[str, dict[Checkout, list[float]]] = defaultdict(lambda: {this: [], other: []})
    for number in range(rounds):
        for checkout in (this, other) if number % 2 == 0 else (other, this):
            for name, value in measure(checkout).items():
                figures[name][checkout].append(value)
                sys.stderr.write(f"round {number + 1}, {checkout.root}: {name}: {value:.2f}\n")
    for name, values in figures.items():
        yield name, median(values[this]), median(values[other])


def compare(this: Checkout, other: Checkout, rounds: int, mutants: int, only: str | None) -> None:
    """Measure and print one row for each figure."""
    measures: list[tuple[str, Callable[[Checkout], Figures]]] = [("validation", validation), ("requests", requests)]
    measures += [("findings", partial(findings, name)) for name in sample(mutants)]
    first: list[tuple[float, float]] = []
    rows = [("", "this", "other", "ratio")]
    for part, measure in measures:
        if only in (None, part):
            for name, ours, theirs in alternate(measure, this, other, rounds):
                rows.append((name, f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.2f}"))
                if part == "findings":
                    first.append((ours, theirs))
    if first:
        ours, theirs = (median(times[side] for times in first) for side in (0, 1))
        rows.append(
            ("first finding, median of the mutants (s)", f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.2f}")
        )
    width = max(len(row[0]) for row in rows)
    for name, *cells in rows:
        sys.stdout.write(f"{name:{width}}" + "".join(f"{cell:>10}" for cell in cells) + "\n")


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main() -> int:
    """Compare two checkouts; 2 when one of them cannot be measured."""
    parser = argparse.ArgumentParser(description="Compare the speed of this checkout with another one.")
    parser.add_argument("other", type=Path, metavar="OTHER_CHECKOUT", help="a folder with its own .venv")
    parser.add_argument("--rounds", type=_positive, default=3, help="measurements of each figure [default: 3]")
    parser.add_argument("--mutants", type=_positive, default=5, help="wrong backends to find [default: 5]")
    parser.add_argument("--only", choices=("validation", "requests", "findings"), help="measure only this")
    arguments = parser.parse_args()
    try:
        other = Checkout.at(arguments.other)
        compare(Checkout.this(), other, arguments.rounds, arguments.mutants, arguments.only)
    except UserError as error:
        sys.stderr.write(f"compare: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
