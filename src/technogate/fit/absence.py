"""The one violation of a backend that has no operation of the contract."""

from __future__ import annotations

from technogate.fit.backend_fit import BackendFit, backend_misfits, prefix_question
from technogate.model.item_result import Finding
from technogate.target.spec import BackendSpec


def absence_finding(fit: BackendFit, spec: BackendSpec) -> Finding:
    """The finding that no operation exists, with the routes that do and the question of a prefix."""
    misfit = next(iter(backend_misfits(fit, spec)))
    routes = fit.routes.sentence if fit.routes is not None else ""
    exchanges = tuple(fit.exchanges.values())
    return Finding(
        check="operations exist",
        expected="each of the contract's operations exists",
        observed=misfit.found,
        operation=exchanges[-1].operation,
        example={"request": misfit.part, "found": routes, "question": prefix_question(spec)},
        exchanges=tuple(exchange.id for exchange in reversed(exchanges)),
    )
