"""Look at a console: start or reach its page in front of known answers, and learn each line of `[console]`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from technogate.contract.loader import Contract
from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.browser_process import borrow, give_back
from technogate.drivers.page.chromium import browser_missing, find_browser
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.model.errors import UserError
from technogate.onboarding.asking import Backend
from technogate.onboarding.known_answers import KnownAnswers
from technogate.onboarding.learned import Learned
from technogate.onboarding.part_finder import PartFinder
from technogate.onboarding.program_start import Start, first_start, port_variants, sources_of
from technogate.onboarding.source_texts import Sources
from technogate.onboarding.surveyed_page import SurveyedPage
from technogate.onboarding.trial import Trial
from technogate.onboarding.variables import key_names, url_names
from technogate.onboarding.wishes import SideWish, split_command
from technogate.target.process.ports import HOST

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: What the contract gives a console in its environment.
CONTRACT_NAMES = {"NEXT_PUBLIC_API_URL": "{backend_url}", "NEXT_PUBLIC_API_KEY": "{api_key}"}
#: Where a page may be that is not at the root, besides what its command and its text name.
_USUAL_PAGES = ("/console/", "/app/", "/ui/", "/admin/", "/index.html")
_REACH_S = 20.0


class ConsoleOnboarding:
    """The look at one console."""

    def __init__(self, wish: SideWish, folder: Path, key: str, contract: Contract, learned: Learned) -> None:
        self.wish, self.folder, self.key, self.learned = wish, folder, key, learned
        self._contract = contract
        self._stack = ExitStack()
        self.answers: KnownAnswers
        self._start: Start | None = None
        self._trial: Trial | None = None
        self._sources = Sources(folder / wish.cwd)
        self._base = ""

    def __enter__(self) -> ConsoleOnboarding:
        self.answers = KnownAnswers(self._contract)
        self._stack.callback(self.answers.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # ---- start or reach ----

    def begin(self) -> None:
        """Start the page's server, or check that it answers; learns how."""
        if self.wish.url:
            parts = urlsplit(self.wish.url)
            self._base = f"{parts.scheme}://{parts.netloc}"
            self.learned.learn("console", "url", self._base + parts.path.rstrip("/"), "given")
            return
        env, command = split_command(self.wish.command, "--console-command")
        cwd = self.folder / self.wish.cwd
        given = {**env, **self.wish.env}
        self._sources = sources_of(command, given, cwd)
        start = Start(command=command, cwd=cwd, env=given, evidence=dict.fromkeys(given, "given"))
        values = {"api_key": self.key, "backend_url": self.answers.mock.base_url}
        self._start, self._trial = first_start(self._starts(start), values, "console", self._stack, self.learned.tell)
        host, port = self._trial.host_and_port()
        self._base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._learn_start(self._start, host, port)

    def _starts(self, start: Start) -> Iterator[Start]:
        """Ways to start it: with the backend's address and key in the variables that its text reads."""
        names = self._sources.env_names()
        full = start
        for value, found in (("{backend_url}", url_names(names)), ("{api_key}", key_names(names))):
            if any(value in text for text in (*full.command, *full.env.values())):
                continue
            for name in found[:4]:
                if name not in full.env:
                    full = full.with_env(name, value, f"{names[name]} reads it")
        for name, value in CONTRACT_NAMES.items():
            if not any(value in text for text in (*full.command, *full.env.values())):
                full = full.with_env(name, value, "the contract's own name; its text reads no other")
        yield from port_variants(full, self._sources)

    def _learn_start(self, start: Start, host: str, port: int) -> None:
        self.learned.learn("console", "command", list(start.command), start.evidence.get("command", "given"))
        if self.wish.cwd != ".":
            self.learned.learn("console", "cwd", self.wish.cwd, "given")
        if start.env:
            why = "; ".join(f"{name}: {start.evidence.get(name, 'given')}" for name in start.env)
            self.learned.learn("console", "env", dict(start.env), why)
        if not start.names_port:
            self.learned.learn("console", "port", port, "it listens there, and neither PORT nor an option moves it")
        if host != HOST:
            number = "{port}" if start.names_port else str(port)
            self.learned.learn("console", "serves", f"http://[::1]:{number}", f"it listens on {host} alone")

    # ---- its page ----

    def learn_page(self) -> None:
        """Where the page is, what its parts are, and who sends its requests."""
        path, said = self._page_path()
        if path != "/":
            self.learned.learn("console", "ready", path, said)
            self.learned.learn("console", "page", path, said)
        reason, hint = browser_missing()
        executable = find_browser()
        if reason or executable is None:
            self.learned.note(f"the page was not looked at: {reason}: {hint}")
            return
        browser = borrow(executable, {}, alone=True)
        try:
            browser.run(lambda running: self._survey(running, self._base + path))
        except (PlaywrightError, DriverError) as error:
            self.learned.note(f"the page was not looked at to its end: {str(error).splitlines()[0]}")
        finally:
            give_back(browser)

    def _page_path(self) -> tuple[str, str]:
        """The path of the page, and the evidence; raises UserError when there is none."""
        asked = Backend(base=self._base, key="")
        words = self._start.command if self._start is not None else ()
        named = [word for word in words if word.startswith("/") and not Path(word).exists()]
        given = urlsplit(self.wish.url).path if self.wish.url else ""
        candidates = [given or "/", *(f"{word.rstrip('/')}/" for word in named), *_USUAL_PAGES]
        candidates += [f"{path}/" for path in self._sources.paths_named()][:12]
        seen = []
        for path in dict.fromkeys(candidates):
            answer = asked.ask_at(path, limit_s=_REACH_S)
            seen.append(f"{path} {answer.status or answer.error}")
            if answer.status // 100 in (2, 3) and (
                answer.status // 100 == 3 or "html" in answer.headers.get("content-type", "")
            ):
                place = urlsplit(answer.headers.get("location", path)).path or path
                return place, f"GET {path} answers {answer.status}" + (
                    f" and leads to {place}" if place != path else ""
                )
        raise UserError(
            f"the console serves no page: {', '.join(seen[:6])}; give --console-url with the address of its page"
        )

    def _survey(self, browser: Browser, url: str) -> None:
        context = browser.new_context(reduced_motion="reduce", timezone_id="UTC", locale="en-US")
        try:
            page = SurveyedPage(context.new_page(), url, self.answers)
            self._look(page)
        finally:
            context.close()

    def _look(self, page: SurveyedPage) -> None:
        ran = PartFinder(page, self.answers, self.learned).learn()
        at_mock = any(url.startswith(self.answers.mock.base_url) for url in page.sent)
        if ran and not at_mock:
            self.learned.learn(
                "console", "via", "server", "what was entered arrived, and the page itself sent nothing to the backend"
            )
        if not ran and self.answers.count:
            others = sorted({f"{one.method} {one.target.split('?')[0]}" for one in self.answers.since(0)})
            self.learned.note(f"the page sent to the backend: {', '.join(others[:8])}")
        elif not ran:
            hint = "name the variable of its address with --console-env NAME={backend_url}"
            self.learned.note(f"the page sent nothing to the backend: {hint}")
