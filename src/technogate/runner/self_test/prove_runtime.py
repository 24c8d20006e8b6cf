"""Tries a runtime on the known answers: the Node that runs a client module, the browser that shows a page.

The runtime is started as its driver starts it, and asked through its own fetch, against the mock backend.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.module_calls import ModuleCall
from technogate.drivers.module.module_process import ModuleProcess, module_environment
from technogate.drivers.network_change import ATTEMPTS, NetworkChangedError, repeat_on_network_change
from technogate.drivers.page.browser_process import borrow, give_back
from technogate.drivers.page.console_page import first_line
from technogate.drivers.page.page_traffic import Traffic
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.mock.mock_backend import MockBackend
from technogate.model.contract_words import Part, spoken
from technogate.model.events import RuntimeProof
from technogate.runner.self_test import runtime_trial
from technogate.runner.self_test.runtime_trial import (
    PAGE,
    TRIAL_S,
    Outcomes,
    outcomes_of,
    trial,
    trial_backend,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROBE = Path(__file__).with_name("runtime_probe.js")
PROBE_MODULE = Path(__file__).with_name("runtime_probe.mjs")


def prove_node(node: Path) -> RuntimeProof:
    """What a Node gets right and wrong. Raises DriverError when it does not start."""
    with trial_backend() as mock_backend:
        # Without the console's own environment: what that changes is the console's.
        process = ModuleProcess(PROBE_MODULE, node, module_environment({}, mock_backend.base_url, create=_client()))

        def fetch(requests: Sequence[Mapping[str, object]], until: str) -> Outcomes:
            call = ModuleCall(part="execute", args=(_argument("", requests, until),))
            return outcomes_of(_message(process.send(call).result(TRIAL_S).fields))

        try:
            program = f"Node {process.node_version.removeprefix('v')}"
            return trial("module", program, mock_backend, fetch)
        finally:
            process.close()


def prove_browser(executable: Path, map_hosts: Mapping[str, str]) -> RuntimeProof:
    """The same of a browser, the one of this process if it has one. Raises DriverError when it does not start.

    It is tried again when a change of this machine's network has spoilt a request.
    """
    traffic = Traffic()
    tried = "Chromium"

    def attempt() -> RuntimeProof:
        nonlocal tried
        process = borrow(executable, map_hosts)
        try:
            tried = f"Chromium {process.run(lambda browser: browser.version)}"
            with trial_backend() as mock_backend:
                page = process.run(lambda browser: _blank_page(browser, mock_backend, traffic))

                def fetch(requests: Sequence[Mapping[str, object]], until: str) -> Outcomes:
                    argument = _argument(mock_backend.base_url, requests, until)
                    return outcomes_of(process.run(lambda _: _evaluated(page, argument)))

                try:
                    return trial("browser", tried, mock_backend, fetch)
                finally:
                    process.run(lambda _: page.context.close())
        except PlaywrightError as error:
            raise DriverError(f"the browser {executable} cannot be tried: {first_line(error)}") from error
        finally:
            give_back(process)

    try:
        return repeat_on_network_change(attempt, traffic.network_watch(), failures=(DriverError,))
    except NetworkChangedError:
        problem = f"an address of this machine was added or removed meanwhile, {ATTEMPTS} times"
        return RuntimeProof(driver="browser", program=tried, problem=problem)


def _blank_page(browser: Browser, mock_backend: MockBackend, traffic: Traffic) -> Page:
    """A page without content on another origin than that of the known answers, as a console's page is."""
    page = browser.new_context().new_page()
    traffic.listen(page)
    page.goto(mock_backend.url(PAGE, other=True))
    return page


def _evaluated(page: Page, argument: str) -> str:
    """What the probe returned in a page, once every event of its requests has arrived too."""
    probe = PROBE.read_text("utf-8").rstrip().rstrip(";")
    try:
        text = str(page.evaluate(f"argument => ({probe})(JSON.parse(argument)).then(JSON.stringify)", argument))
        page.context.cookies()
    except PlaywrightError as error:
        raise DriverError(f"the page could not be used: {first_line(error)}") from error
    return text


def _client() -> str:
    """The expression that makes the probe a client of the contract in use."""
    parts: tuple[Part, ...] = ("execute", "audit", "memory")
    names = {part: spoken().function(part) for part in parts}
    return f"client({json.dumps({**names, 'message': spoken().name('envelope', 'message')})})"


def _argument(base: str, requests: Sequence[Mapping[str, object]], until: str) -> str:
    return json.dumps(
        {"base": base, "until": until, "requests": list(requests), "limitMs": runtime_trial.RESPONSE_S * 1000}
    )


def _message(fields: Mapping[str, str]) -> str:
    """What the probe returned. Raises DriverError for an error of its own."""
    if "message" not in fields:
        raise DriverError(fields.get("error", "the probe returned nothing"))
    return fields["message"]
