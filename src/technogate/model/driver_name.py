"""The drivers of a console: its page in a browser, its client module in Node, or the module in a browser."""

from __future__ import annotations

from typing import Literal

DriverName = Literal["browser", "module", "module-browser"]

#: The drivers that call the functions of a client module, whose values are returned as they are.
MODULE_DRIVERS = frozenset({"module", "module-browser"})

#: The drivers that work in a browser.
BROWSER_DRIVERS = frozenset({"browser", "module-browser"})
