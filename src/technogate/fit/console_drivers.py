"""Which drivers the console of a run is judged by: found out once, before any item, and the same in every process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.module_plan import NOWHERE, ModulePlan, plan_module
from technogate.model.driver_name import DriverName
from technogate.model.errors import UserError
from technogate.model.requirement import Party
from technogate.model.settings import Settings
from technogate.target.api_key import new_key
from technogate.target.environment import clean_environment
from technogate.target.placeholder_values import console_environment, console_values
from technogate.target.placeholders import fill

if TYPE_CHECKING:
    from technogate.contract.loader import Contract
    from technogate.target import Target
    from technogate.target.spec import ConsoleSpec

#: The key that a module is tried with: it is sent nowhere.
_TRIAL_KEY = new_key()


def with_drivers(settings: Settings, contract: Contract, target: Target, *, trial: bool = True) -> Settings:
    """The settings with the drivers of the console; a client module is tried for that, unless `trial` is False.

    Raises UserError, one line, for a module that cannot be judged.
    """
    if settings.drivers:
        return settings
    selected = [contract.requirements[name] for name in settings.selection if name in contract.requirements]
    wanted = trial and (not selected or any(requirement.party is not Party.BACKEND for requirement in selected))
    return msgspec.structs.replace(settings, drivers=console_drivers(target, trial=wanted))


def console_drivers(target: Target, *, trial: bool = True) -> tuple[DriverName, ...]:
    """The drivers that the console of `target` can be judged by, the cheaper first; a page's without a console."""
    console = target.spec.console
    if console is None or not console.module:
        return ("browser",)
    plan = module_plan(target) if trial else None
    drivers: tuple[DriverName, ...] = ("module", "module-browser") if plan is None else plan.drivers
    if console.driver == "module":
        return drivers
    # Where there is a page, the module is called in the cheaper of its runtimes alone.
    return (drivers[0], "browser")


def module_plan(target: Target) -> ModulePlan:
    """What the client module of `target` is judged in. Raises UserError for one that cannot be judged."""
    console = target.spec.console
    if console is None:
        raise UserError(f"{target.spec.name} describes no console: add [console] to its target file")
    values = {**console_values(NOWHERE, _TRIAL_KEY, NOWHERE), "host": "127.0.0.1", "port": "9", "workdir": "."}
    try:
        return plan_module(
            target.folder / console.module,
            clean_environment(console_environment(NOWHERE, _TRIAL_KEY) | _filled(console, values)),
            create=fill(console.create, values),
            runtime=console.runtime,
            beside_page=console.driver == "browser",
        )
    except DriverError as error:
        raise UserError(str(error).replace(_TRIAL_KEY, "…")) from error


def _filled(console: ConsoleSpec, values: Mapping[str, str]) -> dict[str, str]:
    return {name: fill(text, values) for name, text in console.env.items()}
