"""The typed content of a target file: the description of a pair under test.

The schema is `contracts/schemas/target.schema.json`, which also documents every key for authors of target
files. Values still hold their placeholders.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from technogate.model.contract_words import spoken

#: How the times of an audit trail are written: any form that can be told, RFC 3339, or a number since the epoch.
TimeForm = Literal["auto", "rfc3339", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"]
#: Seconds that a program gets to become ready after the gate started it.
START_TIMEOUT_S = 60.0
#: Seconds that a program which should run already may take to respond.
RESPONSE_TIMEOUT_S = 5.0


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table of a target file: frozen, keyword-only, no unknown keys."""


class Commands(Spec, frozen=True, kw_only=True):
    """Commands of the backend by what they provoke; None where the file names none, "" where there is no such command.

    `unknown_status` may be several: a status can be an unknown word, no string, or missing.
    """

    approved: str | None = None
    warning: str | None = None
    neutral: str | None = None
    expired: str | None = None
    blocked: str | None = None
    slow: str | None = None
    crashing: str | None = None
    unknown_status: str | tuple[str, ...] | None = None

    def named(self, outcome: str) -> tuple[str, ...]:
        """Return the commands that provoke `outcome`: none, one or several."""
        commands: str | tuple[str, ...] | None = getattr(self, outcome)
        return () if not commands else (commands,) if isinstance(commands, str) else commands

    def declares_none(self, outcome: str) -> bool:
        """Whether the file says that the backend has no command for `outcome`."""
        return bool(getattr(self, outcome) == "")


class AuditSpec(Spec, frozen=True, kw_only=True):
    """Where the audit trail is read: the API (`api`), files of JSON lines (`jsonl`), a database, a program's output.

    `path` is a file or a pattern of files; `url` and `query` are for `sql`, `command`, `cwd` and `env` for
    `command`. `fields` maps a field of a trail entry to the key or dotted path that it has there, and `time` says
    how times are written there.
    """

    source: Literal["api", "jsonl", "sql", "command"] = "api"
    path: str = ""
    fields: dict[str, str] = {}
    time: TimeForm = "auto"
    url: str = ""
    query: str = ""
    command: tuple[str, ...] = ()
    cwd: str = "."
    env: dict[str, str] = {}


class UnwritableSpec(Spec, frozen=True, kw_only=True):
    """How the audit trail is made unwritable and restored (TRL-10): one way, or none.

    `lock_sqlite` is the trail's SQLite file, which the gate locks. `command` makes the trail unwritable and
    `undo` restores it; the gate runs both, with `env` besides the variables of the backend.
    """

    lock_sqlite: str = ""
    command: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    env: dict[str, str] = {}

    @property
    def declared(self) -> bool:
        """Whether the target file declares a way."""
        return bool(self.lock_sqlite or self.command)

    @property
    def far_reaching(self) -> bool:
        """Whether it may affect the audit trail of every pair: the command has no placeholder of this pair."""
        own = ("{workdir}", "{port}", "{backend_url}", "{container}", "{project}")
        return bool(self.command) and not any(name in word for word in self.command for name in own)


class ServedSpec(Spec, frozen=True, kw_only=True):
    """One side of the pair: either the `url` where it runs or the `command` that starts it.

    `serves` is the base URL of a program that the gate starts, with {host} and {port}; "" when it has neither a path
    prefix nor TLS. `ca_file` has the certificates that its own is verified with, besides those of the system.
    `isolation` is whether a program that the gate starts gets a user of its own: where it keeps its files in {workdir},
    always, or never.
    """

    url: str = ""
    command: tuple[str, ...] = ()
    cwd: str = "."
    env: dict[str, str] = {}
    port: int | None = None
    serves: str = ""
    ca_file: str = ""
    ready: str = ""
    ready_log: str = ""
    isolation: Literal["auto", "user", "none"] = "auto"
    start_timeout_s: float | None = None
    api_key_env: str = ""

    @property
    def timeout_s(self) -> float:
        """Seconds to wait for readiness: as declared, else by whether the gate starts it."""
        if self.start_timeout_s is not None:
            return self.start_timeout_s
        return RESPONSE_TIMEOUT_S if self.url else START_TIMEOUT_S

    @property
    def ready_at(self) -> str:
        """What shows that it is ready: as declared, else the public path of the contract."""
        return self.ready or spoken().health_path or "/"

    @property
    def movable(self) -> bool:
        """Whether its port can be chosen: {port} is in its command or environment."""
        return any("{port}" in text for text in (*self.command, *self.env.values()))


class RateLimitSpec(Spec, frozen=True, kw_only=True):
    """How many requests the backend takes within so many seconds."""

    requests: int
    per_s: float


class WrongKeysSpec(Spec, frozen=True, kw_only=True):
    """How many wrong keys the backend takes within so many seconds, before it locks the client out."""

    at_most: int
    per_s: float


class BackendSpec(ServedSpec, frozen=True, kw_only=True):
    """The provider. `openapi` is the path of the document that it serves, "" when it is at none or a usual one.

    `socket` is the Unix socket that it listens on in place of a port, "" without one. `rate_limit` and `wrong_keys` are
    what it takes, None where the gate must learn that.
    """

    commands: Commands = Commands()
    audit: AuditSpec = AuditSpec()
    unwritable: UnwritableSpec = UnwritableSpec()
    openapi: str = ""
    socket: str = ""
    rate_limit: RateLimitSpec | None = None
    wrong_keys: WrongKeysSpec | None = None

    @property
    def shares_socket(self) -> bool:
        """Whether every pair would listen on the same Unix socket: its path has no placeholder of one pair."""
        return bool(self.socket) and not any(name in self.socket for name in ("{workdir}", "{port}"))


class Selectors(Spec, frozen=True, kw_only=True):
    """One CSS selector for each part of the page; the audit cells are looked up within their row."""

    command: str = '[data-testid="command-input"]'
    session: str = '[data-testid="session-input"]'
    run: str = '[data-testid="command-run"]'
    result: str = '[data-testid="result"]'
    status: str = '[data-testid="result-status"]'
    trace_id: str = '[data-testid="result-trace-id"]'
    reasons: str = '[data-testid="result-reasons"]'
    message: str = '[data-testid="result-message"]'
    audit: str = '[data-testid="audit"]'
    audit_filter: str = '[data-testid="audit-filter"]'
    audit_limit: str = '[data-testid="audit-limit"]'
    audit_refresh: str = '[data-testid="audit-refresh"]'
    audit_row: str = '[data-testid="audit-row"]'
    audit_timestamp: str = '[data-field="timestamp"]'
    audit_action: str = '[data-field="action"]'
    audit_result: str = '[data-field="result"]'
    audit_state: str = '[data-field="state"]'
    audit_trace_id: str = '[data-field="trace_id"]'
    audit_execution_id: str = '[data-field="execution_id"]'
    audit_empty: str = '[data-testid="audit-empty"]'
    memory: str = '[data-testid="memory"]'
    memory_refresh: str = '[data-testid="memory-refresh"]'
    memory_command: str = '[data-testid="memory-command"]'
    memory_output: str = '[data-testid="memory-output"]'
    memory_status: str = '[data-testid="memory-status"]'
    memory_timestamp: str = '[data-testid="memory-timestamp"]'
    memory_empty: str = '[data-testid="memory-empty"]'


class FieldText(Spec, frozen=True, kw_only=True):
    """What a step enters in a field, or chooses in it: `text`, or the value of the environment variable `env`."""

    selector: str
    text: str = ""
    env: str = ""


class StepSpec(Spec, frozen=True, kw_only=True):
    """One action on the page, before it is used for something or after a press that uses it; see the schema."""

    before: str | tuple[str, ...] = ()
    after: str | tuple[str, ...] = ()
    open: str = ""
    click: str = ""
    fill: FieldText | None = None
    select: FieldText | None = None
    press: str = ""
    dialog: Literal["", "accept", "dismiss"] = ""


class ConsoleSpec(ServedSpec, frozen=True, kw_only=True):
    """The consumer: a page that a browser drives, or a module that exports the three functions.

    `page` is the path of the page, "" for the one of `ready`. With `via` "server" the page's own server sends its
    requests. `words` are the page's own words for statuses and results; `steps` are what is done on it besides.
    `create` is an expression over the module's exports that makes the client, `runtime` where it runs; "" leaves
    both to the gate.
    """

    ready: str = "/"
    page: str = ""
    via: Literal["", "server"] = ""
    words: dict[str, str] = {}
    steps: tuple[StepSpec, ...] = ()
    api_url: str = ""
    driver: Literal["browser", "module"] = "browser"
    module: str = ""
    create: str = ""
    runtime: Literal["", "node", "browser"] = ""
    selectors: Selectors = Selectors()


class ComposeSpec(Spec, frozen=True, kw_only=True):
    """The pair as containers of a compose project.

    `files` are the team's own compose files, laid over the gate's. `variables` are what they, and the
    gate's, may name; `profiles` are switched on; the services `before` are healthy before the pair starts.
    An empty image means the one that the environment names, else the reference.
    """

    files: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    profiles: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    backend_image: str = ""
    console_image: str = ""


class TargetFile(Spec, frozen=True, kw_only=True):
    """A whole target file, with what it took over from the files that it extends.

    `faults` allows attacks on a pair that the gate did not start.
    """

    name: str
    extends: str | tuple[str, ...] = ()
    faults: bool = False
    compose: ComposeSpec | None = None
    backend: BackendSpec | None = None
    console: ConsoleSpec | None = None
