"""The parts of a page are found by what they do: other names, labels in another language, entries as a list."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from technogate.contract.loader import load_contract
from technogate.onboarding.console_onboarding import ConsoleOnboarding
from technogate.onboarding.learned import Learned
from technogate.onboarding.wishes import SideWish
from technogate.target.api_key import new_key
from technogate.util.shipped import shipped
from tests.conftest import ROOT

PAGES = Path(__file__).with_name("data")
#: What a person would write for this page; "" where it has no such part.
SELECTORS = {
    "command": "#cmd",
    "session": 'input[name="sessao"]',
    "run": ".primary",
    "result": ".resposta",
    "status": "strong.estado",
    "trace_id": "p.rastro",
    "reasons": ".motivos",
    "message": ".resposta > blockquote",
    "audit": ".trilha",
    "audit_row": ".entradas > li",
    "audit_timestamp": ".hora",
    "audit_action": ".acao",
    "audit_result": ".efeito",
    "audit_state": ".estado",
    "audit_trace_id": ".rastro",
    "audit_execution_id": "",
    "audit_filter": "",
    "audit_limit": "",
    "audit_refresh": ".recarregar",
    "audit_empty": "",
    "memory": ".ultimo",
    "memory_command": "",
    "memory_output": "",
    "memory_status": "",
    "memory_timestamp": "",
    "memory_refresh": "",
    "memory_empty": "",
}


#: The same for the page of other kinds.
OTHER_KINDS = {
    "command": 'input[aria-label="Command"]',
    "session": "",
    "run": "form > button",
    "result": ".toasts",
    "status": ".what",
    "trace_id": ".ref",
    "reasons": ".why",
    "message": ".text",
    "audit": ".history",
    "audit_row": "trail-list >>> trail-row",
    "audit_timestamp": "",
    "audit_action": ".did",
    "audit_result": ".went",
    "audit_state": ".is",
    "audit_trace_id": ".ref",
    "audit_execution_id": "",
    "audit_filter": ".states",
    "audit_limit": "",
    "audit_refresh": "",
    "audit_empty": "",
    "memory": ".last > article",
    "memory_command": ".did",
    "memory_output": ".said",
    "memory_status": ".is",
    "memory_timestamp": "",
    "memory_refresh": "",
    "memory_empty": "",
}


def learned_of(page: str, tmp_path: Path) -> Learned:
    """What is learned of a page of the data."""
    folder = tmp_path / "page"
    shutil.copytree(PAGES / page, folder)
    for part in (ROOT / "images" / "console" / "static" / "client.js", PAGES / "other_names" / "serve.py"):
        shutil.copy(part, folder)
    learned = Learned(tell=lambda _: None)
    contract = load_contract(shipped("contracts", "console-v0.1"))
    wish = SideWish(command="{python} serve.py")
    with ConsoleOnboarding(wish, folder, new_key(), contract, learned) as console:
        console.begin()
        console.learn_page()
    return learned


def selectors_in(learned: Learned) -> dict[str, object]:
    """The selectors that were learned, by the part."""
    return {line.key: line.value for line in learned.lines if line.table == "console.selectors"}


@pytest.mark.slow
def test_page_with_other_names(tmp_path: Path) -> None:
    """Every part that it has is named, every part that it lacks is said to be absent, and so are its words."""
    learned = learned_of("other_names", tmp_path)
    assert selectors_in(learned) == SELECTORS
    assert learned.value("console.words") == {
        "WARNING": "Atenção",
        "EXPIRED": "Expirado",
        "APPROVED": "Aprovado",
        "BLOCKED": "Bloqueado",
        "NEUTRAL": "Neutro",
        "SUCCESS": "Sucesso",
        "FAILED": "Falha",
    }
    assert learned.value("console.env") == {
        "PAINEL_API_URL": "{backend_url}",
        "PAINEL_API_KEY": "{api_key}",
        "PORT": "{port}",
    }


@pytest.mark.slow
def test_page_of_other_kinds(tmp_path: Path) -> None:
    """Rows in shadow trees, a filter of buttons, a result that vanishes; the button of its dialog is a step."""
    learned = learned_of("other_kinds", tmp_path)
    assert selectors_in(learned) == OTHER_KINDS
    [step] = learned.steps
    assert (step["after"], step["click"]) == ("execute", "dialog > button:nth-of-type(2)")
