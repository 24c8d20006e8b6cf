"""Small client modules in the shapes that teams write them in, and what runs them in tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.drivers.module.esbuild import obtained

#: Three functions in plain JavaScript: each sends its request to a relative address, and returns the body.
FUNCTIONS = """
const body = async (path, init) => {
  const answer = await fetch(path, init);
  return answer.status === 204 ? null : answer.json();
};
export const executeCommand = (command) => body("/api/execute", { method: "POST", body: JSON.stringify({ command }) });
export const fetchAuditLog = (filter, limit) => body(`/api/audit?filter=${filter}&limit=${limit}`);
export const fetchMemory = () => body("/api/memory");
"""

COMMONJS = FUNCTIONS.replace("export const", "const")
ALL = "{ executeCommand, fetchAuditLog, fetchMemory }"


def written(folder: Path, files: dict[str, str]) -> Path:
    """Write the files and return the path of the first."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / next(iter(files))


def need_esbuild() -> None:
    """Skip the test where esbuild is not there and cannot be installed."""
    _, problem = obtained(Path(__file__))
    if problem:
        pytest.skip(f"needs esbuild: {problem}")
