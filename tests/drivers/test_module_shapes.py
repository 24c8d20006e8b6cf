"""Client modules in the shapes that teams write them in: each is loaded in Node, and its functions are found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module import module_driver
from technogate.drivers.module.module_driver import ModuleDriver, script_for_node
from technogate.drivers.module.module_needs import needs_bundler
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.conforming import Conforming
from technogate.mock.scripted_reply import Reply, json_template
from tests.drivers.module_programs import ALL, COMMONJS, FUNCTIONS, need_esbuild, written

pytestmark = pytest.mark.slow

OPERATIONS = {
    "executeCommand": ("POST", "/api/execute"),
    "fetchAuditLog": ("GET", "/api/audit"),
    "fetchMemory": ("GET", "/api/memory"),
}

#: A client that is made: of a base URL and a key.
CLASS = """
class Api {
  constructor(baseUrl, key) { this.baseUrl = baseUrl; this.key = key; }
  async ask(path, init) {
    return (await fetch(this.baseUrl + path, { ...init, headers: { "X-API-Key": this.key } })).json();
  }
  executeCommand(command) { return this.ask("/api/execute", { method: "POST", body: "{}" }); }
  fetchAuditLog() { return this.ask("/api/audit"); }
  fetchMemory() { return this.ask("/api/memory"); }
}
"""
TYPED = """
import { Path, type Shown } from "@/paths";
import type { Nothing } from "./nowhere";
enum Word { Approved = "APPROVED" }
class Asker {
  constructor(private readonly path: Path, public count = 0) {}
  async ask(): Promise<Shown> { return (await fetch(this.path, { method: "POST", body: "{}" })).json(); }
}
export const executeCommand = (command: string): Promise<Shown> => new Asker(Path.Execute).ask();
export const fetchAuditLog = async (filter: string, limit: number): Promise<Shown[]> => [];
export const fetchMemory = async (): Promise<Nothing | null> => null;
export const approved: string = Word.Approved;
"""
PATHS = {
    "src/paths.ts": 'export enum Path { Execute = "/api/execute" }\nexport interface Shown { status: string }\n',
    "tsconfig.json": '{ "compilerOptions": { "jsx": "preserve", "paths": { "@/*": ["./src/*"] } } } // Next.js',
}
ESM = {"package.json": '{"type": "module"}'}

#: Each shape: its files, the module first; the expression that makes the client; where the functions are found.
SHAPES: dict[str, tuple[dict[str, str], str, str]] = {
    "an ES module": ({"api.mjs": FUNCTIONS}, "", ""),
    "a default object": ({"api.mjs": f"{COMMONJS}export default {ALL};"}, "", "the export `default`"),
    "an exported object": ({"api.mjs": f"{COMMONJS}export const api = {ALL};"}, "", "the export `api`"),
    "an object of any name": ({"api.mjs": f"{COMMONJS}export const x = 1, remote = {ALL};"}, "", "the export `remote`"),
    "a class without arguments": (
        {"api.mjs": CLASS.replace("baseUrl, key) {", 'baseUrl = "", key = "") {') + "export default Api;"},
        "",
        "an instance of the class that it exports as default",
    ),
    "a class": ({"api.mjs": CLASS + "export default Api;"}, "new (exports.default)('', 'key')", "what `create` makes"),
    "a factory": (
        {"api.mjs": CLASS + "export const createClient = ({ baseUrl, key }) => new Api(baseUrl, key);"},
        "createClient({ baseUrl: '', key: 'key' })",
        "what `create` makes",
    ),
    "a factory with a promise": (
        {"api.mjs": CLASS + "export const connect = async (url) => new Api(url, 'key');"},
        "connect('')",
        "what `create` makes",
    ),
    "a factory that is awaited": (
        {"api.mjs": CLASS + "export const connect = async (url) => ({ api: new Api(url, 'key') });"},
        "(await connect('')).api",
        "what `create` makes",
    ),
    "a factory that is module.exports": (
        {"api.js": f"{COMMONJS}module.exports = () => ({ALL}); module.exports.version = 1;"},
        "exports.version === 1 && exports()",
        "what `create` makes",
    ),
    "await at its top level": ({"api.mjs": f"await Promise.resolve();{FUNCTIONS}"}, "", ""),
    "module.exports": ({"api.js": f"{COMMONJS}module.exports = {ALL};"}, "", "the export `default`"),
    "exports.x": (
        {"api.cjs": COMMONJS + "".join(f"exports.{name} = {name};\n" for name in ALL.strip("{} ").split(", "))},
        "",
        "the export `default`",
    ),
    "a factory in CommonJS": (
        {"api.js": f"{COMMONJS}module.exports = {{ create: () => ({ALL}) }};"},
        "create()",
        "what `create` makes",
    ),
    "TypeScript": ({"src/api.ts": TYPED, **PATHS, **ESM}, "", ""),
    "TypeScript with markup": (
        {"src/api.tsx": TYPED + "export const Page = () => <p>{approved}</p>;", **PATHS, **ESM},
        "",
        "",
    ),
    "TypeScript as CommonJS": (
        {"api.cts": f"enum W {{ A }}\n{COMMONJS}export = {{ ...{ALL}, word: W.A }};"},
        "",
        "the export `default`",
    ),
    "JSON": (
        {
            "api.js": 'import { limit } from "./s.json";' + FUNCTIONS + "export { limit };",
            "s.json": '{"limit": 5}',
            **ESM,
        },
        "",
        "",
    ),
    "JSON with attributes": (
        {
            "api.js": 'import s from "./s.json" with { type: "json" };' + FUNCTIONS + "export const n = s.n;",
            "s.json": '{"n": 5}',
            **ESM,
        },
        "",
        "",
    ),
}


def _default() -> Reply:
    return Conforming(template=json_template({"status": "APPROVED"})).reply()


@pytest.fixture(scope="module")
def mock_backend() -> Iterator[MockBackend]:
    """One mock backend for all tests of this module."""
    with MockBackend(operations=OPERATIONS, defaults=dict.fromkeys(OPERATIONS, _default)) as mock_backend:
        yield mock_backend


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_called(shape: str, mock_backend: MockBackend, tmp_path: Path) -> None:
    """The functions are found, called with their object, and return what the backend sent."""
    need_esbuild()
    files, create, found = SHAPES[shape]
    with ModuleDriver(written(tmp_path, files), env={}, base=mock_backend.base_url, create=create) as driver:
        assert driver.execute("PING").fields == {"status": "APPROVED"}
        assert "error" not in driver.memory().fields
        assert driver.found == found


def test_packages_are_those_of_pages(mock_backend: MockBackend, tmp_path: Path) -> None:
    """A package with other code for pages than for Node is taken as a console gets it; its aliases are followed."""
    need_esbuild()
    files = {
        "api.js": 'import { status } from "two-sided";\n'
        + FUNCTIONS.replace("(command) =>", "(command) => ({ status }) ||"),
        "node_modules/two-sided/package.json": '{"name": "two-sided", "main": "node.js", "browser": "page.js"}',
        "node_modules/two-sided/node.js": 'exports.status = "OF_NODE";',
        "node_modules/two-sided/page.js": 'exports.status = "OF_PAGES";',
        **ESM,
    }
    with ModuleDriver(written(tmp_path, files), env={}, base=mock_backend.base_url) as driver:
        assert driver.execute("PING").fields == {"status": "OF_PAGES"}


@pytest.mark.parametrize("module", ["api.js", "api.ts"])
@pytest.mark.parametrize("bundled", [True, False], ids=["bundled", "by-node"])
def test_import_meta_env_has_the_consoles_variables(module: str, bundled: bool, tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """All names of the console's environment, and what Vite itself sets; also where there is no bundler."""
    if bundled:
        need_esbuild()
    else:
        monkeypatch.setattr(module_driver, "obtained", lambda _: (None, "not here"))
        monkeypatch.setattr(module_driver, "find_esbuild", lambda _: None)
    seen = "Object.keys(import.meta.env).sort().join() + import.meta.env.VITE_API_KEY + import.meta.env.PROD"
    text = f"export const executeCommand = async () => ({{ status: {seen} }});\n"
    text += "export const fetchAuditLog = async () => [], fetchMemory = async () => null;\n"
    path = written(tmp_path, {module: text, **ESM})
    with ModuleDriver(path, env={"VITE_API_KEY": "k", "PATH": "/bin", "TZ": "UTC"}) as driver:
        shown = driver.execute("PING").fields["status"]
    assert shown == "BASE_URL,DEV,MODE,PROD,SSR,VITE_API_KEYktrue"


@pytest.mark.parametrize(
    ("text", "create", "words"),
    [
        (f"{COMMONJS}export {{ fetchMemory }};\nexport const limit = 5;", "",
         r"does not export executeCommand, fetchAuditLog; it exports fetchMemory \(function\), limit \(number\)"),
        (f"{COMMONJS}export const createClient = (url) => ({ALL});", "",
         r"createClient \(function\): write how a client is made: create = \"createClient\('\{backend_url\}', "),
        (CLASS + "export default Api;", "", r"create = \"new \(exports.default\)\('\{backend_url\}', '\{api_key\}'"),
        ("export const make = () => ({ get() {} });", "make()",
         r"what `create` makes lacks executeCommand, fetchAuditLog, fetchMemory \(object with get\)"),
        ("export const make = () => 5;", "maker()", r"`create` failed with ReferenceError: maker is not defined; it"),
        ("export const make = () => 5;", "make(", r"`create` failed with SyntaxError"),
        ("import './none.js'; import s from './s.json';", "", r"Could not resolve \"./none.js\" \(api.js, line 1\)"),
    ],
)  # fmt: skip
def test_what_a_module_lacks_is_one_line(text: str, create: str, words: str, tmp_path: Path) -> None:
    """It names what is missing, what is exported instead, and the line to write."""
    need_esbuild()
    with pytest.raises(DriverError, match=words) as caught:
        ModuleDriver(written(tmp_path, {"api.js": text, **ESM}), env={}, create=create)
    assert "\n" not in str(caught.value)


def test_plain_modules_need_no_bundler(tmp_path: Path) -> None:
    """A plain ES module is loaded as it is; what Node alone does not know is looked for in what it imports, too."""
    plain = written(tmp_path, {"api.js": 'import { FUNCTIONS } from "./other.js";', "other.js": FUNCTIONS, **ESM})
    assert not needs_bundler(plain)
    assert script_for_node(plain) == plain
    (tmp_path / "other.js").write_text("export const url = import.meta.env.VITE_URL;", "utf-8")
    assert needs_bundler(plain)
    (tmp_path / "other.js").write_text("// as import.meta.env\nexport const url = 5;", "utf-8")
    assert not needs_bundler(plain)
