"""The page of the rules shows each of them: `python -m tests.authoring.test_rules_page` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from technogate.authoring.diff.change import Breaks
from technogate.authoring.diff.rules import FIXED, MUST_KINDS, SCHEMA_KINDS, rule_ids

PAGE = Path(__file__).resolve().parents[2] / "docs" / "contract-changes.md"
BEGIN, END = "<!-- the rules of technogate.authoring.diff.rules -->", "<!-- end of the rules -->"
WHO = {
    Breaks.NOBODY: "nobody",
    Breaks.BACKEND: "the backend",
    Breaks.CONSOLE: "the console",
    Breaks.BOTH: "both",
}


def shown() -> str:
    """The rules as the page shows them."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from ("| rule | breaks | why |", "|---|---|---|")
    for rule, (breaks, why) in FIXED.items():
        yield f"| `{rule}` | {WHO[breaks]} | {why} |"
    for rule, why in MUST_KINDS.items():
        yield f"| `{rule}` | whom the MUST holds, or who relies on it | {why} |"
    yield from ("", "| rule of a schema, after its prefix | what it means |", "|---|---|")
    for kind, text in SCHEMA_KINDS.items():
        yield f"| `{kind}` | {text} |"


def test_the_page_shows_the_rules() -> None:
    """Each rule once, and no two have one id."""
    text = PAGE.read_text("utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == shown()
    assert len(set(rule_ids())) == len(rule_ids())


if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{shown()}\n{END}{rest.partition(END)[2]}", "utf-8")
