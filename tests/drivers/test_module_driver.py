"""The module driver: real Node, real sockets, and modules with every kind of defect."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.console_interactions import drive
from technogate.drivers.console_driver import ConsoleEnded, DriverError
from technogate.drivers.module.module_driver import ModuleCall, ModuleDriver
from technogate.drivers.module.node import find_node, node_version
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.held import Held
from technogate.mock.scripted_reply import Reply, ResponseTemplate, json_template

pytestmark = pytest.mark.slow

DATA = Path(__file__).with_name("data")
KEY = "key-of-the-tests-0001"
OPERATIONS = {
    "executeCommand": ("POST", "/api/execute"),
    "fetchAuditLog": ("GET", "/api/audit"),
    "fetchMemory": ("GET", "/api/memory"),
}
ENTRY = {"timestamp": "t", "action": "EXECUTE", "result": "SUCCESS", "state": "APPROVED", "trace_id": "a"}


def _default() -> Reply:
    return Conforming(
        template=json_template({"status": "APPROVED", "trace_id": "a", "reason_codes": ["X", "Y"]})
    ).reply()


@pytest.fixture(scope="module")
def running() -> Iterator[MockBackend]:
    """One mock backend for all tests of this module."""
    with MockBackend(operations=OPERATIONS, defaults=dict.fromkeys(OPERATIONS, _default)) as mock_backend:
        yield mock_backend


@pytest.fixture
def mock_backend(running: MockBackend) -> MockBackend:
    """The mock backend, reset."""
    running.reset()
    return running


@pytest.fixture(scope="module")
def driver(running: MockBackend) -> Iterator[ModuleDriver]:
    """The small client module, with the mock backend as its backend."""
    env = {"NEXT_PUBLIC_API_URL": running.base_url, "NEXT_PUBLIC_API_KEY": KEY}
    with ModuleDriver(DATA / "client.mjs", env=env) as driver:
        yield driver


def test_execute_sends_its_arguments_and_returns_fields(mock_backend: MockBackend, driver: ModuleDriver) -> None:
    """The command and the session reach the backend with the environment's key; the response comes back as fields."""
    rendered = driver.execute("PING", "s-1")
    (received,) = mock_backend.received("executeCommand")
    assert json.loads(received.body) == {"command": "PING", "rest": ["s-1"]}
    assert received.header("x-api-key") == KEY
    assert rendered.fields == {"status": "APPROVED", "trace_id": "a", "reason_codes": "X Y"}
    assert (rendered.call, rendered.driver) == ("executeCommand", "module")
    assert received.started <= rendered.ended
    assert rendered.started <= rendered.ended


def test_without_a_session_there_is_no_second_argument(mock_backend: MockBackend, driver: ModuleDriver) -> None:
    """An absent session is not undefined, null or an empty string."""
    driver.execute("PING")
    assert json.loads(mock_backend.received()[0].body)["rest"] == []


def test_audit_and_memory(mock_backend: MockBackend, driver: ModuleDriver) -> None:
    """Rows keep their order; an empty list and null are distinguished from everything else."""
    mock_backend.script("fetchAuditLog", Conforming(template=json_template([ENTRY, {**ENTRY, "trace_id": "b"}])))
    rows = driver.audit("BLOCKED", 7).rows
    assert [row["trace_id"] for row in rows] == ["a", "b"]
    assert mock_backend.received()[0].target == "/api/audit?filter=BLOCKED&limit=7"
    mock_backend.script(
        "fetchAuditLog", Conforming(template=json_template([])), Conforming(template=json_template({"a": 1}))
    )
    assert driver.audit().fields == {"empty": "true"}
    assert "not a list" in driver.audit().fields["error"]
    snapshot = {"command": "PING", "output": "", "status": "APPROVED", "timestamp": "t"}
    mock_backend.script(
        "fetchMemory", Conforming(template=json_template(snapshot)), Conforming(template=ResponseTemplate(status=204))
    )
    assert driver.memory().fields == snapshot
    assert driver.memory().fields == {"empty": "true"}


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("THROW", {"error": "threw TypeError: no luck"}),
        ("UNDEFINED", {"error": "returned undefined"}),
        ("TEXT", {"error": "executeCommand returned APPROVED, not an object"}),
        ("ODD", {"status": "null", "trace_id": "5", "reason_codes": "A 7", "message": '{"a": 1}'}),
    ],
)
def test_odd_results_are_returned_as_they_are(driver: ModuleDriver, command: str, fields: dict[str, str]) -> None:
    """A thrown value, or a value that is no object, never looks like a result."""
    assert driver.execute(command).fields == fields


def test_calls_run_at_the_same_time(mock_backend: MockBackend, driver: ModuleDriver) -> None:
    """All calls run at the same time, and each gets its own result."""
    replies = [Held(template=json_template({"status": "NEUTRAL", "trace_id": str(n)}), name="all") for n in range(8)]
    mock_backend.script("executeCommand", *replies)
    for number in range(8):
        assert driver.start_execute(f"NUMBER_{number}")
        mock_backend.wait_for("executeCommand", number + 1)
    mock_backend.release("all")
    assert driver.result().fields["trace_id"] == "7"
    driver.wait_until_complete()
    rendered_outputs = driver.call_many([ModuleCall(part="execute", args=(c,)) for c in ("THROW", "PING", "UNDEFINED")])
    assert ["error" in rendered.fields for rendered in rendered_outputs] == [True, False, True]


def test_a_call_without_an_end_is_pending(mock_backend: MockBackend) -> None:
    """A function that never returns gives no result after the limit."""
    env = {"NEXT_PUBLIC_API_URL": mock_backend.base_url}
    with ModuleDriver(DATA / "client.mjs", env=env, limit_s=0.2) as driver:
        assert driver.execute("NEVER").fields == {"pending": "true"}
        with pytest.raises(DriverError, match="did not end within"):
            driver.wait_until_complete()


def test_output_is_kept_apart_from_messages(driver: ModuleDriver) -> None:
    """Everything that the module prints is kept as lines."""
    assert driver.execute("TALK").fields == {"status": "NEUTRAL"}
    driver.execute("TEXT")
    lines = driver.inspect().lines
    assert {"to the log", "to standard output", "unhandled rejection Error: late"} <= set(lines)


def test_relative_urls_are_resolved_against_the_base(mock_backend: MockBackend) -> None:
    """A module without an address of its own sends its requests to the base, as it would to its page's origin."""
    with ModuleDriver(DATA / "client.mjs", env={}, base=mock_backend.base_url) as driver:
        assert driver.execute("PING").fields["status"] == "APPROVED"
        assert driver.relative
    with ModuleDriver(DATA / "client.mjs", env={}) as driver:
        assert "error" in driver.execute("PING").fields


def test_relative_urls_of_a_judged_module_reach_its_backend(mock_backend: MockBackend) -> None:
    """A target's module has no page with an origin: the address of its backend is used."""
    console: Any = SimpleNamespace(module=DATA / "client.mjs", env={}, create="", backend_url=mock_backend.base_url)
    driver = drive(console, "module")
    try:
        assert driver.execute("PING").fields["status"] == "APPROVED"
    finally:
        driver.close()


def test_typescript_needs_no_build(mock_backend: MockBackend) -> None:
    """A module in TypeScript runs as it is, also with an import without an extension."""
    with ModuleDriver(DATA / "typed.ts", env={}, base=mock_backend.base_url) as driver:
        assert driver.execute("PING").fields == {"status": "APPROVED"}
        assert driver.memory().fields == {"empty": "true"}


def test_typescript_is_loaded_as_a_bundler_would(mock_backend: MockBackend, tmp_path: Path) -> None:
    """Enums, parameter properties, types imported as if they were values, and the aliases of tsconfig.json."""
    files = {
        "tsconfig.json": """{ // as Next.js writes it
            "compilerOptions": { "paths": { "@/*": ["./src/*"] }, },
        }""",
        "src/types.ts": "export interface Answer { status: string }\nexport const FIELD = 'status';\n",
        "src/words/index.ts": "export enum Word { Approved = 'APPROVED', Blocked = 'BLOCKED' }\n",
        "src/client.ts": """
            import { Answer, FIELD } from "./types";
            import { Word } from "@/words";
            class Client {
                constructor(private readonly path: string) {}
                /** An {@link Answer}. */
                async ask(): Promise<Answer> {
                    const answer = await fetch(new Request(this.path, { method: "POST", body: "{}" }));
                    const status = ((await answer.json()) as Answer)[FIELD];
                    return { status: status === Word.Approved ? "seen" : Word.Blocked };
                }
            }
            export const executeCommand = (command: string) => new Client("/api/execute").ask();
            export const fetchAuditLog = async (): Promise<Answer[]> => [];
            export const fetchMemory = async (): Promise<Answer | null> => null;
        """,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with ModuleDriver(tmp_path / "src" / "client.ts", env={}, base=mock_backend.base_url) as driver:
        assert driver.execute("PING").fields == {"status": "seen"}


def test_an_address_that_is_none_breaks_the_promise_alone(mock_backend: MockBackend, tmp_path: Path) -> None:
    """A module that handles what its promise comes to handles such an address too: fetch itself never throws."""
    module = tmp_path / "client.mjs"
    module.write_text(
        """
        const handled = () => fetch("http://[").then(() => null, () => ({ status: "BLOCKED" }));
        export { handled as executeCommand, handled as fetchAuditLog, handled as fetchMemory };
        """,
        encoding="utf-8",
    )
    with ModuleDriver(module, env={}, base=mock_backend.base_url) as driver:
        assert driver.execute("PING").fields == {"status": "BLOCKED"}


def test_a_module_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    """A missing file, a missing function, a syntax error and an exit are reported with the module's name."""
    with pytest.raises(DriverError, match="there is no client module"):
        ModuleDriver(tmp_path / "none.mjs", env={})
    with pytest.raises(DriverError, match=r"lacking\.mjs does not load: it does not export fetchAuditLog, fetchMemory"):
        ModuleDriver(DATA / "lacking.mjs", env={})
    broken = tmp_path / "broken.mjs"
    broken.write_text("export const = 1;", encoding="utf-8")
    with pytest.raises(DriverError, match="does not load: SyntaxError"):
        ModuleDriver(broken, env={})
    ending = tmp_path / "ending.mjs"
    ending.write_text("process.exit(0);", encoding="utf-8")
    with pytest.raises(DriverError, match=r"ending\.mjs does not load: it ended its process with exit code 0"):
        ModuleDriver(ending, env={})


def test_a_node_that_ends_leaves_no_call_waiting() -> None:
    """A module that exits is an error for the running call and for every later one, and tells its last words."""
    with ModuleDriver(DATA / "client.mjs", env={}) as driver:
        driver.execute("TALK")
        with pytest.raises(ConsoleEnded, match="ended its process with exit code 7") as ended:
            driver.execute("EXIT")
        assert (ended.value.program, ended.value.exit_code) == ("client module", 7)
        assert "to standard error" in ended.value.output
        for use in (driver.wait_until_complete, lambda: driver.execute("PING")):
            with pytest.raises(ConsoleEnded, match="exit code 7"):
                use()


def test_a_module_is_started_afresh(mock_backend: MockBackend) -> None:
    """After a restart a module that has ended works again, with nothing left of the process before but its lines."""
    with ModuleDriver(DATA / "client.mjs", env={"NEXT_PUBLIC_API_URL": mock_backend.base_url}) as driver:
        driver.execute("TALK")
        with pytest.raises(ConsoleEnded):
            driver.execute("EXIT")
        driver.restart()
        assert driver.execute("PING").fields["status"] == "APPROVED"
        assert "to standard output" in driver.inspect().lines


def test_the_environment_is_the_consoles_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A variable of the gate's own environment does not reach the module."""
    monkeypatch.setenv("TECHNOGATE_SECRET_OF_OURS", "x")
    module = tmp_path / "env.mjs"
    module.write_text(
        "export const executeCommand = async () => ({ status: Object.keys(process.env).join(' ') });\n"
        "export const fetchAuditLog = async () => [], fetchMemory = async () => null;",
        encoding="utf-8",
    )
    with ModuleDriver(module, env={"NEXT_PUBLIC_API_KEY": "k"}) as driver:
        names = driver.execute("PING").fields["status"].split()
    assert "NEXT_PUBLIC_API_KEY" in names
    assert not [name for name in names if name.startswith("TECHNOGATE")]


def test_node_is_found_by_name_and_never_passed_over(tmp_path: Path) -> None:
    """The named Node is used; if it is missing or too old, that is an error."""
    real = find_node()
    assert node_version(real) >= (20, 0)
    assert find_node(environ={"TECHNOGATE_NODE": str(real)}) == real
    with pytest.raises(DriverError, match="which is not a program"):
        find_node(environ={"TECHNOGATE_NODE": str(tmp_path / "node")})
    with pytest.raises(DriverError, match=r"not Node 22\.6 or newer"):
        find_node(typescript=True, environ={"TECHNOGATE_NODE": sys.executable})
