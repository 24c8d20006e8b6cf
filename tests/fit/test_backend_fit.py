"""The fit of a backend: what of it the target file has wrong, and what is the program's to be judged for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import right_key
from technogate.drivers.http.http_driver import HttpDriver
from technogate.fit.absence import absence_finding
from technogate.fit.backend_fit import BackendFit, backend_misfits, backend_parts, try_backend
from technogate.journal.redaction import Redactor
from technogate.model.fit_check import Blame, Misfit
from technogate.runner.run_context import contract_or_default
from technogate.target import Commands
from technogate.target.spec import BackendSpec
from tests.fit.answering import KEY, WHOLE, Routes, below, serving

pytestmark = pytest.mark.slow

CONTRACT: Contract = contract_or_default("")
COMMANDS = Commands(approved="PING")


@contextmanager
def tried(
    routes: Routes, spec: BackendSpec | None = None, *, key: str = KEY
) -> Iterator[tuple[BackendFit, BackendSpec]]:
    """What a fit check makes of a server with these routes."""
    numbers = itertools.count(1)
    with serving(routes) as url:
        driver = HttpDriver(
            base_url=url, key=right_key(key), contract=CONTRACT, redactor=Redactor(key), record=lambda _: None,
            item=lambda: "fit", new_id=lambda: f"fit-{next(numbers)}", timeout_s=5.0,
        )  # fmt: skip
        named = spec or BackendSpec(command=("serve", "{port}"))
        try:
            yield try_backend(driver, COMMANDS, named), named
        finally:
            driver.close()


def misfits(routes: Routes, spec: BackendSpec | None = None, *, key: str = KEY) -> list[Misfit]:
    """The misfits of that."""
    with tried(routes, spec, key=key) as (fit, named):
        return list(backend_misfits(fit, named))


def test_a_whole_backend_fits() -> None:
    """Each operation answers, the memory before anything was executed."""
    with tried(WHOLE) as (fit, spec):
        assert list(backend_misfits(fit, spec)) == []
        assert [(part.part, part.shown) for part in backend_parts(fit)] == [
            ("GET /api/memory", "answers 204"),
            ("GET /api/audit", "answers 200"),
            ("GET /api/diagnostic/metrics", "answers 200"),
            ("POST /api/execute", "answers 200"),
        ]


def test_one_absent_operation_is_judged() -> None:
    """A backend without one operation is wrong, and no target file helps: the run says so."""
    routes = {route: answer for route, answer in WHOLE.items() if route[1] != "/api/diagnostic/metrics"}
    [misfit] = misfits(routes)
    assert (misfit.blame, misfit.part, misfit.line) == (Blame.PROGRAM, "GET /api/diagnostic/metrics", "")


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (BackendSpec(command=("serve", "{port}")), "env = {"),
        (BackendSpec(url="http://127.0.0.1:1", api_key_env="THE_KEY"), "export THE_KEY="),
        (BackendSpec(url="http://127.0.0.1:1"), "api_key_env = "),
    ],
)
def test_a_refused_key_is_the_target_files(spec: BackendSpec, line: str) -> None:
    """A key that every operation refuses is not the backend's."""
    [misfit] = misfits(WHOLE, spec, key="Another-Key-0123456789")
    assert misfit.blame is Blame.TARGET
    assert "refused by every operation (403)" in misfit.found
    assert misfit.line.startswith(line)


def test_a_key_that_one_operation_refuses_is_judged() -> None:
    """One operation that refuses the right key is the program's mistake, and the run shows it."""
    assert misfits({**WHOLE, ("POST", "/api/execute"): (403, {})}) == []


def test_operations_below_a_prefix_are_found() -> None:
    """Where all of them answer below a prefix, the target file lacks it."""
    [misfit] = misfits(below("/backend"))
    assert (misfit.blame, misfit.line) == (Blame.TARGET, 'serves = "http://{host}:{port}/backend"')


def test_a_prefix_is_taken_from_the_document_and_from_the_sign_of_readiness() -> None:
    """A prefix that nobody would guess is found where the backend or the target file names it."""
    document = {"openapi": "3.1.0", "paths": {"/odd/place/api/audit": {"get": {}}}}
    [misfit] = misfits({**below("/odd/place"), ("GET", "/openapi.json"): (200, document)})
    assert misfit.line == 'serves = "http://{host}:{port}/odd/place"'
    [misfit] = misfits(below("/quaint"), BackendSpec(url="http://x:1", ready="/quaint/health"))
    assert misfit.line == 'url = "http://x:1/quaint"'


def test_a_backend_with_other_routes_is_one_finding() -> None:
    """The routes that exist are named from its document, and whether there is a prefix is asked."""
    document = {"openapi": "3.1.0", "paths": {"/process": {"post": {}}, "/health": {"get": {}}}}
    with tried({("GET", "/openapi.json"): (200, document)}) as (fit, spec):
        [misfit] = backend_misfits(fit, spec)
        finding = absence_finding(fit, spec)
    assert misfit.blame is Blame.PROGRAM
    assert "by its document /openapi.json: POST /process, GET /health" in finding.observed
    assert finding.example["question"] == 'is there a prefix (serves = "http://{host}:{port}/base")?'
    assert len(finding.exchanges) == 4


def test_a_page_for_every_path_is_no_prefix() -> None:
    """A server that sends a page for whatever is asked has none of the operations there."""
    with tried({("GET", f"/backend/api/{name}"): (200, None) for name in ("audit", "memory")}) as (fit, _):
        assert fit.routes is not None
        assert fit.routes.prefix == ""
