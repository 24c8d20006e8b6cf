"""What a fit check says of a client module that leaves the address of its backend to its page."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.contract.loader import load_contract
from technogate.drivers.module.module_driver import ModuleDriver
from technogate.fit.console_fit import address_misfits, try_console
from technogate.fit.shown_answers import new_mock_backend
from technogate.model.fit_check import Blame
from technogate.util.shipped import shipped
from tests.drivers.module_programs import FUNCTIONS, written


@pytest.mark.parametrize("named", [True, False], ids=["by-its-address", "by-the-page"])
def test_requests_without_a_host_are_told(named: bool, tmp_path: Path) -> None:
    """The client needs a base URL of the page that it runs in, unless it has one itself; neither is a mistake."""
    contract = load_contract(shipped("contracts", "console-v0.1"))
    with new_mock_backend(contract) as mock_backend:
        text = FUNCTIONS.replace('"/api', f'"{mock_backend.base_url}/api').replace(
            "`/api", f"`{mock_backend.base_url}/api"
        )
        module = written(tmp_path, {"api.mjs": text if named else FUNCTIONS})
        with ModuleDriver(module, env={}, base=mock_backend.base_url) as driver:
            fit = try_console(driver, mock_backend, contract)
            told = list(address_misfits(driver))
    assert all(call.sent for call in fit.calls.values())
    assert [(misfit.part, misfit.blame) for misfit in told] == ([] if named else [("base URL", Blame.OPTIONAL)])
