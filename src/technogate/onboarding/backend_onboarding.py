"""Look at a backend: start or reach it, ask it a little, and learn each line of `[backend]` with its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from technogate.model.errors import UserError
from technogate.onboarding.asking import Backend, wait_for_answer
from technogate.onboarding.backend_shape import (
    OPERATIONS,
    READY_PATHS,
    document_prefixes,
    document_routes,
    find_document,
    find_prefix,
    find_ready,
    key_rule,
)
from technogate.onboarding.learned import Learned
from technogate.onboarding.program_start import Start, first_start, port_variants, sources_of
from technogate.onboarding.tls_reach import Secure, secure
from technogate.onboarding.trail_search import snapshot
from technogate.onboarding.trial import Trial
from technogate.onboarding.variables import key_names, movers, origin_names
from technogate.onboarding.wishes import SideWish, split_command
from technogate.target.process.ports import HOST
from technogate.util.source_texts import Sources
from technogate.util.tls import trust

#: Seconds that a program which runs already may take to answer.
_REACH_S = 5.0
#: Where a page of the gate's would be: any origin will do to see whether a variable allows it.
CONSOLE_ORIGIN = f"http://{HOST}:3001"


class BackendOnboarding:
    """The look at one backend; `approved` is a command of its that is executed, "" while none is known."""

    def __init__(self, wish: SideWish, folder: Path, key: str, learned: Learned) -> None:
        self.wish, self.folder, self.key, self.learned = wish, folder, key, learned
        self.started = not wish.url
        self.approved = ""
        self.secure: Secure | None = None
        self.start: Start | None = None
        self.trial: Trial | None = None
        self.backend = Backend(base=wish.url.rstrip("/"), key=key)
        self.sources = Sources(folder / wish.cwd)
        self.document: Mapping[str, Any] | None = None
        self.files_before = {path.resolve() for path in snapshot([folder / wish.cwd])}
        self._stack = ExitStack()

    def __enter__(self) -> BackendOnboarding:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # ---- start or reach ----

    def begin(self) -> None:
        """Start or reach it, so that it answers; raises UserError when it does not."""
        if self.started:
            self._start()
        else:
            parts = urlsplit(self.wish.url)
            self.backend = replace(self.backend, base=f"{parts.scheme}://{parts.netloc}", prefix=parts.path.rstrip("/"))
            if not (answer := wait_for_answer(self.backend, _REACH_S)).status:
                raise UserError(f"the backend does not answer: {self.wish.url}: {answer.error}; is it running?")

    @property
    def values(self) -> dict[str, str]:
        """The placeholders of a trial."""
        return {"api_key": self.key, "console_origin": CONSOLE_ORIGIN}

    def _start(self) -> None:
        env, command = split_command(self.wish.command, "--backend-command")
        cwd = self.folder / self.wish.cwd
        given = {**env, **self.wish.env}
        self.sources = sources_of(command, given, cwd)
        evidence = {**dict.fromkeys(given, "given"), "command": self.wish.said}
        start = Start(command=command, cwd=cwd, env=given, evidence=evidence)
        self.start, self.trial = first_start(
            self._starts(start), self.values, "backend", self._stack, self.learned.tell
        )
        self._reach()

    def _starts(self, start: Start) -> Iterator[Start]:
        """Ways to start it: with the key, the console's origin and a trail of its own where the text reads them."""
        names = self.sources.env_names()
        full = start
        if not any("{api_key}" in text for text in (*start.command, *start.env.values())):
            for name in key_names(name for name in names if name not in start.env)[:4]:
                full = full.with_env(name, "{api_key}", f"{names[name]} reads it")
        for name in origin_names(name for name in names if name not in start.env):
            full = full.with_env(name, "{console_origin}", f"{names[name]} reads it")
        if not any("{workdir}" in text for text in (*start.command, *start.env.values())):
            moved = full
            for mover in movers(self.sources)[0]:
                moved = moved.with_mover(mover) if mover.name not in start.env else moved
            if moved is not full:
                yield from port_variants(moved, self.sources)
        yield from port_variants(full, self.sources)

    def _reach(self) -> None:
        """Take the address of the trial."""
        if self.trial is None:
            raise RuntimeError("the backend was not started")
        host, port = self.trial.host_and_port()
        self.backend = replace(self.backend, base=f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        answer = self.backend.ask_at("/", key="")
        if (not answer.status or "https" in answer.text[:500].lower()) and self._reach_secure(host, port):
            return
        answer = answer if answer.status else wait_for_answer(self.backend, _REACH_S)
        if not answer.status:
            raise UserError(f"the backend listens on port {port} and does not answer over HTTP: {answer.error}")

    def _reach_secure(self, host: str, port: int) -> bool:
        """Whether it speaks TLS; then its address says so, and its certificate is trusted where a file verifies it."""
        if self.secure is None:
            self.secure = secure(host, port, self.folder / self.wish.cwd)
        if self.secure is None:
            return False
        if not self.secure.name:
            hint = "put the PEM file of its authority into the folder"
            raise UserError(f"the backend speaks TLS on port {port}, and no file here verifies its certificate: {hint}")
        if self.secure.ca_file is not None:
            trust([self.secure.ca_file])
        name = f"[{host}]" if self.secure.name == host and ":" in host else self.secure.name
        self.backend = replace(self.backend, base=f"https://{name}:{port}")
        return True

    def revive(self) -> Backend | None:
        """Start it again after it ended; None for one that runs elsewhere or does not start."""
        if self.start is None:
            return None
        self._stack.close()
        trial = self._stack.enter_context(self.start.trial(self.values, "backend"))
        if trial.wait_until_listening():
            return None
        self.trial = trial
        self._reach()
        return self.backend

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.trial is None or self.trial.alive

    # ---- what it is ----

    def learn_shape(self, ready: str = "", openapi: str = "") -> None:
        """Its prefix, ready path, key and document."""
        path, self.document = find_document(self.backend, openapi)
        named = [self.backend.prefix] if self.backend.prefix else []
        named += ["", *document_prefixes(self.document or {}), *self.sources.paths_named()]
        prefix = find_prefix(self.backend, named)
        self.backend = replace(self.backend, prefix=prefix.path)
        if self.document is None:
            path, self.document = find_document(self.backend, openapi)
        rule = key_rule(self.backend)
        self._learn_address(prefix.path, prefix.said)
        self._learn_ready(ready)
        self._learn_key(rule.works, rule.said, refused=rule.none_refused and rule.wrong_refused)
        if path and self.document is not None:
            self.learned.learn("backend", "openapi", path, f"GET {path} answers an OpenAPI document")
        if prefix.found < len(OPERATIONS):
            routes = document_routes(self.document or {})
            more = f"; its document has {', '.join(routes[:8])}" if routes else ""
            self.learned.note(f"{prefix.found} of the four operations exist: {prefix.said}{more}")

    def _learn_address(self, prefix: str, said: str) -> None:
        if not self.started:
            self.learned.learn("backend", "url", self.backend.base + prefix, f"given; {said}")
            return
        if self.trial is None or self.start is None:
            raise RuntimeError("the backend was not started")
        host, port = self.trial.host_and_port()
        self.learn_start()
        if self.wish.cwd != ".":
            self.learned.learn("backend", "cwd", self.wish.cwd, self.wish.said)
        if self.trial.socket is not None:
            self.learned.learn("backend", "socket", self._named(self.trial.socket), "it listens there, on no port")
        elif not self.start.names_port:
            self.learned.learn("backend", "port", port, "it listens there, and neither PORT nor an option moves it")
        if prefix or host != HOST or self.secure is not None:
            self._learn_served(host, port, prefix, said)
        else:
            self.learned.tell(f"found    the four operations: {said}")

    def _learn_served(self, host: str, port: int, prefix: str, said: str) -> None:
        """The base URL, where it is not http on 127.0.0.1 without a prefix."""
        moves = self.start is not None and self.start.names_port
        moves = moves or (self.trial is not None and self.trial.socket is not None)
        number = "{port}" if moves else str(port)
        named = self.secure is not None and self.secure.name == "localhost"
        shown = "localhost" if named else "[::1]" if ":" in host else "{host}"
        where = f"it listens on {host} alone; " if host != HOST else ""
        tls = "it speaks TLS; " if self.secure is not None else ""
        scheme = "https" if self.secure is not None else "http"
        self.learned.learn("backend", "serves", f"{scheme}://{shown}:{number}{prefix}", where + tls + said)
        if self.secure is not None and self.secure.ca_file is not None:
            said = "its certificate is verified with this file"
            self.learned.learn("backend", "ca_file", self._named(self.secure.ca_file), said)

    def _named(self, path: Path) -> str:
        """A path as the target file writes it: in the folder of the pair, or relative to the file."""
        path, root = path.resolve(), self.folder.resolve()
        if self.trial is not None and path.is_relative_to(self.trial.workdir):
            return f"{{workdir}}/{path.relative_to(self.trial.workdir).as_posix()}"
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()

    def learn_start(self) -> None:
        """The command and the variables by which it was started last."""
        if self.start is None:
            return
        self.learned.learn("backend", "command", list(self.start.command), self.start.evidence.get("command", "given"))
        if not self.start.env:
            return
        why = "; ".join(f"{name}: {self.start.evidence.get(name, 'given')}" for name in self.start.env)
        self.learned.learn("backend", "env", dict(self.start.env), why)

    def _learn_ready(self, named: str) -> None:
        path, said = find_ready(self.backend, named)
        if path:
            self.learned.learn("backend", "ready", path, said)
        else:
            tried = named or ", ".join(READY_PATHS[:4]) + " and others"
            self.learned.lack(
                "backend", "ready", f"none of {tried} answers 2xx or 3xx without a key", "the default is /health"
            )

    def _learn_key(self, works: bool, said: str, *, refused: bool) -> None:
        if not works:
            names = key_names(self.sources.env_names())
            tried = f"the variables tried are {', '.join(names)}" if names else "its text names no variable for a key"
            self.learned.note(f"the key is not accepted: {said}; {tried}: name it with --backend-env NAME={{api_key}}")
        elif not refused:
            self.learned.note(f"requests without the right key are not refused: {said}")
        else:
            self.learned.tell(f"found    the header X-API-Key: {said}")
