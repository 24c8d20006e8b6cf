"""`waivers.toml`: its contents are read, and each mistake in it is one line with the place and the hint."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from technogate.judging.waiver_file import read_waivers, waivers_of
from technogate.model.errors import UserError
from technogate.model.events import Waiver
from tests.cli.test_exit_codes import BACKEND, FINDS, HOLDS
from tests.conftest import ROOT, Sandbox
from tests.judging.test_waivers import day

#: Two days on which a waiver may end.
ONE, TWO = day(20), day(60)

GOOD = (
    """# what we put up with
[[waiver]]
requirement = "EXE-01"
reason = "fixed in 1.3"
owner = "backend team"
expires = DAY_ONE

[[waiver]]
requirement = "EXE-01"
reason = "the old image"
owner = "backend team"
expires = DAY_TWO
image = "sha256:DIGEST"
""".replace("DIGEST", "0123456789abcdef" * 4)
    .replace("DAY_ONE", ONE)
    .replace("DAY_TWO", TWO)
)

#: A mistake in the file, and what the line about it says.
MISTAKES = {
    "not TOML": (GOOD + "[[", "correct the TOML"),
    "another table": (GOOD + "[other]\n", "other is not known; remove it"),
    "one table": (GOOD.replace("[[waiver]]", "[waiver]", 1).split("[[")[0], "a waiver is a table [[waiver]]"),
    "unknown key": (GOOD.replace("owner", "ownr", 1), "line 2: the key ownr is not known; remove it"),
    "no requirement": (GOOD.replace('requirement = "EXE-01"\n', "", 1), "the key requirement is missing; add it"),
    "no reason": (GOOD.replace('reason = "the old image"\n', ""), "line 8: the key reason is missing"),
    "empty reason": (GOOD.replace("fixed in 1.3", "  "), "the key reason is empty"),
    "a reason of one word": (GOOD.replace("fixed in 1.3", "later"), "the key reason is one word"),
    "a reason of a dot": (GOOD.replace("fixed in 1.3", "."), "the key reason is one word"),
    "a requirement about the key": (GOOD.replace('"EXE-01"', '"AUT-02"', 1), "AUT-02 keeps the key"),
    "a day in a hundred days": (GOOD.replace(ONE, day(100)), "more than 90 days from now"),
    "the last day of all": (GOOD.replace(ONE, "9999-12-31"), "more than 90 days from now"),
    "no owner": (GOOD.replace('owner = "backend team"\n', "", 1), "the key owner is missing"),
    "empty owner": (GOOD.replace("backend team", "", 1), "the key owner is empty"),
    "no expiry": (GOOD.replace(f"expires = {ONE}\n", ""), "the key expires is missing"),
    "expiry as text": (GOOD.replace(ONE, f'"{ONE}"'), "a day without quotes"),
    "expiry with a time": (GOOD.replace(ONE, f"{ONE}T00:00:00Z"), "a day without quotes"),
    "expiry that is no day": (GOOD.replace(ONE, "2030-02-30"), "correct the TOML"),
    "a family": (GOOD.replace('"EXE-01"', '"EXE"', 1), "one id such as"),
    "a number as id": (GOOD.replace('"EXE-01"', "1", 1), "the key requirement"),
    "a tag as image": (GOOD.replace("sha256:0123", "backend:0123"), "must be an image id"),
    "an empty image": (GOOD.replace("sha256:" + "0123456789abcdef" * 4, ""), "must be an image id"),
    "twice": (GOOD.split("\nimage =")[0], "line 8: EXE-01 is waived twice"),
}


def waivers(folder: Path, text: str) -> tuple[Waiver, ...]:
    """The waivers in a file with this text."""
    path = folder / "w.toml"
    path.write_text(text, "utf-8")
    return read_waivers(path)


def test_waivers_are_read_with_their_place(tmp_path: Path) -> None:
    """Each waiver keeps the line that it begins on."""
    first, second = waivers(tmp_path, GOOD)
    assert (first.requirement, first.expires, first.image) == ("EXE-01", ONE, "")
    assert first.place.endswith("w.toml, line 2")
    assert (second.expires, second.place.rpartition(", ")[2]) == (TWO, "line 8")
    assert second.image == "sha256:" + "0123456789abcdef" * 4


def test_a_heading_within_a_text_does_not_move_the_lines(tmp_path: Path) -> None:
    """When the lines are not known, waivers are numbered instead."""
    text = GOOD.replace('"fixed in 1.3"', '"""the next release\n[[waiver]]\n"""')
    assert [waiver.place.rpartition(", ")[2] for waiver in waivers(tmp_path, text)] == ["waiver 1", "waiver 2"]


@pytest.mark.parametrize(("text", "why"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_one_line(tmp_path: Path, text: str, why: str) -> None:
    """A file with a mistake is refused whole, with the place and the hint."""
    with pytest.raises(UserError) as caught:
        waivers(tmp_path, text)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "w.toml" in str(caught.value)


def test_refuses_a_missing_or_unreadable_file(tmp_path: Path) -> None:
    """A named file that cannot be read is a mistake, not the absence of waivers."""
    with pytest.raises(UserError, match="cannot be read"):
        waivers_of(str(tmp_path / "nowhere.toml"))
    with pytest.raises(UserError, match="cannot be read"):
        waivers_of(str(tmp_path))
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(UserError, match="not UTF-8"):
        waivers_of(str(tmp_path / "bytes.toml"))


def test_a_file_counts_only_when_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `waivers.toml` that lies in the current folder waives nothing."""
    monkeypatch.chdir(tmp_path)
    Path("waivers.toml").write_text(GOOD)
    assert waivers_of("") == ()
    assert len(waivers_of("waivers.toml")) == 2


def test_the_schema_and_the_reader_agree() -> None:
    """The reader refuses what the schema refuses; the schema cannot detect a duplicate requirement."""
    schema = json.loads((ROOT / "contracts" / "schemas" / "waivers.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)

    def plain(text: str) -> object:
        """The document with its days as text; a day in quotes stays apart as a number."""
        document = tomllib.loads(text)
        for row in document["waiver"] if isinstance(document["waiver"], list) else []:
            if "expires" in row:
                row["expires"] = 0 if isinstance(row["expires"], str) else str(row["expires"])
        return document

    assert validator.is_valid(plain(GOOD))
    for name, (text, _) in MISTAKES.items():
        if name not in ("not TOML", "expiry that is no day", "a day in a hundred days", "the last day of all", "twice"):
            assert not validator.is_valid(plain(text)), name


@pytest.fixture
def small(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose contract has one requirement, which fails."""
    sandbox.contract(("CTR-01",))
    sandbox.target(BACKEND)
    sandbox.suite("test_it.py", FINDS)
    return sandbox


OPTIONS = ("--contract", "contracts/small", "--target", "pair.toml")
WAIVER = '[[waiver]]\nrequirement = "CTR-01"\nreason = "fixed in 1.3"\nowner = "o"\nexpires = ' + ONE + "\n"


@pytest.mark.slow
def test_a_run_with_a_waiver(small: Sandbox) -> None:
    """A file that is named applies to the command and to plain pytest; one that only lies there does not."""
    assert small.run("validate", *OPTIONS, "--workers", "1").returncode == 1
    (small.home / "waivers.toml").write_text(WAIVER)
    assert small.run("validate", *OPTIONS, "--workers", "1").returncode == 1
    ended = small.run("validate", *OPTIONS, "--workers", "1", "--waivers", "waivers.toml")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"until the end of {ONE}" in " ".join(ended.stdout.split())
    options = [f"{name}={value}" for name, value in zip(OPTIONS[::2], OPTIONS[1::2], strict=True)]
    assert small.pytest("suites", *options, "--waivers=waivers.toml").returncode == 0
    assert small.run("check", "CTR-01", *OPTIONS).returncode == 1
    again = small.run("judge", "reports/journal.jsonl", "--reports", "again")
    assert again.returncode == 0, again.stdout


@pytest.mark.slow
def test_an_unused_waiver_fails_a_run(small: Sandbox) -> None:
    """A waiver of a requirement that passed gives exit code 1 and names the line to remove."""
    small.suite("test_it.py", HOLDS)
    (small.home / "mine.toml").write_text("\n" + WAIVER)
    ended = small.run("validate", *OPTIONS, "--workers", "1", "--waivers", "mine.toml")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "mine.toml, line 2: the waiver for CTR-01 covers nothing" in " ".join(ended.stdout.split())


@pytest.mark.slow
def test_a_waivers_file_with_a_mistake_is_exit_2(small: Sandbox) -> None:
    """A file that cannot be read ends the run before it starts: one line, exit code 2, no journal."""
    (small.home / "mine.toml").write_text(WAIVER.replace("owner", "ownr"))
    for name in ("mine.toml", "nowhere.toml"):
        ended = small.run("validate", *OPTIONS, "--waivers", name)
        assert ended.returncode == 2, ended.stdout + ended.stderr
        assert name in ended.stderr
        assert ended.stderr.count("\n") == 1
        assert not small.journal.exists()
