"""Annotations for GitHub Actions from `verdict.json`: one line for the verdict, and one for each cause.

    python annotate.py reports/verdict.json

The file holds text from the programs under test. A line feed would begin a new line, and a line can be a command
to the runner, so everything is escaped in the form that the runner unescapes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The runner shows ten annotations of each kind in a step; the summary has all of them.
MOST = 10

#: The word for how a check ended: it is no verdict.
CHECKED = {"PASS": "PASSED", "FAIL": "FAILED", "INCONCLUSIVE": "INCONCLUSIVE"}


def data(text: str) -> str:
    """`text` as the message of a workflow command: shown, never executed."""
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[:500])
    # The runner finds an older form of command, `##[…]`, anywhere in a line.
    return shown.replace("%", "%25").replace("#[", "\\x23[")


def named(text: str) -> str:
    """`text` as the value of a property of a workflow command."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


def lines_of(document: dict[str, Any]) -> Iterator[str]:
    """The lines to print for a verdict document."""
    verdict, scope = str(document["verdict"]), document["scope"]
    kind = "notice" if verdict == "PASS" and document["exit_code"] == 0 else "error"
    what = verdict if document["is_validation"] is True else f"check {CHECKED[verdict]}, not a validation"
    why = "; ".join(map(str, document["reasons"])) or f"target {document['target']['name']}"
    title = named(f"technogate {what} ({scope['sides']}, {scope['kind']})")
    yield f"::{kind} title={title}::{data(why)}"
    samples = {sample["number"]: sample for sample in document["findings"]}
    causes = document["causes"]
    for place, cause in enumerate(causes[: 2 * MOST - 1], 1):
        sample = samples[cause["example"]]
        finding = sample["finding"]
        title = (
            f"cause {cause['number']}, {cause['party']}, {len(cause['findings'])} x {', '.join(cause['requirements'])}"
        )
        text = f"{cause['title']}; expected {finding['expected']}; observed {finding['observed']}; {sample['replay']}"
        # The verdict is the first of the errors; what does not decide, or does not fit, is a warning.
        severity = "error" if cause["level"] == "must" and place < MOST else "warning"
        yield f"::{severity} title={named(title)}::{data(text)}"
    if len(causes) >= 2 * MOST:
        yield f"::notice title=technogate::{len(causes) - 2 * MOST + 1} more causes are in the reports"


def main(path: Path) -> int:
    """Print the annotations; return 1 without a readable verdict."""
    try:
        document = json.loads(path.read_text("utf-8"))
        lines = list(lines_of(document))
    except (OSError, ValueError, LookupError, TypeError) as error:
        _print([f"::error title=technogate::no verdict: {data(str(error))}"])
        return 1
    _print(lines)
    return 0


def _print(lines: list[str]) -> None:
    sys.stdout.buffer.write(("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "reports/verdict.json")))
