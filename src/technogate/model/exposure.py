"""What a console leaves where others could read it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What a console leaves behind where others could read it (CON-12, CON-15).

    `storage` maps `localStorage:name` and `sessionStorage:name` to the value; `cookies` are
    `name=value`; `text` is the page's text and the values of its inputs, `html` its markup; `lines`
    are the page's console output (for a module its standard output and error). `markup` lists, for
    each part that shows responses, the elements in it by tag name.
    """

    storage: dict[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    text: str = ""
    html: str = ""
    urls: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    markup: dict[str, tuple[str, ...]] = field(default_factory=dict)
