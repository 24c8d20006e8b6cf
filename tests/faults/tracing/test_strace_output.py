"""What strace writes, as it wrote it: whole lines, calls that others came between, and lines that are cut."""

from __future__ import annotations

from technogate.faults.tracing.strace_output import system_calls

WRITTEN = r"""18181 openat(AT_FDCWD</d/d>, "t.log", O_WRONLY|O_APPEND|O_DSYNC, 0777) = 6</d/d/t.log>
18181 write(6</d/d/t.log>, "hello \"x\" <b> 9</other>) = 3\n", 14) = 14
18181 write(6</d/d/t.log>, "no", 2)   = -1 EIO (Input/output error) (INJECTED)
18181 openat(AT_FDCWD</d/d>, "/nonexist", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)
18181 sync()                            = 0
18182 fdatasync(6</d/d/t.log> <unfinished ...>
18181 sendto(5<TCP:[127.0.0.1:18999->127.0.0.1:35296]>, "HTTP/1.1 200 OK\r\n", 17, 0, NULL, 0) = 17
18182 <... fdatasync resumed>)          = 0
18181 write(2</dev/null<char 1:3>>, "x", 1) = 1
18181 copy_file_range(3</d/a>, NULL, 4</d/b>, NULL, 10, 0) = 10
18182 --- SIGCHLD {si_signo=SIGCHLD} ---
18182 fsync(6</d/d/t.log> <unfinished ...>
18183 <... futex resumed>)              = 0
18182 +++ exited with 0 +++
18184 write(7</d/d/cut""".splitlines()


def test_each_call_has_its_descriptor_and_its_result() -> None:
    """Data that looks like a descriptor or a result is data."""
    calls = {(call.name, call.descriptor): call for call in system_calls(WRITTEN)}
    written = [call for call in system_calls(WRITTEN) if call.name == "write"]
    assert [(call.path, call.result, call.injected) for call in written[:2]] == [
        ("/d/d/t.log", 14, False),
        ("/d/d/t.log", -1, True),
    ]
    assert not written[1].succeeded
    sent = calls["sendto", "5<TCP:[127.0.0.1:18999->127.0.0.1:35296]>"]
    assert (sent.path, sent.result, sent.is_write) == ("", 17, True)
    assert calls["copy_file_range", "4</d/b>"].path == "/d/b"


def test_an_opened_file_is_known_with_its_flags() -> None:
    """The descriptor that a call returns is written as it is when it is used."""
    first = system_calls(WRITTEN)[0]
    assert first.opened == "6</d/d/t.log>"
    assert "O_DSYNC" in first.arguments


def test_a_call_that_others_came_between_ends_where_it_is_resumed() -> None:
    """It was entered before the response was sent, and ended after it."""
    calls = system_calls(WRITTEN)
    [synced], [sent] = ([call for call in calls if call.name == name] for name in ("fdatasync", "sendto"))
    assert synced.ended is not None
    assert synced.entered < sent.entered < synced.ended
    assert synced.result == 0


def test_a_call_without_its_end_has_none() -> None:
    """A trace may end in the middle of a call, and of a line."""
    [unfinished] = [call for call in system_calls(WRITTEN) if call.name == "fsync"]
    assert (unfinished.ended, unfinished.result, unfinished.succeeded) == (None, None, False)
    cut = system_calls(WRITTEN)[-1]
    assert (cut.name, cut.ended, cut.descriptor) == ("write", None, "")


def test_nothing_is_no_call() -> None:
    """An empty trace has no calls, and one with other lines neither."""
    assert system_calls([]) == []
    assert system_calls(["strace: Process 1 attached", "1 --- SIGINT ---", "1 +++ exited with 1 +++"]) == []
