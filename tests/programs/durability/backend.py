"""A small backend that keeps its trail in lines of JSON; how it puts an entry on stable storage is its first argument.

`python backend.py WAY --port PORT --trail FILE`. Standard library alone.
"""

# ruff: noqa: D102 - each way is named by what it does

from __future__ import annotations

import ctypes
import json
import mmap
import os
import signal
import sys
import threading
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WAY, PORT, TRAIL = sys.argv[1], int(sys.argv[3]), Path(sys.argv[5])
APPEND = os.O_CREAT | os.O_WRONLY | os.O_APPEND
LOCK = threading.Lock()
#: The size of a trail that is mapped.
MAPPED = 1 << 16


class Trail:
    """The trail's file, and the ways to write an entry: each returns once the response may go out."""

    def __init__(self) -> None:
        self.file = os.open(TRAIL, APPEND | (os.O_DSYNC if WAY == "dsync" else 0))
        self.other = os.open(TRAIL.with_suffix(".other"), APPEND)
        self.folder = os.open(TRAIL.parent, os.O_RDONLY)
        if WAY == "while-traced":
            self.status = os.open("/proc/self/status", os.O_RDONLY)
        self.end = 0
        if WAY in ("mapped", "mapped-unsynced"):
            file = os.open(TRAIL, os.O_RDWR)
            os.ftruncate(file, MAPPED)
            self.map = mmap.mmap(file, MAPPED)
        if WAY == "now-and-then":
            threading.Thread(target=self.sync_now_and_then, daemon=True).start()

    def sync_now_and_then(self) -> None:
        while True:
            time.sleep(0.2)
            os.fdatasync(self.file)

    def write(self, line: bytes) -> None:
        with LOCK:
            getattr(self, WAY.replace("-", "_"))(line)

    # ---- on stable storage before the response ----

    def synced(self, line: bytes) -> None:
        os.write(self.file, line)
        os.fsync(self.file)

    def dsync(self, line: bytes) -> None:
        os.write(self.file, line)

    def opened_dsync(self, line: bytes) -> None:
        file = os.open(TRAIL, APPEND | os.O_SYNC)
        os.write(file, line)
        os.close(file)

    def everything(self, line: bytes) -> None:
        os.write(self.file, line)
        os.sync()

    def other_descriptor(self, line: bytes) -> None:
        os.write(self.file, line)
        file = os.open(TRAIL, os.O_RDONLY)
        os.fdatasync(file)
        os.close(file)

    def flagged(self, line: bytes) -> None:
        os.pwritev(self.file, [line], TRAIL.stat().st_size, os.RWF_DSYNC)

    def renamed(self, line: bytes) -> None:
        new = TRAIL.with_suffix(".new")
        file = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.write(file, TRAIL.read_bytes() + line)
        os.fsync(file)
        os.close(file)
        new.replace(TRAIL)

    def mapped(self, line: bytes) -> None:
        self.mapped_unsynced(line)
        self.map.flush()

    def in_a_child(self, line: bytes) -> None:
        child = os.fork()
        if not child:
            self.synced(line)
            os._exit(0)
        os.waitpid(child, 0)

    def begun_and_ended(self, line: bytes) -> None:
        os.write(self.file, line.replace(b'"APPROVED"', b'"NEUTRAL"'))
        self.synced(line)

    # ---- not ----

    def flushed(self, line: bytes) -> None:
        with TRAIL.open("ab") as file:
            file.write(line)
            file.flush()

    def late(self, line: bytes) -> None:
        threading.Timer(0.05, self.synced, (line,)).start()

    def synced_late(self, line: bytes) -> None:
        os.write(self.file, line)
        threading.Timer(0.05, os.fsync, (self.file,)).start()

    def synced_first(self, line: bytes) -> None:
        os.fsync(self.file)
        os.write(self.file, line)

    def folder_alone(self, line: bytes) -> None:
        os.write(self.file, line)
        os.fsync(self.folder)

    def another_file(self, line: bytes) -> None:
        os.write(self.file, line)
        os.fsync(self.other)

    def decoy(self, line: bytes) -> None:
        os.write(self.other, line)
        os.fsync(self.other)
        os.write(self.file, line)

    def part_of_the_file(self, line: bytes) -> None:
        os.write(self.file, line)
        ctypes.CDLL(None).sync_file_range(self.file, ctypes.c_int64(0), ctypes.c_int64(0), 7)

    def now_and_then(self, line: bytes) -> None:
        os.write(self.file, line)

    def mapped_unsynced(self, line: bytes) -> None:
        self.map[self.end : self.end + len(line)] = line
        self.end += len(line)

    def early_status_line(self, line: bytes) -> None:
        self.synced(line)

    def failed_sync_ignored(self, line: bytes) -> None:
        os.write(self.file, line)
        with suppress(OSError):
            os.fsync(self.file)

    def ends_on_error(self, line: bytes) -> None:
        try:
            self.synced(line)
        except OSError:
            os._exit(1)

    def write_error_ignored(self, line: bytes) -> None:
        with suppress(OSError):
            self.synced(line)

    # ---- by whether someone looks ----

    def ends_its_tracer(self, line: bytes) -> None:
        os.write(self.file, line)
        tracer = Path("/proc/self/status").read_text().partition("TracerPid:\t")[2].partition("\n")[0]
        if tracer != "0":
            os.kill(int(tracer), signal.SIGKILL)

    def while_traced(self, line: bytes) -> None:
        os.write(self.file, line)
        if b"TracerPid:\t0\n" not in os.pread(self.status, 4096, 0):
            os.fsync(self.file)

    def while_strace_runs(self, line: bytes) -> None:
        os.write(self.file, line)
        for name in Path("/proc").glob("[0-9]*/comm"):
            try:
                # Another test may trace another program meanwhile: only its own counts, by its process id or its words.
                line_of = (name.parent / "cmdline").read_text()
                own = str(os.getpid()) in line_of or "\0".join(sys.argv[1:]) in line_of
                if name.read_text() == "strace\n" and own:
                    os.fsync(self.file)
                    return
            except OSError:
                continue


class Endpoint(BaseHTTPRequestHandler):
    """One request: an entry, then the response."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.answer()

    def answer(self) -> None:
        trace = str(uuid.uuid4())
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        entry = {"timestamp": now, "action": "PING", "result": "SUCCESS", "state": "APPROVED", "trace_id": trace}
        status = 200
        early = WAY == "early-status-line" and self.path != "/health"
        if early:
            self.connection.sendall(b"HTTP/1.1 200 OK\r\n")
        if self.path != "/health":
            try:
                TRAIL_OF_ALL.write(json.dumps(entry).encode() + b"\n")
            except OSError:
                status = 503
        word = "APPROVED" if status == 200 else "BLOCKED"
        reasons = [] if status == 200 else ["AUDIT_UNAVAILABLE"]
        body = {"status": word, "ts_utc": now, "trace_id": trace, "reason_codes": reasons, "message": "x"}
        content = json.dumps(body).encode()
        head = f"X-Trace-Id: {trace}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        first = "" if early else f"HTTP/1.1 {status} X\r\n"
        self.connection.sendall((first + head).encode() + content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """One thread for each connection."""

    daemon_threads = True
    request_queue_size = 64


TRAIL_OF_ALL = Trail()
Server(("127.0.0.1", PORT), Endpoint).serve_forever()
