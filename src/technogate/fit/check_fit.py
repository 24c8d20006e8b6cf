"""The whole fit check of a target: start the pair, try every part once, and list what is missing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from technogate.contract.loader import Contract
from technogate.drivers.console_driver import ConsoleDriver, DriverError, StaysBusyError
from technogate.drivers.http.api_keys import right_key
from technogate.drivers.http.http_driver import HttpDriver
from technogate.drivers.open_driver import NoBrowser, built_in_prefix, mapped_hosts, open_driver
from technogate.fit.console_drivers import console_drivers
from technogate.fit.fit_list import FitList
from technogate.fit.shown_answers import new_mock_backend, snapshot
from technogate.fit.trail_fit import open_trail
from technogate.journal.redaction import Redactor
from technogate.mock.mock_backend import MockBackend
from technogate.model.fit_check import FitCheck, Misfit
from technogate.target import Running, RunningBackend, RunningConsole, Target
from technogate.target.api_key import new_key

#: What the requests of a fit check are recorded for.
ITEM = "fit"


def check_fit(
    target: Target,
    contract: Contract,
    *,
    backend: bool = True,
    console: bool = True,
    commands_required: bool = True,
) -> FitCheck:
    """Start the pair of `target`, try every part that its target file describes once, and end the pair.

    For the backend: one conforming request of each operation, and one reading of the audit trail. For the console:
    one conforming answer shown in each area of its page, and one call of each function of its client module. A side
    that is False is not tried, and commands count as a mistake of the file where all are required. Raises UserError,
    above all StartError, when a side does not start or respond at all. It takes at most about 5 s beyond the start of
    the pair.
    """
    target.preflight()
    run_key = target.api_key or new_key()
    fit = FitList(contract=contract, spec=target.spec)
    names = console_drivers(target) if console else ()
    with target.start(run_key) as running:
        if backend and running.backend is not None:
            _try_backend(fit, running.backend, contract, run_key)
            if not fit.ends:
                fit.commands(running.backend.commands, required=commands_required)
        if console and target.spec.console is not None:
            with new_mock_backend(contract, built_in_prefix(target.spec)) as mock_backend:
                _try_console(fit, running, names, mock_backend)
    return fit.result()


def _try_backend(fit: FitList, backend: RunningBackend, contract: Contract, run_key: str) -> None:
    driver = HttpDriver(
        base_url=backend.url,
        key=right_key(run_key),
        contract=contract,
        redactor=Redactor(run_key),
        record=lambda _: None,
        item=lambda: ITEM,
        new_id=_numbered(ITEM),
        timeout_s=contract.behavior.time.response_s,
    )
    try:
        fit.backend(driver, backend)
    finally:
        driver.close()
    if fit.ends:
        return
    source = open_trail(backend.audit, backend.url, run_key)
    if isinstance(source, Misfit):
        fit.no_trail(source)
    else:
        fit.trail(backend, lambda: len(source.read()), source.name)


def _try_console(fit: FitList, running: Running, names: Sequence[str], mock_backend: MockBackend) -> None:
    """Try the console under each of its drivers, in front of the mock backend."""
    with running.start_console(mock_backend.base_url) as console:
        hosts = mapped_hosts(console)
        for name in names:
            try:
                driver = _opened(fit, console, name, mock_backend)
            except NoBrowser as missing:
                fit.no_browser(missing)
                continue
            except DriverError as error:
                fit.no_driver(console, name, error, hosts)
                continue
            try:
                fit.console(driver, mock_backend, console, hosts)
            finally:
                driver.close()


def _opened(fit: FitList, console: RunningConsole, name: str, mock_backend: MockBackend) -> ConsoleDriver:
    """Open the console under a driver; raises DriverError.

    A page that stays busy when it is loaded without a snapshot is loaded with one: it makes that of a conforming
    answer, which a run judges.
    """
    try:
        return open_driver(console, name)
    except StaysBusyError as busy:
        contract = fit.contract
        mock_backend.set_default(contract.behavior.operations.memory, lambda: snapshot(contract).reply())
        driver = open_driver(console, name)
        fit.stays_busy(busy)
        return driver


def _numbered(name: str) -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"{name}-{next(numbers)}"
