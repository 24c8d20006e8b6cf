"""Answers to an intake: the ideal one, with changes."""

from __future__ import annotations

import json
from pathlib import Path

from technogate.contract.loader import load_contract
from technogate.workflow.evaluation import Evaluation, evaluate
from technogate.workflow.intake import ideal
from technogate.workflow.intake_answer_file import CLOSE, read_answer

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = load_contract(ROOT / "contracts" / "console-v0.1")
DATE = "2026-01-02"


def with_value(text: str, table: str, key: str, value: object) -> str:
    """The answer with another value of `key` in `table` ("" for the head): as TOML when it is text already."""
    lines = text.split("\n")
    place = next((n for n, line in enumerate(lines) if table and line.startswith(f"[{table}]")), 0)
    found = next(n for n, line in enumerate(lines) if n > place and line.startswith(f"{key} ="))
    lines[found] = f"{key} = {value if isinstance(value, str) else json.dumps(value)}"
    return "\n".join(lines)


def with_gap(text: str, concerns: str, priority: str = "minor", fix: str = "add it") -> str:
    """The answer with one more gap."""
    gap = ["", "[[gaps.list]]", f'concerns = "{concerns}"', f'priority = "{priority}"', 'what = "w"', f'fix = "{fix}"']
    lines = with_value(text, "gaps", "none", False).split("\n")
    end = lines.index(CLOSE)
    return "\n".join([*lines[:end], *gap, *lines[end:]])


def with_state(text: str, table: str, state: str, gap: str = "a part of it") -> str:
    """The answer with another state of a layer or an endpoint."""
    return with_value(with_value(text, table, "state", f'"{state}"'), table, "gap", f'"{gap}"')


def best() -> str:
    """The ideal answer to the contract."""
    return ideal(CONTRACT)


def evaluated(text: str) -> Evaluation:
    """The evaluation of an answer."""
    return evaluate(read_answer(text, CONTRACT), CONTRACT, DATE)
