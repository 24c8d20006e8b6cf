"""Each item of the suites is marked with the parts of a contract that it speaks of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from technogate.contract.parts import RESTS_ON
from tests.conftest import ROOT

#: What in the source of an item, or of what it uses in its module, speaks of a part.
SPEAKS = {
    "memory": r"operations\.memory\b|names\.memory\b(?! or)|\bharness\.memory\(|first_memory",
    "audit": r"operations\.audit\b|names\.audit\b|harness\.audit\(|read_entry\(",
    "fallback": r"operations\.fallback\b|names\.fallback\b(?! or)",
    "execute": r"backend\.execute\(|\bword\b",
    "console": r"\bharness\b|page_harness|\bown_stack\b",
}
#: Items that look themselves at what the contract has.
LOOKS = frozenset(
    {
        *("test_key_before_query", "test_list_is_documented", "test_override_is_no_method"),
        *("test_hostile_clients_take_nothing_away", "test_errors_disclose_nothing", "test_unknown_path"),
        *("test_each_operation_is_requested_often", "test_other_requests_are_served_while_executors_hang"),
        *("test_4xx_is_an_error_response", "test_refusals_have_a_trace_header"),
        # The plain request executes what the target names, if it names anything.
        *("test_preference_changes_nothing", "test_word_of_a_proxy_changes_nothing"),
        # Their harness asks what the contract has.
        *("test_key_is_kept", "test_module_does_not_print_the_key", "test_key_is_in_no_url", "test_nothing_is_sent"),
        *("test_key_goes_nowhere_else", "test_gives_up_in_time"),
        # The fixture of paths looks.
        *("test_other_spelling_reaches_nothing", "test_other_method_reaches_nothing"),
    }
)


def items() -> Iterator[tuple[Path, str]]:
    """Every item of the suites."""
    for path in sorted((ROOT / "suites").rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path, node.name


def spoken_of(path: Path, item: str) -> set[str]:
    """The parts that an item speaks of, itself or by what it uses in its module."""
    source = path.read_text("utf-8")
    nodes: dict[str, ast.stmt] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            nodes[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            nodes[node.targets[0].id] = node
    pending, text = [item], ""
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen or name not in nodes:
            continue
        seen.add(name)
        node = nodes[name]
        text += "\n".join(ast.unparse(part) for part in getattr(node, "body", [node]) if not _is_text(part))
        pending += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        for arguments in (part for part in ast.walk(node) if isinstance(part, ast.arguments)):
            pending += [argument.arg for argument in arguments.args]
            text += " ".join(["", *(argument.arg for argument in arguments.args)])
    return {part for part, pattern in SPEAKS.items() if re.search(pattern, text)}


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def marked(path: Path, item: str) -> set[str]:
    """The parts of an item's marks and its module's, with all that they rest on."""
    module = ast.parse(path.read_text("utf-8"))
    calls = [node.value for node in module.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)]
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == item:
            calls += [one for part in node.decorator_list for one in ast.walk(part) if isinstance(one, ast.Call)]
    named = {
        str(word.value)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "parts"
        for word in call.args
        if isinstance(word, ast.Constant)
    }
    for part in ("fallback", "console", "memory", "audit", "execute", "trail"):
        named |= set(RESTS_ON[part]) if part in named else set()
    return named


@pytest.mark.parametrize(("path", "item"), [pytest.param(*item, id=item[1]) for item in items()])
def test_item_is_marked(path: Path, item: str) -> None:
    """Without the mark it would be collected for a contract that lacks the part."""
    if item not in LOOKS:
        assert spoken_of(path, item) <= marked(path, item)
