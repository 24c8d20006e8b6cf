"""How the console's page of a target is used: its address, its parts, its own words, and the steps between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import httpx

from technogate.model.errors import UserError
from technogate.target.environment import variable
from technogate.target.readiness import PROBE_S
from technogate.target.spec import ConsoleSpec, FieldText, Selectors, StepSpec
from technogate.util.http_client import http_client

#: When a step is done: after the page was loaded, or before or after a press in one of its areas.
Moment = Literal["start", "execute", "audit", "memory"]

#: What a step does.
Action = Literal["open", "click", "fill", "select", "press", "dialog"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStep:
    """One action on the page. `goal` is a selector, an address, a key or an answer; `text` is entered or chosen.

    `where` is its place in the target file, for messages.
    """

    where: str
    action: Action
    goal: str
    text: str = field(default="", repr=False)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageUse:
    """How a page is used.

    `words` pairs the page's own words with the contract's; `via_server` is whether the page's own server sends its
    requests.
    """

    url: str
    selectors: Selectors = field(default_factory=Selectors)
    steps: tuple[PageStep, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    via_server: bool = False


def page_use(spec: ConsoleSpec, url: str, key: str) -> PageUse:
    """How the page of the console that runs at `url` is used; `key` is the API key of the run."""
    return PageUse(
        url=page_address(spec, url),
        selectors=spec.selectors,
        steps=tuple(_step(number, step, url, key) for number, step in enumerate(spec.steps, 1)),
        words=tuple((shown, word) for word, shown in spec.words.items()),
        via_server=spec.via == "server",
    )


def check_steps(spec: ConsoleSpec) -> None:
    """Raise UserError for a step whose text is to come from an environment variable that is not set."""
    for number, step in enumerate(spec.steps, 1):
        entered = step.fill or step.select
        if entered is not None and entered.env and variable(entered.env) is None:
            raise UserError(
                f"console.steps[{number}] names {entered.env}, which is not set: export {entered.env}=<text>"
            )


def page_address(spec: ConsoleSpec, url: str) -> str:
    """The address of the page: as declared, else where `ready` answers with a page, else the console's own."""
    if not url:
        return ""
    if spec.page:
        return below(url, spec.page)
    if spec.ready in ("", "/") or "://" in spec.ready:
        return url
    ready = below(url, spec.ready)
    return ready if _is_page(ready) else url


def below(url: str, path: str) -> str:
    """The address of `path` below `url`, or from the origin on where it begins with the path of `url` itself."""
    parts = urlsplit(url)
    base = parts.path.rstrip("/")
    if base and (path == base or path.startswith(f"{base}/")):
        return f"{parts.scheme}://{parts.netloc}{path}"
    return url.rstrip("/") + path


def _is_page(url: str) -> bool:
    """Whether the address answers with HTML: a path that only says whether a program is ready does not."""
    try:
        with http_client(url, PROBE_S) as client, client.stream("GET", url) as response:
            return "html" in response.headers.get("content-type", "")
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _step(number: int, spec: StepSpec, url: str, key: str) -> PageStep:
    action, goal, text = _action(spec, url, key)
    return PageStep(
        where=f"console.steps[{number}]",
        action=action,
        goal=goal,
        text=text,
        before=_words(spec.before),
        after=_words(spec.after),
    )


def _words(moments: str | tuple[str, ...]) -> tuple[str, ...]:
    return (moments,) if isinstance(moments, str) else moments


def _action(spec: StepSpec, url: str, key: str) -> tuple[Action, str, str]:
    """The action of a step, its goal and its text."""
    for action, goal in _goals(spec):
        if isinstance(goal, FieldText):
            return (
                action,
                goal.selector,
                (variable(goal.env) or "") if goal.env else goal.text.replace("{api_key}", key),
            )
        if goal:
            return action, below(url, goal) if action == "open" else goal, ""
    raise UserError("a step of console.steps has no action")


def _goals(spec: StepSpec) -> Iterator[tuple[Action, str | FieldText | None]]:
    yield "open", spec.open
    yield "click", spec.click
    yield "fill", spec.fill
    yield "select", spec.select
    yield "press", spec.press
    yield "dialog", spec.dialog
