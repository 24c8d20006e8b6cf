"""The rubric: each rule decides at its boundary, and the stricter of two takes precedence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from technogate.workflow.evaluation import EXIT_CODES, confirmed
from technogate.workflow.evaluation_page import markdown
from technogate.workflow.intake_answer import Priority
from technogate.workflow.rubric import RULES, Measured, RubricDecision, deciding, red_flags, ruled
from technogate.workflow.workflow_schema import schemas
from tests.workflow.answers import CONTRACT, best, evaluated, with_gap, with_state, with_value

FINE = Measured(
    details=0, critical=0, minor=0, minor_without_fix=0, weeks=0, redesign=(), schema_change=False, trace_ids=True
)

GO, CAUTION, HOLD = RubricDecision.GO, RubricDecision.CAUTION, RubricDecision.HOLD


@pytest.mark.parametrize(
    ("changes", "decision", "rule"),
    [
        ({}, GO, "G1"),
        ({"weeks": 1.99}, GO, "G1"),
        ({"weeks": 2}, CAUTION, "C3"),
        ({"weeks": 3}, CAUTION, "C3"),
        ({"weeks": 3.01}, CAUTION, "C3"),
        ({"weeks": 3.99}, CAUTION, "C3"),
        ({"weeks": 4}, HOLD, "H7"),
        ({"weeks": 7.99}, HOLD, "H7"),
        ({"weeks": 8}, HOLD, "H5"),
        ({"critical": 1}, HOLD, "H8"),
        ({"critical": 2}, HOLD, "H8"),
        ({"critical": 3}, HOLD, "H6"),
        ({"minor": 1}, CAUTION, "C2"),
        ({"minor": 2}, CAUTION, "C2"),
        ({"minor": 3}, HOLD, "H9"),
        ({"minor": 1, "minor_without_fix": 1}, HOLD, "H10"),
        ({"minor": 2, "minor_without_fix": 1}, HOLD, "H10"),
        ({"details": 1}, CAUTION, "C1"),
        ({"redesign": ("audit",)}, HOLD, "H2"),
        ({"schema_change": True}, HOLD, "H3"),
        ({"trace_ids": False}, HOLD, "H4"),
        ({"details": 1, "minor": 2, "weeks": 3}, CAUTION, "C1"),
        ({"minor": 1, "weeks": 4}, HOLD, "H7"),
        ({"trace_ids": False, "redesign": ("governance",), "weeks": 9}, HOLD, "H2"),
    ],
)
def test_each_rule_decides(changes: dict[str, object], decision: RubricDecision, rule: str) -> None:
    """At each boundary the rule named decides."""
    found = deciding(ruled(_with(changes), 0))
    assert (found.decision, found.id) == (decision, rule)


def _with(changes: Mapping[str, Any]) -> Measured:
    """The measured values, with changes."""
    return replace(FINE, **changes)


def test_every_rule_but_the_first_decides_once() -> None:
    """The table above covers each of them; H1 is for an incomplete answer."""
    marks = test_each_rule_decides.pytestmark  # type: ignore[attr-defined]
    named = {rule for _, _, rule in marks[0].args[1]}
    assert {one.id for one in RULES} - named == {"H1"}
    assert deciding(ruled(None, 1)).id == "H1"
    assert deciding(ruled(FINE, 1)).id == "H1"


def test_an_incomplete_answer_has_no_other_rulings() -> None:
    """Whether any other rule applies is not known."""
    first, *others = ruled(None, 3)
    assert (first.rule.id, first.applies) == ("H1", True)
    assert {one.applies for one in others} == {None}


def test_where_rules_overlap_both_apply_and_the_stricter_comes_first() -> None:
    """GO's own rule applies at 2 to 3 weeks and at minor gaps, and is overruled."""
    for changes in ({"weeks": 2.5}, {"minor": 2}, {"weeks": 3}):
        found = [one.rule.decision for one in ruled(_with(changes), 0) if one.applies]
        assert found == [CAUTION, GO]
    applying = [one.rule.id for one in ruled(_with({"weeks": 4}), 0) if one.applies]
    assert applying == ["H7", "C3"]
    order = [one.decision for one in RULES]
    assert order == sorted(order, key=[HOLD, CAUTION, GO].index)


def test_no_rule_is_no_decision() -> None:
    """A case without a rule is an error, never GO."""
    with pytest.raises(ValueError, match="no rule"):
        deciding(())


def test_red_flags_are_four() -> None:
    """Each of the four is a red flag by itself."""
    assert [one.id for one in RULES if one.red_flag] == ["H2", "H3", "H4", "H5"]
    for changes in ({"redesign": ("audit",)}, {"schema_change": True}, {"trace_ids": False}, {"weeks": 8}):
        assert len(red_flags(_with(changes))) == 1
    assert red_flags(_with({"weeks": 7.9, "critical": 9})) == ()


def test_exit_codes_differ() -> None:
    """Each decision has its own exit code."""
    assert EXIT_CODES == {GO: 0, CAUTION: 4, HOLD: 1}


def test_the_ideal_answer_is_a_go() -> None:
    """Everything matches the ideal, and the decision is not confirmed."""
    found = evaluated(best())
    assert (found.decision, found.decided_by, found.gaps, found.problems) == (GO, "G1", (), ())
    assert {one.comparison for one in found.grades} == {"as the ideal"}
    assert [(section.required, section.complete) for section in found.sections] == [(5, 5), (4, 4), (1, 1)]
    assert (found.confirmed_by, found.confirmed_at) == ("", "")
    assert len(found.grades) == 5 + 4 + 3


def test_a_partial_layer_with_a_planned_fix_is_an_expected_difference() -> None:
    """One minor gap with a fix: CAUTION."""
    found = evaluated(with_gap(with_state(best(), "layer.audit_log", "partial"), "audit_log"))
    assert (found.decision, found.decided_by) == (CAUTION, "C2")
    assert {one.name: one.comparison for one in found.grades}["audit_log"] == "expected difference"


@pytest.mark.parametrize(("state", "priority", "rule"), [("partial", "minor", "H10"), ("missing", "critical", "H8")])
def test_a_gap_that_is_not_listed_counts(state: str, priority: str, rule: str) -> None:
    """A gap in the matrix counts, whether or not section 3 lists it."""
    found = evaluated(with_state(best(), "endpoint.fetchMemory", state))
    (gap,) = found.gaps
    assert (gap.concerns, gap.priority, gap.note) == ("fetchMemory", priority, "not listed as a gap")
    assert found.decided_by == rule
    assert {one.name: one.comparison for one in found.grades}["fetchMemory"] == "gap"


def test_what_is_missing_is_critical_whatever_it_is_called() -> None:
    """A missing endpoint is not a minor gap."""
    found = evaluated(with_gap(with_state(best(), "endpoint.fetchMemory", "missing"), "fetchMemory", "minor"))
    assert (found.gaps[0].priority, found.decided_by) == (Priority.CRITICAL, "H8")
    assert "listed as minor" in found.gaps[0].note


def test_days_outweigh_weeks() -> None:
    """The larger of the total and the sum of the days counts: 11 days are more than 2 weeks."""
    text = with_value(with_value(best(), "layer.audit_log", "effort_days", 5), "endpoint.fetchMemory", "effort_days", 6)
    found = evaluated(text)
    assert (found.weeks, found.decided_by) == (2.2, "C3")
    assert evaluated(with_value(text, "", "weeks", 3.5)).weeks == 3.5


@pytest.mark.parametrize(
    ("key", "value", "flagged"),
    [
        ("redesign", '["authentication"]', {"authentication", "redesign"}),
        ("redesign", '["audit"]', {"audit_log", "redesign"}),
        ("redesign", '["governance"]', {"redesign"}),
        ("schema_change", "true", {"schema_change"}),
        ("trace_ids", "false", {"trace_ids"}),
    ],
)
def test_a_red_flag_is_shown_at_its_row(key: str, value: str, flagged: set[str]) -> None:
    """The comparison with the ideal names it, and the decision is HOLD."""
    found = evaluated(with_value(best(), "", key, value))
    assert {one.name for one in found.grades if one.comparison == "red flag"} == flagged
    assert found.decision is HOLD


def test_an_incomplete_answer_is_held() -> None:
    """Its gaps and weeks are reported as not known."""
    found = evaluated(with_value(best(), "layer.audit_log", "state", '""'))
    assert (found.decision, found.decided_by, found.weeks, found.grades) == (HOLD, "H1", None, ())
    assert [(section.required, section.complete) for section in found.sections] == [(5, 4), (4, 4), (1, 1)]
    text = markdown(found, CONTRACT)
    assert text.count("not known") > len(RULES)
    assert "0 critical" not in text


def test_the_page_names_the_deciding_and_the_overruled_rules() -> None:
    """The figures of the page are those of the document."""
    found = evaluated(with_gap(with_state(best(), "layer.audit_log", "partial"), "audit_log"))
    text = markdown(found, CONTRACT)
    assert text.startswith("# Evaluation: CAUTION\n")
    assert "| Decided by | rule C2: 1 or 2 minor gaps, each with a fix (1 minor, 0 without a fix) |" in text
    assert "G1 (GO) applies too; the stricter rule wins." in text
    assert "| Gaps | 0 critical, 1 minor |" in text
    assert "**not yet**" in text
    signed = markdown(confirmed(found, "Ada *L*", "2026-01-02 03:04:05 UTC"), CONTRACT)
    assert r"by **Ada \*L\***, 2026-01-02 03:04:05 UTC" in signed
    for rule in RULES:
        assert f"| {rule.id} | {rule.decision.value} | " in text


def test_the_json_keeps_to_its_schema() -> None:
    """A complete evaluation and an incomplete one."""
    schema = Draft202012Validator(json.loads(schemas()["evaluation.schema.json"]))
    for text in (best(), with_value(best(), "", "team", '""'), with_gap(best(), "audit_log", "critical", "")):
        schema.validate(json.loads(msgspec.json.encode(evaluated(text))))


def test_hostile_text_of_an_answer_stays_text() -> None:
    """It never becomes markup, a link or a break of a table."""
    hostile = json.dumps("a | b <img src=x> [x](http://x) `c` \\u202e @team ::error::")
    text = with_gap(with_value(best(), "layer.audit_log", "gap", hostile), "audit_log", "minor", "x | y <b>")
    page = markdown(evaluated(text), CONTRACT)
    shown = MarkdownIt("commonmark").enable("table").render(page)
    for markup in ("<img", "<b>", "<a ", "@team", "\u202e"):
        assert markup not in shown
    cells = [line.replace("\\|", "").count("|") for line in page.split("\n") if "x | y" in line or "img" in line]
    assert cells == [7]
    assert "a | b &lt;img src=x&gt;" in shown
