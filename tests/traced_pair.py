"""A small backend that keeps its trail in its own way, as the pair for faults that the suites use: all of it real."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fixtures.backend_guard import BackendGuard
from fixtures.faulty_pair import FaultyPair
from technogate.contract.loader import load_contract
from technogate.faults.tracing.tracer import NotTraced, find_strace
from technogate.journal.journal_file import JournalWriter
from technogate.journal.line_marks import JournalKey
from technogate.model.settings import Settings
from technogate.runner.run_context import RunContext
from technogate.target import load_target
from technogate.trail.reconcile.expected_entries import TrailTerms
from technogate.trail.sources.open_source import open_source
from technogate.trail.trail_reader import TrailReader
from tests.conftest import ROOT
from tests.tools import STRACE

#: The program; its first argument is the way in which it writes an entry.
PROGRAM = ROOT / "tests" / "programs" / "durability" / "backend.py"
KEY = "TgAbCdEfGh0123456789"

TARGET = """
name = "durability"
[backend]
command = ["{{python}}", "{program}", "{way}", "--port", "{{port}}", "--trail", "{trail}"]
commands = {{ approved = "PING" }}
{audit}
"""
IN_WORKDIR = "{workdir}/trail.jsonl"
NAMED = '[backend.audit]\nsource = "jsonl"\npath = "{workdir}/trail.jsonl"\n'


def missing() -> str:
    """Why programs cannot be traced here; "" where they can."""
    try:
        find_strace()
    except NotTraced as why:
        return f"{why}; {STRACE.missing}" if STRACE.missing else str(why)
    return ""


@contextmanager
def traced_pair(folder: Path, way: str, audit: str = NAMED, *, trail: str = IN_WORKDIR) -> Iterator[FaultyPair]:
    """The pair for faults of a backend that writes its entries in this way."""
    target = folder / "target.toml"
    target.write_text(TARGET.format(program=PROGRAM.as_posix(), way=way, audit=audit, trail=trail), "utf-8")
    run_context = RunContext(
        settings=Settings(target=str(target), reports=str(folder)),
        contract=load_contract(ROOT / "contracts" / "console-v0.1"),
        target=load_target(str(target)),
        journal=JournalWriter(folder / "journal.jsonl", "main", JournalKey.new().of("main")),
        worker="main",
        run="durability",
        run_key=KEY,
        seed=1,
    )
    numbers = itertools.count(1)

    def new_id() -> str:
        return f"main-{next(numbers)}"

    with run_context.target.start(KEY) as running:
        backend = running.backend
        assert backend is not None
        reader = TrailReader(
            source=open_source(backend.audit, backend.url, KEY),
            base_url=backend.url,
            terms=TrailTerms.of_contract(run_context.contract),
            redactor=run_context.redactor,
            record=run_context.record,
            new_id=new_id,
            item=lambda: run_context.item,
        )
        yield FaultyPair(
            run_context=run_context,
            backend=backend,
            trail=reader,
            new_id=new_id,
            quiet=lambda: None,
            guard=BackendGuard(run_context, backend),
        )
