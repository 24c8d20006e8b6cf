"""A page that stays busy after an answer without a snapshot is the program's to mend, and the rest of it is tried."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from technogate.contract.loader import load_contract
from technogate.drivers.console_driver import StaysBusyError
from technogate.fit import check_fit
from technogate.fit.fit_list import FitList
from technogate.fit.shown_answers import new_mock_backend
from technogate.model.fit_check import Blame
from technogate.target.spec import TargetFile
from technogate.util.shipped import shipped

CONTRACT = load_contract(shipped("contracts", "console-v0.1"))


def tried(monkeypatch: pytest.MonkeyPatch, *, busy: int) -> tuple[FitList, list[str]]:
    """A fit check of a page that stays busy the first `busy` times; what was done with its driver."""
    done: list[str] = []

    def opened(*_: object) -> Any:
        done.append("opened")
        if len(done) <= busy:
            raise StaysBusyError("the page stays busy")
        return SimpleNamespace(close=lambda: done.append("closed"))

    monkeypatch.setattr(check_fit, "open_driver", opened)
    monkeypatch.setattr(check_fit, "mapped_hosts", lambda _: {})
    monkeypatch.setattr(FitList, "console", lambda *_: done.append("tried"))
    monkeypatch.setattr(FitList, "no_driver", lambda *_: done.append("not driven"))
    fit = FitList(contract=CONTRACT, spec=TargetFile(name="mine"))
    running: Any = SimpleNamespace(start_console=lambda _: nullcontext(SimpleNamespace()))
    with new_mock_backend(CONTRACT) as mock_backend:
        check_fit._try_console(fit, running, ("browser",), mock_backend)
    return fit, done


def test_a_page_that_a_204_keeps_busy_is_tried_with_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is no mistake of the target file: it is listed as the program's, and the page is tried."""
    fit, done = tried(monkeypatch, busy=1)
    assert done == ["opened", "opened", "tried", "closed"]
    [misfit] = fit.result().misfits
    assert (misfit.blame, misfit.part) == (Blame.PROGRAM, "fetchMemory")
    assert "204" in misfit.found
    assert fit.result().target_faults == ()


def test_a_page_that_is_busy_with_anything_cannot_be_driven(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of it is what is said of any page that cannot be used."""
    fit, done = tried(monkeypatch, busy=2)
    assert done == ["opened", "opened", "not driven"]
    assert fit.result().misfits == ()
