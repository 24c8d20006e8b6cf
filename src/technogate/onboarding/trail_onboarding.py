"""Look for the audit trail of a backend that was looked at, and for a way to make it unwritable for a while."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

from technogate.onboarding.asking import Answer, Backend
from technogate.onboarding.backend_onboarding import BackendOnboarding
from technogate.onboarding.command_words import UNKNOWN
from technogate.onboarding.consequences import consequence
from technogate.onboarding.learned import Learned, Value
from technogate.onboarding.listening import open_files
from technogate.onboarding.trail_search import Known, Trail, find_trail, other_fields, snapshot, sql_query
from technogate.onboarding.variables import movers

#: How many ways to move the trail are tried, each with one start.
_MOST_MOVERS = 4
#: The fields without which entries cannot be told apart and judged.
_NEEDED = ("trace_id", "action", "state", "result", "timestamp")
#: What a text has that renames its files.
_ROTATES = r"(?i)rename(?:Sync)?\(|RotatingFileHandler|logrotate|rotating-file|pino-roll|maxsize|lumberjack|RollingFile"
_REFUSED = 500


class TrailOnboarding:
    """The look for the trail of `backend`."""

    def __init__(self, backend: BackendOnboarding, learned: Learned) -> None:
        self._at, self._learned = backend, learned
        self._folder = backend.folder / backend.wish.cwd
        self._made: set[Path] = set()

    def learn_trail(self) -> None:
        """Learn `[backend.audit]` and `[backend.unwritable]`."""
        trail = self._look()
        if trail is None:
            self._learn_api()
            return
        if not self._own(trail):
            self._shown(trail)
            trail = self._moved() or trail
        self._learn(trail)
        self.remove_what_was_made()

    def remove_what_was_made(self) -> None:
        """Remove the files that the trials have made in the user's folder."""
        for path in self._made:
            with suppress(OSError):
                path.unlink()
                self._learned.tell(f"removed  {path.name}, which the program had made here for this")

    # ---- looking ----

    def _look(self) -> Trail | None:
        """The trail that holds one request sent now."""
        trial = self._at.trial
        folders = [self._folder, *([trial.workdir] if trial is not None else [])]
        before = snapshot(folders)
        known = _request(self._at.backend, self._at.approved or UNKNOWN)
        if known is None:
            return None
        files = [] if trial is None else sorted(open_files(trial.pids))
        return find_trail(known, before, folders, files)

    def _own(self, trail: Trail) -> bool:
        """Whether the trail is in the folder of the pair's own."""
        trial = self._at.trial
        return trial is not None and trail.path.resolve().is_relative_to(trial.workdir)

    def _moved(self) -> Trail | None:
        """The trail after one of the variables or options of the program has moved it; None when none does."""
        start = self._at.start
        if start is None:
            return None
        strong, weak = movers(self._at.sources)
        for mover in [*strong, *weak][:_MOST_MOVERS]:
            if mover.name in start.env or f"--{mover.name}" in start.command:
                continue
            self._at.start = start.with_mover(mover)
            if self._at.revive() is not None and (trail := self._look()) is not None and self._own(trail):
                self._at.learn_start()
                return trail
        self._at.start = start
        self._at.revive()
        return None

    # ---- learning ----

    def _learn_api(self) -> None:
        """The API is the one trail that is left, where it shows the request."""
        if self._api_shows():
            said = "no file that grew holds the trace id of a request, GET /api/audit does"
            self._learned.learn("backend.audit", "source", "api", said)
        else:
            self._learned.lack(
                "backend.audit",
                "source",
                "neither a file that grew nor GET /api/audit holds the trace id of a request",
                "the default is the API",
            )
        self._lack_unwritable("no file of the trail was found")

    def _learn(self, trail: Trail) -> None:
        place, shown = self._shown(trail)
        missing = [name for name in _NEEDED if name not in trail.fields]
        if missing and self._api_shows():
            said = f"GET /api/audit holds the trace id of a request; {trail.path.name} has no {', '.join(missing)}"
            self._learned.learn("backend.audit", "source", "api", said)
            self._learn_way(trail, shown, own=place)
            return
        state = f"{trail.path.name} holds the trace id of a request that was sent"
        if trail.table:
            self._learned.learn("backend.audit", "source", "sql", f"{state}, in the table {trail.table}")
            self._learned.learn("backend.audit", "url", f"sqlite:///{shown}", "an SQLite file")
            self._learned.learn("backend.audit", "query", sql_query(trail), "the columns by the values that they had")
            self._learn_way(trail, shown, own=place)
            return
        self._learned.learn("backend.audit", "source", "jsonl", state)
        rotates = self._at.sources.mentions(_ROTATES)
        path = f"{shown}*" if rotates else shown
        self._learned.learn(
            "backend.audit", "path", path, f"{rotates} renames files" if rotates else "it grew by the request"
        )
        fields: Value = other_fields(trail)
        if fields:
            self._learned.learn(
                "backend.audit", "fields", fields, "by the values that they had in the entry of that request"
            )
        if missing:
            self._learned.lack(
                "backend.audit",
                "fields",
                f"no key of the entry has the {', '.join(missing)}",
                "the trail cannot be matched without",
            )
        if trail.time not in ("", "rfc3339"):
            self._learned.learn("backend.audit", "time", trail.time, "its number is the time of that request")
        self._learn_way(trail, shown, own=place)
        if not place:
            one = f"{trail.path.name} is one file for every pair that runs"
            self._learned.note(f"{one}: use --workers 1, or give the program an option for its place")

    def _learn_way(self, trail: Trail, shown: str, *, own: bool) -> None:
        """The way to make the trail unwritable, where it is in the pair's own folder."""
        if not own:
            self._lack_unwritable("the file is in a folder that all pairs share")
        elif trail.table:
            self._learned.learn("backend.unwritable", "lock_sqlite", shown, "the SQLite file that it writes")
        else:
            self._learn_unwritable(trail, shown)

    def _api_shows(self) -> bool:
        """Whether the API lists a request that was sent now."""
        known = _request(self._at.backend, self._at.approved or UNKNOWN)
        return known is not None and known.trace_id in self._at.backend.ask("GET", "/api/audit").text

    def _shown(self, trail: Trail) -> tuple[bool, str]:
        """Whether the file is in the pair's own folder, and its path as the target file has it."""
        real = trail.path.resolve()
        trial = self._at.trial
        if trial is not None and real.is_relative_to(trial.workdir):
            return True, "{workdir}/" + real.relative_to(trial.workdir).as_posix()
        if self._at.started and real not in self._at.files_before:
            self._made.add(real)
        root = self._at.folder.resolve()
        return False, real.relative_to(root).as_posix() if real.is_relative_to(root) else real.as_posix()

    def _learn_unwritable(self, trail: Trail, shown: str) -> None:
        """A folder in the place of the file: learned when the program then refuses a command, and works again after."""
        command, undo, kept = _ways(shown)
        path = trail.path
        moved = path.with_name(kept)
        path.rename(moved)
        path.mkdir()
        try:
            refused = self._at.backend.execute(self._at.approved or UNKNOWN)
            grew = refused.trace_id != "" and refused.trace_id in moved.read_text("utf-8", errors="replace")
        finally:
            shutil.rmtree(path)
            moved.rename(path)
        if grew:
            self._lack_unwritable("the program keeps the file open, so that a folder in its place does not stop it")
            return
        said = f"with a folder in the place of the file a command was answered {refused.status or refused.error}"
        if not self._at.alive():
            self._learned.note("the program ended when it could not write its trail, where it should refuse (TRL-10)")
        self._learned.learn("backend.unwritable", "command", ["sh", "-c", command], said)
        self._learned.learn("backend.unwritable", "undo", ["sh", "-c", undo], "puts the file back")

    def _lack_unwritable(self, why: str) -> None:
        self._learned.lack("backend.unwritable", "command", why, consequence("backend.unwritable"))


def _ways(shown: str) -> tuple[str, str, str]:
    """The shell commands that put a folder in the place of a file, and the file back; the name it has meanwhile."""
    folder, _, name = shown.rpartition("/")
    kept = f"kept-{name}"
    return (
        f"mv '{shown}' '{folder}/{kept}' && mkdir '{shown}'",
        f"rmdir '{shown}' && mv '{folder}/{kept}' '{shown}'",
        kept,
    )


def _request(backend: Backend, command: str) -> Known | None:
    """One request and what is known of it; None when it got no trace id."""
    at = time.time()
    answer: Answer = backend.execute(command)
    if not answer.trace_id:
        return None
    execution = answer.value.get("execution_id", "") if isinstance(answer.value, dict) else ""
    return Known(
        trace_id=answer.trace_id, command=command, state=answer.state, execution_id=str(execution or ""), at=at
    )
