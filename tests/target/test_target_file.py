"""Target files: every error is one line with the key and the hint; a correct file is decoded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest
from jsonschema import Draft202012Validator

from technogate.model.errors import TargetFileError, UnknownTarget
from technogate.target import load_target
from technogate.target.placeholders import PLACEHOLDERS
from technogate.target.spec import AuditSpec, BackendSpec, Commands, ConsoleSpec, Selectors, TargetFile
from technogate.target.target_file import SCHEMA, read_target_file
from technogate.util import shipped as shipped_data
from technogate.util.shipped import shipped

RUN = 'command = "serve --port {port}"\n'
BACKEND = "[backend]\n" + RUN
URL = 'url = "http://127.0.0.1:1"\n'

#: A file's text, and the line that it must get.
MISTAKES = {
    "": "describe [backend], [console] or both",
    "[backend]\ncomand = 'x {port}'\n": "backend.comand is not a known key; did you mean backend.command?",
    "[bakend]\n": "bakend is not a known key; did you mean backend?",
    "url = 'http://h'\n" + BACKEND: "url is not a known key; did you mean backend.url?",
    BACKEND + "xyzzy = 1\n": "backend.xyzzy is not a known key; known here: url, command, cwd, env, port, serves,",
    BACKEND + "[backend.commands]\naproved = 'PING'\n": "did you mean backend.commands.approved?",
    BACKEND + "[console]\n" + RUN + "[console.selectors]\nstatuss = 'x'\n": "did you mean console.selectors.status?",
    BACKEND + "port = '80'\n": "backend.port must be a whole number",
    BACKEND + "port = true\n": "backend.port must be a whole number",
    BACKEND + "port = 70000\n": "backend.port must be a port from 1 to 65535, not 70000",
    BACKEND + "ready = 'health'\n": "backend.ready must be a path that begins with /, or an http or https address",
    BACKEND + "ready = 'http://{hots}/health'\n": "backend.ready: {hots} is not a placeholder; did you mean {host}?",
    BACKEND + "ready = '/{api_key}'\n": "backend.ready: {api_key} has no value here: an address has {host} and {port}",
    BACKEND + "serves = '{host}:{port}'\n": "backend.serves must be an http or https address such as http://{host}",
    BACKEND + "serves = 'https://{host}'\n": "backend.serves has no {port}: write it there, or name the port of the",
    BACKEND + "serves = 'http://{host}:{port}/{workdir}'\n": "backend.serves: {workdir} has no value here",
    "[backend]\napi_key_env = 'K'\nserves = 'http://{host}:{port}'\n"
    + URL: "backend: cwd, env, port, serves and ready_log are for",
    "[backend]\napi_key_env = 'K'\nready = '/{port}'\n"
    + URL: "backend.ready: {port} has no value here: backend.url is",
    BACKEND + "ready_log = '(up'\n": "backend.ready_log is no regular expression: missing ), unterminated subpattern",
    "[backend]\napi_key_env = 'K'\nready_log = 'up'\n"
    + URL: "backend: cwd, env, port, serves and ready_log are for a program that",
    "[compose]\n[backend]\nready_log = 'up'\n": "backend: url, command, cwd, env, ready_log and socket are for",
    BACKEND + "rate_limit = 300\n": "backend.rate_limit must be a table",
    BACKEND + "rate_limit = { requests = 300 }\n": "backend.rate_limit: How many requests it takes within how many sec",
    BACKEND
    + "rate_limit = { requests = 0, per_s = 60 }\n": "backend.rate_limit.requests must be a whole number of req",
    BACKEND
    + "rate_limit = { requests = 1, per_s = 0 }\n": "backend.rate_limit.per_s must be a number of seconds, above",
    BACKEND + "wrong_keys = { at_most = -1, per_s = 60 }\n": "backend.wrong_keys.at_most must be a whole number of wr",
    BACKEND + "wrong_keys = { at_most = 9, per = 60 }\n": "did you mean backend.wrong_keys.per_s?",
    BACKEND + "start_timeout_s = 0\n": "backend.start_timeout_s must be a number of seconds, above 0 and at most 600",
    BACKEND + "env = { A = 1 }\n": "backend.env.A must be a string in quotes",
    BACKEND + "env = { 'A B' = '1' }\n": 'backend.env: "A B" is not the name of an environment variable',
    BACKEND + "[backend.commands]\napproved = 'Ping1'\n": "backend.commands.approved must be 3 to 32 characters of A",
    BACKEND + "[backend.commands]\nunknown_status = []\n": "backend.commands.unknown_status: one command of 3 to 32 ch",
    BACKEND + "[backend.commands]\nunknown_status = ['ODD', 'ODD']\n": "or a list of different ones",
    BACKEND + "[backend.commands]\nunknown_status = ['ODD', 'x']\n": "or a list of different ones",
    BACKEND + "[backend.commands]\napproved = ['PING']\n": "backend.commands.approved must be a string in quotes",
    "faults = 'no'\n" + BACKEND: "faults must be true or false",
    "backend = 3\n": "backend must be a table",
    "[backend]\ncommand = 5\n": "backend.command must be a string in quotes or a list",
    "[backend]\ncommand = ['a', 5]\n": "backend.command[1] must be a string in quotes",
    "[backend]\ncommand = []\n": "backend.command must not be empty",
    "[backend]\ncommand = ''\n": "backend.command must not be empty",
    "[backend]\ncommand = '  '\n": "backend.command must not be empty",
    "[backend]\ncommand = '''a \"b {port}'''\n": "backend.command cannot be split into words: no closing quotation",
    "[backend]\ncommand = 'serve'\n": "backend.port is missing: neither command nor env has {port}",
    "[backend]\n": "backend: say url (where it runs) or command (what starts it)",
    BACKEND + URL + "api_key_env = 'K'\n": "backend: say url or command, not both",
    "[backend]\n" + URL: "backend: needs api_key_env: the name of an environment variable",
    "[backend]\nurl = 'ftp://h'\napi_key_env = 'K'\n": "backend.url must be an http or https address such as http://127",
    "[backend]\nurl = 'http://me:pw@h'\napi_key_env = 'K'\n": "backend.url must be an http or https address",
    "[backend]\napi_key_env = 'K'\ncwd = 'x'\n"
    + URL: "backend: cwd, env, port, serves and ready_log are for a program that",
    BACKEND + "[backend.audit]\nsource = 'jsnol'\n": (
        'backend.audit.source must be api or jsonl or sql or command, not "jsnol"; did you mean jsonl?'
    ),
    BACKEND + "[backend.audit]\nsource = 'jsonl'\n": 'backend.audit: source = "jsonl" needs path',
    BACKEND + "[backend.audit]\nsource = 'sql'\nurl = 'sqlite:///x'\n": 'backend.audit: source = "sql" needs url and q',
    BACKEND + "[backend.audit]\npath = 'x'\n": 'backend.audit: path is for source = "jsonl"',
    BACKEND + "[backend.audit]\nurl = 'x'\n": 'backend.audit: url and query are for source = "sql"',
    BACKEND + "[backend.audit]\nsource = 'jsonl'\npath = '{workdri}/x'\n": (
        "backend.audit.path: {workdri} is not a placeholder; did you mean {workdir}?"
    ),
    BACKEND + "env = { K = '{api_kye}' }\n": ("backend.env.K: {api_kye} is not a placeholder; did you mean {api_key}?"),
    "[backend]\napi_key_env = 'K'\n" + URL + "audit = { source = 'jsonl', path = '{workdir}/t' }\n": (
        "backend.audit.path: {workdir} has no value here: backend.url is given, so the gate starts no program"
    ),
    "[console]\n": 'console: say url (where it runs) or command (what starts it), or driver = "module"',
    "[console]\ndriver = 'module'\n": 'console: driver = "module" needs module',
    "[console]\ndriver = 'module'\nmodule = 'a.ts'\n" + URL: 'console: driver = "module" serves no page',
    "[console]\ndriver = 'module'\nmodule = 'a.ts'\nenv = { P = '{port}' }\n": "{port} has no value here: console.",
    "[console]\ndriver = 'chrome'\n" + RUN: 'console.driver must be browser or module, not "chrome"',
    "[console]\napi_url = 'http://h'\n" + RUN: "console: api_url and api_key_env are for a console given by url",
    "[console]\napi_key_env = 'K'\n" + URL: "console: needs api_url: the backend address that the running console",
    "[console]\napi_url = 'http://h'\n" + URL: "console: needs api_key_env: the name of an environment variable that",
    BACKEND + "[console]\napi_url = 'http://h'\n" + URL: "backend: needs api_key_env: the running console has a key",
    BACKEND + "api_key_env = 'K'\n[console]\napi_url = 'http://h'\napi_key_env = 'L'\n" + URL: (
        "console: leave api_key_env to [backend]: a pair has one key"
    ),
    "a = \n": "my.toml, line 1, column 5: Invalid value; correct the TOML",
    BACKEND + "port = 1\nport = 2\n": "my.toml, line 4, column 9: Cannot overwrite a value; correct the TOML",
    "a = [1,": "my.toml, line 1, column 8: ",
}


def write(folder: Path, text: str) -> Path:
    """A target file named my.toml."""
    path = folder / "my.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(("text", "line"), MISTAKES.items())
def test_reports_an_error_in_one_line_with_a_hint(tmp_path: Path, text: str, line: str) -> None:
    """The first line shown names the file, the key, what is wrong and what to do."""
    with pytest.raises(TargetFileError) as caught:
        read_target_file(write(tmp_path, text))
    shown = str(caught.value)
    assert shown.startswith("my.toml")
    assert line in shown
    assert "\n" not in shown


def test_reports_every_error_with_misspelt_keys_first(tmp_path: Path) -> None:
    """A misspelt key is shown, because it causes other errors; the others are listed."""
    text = "[backend]\ncomand = 'x'\nport = 'y'\n"
    with pytest.raises(TargetFileError) as caught:
        read_target_file(write(tmp_path, text))
    keys = [mistake.split()[1].rstrip(":") for mistake in caught.value.mistakes]
    assert keys == ["backend.comand", "backend.port", "backend"]


def test_a_value_of_the_environment_is_never_shown(tmp_path: Path) -> None:
    """An error never shows a value of the environment, which may be a secret."""
    with pytest.raises(TargetFileError) as caught:
        read_target_file(write(tmp_path, BACKEND + "env = { K = 77112233 }\n"))
    assert "77112233" not in "".join(caught.value.mistakes)


def test_decodes_every_key(tmp_path: Path) -> None:
    """Every key arrives; a string command is split as a shell would, other braces are left alone."""
    text = """
        name = "my pair"
        faults = true
        [backend]
        command = "serve 'a b' --port {port}"
        cwd = "b"
        env = { KEY = "{api_key}", JSON = '{"a": 1}', SHELL_VAR = "${HOME}" }
        port = 8000
        ready = "/up?deep=1"
        start_timeout_s = 2.5
        api_key_env = "MY_KEY"
        commands = { approved = "PING", slow = "SLOW" }
        audit = { source = "jsonl", path = "{workdir}/t.jsonl", fields = { timestamp = "ts" } }
        [console]
        command = ["{python}", "c.py", "{port}", "{backend_url}"]
        selectors = { status = "#s" }
    """
    spec = read_target_file(write(tmp_path, text))
    assert spec.backend == BackendSpec(
        command=("serve", "a b", "--port", "{port}"),
        cwd="b",
        env={"KEY": "{api_key}", "JSON": '{"a": 1}', "SHELL_VAR": "${HOME}"},
        port=8000,
        ready="/up?deep=1",
        start_timeout_s=2.5,
        api_key_env="MY_KEY",
        commands=Commands(approved="PING", slow="SLOW"),
        audit=AuditSpec(source="jsonl", path="{workdir}/t.jsonl", fields={"timestamp": "ts"}),
    )
    assert spec.console == ConsoleSpec(
        command=("{python}", "c.py", "{port}", "{backend_url}"), selectors=Selectors(status="#s")
    )
    assert (spec.name, spec.faults) == ("my pair", True)


def test_accepts_a_byte_order_mark_and_no_name(tmp_path: Path) -> None:
    """The name defaults to that of the file, and a byte order mark is ignored."""
    path = write(tmp_path, "\ufeff" + BACKEND)
    assert read_target_file(path).name == "my"


def test_refuses_another_encoding(tmp_path: Path) -> None:
    """A file in another encoding is one line with a hint."""
    path = tmp_path / "my.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(TargetFileError, match=r"my\.toml, line 1: not UTF-8; save the file as UTF-8"):
        read_target_file(path)


def test_takes_over_the_tables_of_extended_files(tmp_path: Path) -> None:
    """Tables are merged key by key; a later file wins over an earlier one, and the file itself over both."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "first.toml").write_text(
        'name = "first"\n[backend]\ncwd = "a"\nenv = { A = "1", B = "1", C = "1" }\n', "utf-8"
    )
    (tmp_path / "shared" / "second.toml").write_text('extends = "third.toml"\n[backend]\nenv = { B = "2" }\n', "utf-8")
    (tmp_path / "shared" / "third.toml").write_text(BACKEND, "utf-8")
    text = 'extends = ["shared/first.toml", "shared/second.toml"]\n[backend]\nenv = { C = "3" }\n'
    spec = read_target_file(write(tmp_path, text))
    assert spec.backend == BackendSpec(
        command=("serve", "--port", "{port}"), cwd="a", env={"A": "1", "B": "2", "C": "3"}
    )
    assert spec.name == "my"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('extends = "none.toml"\n', "my.toml: extends: none.toml: cannot be read: No such file or directory"),
        ('extends = "my.toml"\n', "my.toml: extends: my.toml extends itself; remove one of the two"),
        ('extends = "bad.toml"\n', "my.toml: extends: bad.toml, line 1, column 5: Invalid value; correct the TOML"),
        ("extends = 1\n" + BACKEND, "my.toml: extends must be a string in quotes or a list"),
        ("extends = [1]\n" + BACKEND, "my.toml: extends[0] must be a string in quotes"),
        ("extends = []\n" + BACKEND, "my.toml: extends must not be empty"),
    ],
)
def test_refuses_a_file_that_cannot_be_extended(tmp_path: Path, text: str, line: str) -> None:
    """A file that is missing, broken or extends itself is reported in one line that names both files."""
    (tmp_path / "bad.toml").write_text("a = \n", "utf-8")
    with pytest.raises(TargetFileError) as caught:
        read_target_file(write(tmp_path, text))
    assert str(caught.value) == line


def _schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shipped(SCHEMA).read_text("utf-8"))
    return found


def test_schema_and_types_have_the_same_keys() -> None:
    """The schema and the types have the same keys, so that each key is documented and read."""
    schema = _schema()
    Draft202012Validator.check_schema(schema)

    def compare(table: dict[str, Any], struct: type[msgspec.Struct], where: str) -> None:
        assert set(table["properties"]) == set(struct.__struct_fields__), where
        assert table["additionalProperties"] is False
        for key, named in table["properties"].items():
            below = named.get("items", named)
            below = schema["$defs"][below["$ref"].rpartition("/")[2]] if "$ref" in below else below
            hint = get_type_hints(struct)[key]
            for kind in getattr(hint, "__args__", (hint,)):
                if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                    compare(below, kind, f"{where}.{key}")

    compare(schema, TargetFile, "")
    assert all("description" in below for below in schema["properties"].values())
    assert all("{" + name + "}" in schema["description"] for name in PLACEHOLDERS)


def test_the_embedded_pair_is_a_target_file() -> None:
    """The reference pair is described by a target file."""
    target = load_target("embedded")
    assert target.ref.kind == "embedded"
    assert target.parties == ("backend", "console", "pair")
    assert target.started_by_gate
    assert target.allows_faults
    assert target.parallel
    assert None not in msgspec.structs.astuple(target.spec.backend.commands) if target.spec.backend else False
    target.preflight()


def test_refuses_an_unknown_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown target is reported with the closest word."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, BACKEND)
    with pytest.raises(UnknownTarget, match=r"--target embeded: .*; did you mean embedded\?"):
        load_target("embeded")
    with pytest.raises(UnknownTarget, match=r"--target mu\.toml: .*; did you mean my\.toml\?"):
        load_target("mu.toml")
    with pytest.raises(UnknownTarget, match=r"name embedded, compose, or the path of a TOML target file"):
        load_target("staging")
    with pytest.raises(UnknownTarget, match="is a folder; name a TOML file in it"):
        load_target(str(tmp_path))
    with pytest.raises(UnknownTarget, match=r"--target composed: .*; did you mean compose\?"):
        load_target("composed")


def test_reports_an_installation_without_the_reference_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An incomplete installation is reported in one line with a hint."""
    monkeypatch.setattr(shipped_data, "shipped_root", lambda: tmp_path)
    with pytest.raises(TargetFileError, match=r"images/embedded\.toml is missing from this installation"):
        load_target("embedded")
    with pytest.raises(TargetFileError, match=r"images/compose\.toml is missing from this installation"):
        load_target("compose")


@pytest.mark.parametrize(
    ("socket", "parallel"), [("api.sock", False), ("{workdir}/api.sock", True), ("sockets/{port}", True)]
)
def test_a_socket_for_every_pair_prevents_parallel_pairs(tmp_path: Path, socket: str, parallel: bool) -> None:
    """Two pairs can have a socket each only where its path holds something of the pair."""
    write(tmp_path, f"[backend]\ncommand = 'serve'\nsocket = '{socket}'\n")
    assert load_target(str(tmp_path / "my.toml")).parallel is parallel
