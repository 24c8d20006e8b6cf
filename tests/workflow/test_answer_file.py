"""Reading an answer: every mistake has its line and its hint, and no value is guessed."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from technogate.model.errors import UserError
from technogate.workflow.intake import template
from technogate.workflow.intake_answer_file import read_answer, required_entries
from technogate.workflow.workflow_schema import schemas
from tests.workflow.answers import CONTRACT, ROOT, best, with_gap, with_state, with_value


def lines_of(text: str) -> list[str]:
    """The problems of an answer, as lines."""
    return [one.text for one in read_answer(text, CONTRACT).problems]


def test_the_ideal_answer_is_complete() -> None:
    """Nothing is missing, and every layer and endpoint of the contract is in it."""
    reading = read_answer(best(), CONTRACT)
    assert reading.problems == ()
    assert reading.answer is not None
    assert [*reading.answer.layer] == required_entries(CONTRACT)["layer"]
    assert [*reading.answer.endpoint] == [one.id for one in CONTRACT.guarded]


def test_no_value_of_the_template_counts_as_an_answer() -> None:
    """Every required value is a line of the list, and an untouched template holds no answer."""
    text = template(CONTRACT)
    reading = read_answer(text, CONTRACT)
    assert reading.answer is None
    named = {problem.key for problem in reading.problems}
    assert {"team", "weeks", "redesign", "schema_change", "trace_ids", "gaps.none"} <= named
    for table, names in required_entries(CONTRACT).items():
        for name in names:
            assert {f"{table}.{name}.{key}" for key in ("state", "evidence", "effort_days")} <= named
    lines = text.split("\n")
    for problem in reading.problems:
        assert lines[problem.line - 1].startswith(f"{problem.key.rpartition('.')[2]} ="), problem.text


#: The problem of an answer to another contract.
OTHER_DIGEST = "digest: is not the digest of the current console-v0.1; start from a new template"


def at(text: str, start: str, after: str = "") -> int:
    """The number of the line that begins with `start`, after the line that begins with `after`."""
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if after and line.startswith(after)), 0)
    return next(n + 1 for n, line in enumerate(lines) if n >= first and line.startswith(start))


@pytest.mark.parametrize(
    ("table", "key", "value", "hint"),
    [
        ("", "weeks", '"two"', "weeks: write a number"),
        ("", "weeks", "nan", "weeks: write a number"),
        ("", "weeks", "-1", "weeks: write at least 0"),
        ("", "weeks", "inf", "weeks: write a number"),
        ("", "weeks", "true", "weeks: write a number"),
        ("", "team", '""', "team: fill it in"),
        ("", "team", "2026-01-01", "team: write text"),
        ("", "redesign", '["database"]', "redesign.0: write one of audit, authentication, governance"),
        ("", "schema_change", '"no"', "schema_change: write true or false"),
        (
            "",
            "digest",
            f'"{"0" * 64}"',
            OTHER_DIGEST,
        ),
        ("", "contract", '"other"', OTHER_DIGEST),
        ("layer.audit_log", "state", '"done"', "layer.audit_log.state: write one of exists, missing, partial"),
        ("endpoint.fetchMemory", "effort_days", "nan", "endpoint.fetchMemory.effort_days: write a number"),
        ("gaps", "none", "false", "gaps.none: write true when no gap is listed, false when one is"),
    ],
)
def test_names_the_line_of_a_mistake(table: str, key: str, value: str, hint: str) -> None:
    """The line is that of the key, and the answer does not count."""
    text = with_value(best(), table, key, value)
    line = at(text, f"{hint.partition(':')[0].rpartition('.')[2] if not hint.startswith('redesign') else key} =",
              f"[{table}]" if table else "")  # fmt: skip
    assert f"line {line}: {hint}" in lines_of(text)
    assert read_answer(text, CONTRACT).answer is None


def test_names_a_missing_key_with_the_line_of_its_table() -> None:
    """A removed key is reported at its table, a removed table by its name."""
    text = best().replace('gap = ""\n', "", 1)
    assert f"line {at(text, '[layer.authentication]')}: layer.authentication.gap: is missing; add it" in lines_of(text)
    start, end = best().index("[layer.audit_log]"), best().index("[layer.fail_closed]")
    text = best()[:start] + best()[end:]
    assert lines_of(text) == ["layer.audit_log: is missing; add the table"]
    text = best().replace("[endpoint.fetchMemory]", "[endpoint.fetchMemories]")
    line = at(text, "[endpoint.fetchMemories]")
    assert f"line {line}: endpoint.fetchMemories: is not part of this contract; remove it" in lines_of(text)
    assert "endpoint.fetchMemory: is missing; add the table" in lines_of(text)
    text = with_value(best(), "", "weeks", "1\nmonths = 2")
    assert lines_of(text) == [f"line {at(text, 'months')}: months: is an unknown key; remove it"]


def test_refuses_a_gap_that_concerns_no_entry() -> None:
    """Such a gap is reported at its own line, also after other gaps."""
    text = with_gap(with_gap(best(), "audit_log"), "database")
    assert lines_of(text) == [
        f"line {at(text, 'concerns', 'concerns = ' + chr(34) + 'data')}: gaps.list.1.concerns: write one of "
        + ", ".join(name for names in required_entries(CONTRACT).values() for name in names)
    ]
    assert lines_of(with_value(with_gap(best(), "audit_log"), "gaps", "none", True))


def test_an_answer_without_a_detail_still_counts() -> None:
    """Evidence, or what is missing, may be left open: the answer counts, and the line marks a detail."""
    text = with_value(best(), "layer.audit_log", "evidence", '""')
    text = with_state(text, "endpoint.fetchMemory", "partial", gap="")
    reading = read_answer(text, CONTRACT)
    assert reading.answer is not None
    assert [problem.detail for problem in reading.problems] == [True, True]
    assert reading.problems[0].text.endswith(
        "layer.audit_log.evidence: name the evidence: where this is visible (a detail)"
    )
    assert reading.problems[1].text.endswith("endpoint.fetchMemory.gap: write what is missing (a detail)")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Our answer\n\nWe have authentication and it is fine. Two weeks of work.\n",
        "---\nteam: backend\n---\n",
        "Dear console team\n```toml\nteam = 'x'\n```\n",
        "```toml\nteam = 'x'\n",
        "```json\n{}\n```\n",
    ],
    ids=["empty", "prose", "yaml", "text-before", "no-end", "json"],
)
def test_refuses_free_text_and_names_the_missing_parts(text: str) -> None:
    """Free text is not interpreted: the error names each section and each of its parts."""
    with pytest.raises(UserError) as caught:
        read_answer(text, CONTRACT)
    message = str(caught.value)
    for part in ("the head", "section 1", "section 2", "section 3 ([gaps])", "technogate intake template"):
        assert part in message
    for table, names in required_entries(CONTRACT).items():
        for name in names:
            assert f"[{table}.{name}]" in message
    assert "\n" not in message


@pytest.mark.parametrize("front", ["weeks = = 1", 'a = "1', "a = 1\na = 2", "a = " + "[" * 5000])
def test_refuses_a_front_part_that_is_not_toml(front: str) -> None:
    """One line names the place."""
    with pytest.raises(UserError, match=r"the front part.*; correct the TOML"):
        read_answer(f"```toml\n{front}\n```\n", CONTRACT)


def test_the_line_of_a_toml_mistake_is_that_of_the_file() -> None:
    """The parser counts as the file does."""
    text = with_value(best(), "layer.audit_log", "state", "= 1")
    line = at(text, "state", "[layer.audit_log]")
    with pytest.raises(UserError, match=rf"line {line}, column"):
        read_answer(text, CONTRACT)


def test_windows_line_ends_and_a_byte_order_mark_are_no_mistake() -> None:
    """Windows line ends and a byte order mark give the same answer."""
    assert read_answer("\ufeff" + best().replace("\n", "\r\n"), CONTRACT).problems == ()


def test_the_published_schemas_are_those_of_the_types() -> None:
    """Each file is what its types give, and a schema at all."""
    for name, schema in schemas().items():
        assert (ROOT / "contracts" / "schemas" / name).read_text("utf-8") == schema
        Draft202012Validator.check_schema(json.loads(schema))
