"""Attach strace to a program under test for a few requests: the order of its system calls, and errors from its disk.

Linux alone. A program is traced only where the system allows it: as root, or with the right to trace what one has not
started. Whatever stands in the way is a reason and no result.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from technogate.faults.tracing.strace_output import system_calls
from technogate.model.errors import UserError
from technogate.model.system_call import SystemCall

#: How it is had.
HINT = "install strace (Debian: apt-get install strace); `technogate doctor --fix` does that as root"
ALLOW_HINT = "run the gate as root or as the backend's user, and allow tracing (kernel.yama.ptrace_scope at most 1)"
#: What strace says where it may not attach.
REFUSED = ("Operation not permitted", "Permission denied")
#: Seconds that attaching to a program, and letting it go, may take.
ATTACH_S, DETACH_S = 10.0, 5.0
#: Seconds between two looks whether it is attached.
LOOK_S = 0.002
#: Characters of a call's data that are kept: a page of a database, and the head of a response.
DATA = 9000
#: Bytes of a trace that are read: what a program that does nothing but write leaves in a while is more.
MOST_READ = 32 << 20

#: What is traced; a call that this machine does not have is left out.
TRACED = (
    *("write", "pwrite64", "writev", "pwritev", "pwritev2", "copy_file_range", "splice", "sendfile"),
    *("sendto", "sendmsg", "sendmmsg"),
    *("fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync"),
    *("open", "openat", "openat2", "creat", "rename", "renameat", "renameat2"),
    *("io_uring_setup", "io_uring_enter", "ptrace"),
    # What a program reads of itself shows it that it is traced.
    *("read", "pread64"),
)


class NotTraced(Exception):  # noqa: N818 - named by what is wrong
    """A program could not be traced: nothing is known of its system calls. `hint` is what to do about it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


class AttachRefused(NotTraced):
    """The system lets no program be traced but those that the tracer has started itself."""


class Traceable(Protocol):
    """A program that the gate started."""

    @property
    def pids(self) -> frozenset[int]:
        """The numbers of its processes."""

    @property
    def companion(self) -> dict[str, str]:
        """The environment of a program that is to end with it."""


class Startable(Protocol):
    """A program that the gate starts, or a tracer in its place."""

    def restart(self, *, by: Sequence[str] = ()) -> None:
        """End it and start it again, by the program `by`; raises UserError."""

    def stop(self) -> None:
        """End it."""


@dataclass(slots=True)
class Trace:
    """The calls of a program while it was traced; complete when the context of `traced` has ended."""

    calls: list[SystemCall] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskError:
    """What the disk says to some calls of each thread: `error`, from number `first` on, or to that one `only`."""

    error: str
    calls: tuple[str, ...]
    first: int = 1
    only: bool = False

    @property
    def kind(self) -> str:
        """What reports call it."""
        return f"{self.error} from the disk"

    @property
    def described(self) -> str:
        """Which calls fail, in one sentence."""
        which = (
            f"number {self.first}" if self.only else "all" if self.first == 1 else f"all from number {self.first} on"
        )
        return f"{which} of each thread's {', '.join(self.calls)} on the files of the trail"

    @property
    def words(self) -> list[str]:
        """The option of strace that makes it so."""
        when = f"{self.first}" if self.only else f"{self.first}+"
        return [f"--inject={','.join(f'?{name}' for name in self.calls)}:error={self.error}:when={when}"]


def find_strace() -> Path:
    """Where strace is; raises NotTraced."""
    found = shutil.which("strace") if sys.platform == "linux" else None
    if sys.platform != "linux":
        raise NotTraced("programs are traced on Linux alone", "run the gate on Linux")
    if found is None:
        raise NotTraced("strace is not installed", HINT)
    return Path(found)


@contextmanager
def traced(program: Traceable, *, files: Sequence[Path] = (), disk: DiskError | None = None) -> Iterator[Trace]:
    """Within the context every process of `program` is traced; with `disk`, calls on `files` fail as it says.

    Raises NotTraced when it cannot be, or when the trace ended before the context did; AttachRefused where the system
    lets nobody be traced but what the tracer has started.
    """
    trace = Trace()
    pids = sorted(program.pids)
    if not pids:
        raise NotTraced("the processes of the program are not known", "start the backend as a process of this machine")
    with _written(trace) as written:
        line = [*_command(written, files, disk), *(word for pid in pids for word in ("--attach", str(pid)))]
        said = written.with_name("errors")
        with said.open("wb+") as errors:
            process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=program.companion
            )
            try:
                _wait_until_attached(process, pids, said)
                yield trace
                if process.poll() is not None and program.pids:
                    raise NotTraced("the trace ended before the requests did", "see whether the backend ends strace")
            finally:
                _let_go(process)


@contextmanager
def started_traced(program: Startable, *, files: Sequence[Path] = (), disk: DiskError | None = None) -> Iterator[Trace]:
    """Within the context `program`, started again by strace, is traced; afterwards it is started again without.

    With `disk`, calls on `files` fail from its start on. Raises NotTraced when it does not become ready that way, and
    UserError when it does not start without strace.
    """
    trace = Trace()
    try:
        with _written(trace) as written:
            try:
                program.restart(by=[*_command(written, files, disk), "--seccomp-bpf", "--"])
            except UserError as error:
                raise NotTraced("the backend does not start while it is traced", ALLOW_HINT) from error
            yield trace
            program.stop()
    finally:
        program.restart()


@contextmanager
def _written(trace: Trace) -> Iterator[Path]:
    """The file for what strace writes; `trace` has what is in it when the context has ended."""
    with tempfile.TemporaryDirectory(prefix="technogate-trace-") as folder:
        written = Path(folder, "trace")
        yield written
        with suppress(FileNotFoundError), written.open("rb") as file:
            text = file.read(MOST_READ).decode("utf-8", "replace")
            trace.calls += system_calls(text.splitlines())


def _command(written: Path, files: Sequence[Path], disk: DiskError | None) -> list[str]:
    """The command line of strace, up to what it traces; raises NotTraced."""
    line = [str(find_strace()), "--follow-forks", "--quiet=attach,personality", "--decode-fds=all", f"-s{DATA}"]
    line += ["--trace=" + ",".join(f"?{name}" for name in TRACED), "--signal=none", f"--output={written}"]
    if disk is not None:
        line += [*disk.words, *(word for path in files for word in ("--trace-path", str(path)))]
    return line


def _wait_until_attached(process: subprocess.Popen[bytes], pids: Collection[int], errors: Path) -> None:
    """Wait until every thread of the processes is traced; raises NotTraced when they are not."""
    until = time.monotonic() + ATTACH_S
    while not all(_is_traced_by(process.pid, pid) for pid in pids):
        if process.poll() is not None:
            said = errors.read_text("utf-8", "replace").strip().splitlines()
            reason = said[0].removeprefix("strace: ") if said else f"exit code {process.returncode}"
            refused = AttachRefused if any(word in reason for word in REFUSED) else NotTraced
            raise refused(f"the backend cannot be traced: {reason}", ALLOW_HINT)
        if time.monotonic() > until:
            raise NotTraced(f"the backend was not traced within {ATTACH_S:g} s", ALLOW_HINT)
        time.sleep(LOOK_S)


def _is_traced_by(tracer: int, pid: int) -> bool:
    """Whether each thread of a process is traced; one that has ended meanwhile is not missed."""
    try:
        threads = list(Path("/proc", str(pid), "task").iterdir())
    except OSError:
        return True
    for thread in threads:
        try:
            status = (thread / "status").read_text("utf-8", "replace")
        except OSError:
            continue
        if f"TracerPid:\t{tracer}\n" not in status:
            return False
    return True


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """End the trace; the program goes on."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(DETACH_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
