"""One conforming request of each operation: does the backend have it, and does it take the key?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.plain_request import plain_case
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.fit.existing_routes import ExistingRoutes, existing_routes
from technogate.generation.requests.commands import UNKNOWN_PREFIX
from technogate.model.events import Exchange
from technogate.model.fit_check import Blame, FoundPart, Misfit
from technogate.target import Commands
from technogate.target.spec import BackendSpec

#: Status codes of an operation that is not there, and of a key that is refused.
ABSENT, REFUSED = frozenset({404, 405, 501}), frozenset({401, 403})

#: How often each operation is asked before it counts as absent: judging believes no fewer responses.
ENOUGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendFit:
    """What a backend answered: the exchanges by operation, and the routes that it has where it has none of these."""

    exchanges: dict[str, Exchange]
    routes: ExistingRoutes | None = None

    @property
    def nothing_exists(self) -> bool:
        """Whether no operation of the contract is there."""
        return self.routes is not None

    @property
    def key_refused(self) -> bool:
        """Whether every operation refuses the key."""
        return bool(self.exchanges) and all(_status(exchange) in REFUSED for exchange in self.exchanges.values())


def try_backend(driver: HttpDriver, commands: Commands, spec: BackendSpec) -> BackendFit:
    """Send one conforming request of each guarded operation, the memory first: nothing was executed before it.

    Where no operation is there, each is asked again, and then the routes are looked for that are.
    """
    exchanges = {case.operation: driver.send(case) for case in _cases(driver.contract, commands)}
    if not exchanges or any(_status(exchange) not in ABSENT for exchange in exchanges.values()):
        return BackendFit(exchanges=exchanges)
    for _ in range(ENOUGH - 1):
        again = [driver.send(case) for case in _cases(driver.contract, commands)]
        if any(_status(exchange) not in ABSENT for exchange in again):
            return BackendFit(exchanges=exchanges)
    return BackendFit(exchanges=exchanges, routes=existing_routes(driver, spec))


def backend_parts(fit: BackendFit) -> Iterator[FoundPart]:
    """The operations that answered, each with its status."""
    for operation, exchange in fit.exchanges.items():
        status = _status(exchange)
        if status and status not in ABSENT and not fit.key_refused:
            yield FoundPart(area="backend", part=_route(exchange, operation), shown=f"answers {status}")


def backend_misfits(fit: BackendFit, spec: BackendSpec) -> Iterator[Misfit]:
    """What is missing of the backend, and whether the target file or the program is at fault.

    A single operation that is absent, or answers otherwise than it should, is the program's: the run judges it.
    """
    if fit.routes is not None:
        yield _nothing(fit, fit.routes, spec)
    elif fit.key_refused:
        yield _wrong_key(fit, spec)
    else:
        for operation, exchange in fit.exchanges.items():
            status = _status(exchange)
            if status in ABSENT:
                yield Misfit(
                    area="backend",
                    part=_route(exchange, operation),
                    found=f"answers {status}",
                    blame=Blame.PROGRAM,
                    consequence="the run judges that",
                )


def _nothing(fit: BackendFit, routes: ExistingRoutes, spec: BackendSpec) -> Misfit:
    asked = ", ".join(_route(exchange, operation) for operation, exchange in fit.exchanges.items())
    codes = " or ".join(sorted({str(_status(exchange)) for exchange in fit.exchanges.values()}))
    # Where the operations answer below a prefix, the target file has left that out.
    found = bool(routes.prefix)
    return Misfit(
        area="backend",
        part=asked,
        found=f"none of these exists ({codes}); {routes.sentence}",
        blame=Blame.TARGET if found else Blame.PROGRAM,
        consequence="" if found else f"nothing can be judged; {prefix_question(spec)}",
        line=prefix_line(spec, routes.prefix) if found else "",
    )


def prefix_question(spec: BackendSpec) -> str:
    """What to ask of a backend that has none of the operations where they were asked for."""
    return f"is there a prefix ({prefix_line(spec, '/base')})?"


def prefix_line(spec: BackendSpec, prefix: str) -> str:
    """The line of the target file that names a prefix."""
    if spec.url:
        return f'url = "{spec.url.rstrip("/")}{prefix}"'
    return f'serves = "http://{{host}}:{{port}}{prefix}"'


def _wrong_key(fit: BackendFit, spec: BackendSpec) -> Misfit:
    codes = " or ".join(sorted({str(_status(exchange)) for exchange in fit.exchanges.values()}))
    if spec.api_key_env:
        part = "backend.api_key_env"
        line = f"export {spec.api_key_env}=<the key of this backend>"
    else:
        part = "backend.env" if spec.command else "backend.api_key_env"
        line = 'env = { API_KEY = "{api_key}" } with the name that this program reads its key from'
        if not spec.command:
            line = 'api_key_env = "THE_VARIABLE", and export it with the key of this backend'
    return Misfit(
        area="backend",
        part=part,
        found=f"the key is refused by every operation ({codes})",
        blame=Blame.TARGET,
        line=line,
    )


def _cases(contract: Contract, commands: Commands) -> Sequence[Case]:
    """One conforming request of each operation but that for start-up, the execution last."""
    names = contract.behavior.operations
    word = next(iter(commands.named("approved")), f"{UNKNOWN_PREFIX}_FIT")
    query = (
        (contract.behavior.audit.filter_parameter, contract.behavior.audit.filter_all),
        (contract.behavior.audit.limit_parameter, "50"),
    )
    made = []
    general = [operation.id for operation in contract.general]
    for name in dict.fromkeys((names.memory, names.audit, names.fallback, *general, names.execute)):
        if not name:
            continue
        if name in general:
            made.append(plain_case(contract, name, name="fit check"))
            continue
        described = contract.operations[name]
        case = Case(method=described.method.upper(), path=described.path, operation=name, name="fit check")
        if name == names.execute:
            made.append(_replace(case, body=msgspec.json.encode(contract.words.written("request", {"command": word}))))
        else:
            made.append(_replace(case, query=query) if name != names.memory else case)
    return made


def _replace(case: Case, **changes: Any) -> Case:
    return msgspec.structs.replace(case, **changes)


def _status(exchange: Exchange) -> int:
    return exchange.response.status if exchange.response is not None else 0


def _route(exchange: Exchange, operation: str) -> str:
    request = exchange.request
    return f"{request.method} {request.path.partition('?')[0]}" if request.path else operation
