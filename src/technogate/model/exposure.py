"""What a console leaves where others could read it, and what it sends."""

from __future__ import annotations

from dataclasses import dataclass, field

from technogate.model.exchange import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One request that a console made; `failure` is the browser's own reason for a request that failed.

    It began at `at` and its response was complete at `ended` (0 while it is not), in seconds since the
    epoch. `sent` and `headers` are the headers of the request and of the response, as far as the browser
    reports them, and `body` is what was sent; they may hold secrets. A client module's requests are listed
    where they went to another place than its backend.
    """

    method: str
    url: str
    at: float
    kind: str = ""
    status: int = 0
    failure: str = ""
    ended: float = 0.0
    sent: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: Headers = ()


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
