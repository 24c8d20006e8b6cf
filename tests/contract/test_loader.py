"""The contract as data: complete, consistent, refused early when broken, and independent of the code."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from technogate.contract.loader import FILES, VALID_DOCUMENTS, Contract, ContractError, load_contract
from technogate.model.requirement import Level, Party

CONSOLE = Path(__file__).resolve().parents[2] / "contracts" / "console-v0.1"


def words(text: str) -> list[str]:
    """The words of a list."""
    return text.split()


BACKEND = words("""
    ENV-01 ENV-02 ENV-03 ENV-04 ENV-05 ENV-06 ENV-07 AUT-01 AUT-02 AUT-03 AUT-04 AUT-05 AUT-06 AUT-07 EXE-01 EXE-02
    EXE-03 EXE-04 EXE-05 EXE-06 EXE-07 EXE-08 EXE-09 EXE-10 AUD-01 AUD-02 AUD-03 AUD-04 AUD-05 AUD-06 MEM-01
    MEM-02 ERR-01 ERR-02 ERR-03 ERR-04 ERR-05 ERR-06 ERR-07 TMO-01 TMO-02 FCB-01 TRL-01 TRL-02 TRL-03 TRL-04
    TRL-05 TRL-06 TRL-07 TRL-08 TRL-09 TRL-10 CTR-01 CTR-02
""")
CLIENT = words("""
    CON-01 CON-02 CON-03 CON-04 CON-05 CON-06 CON-07 CON-08 CON-09 CON-10 CON-11 CON-12 CON-13 CON-14 CON-15
    CON-16 CON-17 CON-18 CON-19 CON-20
""")
PAIR = words("""
    STK-01 STK-02 STK-03 STK-04 STK-05 STK-06 STK-07 STK-08
""")
GROUPS = words("""
    execute audit memory errors-4xx errors-5xx timeout fail-closed audit-trail stack contract
""")
ERRORS = (400, 401, 403, 413, 415, 429, 500, 503)

ERROR: dict[str, Any] = {
    "status": "BLOCKED",
    "ts_utc": "2026-01-01T00:00:00Z",
    "trace_id": "t-1",
    "reason_codes": ["TIMEOUT"],
    "message": "No.",
}
RESPONSE: dict[str, Any] = ERROR | {"status": "APPROVED", "reason_codes": [], "execution_id": "exec_1"}
ENTRY: dict[str, Any] = {
    "timestamp": "2026-01-01T00:00:00Z",
    "action": "PING",
    "result": "SUCCESS",
    "state": "APPROVED",
}
SNAPSHOT: dict[str, Any] = {
    "command": "PING",
    "output": "",
    "timestamp": "2026-01-01T00:00:00Z",
    "status": "WARNING",
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract of console and backend."""
    return load_contract(CONSOLE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the contract's folder, to be changed."""
    return Path(shutil.copytree(CONSOLE, tmp_path / "other-v9"))


def test_requirement_ids_are_stable(contract: Contract) -> None:
    """The requirements of each party keep their order; new ones are appended."""
    known = {Party.BACKEND: BACKEND, Party.CONSOLE: CLIENT, Party.PAIR: PAIR}
    for party, ids in known.items():
        listed = [requirement.id for requirement in contract.requirements.values() if requirement.party == party]
        assert listed[: len(ids)] == ids
    text = (CONSOLE / "requirements.toml").read_text(encoding="utf-8")
    headings = re.findall(r"^\[requirement\.(.+)\]$", text, re.MULTILINE)
    assert sorted(headings) == sorted(contract.requirements)


def test_levels_and_groups(contract: Contract) -> None:
    """Two known requirements are a SHOULD; the groups are in the order of the report, each with a requirement."""
    levels = {name: contract.requirements[name].level for name in (*BACKEND, *CLIENT, *PAIR)}
    assert [name for name, level in levels.items() if level == Level.SHOULD] == ["TMO-02", "STK-08"]
    assert list(contract.groups) == GROUPS
    assert {requirement.group for requirement in contract.requirements.values()} == set(GROUPS)


def test_texts_are_the_rows_without_their_marks(contract: Contract) -> None:
    """A text is one line; the level is in `level` and not in the text."""
    for requirement in contract.requirements.values():
        assert requirement.text == requirement.text.strip()
        assert not requirement.text.startswith("(SHOULD)")
        assert "\n" not in requirement.text


def test_decisions_and_requirements_name_each_other(contract: Contract) -> None:
    """Each record D1 to D21 has its four parts, and names exactly the requirements based on it."""
    assert list(contract.decisions) == [f"D{number}" for number in range(1, 22)]
    for decision in contract.decisions.values():
        assert re.findall(r"^\*\*(.+?)\.\*\*", decision.text, re.MULTILINE) == [
            "Sources say",
            "Decided",
            "Why",
            "Consequences",
        ]
        resting = re.findall(r"[A-Z]{3}-\d\d", " ".join(decision.text.split()).rsplit(". ", 1)[1])
        wanted = [
            requirement.id for requirement in contract.requirements.values() if decision.id in requirement.decisions
        ]
        assert resting == wanted, decision.id


@pytest.mark.parametrize(
    ("operation", "method", "path", "responses"),
    [
        ("executeCommand", "POST", "/api/execute", (200, 400, 401, 403, 413, 415, 429, 500, 503)),
        ("fetchAuditLog", "GET", "/api/audit", (200, 400, 401, 403, 429, 500, 503)),
        ("fetchDiagnosticMetrics", "GET", "/api/diagnostic/metrics", (200, 400, 401, 403, 429, 500, 503)),
        ("fetchMemory", "GET", "/api/memory", (200, 204, 401, 403, 429, 500, 503)),
        ("getHealth", "GET", "/health", (200,)),
    ],
)
def test_operations(contract: Contract, operation: str, method: str, path: str, responses: tuple[int, ...]) -> None:
    """Each operation has its method, path and responses; all but the health check are guarded."""
    loaded = contract.operation(operation)
    assert (loaded.method, loaded.path, loaded.responses) == (method, path, responses)
    assert loaded.guarded is (operation != "getHealth")
    assert (loaded in contract.guarded) is loaded.guarded
    assert all(loaded.response_headers[status] == {"x-trace-id"} for status in responses if loaded.guarded)


def test_parameters_and_request(contract: Contract) -> None:
    """The audit query has a closed filter and a bounded limit; an execute request has a strict command pattern."""
    for name in ("fetchAuditLog", "fetchDiagnosticMetrics"):
        operation = contract.operation(name)
        choice, limit = operation.parameter("filter"), operation.parameter("limit")
        assert choice is not None
        assert limit is not None
        assert choice.schema["enum"] == ["all", *contract.status_words]
        assert (limit.schema["minimum"], limit.schema["maximum"]) == (1, 1000)
        assert not choice.required
        assert not limit.required
        assert (contract.default_of(name, "filter"), contract.default_of(name, "limit")) == ("all", 50)
    request = contract.operation("executeCommand").request_schema
    assert request is not None
    assert request["required"] == ["command"]
    assert contract.operation("fetchMemory").request_schema is None
    with pytest.raises(ContractError, match="no default for depth"):
        contract.default_of("fetchAuditLog", "depth")


def test_status_words_and_ref(contract: Contract) -> None:
    """There are five statuses, and the reference names folder, version and digest."""
    assert contract.status_words == ("APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL")
    assert (contract.ref.id, contract.ref.version) == ("console-v0.1", "0.1")
    assert re.fullmatch("[0-9a-f]{64}", contract.ref.digest)


@pytest.mark.parametrize(
    ("operation", "status", "value"),
    [
        ("executeCommand", 200, RESPONSE),
        ("executeCommand", 200, RESPONSE | {"further": {"field": 1}}),
        ("executeCommand", 200, ERROR),
        ("executeCommand", 200, RESPONSE | {"status": "EXPIRED", "reason_codes": ["X"]}),
        *(("executeCommand", status, ERROR) for status in ERRORS),
        ("fetchAuditLog", 200, []),
        ("fetchAuditLog", 200, [ENTRY, ENTRY | {"state": "EXPIRED", "result": "FAILED", "trace_id": "a"}]),
        ("fetchAuditLog", 200, ERROR),
        ("fetchDiagnosticMetrics", 200, [ENTRY]),
        ("fetchMemory", 200, SNAPSHOT),
        ("fetchMemory", 200, ERROR),
        ("fetchMemory", 204, None),
        ("getHealth", 200, {"status": "ok"}),
    ],
)
def test_conforming_responses(contract: Contract, operation: str, status: int, value: object) -> None:
    """A response that the contract documents has no problem."""
    assert contract.response_problems(operation, status, value) == []


STATUS_LINE = '$.status: expected one of "APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL", found '
BROKEN: dict[str, tuple[str, int, object, str]] = {
    "status in lower case": ("executeCommand", 200, RESPONSE | {"status": "approved"}, STATUS_LINE + '"approved"'),
    "status padded": ("executeCommand", 200, RESPONSE | {"status": "APPROVED\n"}, STATUS_LINE + '"APPROVED\\n"'),
    "blocked without a reason": (
        "executeCommand",
        200,
        RESPONSE | {"status": "BLOCKED"},
        "$.reason_codes: expected at least 1 items (BLOCKED and EXPIRED give a reason), found an array of 0 items",
    ),
    "reason codes missing": (
        "executeCommand",
        200,
        {key: RESPONSE[key] for key in RESPONSE if key != "reason_codes"},
        '$: expected the field "reason_codes", found none',
    ),
    "time without Z": (
        "executeCommand",
        200,
        RESPONSE | {"ts_utc": "2026-01-01T00:00:00+00:00"},
        '$.ts_utc: expected an RFC 3339 time in UTC that ends in Z, found "2026-01-01T00:00:00+00:00"',
    ),
    "trace id with a newline": (
        "executeCommand",
        200,
        RESPONSE | {"trace_id": "abc\n"},
        '$.trace_id: expected a match of ^[a-z0-9-]+$ (a trace id), found "abc\\n"',
    ),
    "undocumented status": (
        "executeCommand",
        422,
        ERROR,
        "HTTP status: expected one of 200, 400, 401, 403, 413, 415, 429, 500, 503 for executeCommand, found 422",
    ),
    "error without a message": (
        "fetchAuditLog",
        403,
        {key: ERROR[key] for key in ERROR if key != "message"},
        '$: expected the field "message", found none',
    ),
    "error that is approved": (
        "fetchAuditLog",
        500,
        ERROR | {"status": "APPROVED"},
        '$.status: expected "BLOCKED", found "APPROVED"',
    ),
    "long message": (
        "fetchAuditLog",
        500,
        ERROR | {"message": "x" * 201},
        "$.message: expected at most 200 characters (safe to show a person), found 201",
    ),
    "success of a blocked entry": (
        "fetchAuditLog",
        200,
        [ENTRY, ENTRY | {"state": "BLOCKED"}],
        (
            '$[1].result: expected "FAILED" (SUCCESS exactly when the state is APPROVED, WARNING or NEUTRAL), '
            'found "SUCCESS"'
        ),
    ),
    "failure of an approved entry": (
        "fetchDiagnosticMetrics",
        200,
        [ENTRY | {"result": "FAILED"}],
        (
            '$[0].result: expected "SUCCESS" (SUCCESS exactly when the state is APPROVED, WARNING or NEUTRAL), '
            'found "FAILED"'
        ),
    ),
    "an envelope that is not BLOCKED": (
        "fetchAuditLog",
        200,
        ERROR | {"status": "APPROVED"},
        '$.status: expected "BLOCKED", found "APPROVED"',
    ),
    "a word for a list": (
        "fetchAuditLog",
        200,
        "none",
        '$: expected an array or an object, found "none"',
    ),
    "memory in bytes": ("fetchMemory", 200, {"used": 1}, '$: expected the field "command", found none'),
    "a body where none is due": ("fetchMemory", 204, {}, "$: expected no body for HTTP status 204, found one"),
    "no body where one is due": ("getHealth", 200, None, "$: expected an object, found null"),
}


@pytest.mark.parametrize(("operation", "status", "value", "line"), BROKEN.values(), ids=BROKEN)
def test_a_broken_response_is_reported_in_one_line(
    contract: Contract, operation: str, status: int, value: object, line: str
) -> None:
    """Each planted defect of a response is reported: path, expected, found."""
    assert contract.response_problems(operation, status, value)[0] == line


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-31T23:59:59.1234567Z", True),
        ("2016-12-31T23:59:60Z", True),
        ("2024-02-29T00:00:00Z", True),
        ("2026-02-30T00:00:00Z", False),
        ("2026-04-31T00:00:00Z", False),
        ("2026-13-01T00:00:00Z", False),
        ("2026-01-01T24:00:00Z", False),
        ("2026-01-01T00:60:00Z", False),
        ("2026-01-01T00:00:60Z", False),
        ("2026-01-01T00:00:00z", False),
        ("2026-01-01T00:00:00.Z", False),
        ("2026-01-01 00:00:00Z", False),
        ("2026-01-01T00:00:00Z\n", False),
        ("2026-01-01T00:00:00", False),
        ("\u0662026-01-01T00:00:00Z", False),
    ],
)
def test_timestamps(contract: Contract, text: str, valid: bool) -> None:
    """A timestamp is RFC 3339 in UTC, ends in Z, and is a valid time."""
    assert (contract.schema_problems("Timestamp", text) == []) is valid


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ({"command": "PING"}, True),
        ({"command": "A_B", "session_id": "s" * 128, "further": None}, True),
        ({"command": "A" * 32}, True),
        ({"command": "A" * 33}, False),
        ({"command": "AB"}, False),
        ({"command": "PING2"}, False),
        ({"command": "PING\n"}, False),
        ({"command": "ping"}, False),
        ({"command": None}, False),
        ({"command": "PING", "session_id": "s" * 129}, False),
        ({"command": "PING", "session_id": 1}, False),
        ({}, False),
        ([], False),
    ],
)
def test_execute_requests(contract: Contract, value: object, valid: bool) -> None:
    """A request has a command that matches the pattern, and optionally a session id."""
    assert (contract.request_problems("executeCommand", value) == []) is valid


def test_bodies_and_names_that_do_not_exist(contract: Contract) -> None:
    """An unexpected body is a problem; a name that the contract lacks is an error."""
    assert contract.request_problems("fetchMemory", None) == []
    assert contract.request_problems("fetchMemory", {}) == ["$: expected no request body for fetchMemory, found one"]
    assert contract.documents_body("fetchMemory", 200)
    assert not contract.documents_body("fetchMemory", 204)
    assert not contract.documents_body("fetchMemory", 418)
    with pytest.raises(ContractError, match="no operation deleteAll"):
        contract.response_problems("deleteAll", 200, {})
    with pytest.raises(ContractError, match="no usable schema Nothing"):
        contract.schema_problems("Nothing", {})


def test_behavior(contract: Contract) -> None:
    """The behaviour figures, which OpenAPI cannot hold, are those of the contract."""
    behavior = contract.behavior
    assert (behavior.headers.key, behavior.headers.trace) == ("X-API-Key", "X-Trace-Id")
    time = behavior.time
    assert (time.response_s, time.abort_earliest_s, time.abort_latest_s) == (15.0, 14.0, 16.0)
    assert (time.clock_tolerance_s, time.trail_visible_s, time.start_s) == (5.0, 2.0, 60.0)
    assert time.p99_s == {
        "executeCommand": 1.0,
        "fetchAuditLog": 2.0,
        "fetchDiagnosticMetrics": 2.0,
        "fetchMemory": 0.5,
    }
    assert behavior.request.max_body_bytes == 64 * 1024
    assert set(behavior.statuses.trail_success) == {"APPROVED", "WARNING", "NEUTRAL"}
    assert behavior.statuses.maybe_executed == ("EXPIRED",)
    assert len(behavior.reason_codes.known) == 12
    assert behavior.operations.fallback == "fetchDiagnosticMetrics"
    assert (behavior.console.refused_statuses, behavior.console.refused_text) == ((401, 403), "Autenticacao falhou")


def test_another_contract_needs_no_change_of_code(folder: Path, contract: Contract) -> None:
    """Another path, key header, status, limit and requirement are read from another folder."""
    change(folder, "openapi.yaml", "/api/execute:", "/v9/run:")
    change(folder, "openapi.yaml", "maximum: 1000", "maximum: 20")
    change(folder, "openapi.yaml", "default: 50", "default: 5")
    change(folder, "openapi.yaml", "value: 1000", "value: 20")
    change(folder, "openapi.yaml", "value: 50", "value: 5")
    change(folder, "openapi.yaml", "name: X-API-Key", "name: X-Other-Key")
    change(folder, "openapi.yaml", "enum: [APPROVED, BLOCKED, EXPIRED,", "enum: [PAUSED, APPROVED, BLOCKED, EXPIRED,")
    change(folder, "behavior.toml", 'key = "X-API-Key"', 'key = "X-Other-Key"')
    change(folder, "behavior.toml", "response_s = 15.0 ", "response_s = 14.5 ")
    change(folder, "requirements.toml", "[requirement.ENV-01]", "[requirement.NEW-100]")
    changed_contract = load_contract(folder)
    assert changed_contract.id == "other-v9"
    assert changed_contract.digest != contract.digest
    assert changed_contract.operation("executeCommand").path == "/v9/run"
    assert changed_contract.default_of("fetchAuditLog", "limit") == 5
    assert changed_contract.behavior.headers.key == "X-Other-Key"
    assert changed_contract.response_problems("executeCommand", 200, RESPONSE | {"status": "PAUSED"}) == []
    assert contract.response_problems("executeCommand", 200, RESPONSE | {"status": "PAUSED"}) != []
    assert "NEW-100" in changed_contract.requirements


@pytest.mark.parametrize("name", FILES)
def test_the_digest_covers_every_file(folder: Path, name: str) -> None:
    """A blank line at the end of any of the four files changes the digest."""
    before = load_contract(folder).digest
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert load_contract(folder).digest != before


def change(folder: Path, name: str, old: str, new: str) -> None:
    """Replace the first `old` in a file of the folder."""
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def make_a_folder(file: Path) -> None:
    """Replace a file by a folder."""
    file.unlink()
    file.mkdir()


Change = Callable[[Path], object]


def replaced(name: str, old: str, new: str) -> Change:
    """A change of one place in one file."""
    return lambda folder: change(folder, name, old, new)


REFUSED: dict[str, tuple[Change, str]] = {
    "file missing": (
        lambda folder: (folder / "behavior.toml").unlink(),
        r"behavior\.toml is missing; a contract folder",
    ),
    "file is a folder": (
        lambda folder: make_a_folder(folder / "decisions.md"),
        r"decisions\.md cannot be read",
    ),
    "not utf-8": (
        lambda folder: (folder / "decisions.md").write_bytes(b"# ok\n\xff"),
        r"decisions\.md, line 2: not UTF-8",
    ),
    "yaml": (
        replaced("openapi.yaml", "  title: Techno", "  title: [Techno"),
        r"openapi\.yaml, line \d+: .*correct the",
    ),
    "yaml key twice": (
        replaced("openapi.yaml", "  /api/memory:", "  /api/audit:"),
        r"openapi\.yaml, line \d+: the key /api/audit stands twice",
    ),
    "yaml key that is no text": (
        replaced("openapi.yaml", '"204":', "204:"),
        r"the key 204 must be text: write it in quotes",
    ),
    "yaml that is no mapping": (
        lambda folder: (folder / "openapi.yaml").write_text("[]\n", encoding="utf-8"),
        r"not a valid OpenAPI document \(CTR-01\): expected an OpenAPI document, found an array",
    ),
    "yaml control character": (
        lambda folder: (folder / "openapi.yaml").write_bytes(b"a: \x00\n"),
        r"openapi\.yaml.*: .*correct the YAML",
    ),
    "yaml that repeats itself": (
        lambda folder: (folder / "openapi.yaml").write_text("openapi: &a [*a]\n", encoding="utf-8"),
        "nested deeper than",
    ),
    "openapi version": (replaced("openapi.yaml", "openapi: 3.1.0", "openapi: 3.0.3"), r"openapi\.yaml: "),
    "openapi swagger": (replaced("openapi.yaml", "openapi: 3.1.0", "openapi: 2.0.0"), "expected version 3.0 or 3.1"),
    "openapi without a description": (
        replaced("openapi.yaml", "          description: The backend is up.\n", ""),
        r"not a valid OpenAPI document \(CTR-01\): ",
    ),
    "operation id twice": (
        replaced("openapi.yaml", "operationId: fetchMemory", "operationId: fetchAuditLog"),
        r"not a valid OpenAPI document \(CTR-01\): .*fetchAuditLog",
    ),
    "no operation id": (
        replaced("openapi.yaml", "      operationId: fetchMemory\n", ""),
        "GET /api/memory has no operationId; give it one",
    ),
    "default response": (
        replaced("openapi.yaml", '"204":', "default:"),
        "fetchMemory: the response default must be one status",
    ),
    "response that is not json": (
        replaced(
            "openapi.yaml",
            "        application/json:\n          schema:\n            anyOf",
            "        text/html:\n          schema:\n            anyOf",
        ),
        "fetchAuditLog: the response 200 must have a schema for application/json and for nothing else",
    ),
    "reference to elsewhere": (
        replaced("openapi.yaml", '$ref: "#/components/schemas/Health"', '$ref: "health.yaml#/Health"'),
        r'\$ref "health.yaml#/Health" leaves the document',
    ),
    "reference to nothing": (
        replaced("openapi.yaml", '$ref: "#/components/schemas/Health"', '$ref: "#/components/schemas/Wealth"'),
        "openapi.yaml: .*Wealth",
    ),
    "schema missing": (
        replaced("openapi.yaml", "    AuditList:", "    AuditLog:"),
        "openapi.yaml: .*AuditList",
    ),
    "statuses open": (
        replaced("openapi.yaml", "      enum: [APPROVED, BLOCKED, EXPIRED, WARNING, NEUTRAL]\n", ""),
        "components/schemas/StatusType has no enum",
    ),
    "pattern": (replaced("openapi.yaml", '"^[a-z0-9_]+$"', "'^\\p{L}+$'"), r"openapi\.yaml: .*is not a 'regex'"),
    "pattern of another language": (
        replaced("openapi.yaml", '"^[a-z0-9_]+$"', '"(?i)^[a-z0-9_]+$"'),
        r"openapi\.yaml: the pattern .* is not valid: no such group",
    ),
    "example of a response": (
        replaced("openapi.yaml", "reason_codes: [UNKNOWN_COMMAND]", "reason_codes: []"),
        r"1execute/post/responses/200.*the example unknownCommand is not valid: \$\.reason_codes: expected",
    ),
    "example of a schema": (
        replaced("openapi.yaml", "result: SUCCESS, state: APPROVED}", "result: SUCCESS, state: BLOCKED}"),
        r"#/components/schemas/AuditItem: the example 1 is not valid: \$\.result",
    ),
    "example of a parameter": (
        replaced("openapi.yaml", "value: 1000", "value: 1001"),
        "#/components/parameters/Limit: the example most is not valid",
    ),
    "default of a parameter": (
        replaced("openapi.yaml", "default: 50", "default: 0"),
        "0 is less than the minimum",
    ),
    "no example": (
        replaced("openapi.yaml", "      examples: [exec_0001]\n", ""),
        "#/components/schemas/ExecutionId has no example; add one",
    ),
    "toml": (replaced("requirements.toml", "[groups]", "[groups"), r"requirements\.toml, line \d+.*correct the TOML"),
    "requirement twice": (
        replaced("requirements.toml", "[requirement.ENV-02]", "[requirement.ENV-01]"),
        r"requirements\.toml, line \d+",
    ),
    "requirement id": (
        replaced("requirements.toml", "[requirement.ENV-02]", "[requirement.env2]"),
        "env2 is not an id",
    ),
    "requirement without text": (
        replaced("requirements.toml", 'text = "an execute answer of 200 is a valid `ExecuteResponse`"\n', ""),
        "ENV-01: the key text is missing; add it",
    ),
    "requirement with blank text": (
        replaced("requirements.toml", 'text = "an execute answer of 200 is a valid `ExecuteResponse`"', 'text = " "'),
        "ENV-01: the key text is empty",
    ),
    "requirement with another key": (
        replaced("requirements.toml", 'party = "backend"', 'parti = "backend"'),
        "ENV-01: the key parti is not known; remove it",
    ),
    "unknown party": (
        replaced("requirements.toml", 'party = "backend"', 'party = "nobody"'),
        "ENV-01: the key party: invalid enum value 'nobody'",
    ),
    "unknown level": (
        replaced("requirements.toml", 'level = "must"', 'level = "may"'),
        "ENV-01: the key level: invalid enum value 'may'",
    ),
    "unknown group": (
        replaced("requirements.toml", 'group = "execute"', 'group = "elsewhere"'),
        r"ENV-01: unknown group elsewhere; add it to \[groups\]",
    ),
    "unknown decision": (
        replaced("requirements.toml", 'decisions = ["D10"]', 'decisions = ["D99"]'),
        r"ENV-01: unknown decision D99; add it to decisions\.md",
    ),
    "unknown table": (
        replaced("requirements.toml", "[groups]", "[more]\n\n[groups]"),
        r"the table \[more\] is not known; remove it",
    ),
    "no groups": (
        lambda folder: (folder / "requirements.toml").write_text("[requirement]\n", encoding="utf-8"),
        r"the table \[groups\] is missing or empty",
    ),
    "no requirement": (
        lambda folder: (folder / "requirements.toml").write_text('[groups]\na = "A"\n', encoding="utf-8"),
        "there is no requirement; add a table",
    ),
    "group title": (
        replaced("requirements.toml", 'timeout = "Timeouts"', "timeout = 3"),
        "the title of the group timeout",
    ),
    "id within a table": (
        replaced("requirements.toml", 'party = "backend"', 'id = "ENV-01"\nparty = "backend"'),
        r"ENV-01: write a table \[requirement\.ENV-01\] without a key id",
    ),
    "decision twice": (replaced("decisions.md", "## D2 —", "## D1 —"), r"decisions\.md, line \d+: D1 stands twice"),
    "decision heading": (
        replaced("decisions.md", "## D2 — ", "## D2: "),
        r"decisions\.md, line \d+: write the heading as",
    ),
    "decision that says nothing": (
        replaced("decisions.md", "## D1 — The", "## D18 — Nothing\n\n## D1 — The"),
        "D18 has no text",
    ),
    "behavior key missing": (
        replaced("behavior.toml", "trail_visible_s = 2.0", ""),
        r"behavior\.toml: the key time\.trail_visible_s is missing; add it",
    ),
    "behavior key unknown": (
        replaced("behavior.toml", "[request]\n", "[request]\nmin_body_bytes = 1\n"),
        r"the key request\.min_body_bytes is not known; remove it",
    ),
    "behavior table unknown": (
        replaced("behavior.toml", "[request]\n", "[extra]\n\n[request]\n"),
        "the key extra is not known; remove it",
    ),
    "behavior type": (
        replaced("behavior.toml", "response_s = 15.0 ", 'response_s = "15" '),
        r"the key time\.response_s: expected `float`, got `str`",
    ),
    "behavior that never ends": (
        replaced("behavior.toml", "start_s = 60.0", "start_s = inf"),
        r"the key time\.start_s: ",
    ),
    "behavior that takes no time": (
        replaced("behavior.toml", "start_s = 60.0", "start_s = 0"),
        r"the key time\.start_s: ",
    ),
    "window without the limit": (
        replaced("behavior.toml", "abort_latest_s = 16.0", "abort_latest_s = 14.5"),
        r"the key time\.response_s must lie between",
    ),
    "unknown operation": (
        replaced("behavior.toml", 'memory = "fetchMemory"', 'memory = "fetchMemories"'),
        r"the key operations\.memory names fetchMemories; name an operationId",
    ),
    "operation in two parts": (
        replaced("behavior.toml", 'fallback = "fetchDiagnosticMetrics"', 'fallback = "fetchAuditLog"'),
        "operations.fallback names fetchAuditLog, and so does audit; correct one",
    ),
    "part that rests on none": (
        replaced("behavior.toml", 'audit = "fetchAuditLog"\n', ""),
        r"the key operations\.audit is missing; add it, or remove operations\.fallback, which rests on it",
    ),
    "key of a part that is not there": (
        replaced("behavior.toml", 'memory = "fetchMemory"\n', ""),
        r"the key schemas\.memory_snapshot is of a part that the contract lacks \(operations\.memory is not there\)",
    ),
    "p99 of nothing": (
        replaced("behavior.toml", "fetchMemory = 0.5", "fetchAll = 0.5"),
        r"the key time\.p99_s names fetchAll",
    ),
    "status of another contract": (
        replaced("behavior.toml", 'maybe_executed = ["EXPIRED"]', 'maybe_executed = ["PENDING"]'),
        r"the key statuses\.maybe_executed names PENDING; name one of APPROVED",
    ),
    "status on both sides": (
        replaced("behavior.toml", 'maybe_executed = ["EXPIRED"]', 'maybe_executed = ["NEUTRAL"]'),
        "maybe_executed names NEUTRAL, and so does executed",
    ),
    "approved is blocked": (
        replaced("behavior.toml", 'approved = "APPROVED"', 'approved = "BLOCKED"'),
        "name the same status",
    ),
    "code that is not known": (
        replaced("behavior.toml", 'timeout = "TIMEOUT"', 'timeout = "TOO_LATE"'),
        r"the key reason_codes\.timeout names TOO_LATE; add it to known",
    ),
    "another key header": (
        replaced("behavior.toml", 'key = "X-API-Key"', 'key = "X-Key"'),
        r"the key headers\.key names X-Key; name the header of the security scheme",
    ),
    "header name": (replaced("behavior.toml", 'key = "X-API-Key"', 'key = "X Key"'), r"the key headers\.key: "),
    "trace header not required": (
        replaced(
            "openapi.yaml",
            '      required: true\n      schema:\n        $ref: "#/components/schemas/TraceId"',
            '      schema:\n        $ref: "#/components/schemas/TraceId"',
        ),
        "headers.trace: the response 200 of executeCommand does not require X-Trace-Id",
    ),
    "guarded operation made public": (
        replaced(
            "openapi.yaml", "      operationId: fetchMemory\n", "      operationId: fetchMemory\n      security: []\n"
        ),
        "fetchMemory in openapi.yaml: only operations.health is public",
    ),
    "fallback with another query": (
        replaced("behavior.toml", 'fallback = "fetchDiagnosticMetrics"', 'fallback = "fetchMemory"'),
        "operations.fallback names an operation with another query",
    ),
    "filter parameter": (
        replaced("behavior.toml", 'filter_parameter = "filter"', 'filter_parameter = "state"'),
        "audit.filter_parameter names state",
    ),
    "filter word": (
        replaced("behavior.toml", 'filter_all = "all"', 'filter_all = "any"'),
        'audit.filter_all names "any"',
    ),
}


@pytest.mark.parametrize(("spoil", "line"), REFUSED.values(), ids=REFUSED)
def test_refuses_a_broken_contract_with_one_line(folder: Path, spoil: Change, line: str) -> None:
    """Each mistake in a contract's files is one line that names the file, the place and the remedy."""
    spoil(folder)
    with pytest.raises(ContractError, match=line) as caught:
        load_contract(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A folder that does not exist is one line that lists what a contract folder holds."""
    with pytest.raises(ContractError, match=r"no-such is not a contract folder; name one that holds behavior\.toml"):
        load_contract(tmp_path / "no-such")


def test_the_documents_that_are_not_checked_in_a_run_are_valid(tmp_path: Path) -> None:
    """Each document that came with the gate is in the list by its bytes, and with one byte more it is checked whole."""
    root = CONSOLE.parent
    listed = dict(line.split()[::-1] for line in (root / VALID_DOCUMENTS).read_text("utf-8").splitlines())
    shipped = {path.relative_to(root).as_posix(): path for path in root.glob("*/openapi.yaml")}
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in shipped.items()}
    for name, path in shipped.items():
        copy = shutil.copytree(path.parent, tmp_path / path.parent.name)
        with (copy / "openapi.yaml").open("ab") as file:
            file.write(b"\n# Other bytes.\n")
        assert load_contract(copy).document == load_contract(path.parent).document, name
