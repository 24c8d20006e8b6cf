"""A copy of the shipped contract and of its reference pair in which every word of the contract is another one.

The copy means the same as the original and shares none of its words. So what an engine that takes its words from
the contract folder finds in the one, it finds in the other; and each word that the engine brings with it is a false
finding here. `python -m tests.renamed_contract FOLDER` writes the copy, to look at it.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from technogate.contract.files import document_in

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = ROOT / "contracts" / "console-v0.1"
IMAGES = ROOT / "images"

#: The words that stand for nothing else wherever they stand: renamed in every text of the copy.
DISTINCTIVE: Mapping[str, str] = {
    # operations, which are the client's functions too
    "executeCommand": "performTask",
    "fetchAuditLog": "readJournal",
    "fetchDiagnosticMetrics": "readJournalCopy",
    "fetchMemory": "readLatest",
    "getHealth": "readPulse",
    # paths
    "/api/execute": "/v2/tasks/perform",
    "/api/audit": "/v2/journal",
    "/api/diagnostic/metrics": "/v2/copies/journal",
    "/api/memory": "/v2/latest",
    "/health": "/pulse",
    # headers
    "X-API-Key": "X-Entry-Token",
    "x-api-key": "x-entry-token",
    "X-Trace-Id": "X-Request-Ref",
    "x-trace-id": "x-request-ref",
    # statuses; the lower case is that of a command with a wrong status
    "APPROVED": "GRANTED",
    "BLOCKED": "REFUSED",
    "EXPIRED": "LAPSED",
    "WARNING": "CAUTION",
    "NEUTRAL": "NOTED",
    # reason codes
    "API_KEY_INVALID": "TokenNotGood",
    "API_BLOCKED": "GateClosed",
    "VALIDATION_FAILED": "NotWellFormed",
    "RATE_LIMITED": "TooOften",
    "TIMEOUT": "TookTooLong",
    "UNKNOWN_COMMAND": "NoSuchTask",
    "UNKNOWN_STATUS": "NoSuchOutcome",
    "RESOURCE_NOT_FOUND": "NothingHere",
    "SESSION_EXPIRED": "VisitOver",
    "PAYLOAD_TOO_LARGE": "TooMuch",
    "INTERNAL_ERROR": "OurFault",
    "AUDIT_UNAVAILABLE": "NoJournal",
    # schemas
    "StatusType": "Outcome",
    "ExecuteRequest": "TaskOrder",
    "ExecuteResponse": "TaskReport",
    "BlockedEnvelope": "RefusalNote",
    "ErrorResponse": "RefusalReport",
    "AuditItem": "JournalLine",
    "AuditList": "Journal",
    "MemorySnapshot": "LatestTask",
    "TraceId": "RequestRef",
    # the console
    "Autenticacao falhou": "Chave recusada",
    "NEXT_PUBLIC_API_URL": "PUBLIC_SERVICE_ADDRESS",
    "NEXT_PUBLIC_API_KEY": "PUBLIC_SERVICE_TOKEN",
    # fields
    "ts_utc": "made_at",
    "trace_id": "request_ref",
    "reason_codes": "grounds",
    "execution_id": "run_no",
    "session_id": "visit",
}

#: Fields and values whose words mean other things elsewhere: renamed only where they are the contract's.
FIELDS: Mapping[str, str] = {
    "status": "outcome",
    "message": "note",
    "command": "task",
    "timestamp": "noted_at",
    "action": "deed",
    "result": "effect",
    "state": "standing",
    "output": "product",
    "filter": "standing_is",
    "limit": "at_most",
}
VALUES: Mapping[str, str] = {"all": "any", "SUCCESS": "DONE", "FAILED": "UNDONE", "ok": "well"}

_QUOTED = {**FIELDS, **VALUES}
#: A word is whole where no letter, digit or underscore touches it.
_DISTINCTIVE = re.compile(
    r"(?<![A-Za-z0-9_])(" + "|".join(sorted(map(re.escape, DISTINCTIVE), key=len, reverse=True)) + r")(?![A-Za-z0-9_])"
)

#: What a console's own code does with the words that are fields only in some places.
_CLIENT = (
    (
        r"(?m)^(    )(status|message|timestamp|action|result|state|command|output):(?= (?:is|matches|\(value\)|\"))",
        r"\1@\2@:",
    ),
    (r"\(\{ status, ", "({ @status@: status, "),
    (r"\(\{ result, state \}\)", "({ @result@: result, @state@: state })"),
    (r"\? \{ command \} : \{ command, ", "? { @command@: command } : { @command@: command, "),
    (r"(?m)^    message,$", "    @message@: message,"),
    (r"\.\.\.outcome, message:", "...outcome, @message@:"),
    (r"\?filter=", "?@filter@="),
    (r"&limit=", "&@limit@="),
    (r'"(all|status|SUCCESS|FAILED)"', r'"@\1@"'),
    (r'"execution_id", "message"', '"execution_id", "@message@"'),
)
_PAGE = (
    (r"(?m)^  (timestamp|action|result|state): ", r"  @\1@: "),
    (r"outcome\.(status|message)", r"outcome.@\1@"),
    (r"snapshot\?\.(command|status|timestamp|output)", r"snapshot?.@\1@"),
    (r"entry\.state", "entry.@state@"),
    (r'field === "state"', 'field === "@state@"'),
    (r'"all"', '"@all@"'),
)
_HTML = ((r'value="all">all', 'value="@all@">@all@'),)
_BACKEND: Mapping[str, Iterable[tuple[str, str]]] = {
    "answers.py": ((r'"(status|message)"', r'"@\1@"'),),
    "app.py": (
        (r'"(command|output|timestamp)"', r'"@\1@"'),
        (r'(?<!message\[)"status"', '"@status@"'),
        (r'"message": outcome', '"@message@": outcome'),
        (r'"ok"', '"@ok@"'),
    ),
    "intake.py": (
        (r'fields\.get\("command"\)', 'fields.get("@command@")'),
        (r'"(filter|limit|all)"', r'"@\1@"'),
    ),
    "executor.py": (),
    "trail.py": (
        (r'"(timestamp|action|result|state|SUCCESS|FAILED)"', r'"@\1@"'),
        (r"of\.(timestamp|action|result|state)\b", r"of.@\1@"),
        (r"SELECT id, timestamp, action, result, state,", "SELECT id, @timestamp@, @action@, @result@, @state@,"),
    ),
    "transport.py": (),
    "__main__.py": (),
    "settings.py": (),
}


def renamed_words(text: str) -> str:
    """`text` with every distinctive word of the contract renamed."""
    return _DISTINCTIVE.sub(lambda match: DISTINCTIVE[match[1]], text)


def renamed_places(text: str, places: Iterable[tuple[str, str]]) -> str:
    """`text` with the fields renamed that `places` mark; raises ValueError for a place that is no longer there."""
    for pattern, marked in places:
        text, found = re.subn(pattern, marked, text)
        if not found:
            raise ValueError(f"nothing matches {pattern}: the reference changed; correct tests/renamed_contract.py")
    return re.sub(r"@(\w+)@", lambda match: _QUOTED[match[1]], text)


def write_renamed_contract(folder: Path) -> Path:
    """Write the renamed contract into `folder` (its name is the contract's id), and return it."""
    folder.mkdir(parents=True)
    openapi = CONTRACT / "openapi.yaml"
    document = _renamed_document(document_in(openapi, openapi.read_bytes()))
    (folder / "openapi.yaml").write_text(
        renamed_words(yaml.safe_dump(document, sort_keys=False, width=10_000, allow_unicode=True)), "utf-8"
    )
    for name in ("requirements.toml", "decisions.md"):
        (folder / name).write_text(renamed_words((CONTRACT / name).read_text("utf-8")), "utf-8")
    (folder / "behavior.toml").write_text(_renamed_values((CONTRACT / "behavior.toml").read_text("utf-8")), "utf-8")
    return folder


def write_renamed_pair(folder: Path) -> Path:
    """Write the renamed reference pair into `folder`, and return its target file with a page and a module."""
    shutil.copytree(IMAGES, folder, ignore=shutil.ignore_patterns("__pycache__", "postgres*", "*.md"))
    package = folder / "backend" / "techno_backend"
    for path in package.glob("*.py"):
        places = _BACKEND.get(path.name, ())
        path.write_text(renamed_words(renamed_places(path.read_text("utf-8"), places)), "utf-8")
    executor = package / "executor.py"
    executor.write_text(executor.read_text("utf-8").replace('_returns("approved")', '_returns("granted")'), "utf-8")
    static = folder / "console" / "static"
    for name, places in (("client.js", _CLIENT), ("page.js", _PAGE), ("index.html", _HTML)):
        path = static / name
        path.write_text(renamed_words(renamed_places(path.read_text("utf-8"), places)), "utf-8")
    for path in (folder / "console" / "server.py", *folder.glob("*.toml")):
        path.write_text(renamed_words(path.read_text("utf-8")), "utf-8")
    target = folder / "renamed.toml"
    rows = "".join(f"audit_{part} = '[data-field=\"{field}\"]'\n" for part, field in _row_fields())
    target.write_text(f'name = "renamed"\nextends = ["embedded.toml"]\n\n[console.selectors]\n{rows}', "utf-8")
    return target


def _renamed_values(text: str) -> str:
    """TOML with its strings renamed, and the keys that are ids of operations: every other key is the gate's."""

    def renamed(match: re.Match[str]) -> str:
        value = match[1]
        return f'"{_QUOTED.get(value, renamed_words(value))}"'

    text = re.sub(r'"([^"]*)"', renamed, text)
    return re.sub(r"(?m)^(\w+)(?= = [0-9.]+$)", lambda match: renamed_words(match[1]), text)


def _row_fields() -> Iterable[tuple[str, str]]:
    """Each part of a row of the page, with the name that its field has in the copy."""
    for field in ("timestamp", "action", "result", "state"):
        yield field, FIELDS[field]
    for field in ("trace_id", "execution_id"):
        yield field, DISTINCTIVE[field]


def _renamed_document(node: object, *, inside: str = "") -> dict[str, object]:
    """The OpenAPI document with the fields renamed that mean other things elsewhere."""
    return _renamed(node, inside)  # type: ignore[return-value]  # a mapping stays one


def _renamed(node: object, inside: str) -> object:
    """A part of the document; `inside` is the key that it stands below."""
    if isinstance(node, list):
        if inside in ("required", "enum", "examples"):
            return [_renamed_value(item) for item in node]
        return [_renamed(item, "") for item in node]
    if not isinstance(node, dict):
        return node
    copy: dict[str, object] = {}
    for key, item in node.items():
        name = FIELDS.get(key, key) if inside == "properties" else key
        if inside != "properties" and key in ("const", "value", "example", "default"):
            copy[name] = _renamed_value(item)
        elif inside != "properties" and key == "name" and "in" in node:
            copy[name] = FIELDS.get(str(item), item)
        else:
            copy[name] = _renamed(item, "" if inside == "properties" else key)
    return copy


def _renamed_value(node: object) -> object:
    """An example or another value of the contract: its fields and words."""
    if isinstance(node, list):
        return [_renamed_value(item) for item in node]
    if isinstance(node, dict):
        return {FIELDS.get(key, key): _renamed_value(item) for key, item in node.items()}
    return _QUOTED.get(node, node) if isinstance(node, str) else node


def main(folder: Path) -> None:
    """Write the copy below `folder`, and print the command that judges it."""
    contract = write_renamed_contract(folder / "renamed-v1")
    target = write_renamed_pair(folder / "pair")
    sys.stdout.write(f"technogate check backend --contract {contract} --target {target}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
