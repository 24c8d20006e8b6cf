"""The least checks of a requirement that count as a proof: a quarter of what the reference pair gets, at most 50.

`python -m technogate.deploy.least_checks VERDICT.json …` writes the table from standard validations of the reference.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from technogate.model.requirement import Level
from technogate.util.toml_file import read_toml
from technogate.util.write_file import write_file

#: The table: requirement and number.
TABLE = Path(__file__).with_name("least-checks.toml")

#: Of this many checks of the reference one is asked for: a target may be slower, and offer less.
_PART = 4
#: No more are asked for: enough to tell a thin run, and few enough for a target with limits.
_MOST = 50

_HEAD = "# The least checks of each requirement: made by `python -m technogate.deploy.least_checks VERDICT.json …`.\n"


@cache
def least_checks() -> Mapping[str, int]:
    """The least checks by requirement; whatever is not listed needs one. Raises TomlFileError without the table."""
    return {name: int(number) for name, number in read_toml(TABLE).items()}


def table_of(verdicts: Iterable[Mapping[str, Any]]) -> str:
    """The table that follows from verdict documents of the reference pair: from the fewest checks among them."""
    fewest: dict[str, int] = {}
    for result in (result for verdict in verdicts for result in verdict["requirements"]):
        if result["level"] == Level.MUST.value:
            fewest[result["id"]] = min(result["checks"], fewest.get(result["id"], result["checks"]))
    rows = [f"{name} = {min(_MOST, max(1, checks // _PART))}\n" for name, checks in sorted(fewest.items())]
    return _HEAD + "".join(rows)


def main(arguments: Sequence[str]) -> int:
    """Write the table from the files named."""
    write_file(TABLE, table_of(json.loads(Path(name).read_text("utf-8")) for name in arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
