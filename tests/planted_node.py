"""A Node with a planted fault: the real one, with a script that changes its fetch before anything else runs."""

from __future__ import annotations

import shlex
from pathlib import Path

from technogate.drivers.module.node import find_node

#: Replacements of fetch, each with one fault. `real` is the runtime's own.
PLANTS = {
    "hides-cut-bodies": """
        const whole = '{"status":"APPROVED","said":"by self-test."}';
        fetch = async (...request) => {
          const response = await real(...request);
          response.text = async () => { try { return await response.clone().text(); } catch { return whole; } };
          response.json = async () => JSON.parse(await response.text());
          return response;
        };""",
    "follows-redirects": "fetch = (input, init) => real(input, { ...init, redirect: 'follow' });",
    "keeps-answers": """
        const kept = new Map();
        fetch = async (input, init) => {
          if (init?.method === 'POST') return real(input, init);
          if (!kept.has(String(input))) kept.set(String(input), await real(input, init));
          return kept.get(String(input)).clone();
        };""",
    "never-aborts": "fetch = (input, init) => real(input, { ...init, signal: undefined });",
    "sends-again": "fetch = (...request) => real(...request).catch(() => real(...request));",
    "reports-no-refusal": "fetch = (...request) => real(...request).catch(() => new Response('{}'));",
    "gets-everything-wrong": "fetch = async () => new Response('APPROVED');",
}


def script(plant: str) -> str:
    """The script that plants a fault, for Node and for a page."""
    return f"{{ let fetch; const real = globalThis.fetch; {PLANTS[plant]} globalThis.fetch = fetch; }}"


def planted_node(folder: Path, plant: str) -> Path:
    """A program that is the machine's Node with a planted fault."""
    planted = folder / f"{plant}.mjs"
    planted.write_text(script(plant), "utf-8")
    program = folder / "node"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(str(find_node()))} --import {planted.as_uri()} "$@"\n', "utf-8")
    program.chmod(0o755)
    return program
