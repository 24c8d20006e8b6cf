"""Words that may be commands: where they come from, and which outcome an answer shows."""

from __future__ import annotations

from pathlib import Path

from technogate.onboarding.command_words import likely_words, may_destroy
from technogate.util.source_texts import Sources

TABLE = """
const KEY = process.env.API_KEY;
const COMMANDS = {
  FETCH_REPORT: async () => ({ status: "APPROVED" }),
  WIPE_DISK: async () => ({ status: "BLOCKED" }),
};
"""


def test_keys_of_a_table_come_before_other_words_of_the_text(tmp_path: Path) -> None:
    """What stands where commands are defined is tried before names of constants; variables are no words."""
    (tmp_path / "server.mjs").write_text(TABLE, "utf-8")
    words = list(likely_words(None, Sources(tmp_path), "", ()))
    assert words.index("FETCH_REPORT") < words.index("COMMANDS")
    assert "API_KEY" not in words


def test_given_and_documented_words_come_first(tmp_path: Path) -> None:
    """Words that were given, and those of the document's enumeration, are tried before those of the text."""
    (tmp_path / "server.mjs").write_text(TABLE, "utf-8")
    document = {"components": {"schemas": {"Command": {"enum": ["RUN_NIGHTLY", "lower_case"]}}}}
    words = likely_words(document, Sources(tmp_path), "", ["MINE_FIRST"])
    assert list(words)[:2] == ["MINE_FIRST", "RUN_NIGHTLY"]
    assert words["RUN_NIGHTLY"] == "its OpenAPI document"


def test_what_others_have_run_is_tried(tmp_path: Path) -> None:
    """The actions of the audit list are words that the backend knows; what is no command is left out."""
    listed = [{"action": "ROTATE_KEYS"}, {"action": "no word"}, {"action": 7}, "other"]
    words = likely_words(None, Sources(tmp_path), "", (), listed)
    assert words["ROTATE_KEYS"] == "its audit list"
    assert next(iter(words)) == "ROTATE_KEYS"
    assert likely_words(None, Sources(tmp_path), "", (), {"status": "BLOCKED"}) == likely_words(
        None, Sources(tmp_path), "", ()
    )


def test_words_that_read_as_destruction_are_known() -> None:
    """They are not run on a program that the gate did not start."""
    assert may_destroy("WIPE_DISK")
    assert not may_destroy("FETCH_REPORT")
