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
from technogate.onboarding.known_answers import KnownAnswers
from technogate.onboarding.learned import Learned
from technogate.onboarding.page_place import find_page
from technogate.onboarding.part_finder import PartFinder
from technogate.onboarding.program_start import Start, first_start, port_variants, sources_of
from technogate.onboarding.surveyed_page import SurveyedPage
from technogate.onboarding.trial import Trial
from technogate.onboarding.variables import key_names, url_names
from technogate.onboarding.wishes import SideWish, split_command
from technogate.target.process.ports import HOST
from technogate.util.source_texts import Sources

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: What the contract gives a console in its environment.
CONTRACT_NAMES = {"NEXT_PUBLIC_API_URL": "{backend_url}", "NEXT_PUBLIC_API_KEY": "{api_key}"}
#: How the remark on a page begins that sent something else.
_SENT = "the page sent to the backend"


class ConsoleOnboarding:
    """The look at one console."""

    def __init__(
        self, wish: SideWish, folder: Path, key: str, contract: Contract, learned: Learned, api_url: str = ""
    ) -> None:
        self.wish, self.folder, self.key, self.learned = wish, folder, key, learned
        self._contract = contract
        self.api_url = api_url
        self._api = ""
        self._stack = ExitStack()
        self._programs = ExitStack()
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
        self._programs.close()
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
        evidence = {**dict.fromkeys(given, "given"), "command": self.wish.said}
        start = Start(command=command, cwd=cwd, env=given, evidence=evidence)
        self._begin_with(self._starts(start))

    def _begin_with(self, starts: Iterator[Start]) -> None:
        """Start the page's server in one of these ways, in front of the known answers."""
        values = {"api_key": self.key, "backend_url": self.answers.mock.base_url}
        self._programs.close()
        self._start, self._trial = first_start(starts, values, "console", self._programs, self.learned.tell)
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
            self.learned.learn("console", "cwd", self.wish.cwd, self.wish.said)
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
        command = self._start.command if self._start is not None else ()
        given = urlsplit(self.wish.url).path if self.wish.url else ""
        path, said = find_page(self._base, given, command, self._sources)
        if path != "/":
            self.learned.learn("console", "ready", path, said)
            self.learned.learn("console", "page", path, said)
        reason, hint = browser_missing()
        executable = find_browser()
        if reason or executable is None:
            self.learned.note(f"the page was not looked at: {reason}: {hint}")
            return
        url = self._base + path
        try:
            if self.wish.url:
                self._learn_backend_of_page(executable, url)
            ran = self._look_in(executable, url)
            if not ran and (longer := self._other_address()):
                self._restart(longer)
                self._look_in(executable, self._base + path)
        except (PlaywrightError, DriverError) as error:
            self.learned.note(f"the page was not looked at to its end: {str(error).splitlines()[0]}")

    def _look_in(self, executable: Path, url: str) -> bool:
        """Look at the page in a browser of its own; whether a command could be run."""
        place = urlsplit(self._api)
        port = place.port or (443 if place.scheme == "https" else 80)
        hosts = {f"{place.hostname}:{port}": f"{HOST}:{self.answers.mock.port}"} if self._api else {}
        browser = borrow(executable, hosts, alone=True)
        try:
            return browser.run(lambda running: self._survey(running, url))
        finally:
            give_back(browser)

    def _learn_backend_of_page(self, executable: Path, url: str) -> None:
        """The backend that a running page is built for: as given, or as the page requests it when it is loaded."""
        said = "given"
        self._api = self.api_url
        if not self._api:
            browser = borrow(executable, {}, alone=True)
            try:
                self._api, said = browser.run(lambda running: self._requested(running, url))
            finally:
                give_back(browser)
        if not self._api:
            raise UserError(
                "the page requested no operation as it was loaded: give the address of its backend by --api-url"
            )
        self.learned.learn("console", "api_url", self._api, said)

    def _requested(self, browser: Browser, url: str) -> tuple[str, str]:
        """The origin of the first operation that a page requests as it is loaded, and the evidence."""
        context = browser.new_context()
        try:
            page = SurveyedPage(context, url, self.answers)
            page.load()
            paths = tuple(operation.path for operation in self._contract.guarded)
            for sent in page.sent:
                parts = urlsplit(sent)
                if parts.path.endswith(paths):
                    return f"{parts.scheme}://{parts.netloc}", f"the page requested {parts.path} there as it was loaded"
        finally:
            context.close()
        return "", ""

    def _other_address(self) -> str:
        """The path that the backend's address lacks, where the page asked for operations without it; "" otherwise."""
        asked = {urlsplit(one.target).path for one in self.answers.since(0) if not one.operation}
        for operation in self._contract.guarded:
            for path in asked:
                if path not in ("", "/") and operation.path.endswith(path):
                    return operation.path.removesuffix(path)
        return ""

    def _restart(self, path: str) -> None:
        """Start the page's server again with a backend address that ends with `path`."""
        if self._start is None:
            return
        evidence = f"the page asked for its operations without {path}"
        self.learned.notes = [note for note in self.learned.notes if not note.startswith(_SENT)]
        for name, value in self._start.env.items():
            if value == "{backend_url}":
                self._start = self._start.with_env(name, "{backend_url}" + path, evidence)
        self._begin_with(iter([self._start]))

    def _survey(self, browser: Browser, url: str) -> bool:
        context = browser.new_context(reduced_motion="reduce", timezone_id="UTC", locale="en-US")
        try:
            return self._look(SurveyedPage(context, url, self.answers))
        finally:
            context.close()

    def _look(self, page: SurveyedPage) -> bool:
        """Find the parts of a page, and who sends its requests; whether a command could be run."""
        ran = PartFinder(page, self.answers, self.learned).learn()
        backends = tuple(one for one in (self.answers.mock.base_url, self._api) if one)
        at_mock = any(url.startswith(backends) for url in page.sent)
        if ran and not at_mock:
            self.learned.learn(
                "console", "via", "server", "what was entered arrived, and the page itself sent nothing to the backend"
            )
        if not ran and self.answers.count:
            others = sorted({f"{one.method} {one.target.split('?')[0]}" for one in self.answers.since(0)})
            self.learned.note(f"{_SENT}: {', '.join(others[:8])}")
        elif not ran:
            hint = "name the variable of its address with --console-env NAME={backend_url}"
            self.learned.note(f"the page sent nothing to the backend: {hint}")
        return ran
