"""The client module is the file that exports the three functions, however it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.onboarding.client_modules import find_client_module
from technogate.util.source_texts import Sources

DIRECT = "export async function executeCommand() {}\nexport const fetchAuditLog = 1;\nexport { fetchMemory };\n"
FUNCTIONS = "{ executeCommand, fetchAuditLog, fetchMemory }"


def found(folder: Path, **files: str) -> tuple[str, str] | None:
    """The path of the module that is found, and how its client is made."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(path.name.replace("_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    module = find_client_module(Sources(folder))
    return None if module is None else (module.path, module.create)


@pytest.mark.parametrize(
    ("text", "create"),
    [
        (DIRECT, ""),
        (f"module.exports = {FUNCTIONS};", ""),
        (f"export const api = make();\nfunction make() {{ return {FUNCTIONS}; }}", ""),
        (f"export function make(baseUrl, apiKey) {{ return {FUNCTIONS}; }}", "make('{backend_url}', '{api_key}')"),
        (
            f"export const make = ({{ apiKey, endpoint = '' }}) => ({FUNCTIONS});",
            "make({ apiKey: '{api_key}', endpoint: '{backend_url}' })",
        ),
        (
            "export class Api {\nconstructor(url, key) {}\nexecuteCommand() {} fetchAuditLog() {} fetchMemory() {}\n}",
            "new Api('{backend_url}', '{api_key}')",
        ),
        (f"export default function (url) {{ return {FUNCTIONS}; }}", "exports.default('{backend_url}')"),
    ],
)  # fmt: skip
def test_ways_to_export(tmp_path: Path, text: str, create: str) -> None:
    """Exports, CommonJS, an object, a factory, a class: `create` is written where a client must be made."""
    assert found(tmp_path, src__api_js=text) == ("src/api.js", create)


def test_module_that_imports_another_is_the_applications_own(tmp_path: Path) -> None:
    """It is there that the client is configured."""
    names = "{ executeCommand, fetchAuditLog, fetchMemory }"
    text = f'import {{ configure }} from "./client.js";\nexport {names} from "./client.js";'
    assert found(tmp_path, client_js=DIRECT, api_ts=text) == ("api.ts", "")


def test_page_that_uses_the_functions_is_no_module(tmp_path: Path) -> None:
    """What builds a page imports them and exports something else."""
    text = "import { executeCommand, fetchAuditLog, fetchMemory } from 'x';\nexport const a = document.body;"
    assert found(tmp_path, app_js=text) is None


def test_two_of_three_are_no_client(tmp_path: Path) -> None:
    """A file without one of the functions is not it."""
    assert found(tmp_path, api_js="export function executeCommand() {}\nexport function fetchMemory() {}") is None
