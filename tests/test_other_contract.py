"""Another contract is judged without a change of code: the engine takes every word from the contract folder.

The copy that `tests.renamed_contract` makes shares no word with the shipped contract, and means the same. Its backend
and its client conform, so whatever the gate finds in them is a word that the gate brought with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from technogate.contract.loader import Contract, load_contract
from technogate.model.contract_words import ContractWords
from tests.checked_contract import judged
from tests.conftest import ROOT
from tests.renamed_contract import CONTRACT, DISTINCTIVE, write_renamed_contract, write_renamed_pair

#: Where a word of the shipped contract still stands: what writes a target file by looking knows that contract alone.
LEFT = (
    "src/technogate/onboarding/",
    # Paths that many backends answer, of whatever contract.
    "src/technogate/fit/existing_routes.py",
    "src/technogate/target/readiness.py",
)

#: Words of the shipped contract that everybody uses.
EVERYDAY = frozenset({"TIMEOUT", "EXPIRED", "Timestamp", "ErrorResponse"})


def words_of(contract: Contract) -> set[str]:
    """The words of a contract that stand for nothing else."""
    behavior = contract.behavior
    return {
        *contract.status_words,
        *contract.operations,
        *(operation.path for operation in contract.operations.values()),
        *(behavior.headers.key, behavior.headers.trace),
        *(behavior.console.refused_text, behavior.console.url_variable, behavior.console.key_variable),
        *behavior.reason_codes.known,
        *msgspec.structs.astuple(behavior.schemas),
        *msgspec.structs.astuple(behavior.console.functions),
    } - EVERYDAY


def places_of(words: set[str]) -> Iterator[str]:
    """Each line of the engine that holds one of `words`."""
    pattern = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + r")(?!\w)")
    for folder in ("src", "fixtures"):
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix not in {".py", ".mjs", ".js", ".j2"} or "/mutants/" in name or name.startswith(LEFT):
                continue
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if pattern.search(line):
                    yield f"{name}:{number}: {line.strip()}"


def test_engine_holds_no_word_of_the_contract() -> None:
    """No module of the engine or its fixtures has a word of the shipped contract."""
    words = words_of(load_contract(CONTRACT))
    assert len(words) > 30
    assert list(places_of(words)) == []


def test_copy_shares_no_word(tmp_path: Path) -> None:
    """The renamed copy is a contract, and shares no distinctive word with the one it is made of."""
    renamed = load_contract(write_renamed_contract(tmp_path / "renamed-v1"))
    assert not words_of(renamed) & words_of(load_contract(CONTRACT))
    assert renamed.words.written("envelope", {"status": 1, "further": 2}) == {"outcome": 1, "further": 2}
    assert renamed.words.meaning("envelope", {"outcome": 1, "status": 2, "further": 3}) == {"status": 1, "further": 3}


def test_words_of_meanings() -> None:
    """Without a contract each field is called what it means."""
    assert ContractWords().written("entry", {"state": 1}) == {"state": 1}
    assert ContractWords().meaning("entry", {"state": 1}) == {"state": 1}


@pytest.mark.slow
@pytest.mark.parametrize("party", ["backend", "console"])
def test_renamed_pair_has_no_finding(tmp_path: Path, party: str) -> None:
    """Every suite of a party passes on the renamed pair: no finding, and nothing undecided."""
    contract = write_renamed_contract(tmp_path / "renamed-v1")
    target = write_renamed_pair(tmp_path / "pair")
    verdict, code, printed = judged(contract, target, party)
    undecided = {row["id"]: row["reason"] for row in verdict["requirements"] if row["verdict"] == "INCONCLUSIVE"}
    assert (verdict["causes"], undecided, code) == ([], {}, 0), printed[-2000:]
    assert not re.search("|".join(map(re.escape, DISTINCTIVE)), printed)


def with_a_bearer_token(contract: Path, target: Path) -> None:
    """Have the renamed pair take a bearer token, and answer an execution with 201."""
    changes = {
        contract / "openapi.yaml": {
            "type: apiKey\n      in: header\n      name: X-Entry-Token\n": "type: http\n      scheme: bearer\n",
            "        '200':": "        '201':",
        },
        contract / "behavior.toml": {'key = "X-Entry-Token"': 'key = "Authorization"'},
        target.parent / "backend" / "techno_backend" / "app.py": {
            "return json_answer(_execute_response(": "return json_answer(http_status=201, body=_execute_response(",
        },
        target.parent / "backend" / "techno_backend" / "intake.py": {
            "given = [value for name": 'given = [value.removeprefix(b"Bearer").lstrip() for name',
            'name == b"x-entry-token"]': 'name == b"authorization" and (not value or value.startswith(b"Bearer"))]',
        },
        target.parent / "console" / "static" / "client.js": {
            '"X-Entry-Token": apiKey()': "Authorization: `Bearer ${apiKey()}`",
            "function conforming(answer, read) {": "function conforming(answer, read, due = 200) {",
            "if (answer.http !== 200)": "if (answer.http !== due)",
            "take(value, EXECUTE_RESPONSE));": "take(value, EXECUTE_RESPONSE), 201);",
        },
    }
    for file, texts in changes.items():
        text = file.read_text("utf-8")
        for old, new in texts.items():
            assert old in text
            text = text.replace(old, new, 1)
        file.write_text(text, "utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("party", ["backend", "console"])
def test_bearer_token_and_another_success(tmp_path: Path, party: str) -> None:
    """A pair with a bearer token, in which an execution is answered with 201, has no finding."""
    contract = write_renamed_contract(tmp_path / "renamed-v1")
    target = write_renamed_pair(tmp_path / "pair")
    with_a_bearer_token(contract, target)
    words = load_contract(contract).words
    assert (words.key_header, words.key_prefix, words.answers) == ("Authorization", "Bearer ", {"performTask": (201,)})
    verdict, code, printed = judged(contract, target, party)
    undecided = {row["id"]: row["reason"] for row in verdict["requirements"] if row["verdict"] == "INCONCLUSIVE"}
    assert (verdict["causes"], undecided, code) == ([], {}, 0), printed[-3000:]
