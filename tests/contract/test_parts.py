"""The parts of a contract: each can be left out, and every check is proven whatever a contract lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.authoring.new.new_folder import new_folder
from technogate.checks.example_evidence import ExampleEvidence
from technogate.checks.prove_examples import problems_of
from technogate.checks.registry import REGISTRY
from technogate.contract.behavior import Behavior
from technogate.contract.loader import load_contract
from technogate.contract.parts import ANCHORS, KEYS, RESTS_ON, parts_of, value_of
from technogate.journal.redaction import Redactor
from technogate.model.contract_words import speaking
from technogate.model.requirement import ID, Party
from tests.reduced_contract import ABOUT, write_without
from tests.renamed_contract import CONTRACT

KEY = "TgAbCdEfGh0123456789"
DOCUMENTS = Path(__file__).resolve().parents[1] / "authoring" / "documents"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "contract-changes.md"


def proven(folder: Path) -> list[str]:
    """Which checks the self-test would not prove in a run on this contract."""
    contract = load_contract(folder)
    evidence = ExampleEvidence(contract=contract.completed(), redactor=Redactor(KEY), key=KEY)
    with speaking(contract.words):
        return [problem for party in Party for problem in problems_of(REGISTRY, party, evidence)]


def test_shipped_contract_has_every_part() -> None:
    """Nothing is supplied to it."""
    contract = load_contract(CONTRACT)
    assert contract.parts == ANCHORS.keys()
    assert contract.completed() is contract
    assert contract.general == ()
    assert contract.judged == contract.guarded == contract.repeatable


def test_every_key_of_a_part_is_one_of_behavior() -> None:
    """No anchor and no key is misspelt, and no part rests on one that does not exist."""
    whole = load_contract(CONTRACT).behavior
    for key in (*ANCHORS.values(), *(key for keys in KEYS.values() for key in keys)):
        assert value_of(whole, key), key
    assert {*KEYS, *RESTS_ON, *(part for parts in RESTS_ON.values() for part in parts)} <= ANCHORS.keys()


@pytest.mark.parametrize("part", ["fallback", "memory", "audit", "trail", "console", "health"])
def test_a_part_can_be_left_out(part: str, tmp_path: Path) -> None:
    """A contract without it loads, has all other parts but those that rest on it, and every check is proven."""
    folder = write_without(tmp_path / "reduced-v1", part)
    contract = load_contract(folder)
    lost = {other for other in ANCHORS if other == part or part in RESTS_ON.get(other, ())}
    assert contract.parts <= ANCHORS.keys() - lost
    assert contract.completed().parts == ANCHORS.keys()
    assert proven(folder) == []


@pytest.mark.parametrize("part", ["fallback", "memory"])
def test_an_operation_can_play_no_part(part: str, tmp_path: Path) -> None:
    """It is one of those that are held to what holds for any."""
    contract = load_contract(write_without(tmp_path / "reduced-v1", part, general=True))
    whole = load_contract(CONTRACT)
    assert [operation.id for operation in contract.general] == [value_of(whole.behavior, f"operations.{part}")]
    assert contract.judged == whole.judged


@pytest.mark.parametrize("name", ["bearer", "crud", "nullable"])
def test_a_new_folder_has_its_checks_proven(name: str, tmp_path: Path) -> None:
    """A contract without any of the parts that execute, list or remember still has every check proven."""
    folder, _ = new_folder(DOCUMENTS / f"{name}.yaml", tmp_path / name)
    assert not {"execute", "audit", "memory", "envelope", "console"} & load_contract(folder).parts
    assert proven(folder) == []


def test_a_part_is_had_by_its_anchor_alone() -> None:
    """Nothing said is no part."""
    assert parts_of(Behavior(time=load_contract(CONTRACT).behavior.time)) == frozenset()
    assert set(ABOUT) <= ANCHORS.keys()


def test_a_bearer_token_has_a_prefix(tmp_path: Path) -> None:
    """The words of the contract have the header, and what stands before the key in it."""
    folder, _ = new_folder(DOCUMENTS / "bearer.yaml", tmp_path / "bearer")
    words = load_contract(folder).words
    assert words.credential("k") == (("Authorization", "Bearer k"),)
    assert words.key_in("bearer k") == words.key_in("k") == "k"
    assert load_contract(CONTRACT).words.credential("k") == (("X-API-Key", "k"),)
    assert load_contract(CONTRACT).words.key_in("Bearer k") == "Bearer k"


@pytest.mark.parametrize("name", ["ORD-01", "orders.total-is-sum", "a_1", "ABC-1234", "x" * 38 + "-1"])
def test_an_id_is_free_text_of_a_form(name: str) -> None:
    """Words of letters and digits, joined by a sign."""
    assert ID.fullmatch(name)


@pytest.mark.parametrize("name", ["", "AUD", "1-A", "A-", "-A", "A--1", "A,B-1", "A B-1", "A-1\n", "x" * 39 + "-1"])
def test_another_text_is_no_id(name: str) -> None:
    """Neither a family, nor what a command line would read as several."""
    assert not ID.fullmatch(name)


def test_the_page_names_each_part() -> None:
    """The documentation has a row for each part: what names it, and on what it rests."""
    page = PAGE.read_text("utf-8")
    for part, key in ANCHORS.items():
        rests = ", ".join(RESTS_ON.get(part, ())) or "-"
        assert f"| {part} | `{key.rstrip('.')}` | {rests} |\n" in page
