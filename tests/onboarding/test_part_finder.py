"""The parts of a page are found by what they do: other names, labels in another language, entries as a list."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from technogate.contract.loader import load_contract
from technogate.onboarding.console_onboarding import ConsoleOnboarding
from technogate.onboarding.initialize import own_key
from technogate.onboarding.learned import Learned
from technogate.onboarding.wishes import SideWish
from technogate.util.shipped import shipped
from tests.conftest import ROOT

PAGE = Path(__file__).with_name("data") / "other_names"
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


@pytest.mark.slow
def test_page_with_other_names(tmp_path: Path) -> None:
    """Every part that it has is named, every part that it lacks is said to be absent, and so are its words."""
    folder = tmp_path / "page"
    shutil.copytree(PAGE, folder)
    shutil.copy(ROOT / "images" / "console" / "static" / "client.js", folder)
    learned = Learned(tell=lambda _: None)
    contract = load_contract(shipped("contracts", "console-v0.1"))
    wish = SideWish(command="{python} serve.py")
    with ConsoleOnboarding(wish, folder, own_key(), contract, learned) as console:
        console.begin()
        console.learn_page()
    assert {line.key: line.value for line in learned.lines if line.table == "console.selectors"} == SELECTORS
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
