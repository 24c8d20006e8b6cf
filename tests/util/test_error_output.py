"""The line that names an error, in what programs of several languages write when they end."""

import pytest

from technogate.util.error_output import LONGEST, cause_line

NODE = """/srv/server.js:16
  if (typeof b.command !== "string") return;
               ^

TypeError: Cannot read properties of null (reading 'command')
    at /srv/server.js:16:16
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)

Node.js v20.20.0
"""
PYTHON = """Traceback (most recent call last):
  File "main.py", line 3, in <module>
    json.loads(b)["command"]
KeyError: 'command'
"""
JAVA = """Exception in thread "main" java.lang.NullPointerException: body
\tat com.example.Api.execute(Api.java:14)
"""
GO = """panic: runtime error: invalid memory address or nil pointer dereference

goroutine 1 [running]:
main.main()
\t/srv/main.go:8 +0x18
exit status 2
"""
RUST = """thread 'main' panicked at src/main.rs:4:5:
called `Option::unwrap()` on a `None` value
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (NODE, "TypeError: Cannot read properties of null (reading 'command')"),
        (PYTHON, "KeyError: 'command'"),
        (JAVA, 'Exception in thread "main" java.lang.NullPointerException: body'),
        (GO, "panic: runtime error: invalid memory address or nil pointer dereference"),
        (RUST, "thread 'main' panicked at src/main.rs:4:5:"),
        ("listening\nSegmentation fault (core dumped)\nbye\n", "Segmentation fault (core dumped)"),
        ("listening\nbye\n\n", "bye"),
        ("   indented alone\n", "indented alone"),
        ("", ""),
    ],
    ids=["node", "python", "java", "go", "rust", "shell", "plain", "indented", "nothing"],
)
def test_the_line_that_names_the_error(output: str, expected: str) -> None:
    """The line is found before and after the frames, and the last line stands in where none names an error."""
    assert cause_line(output) == expected


def test_a_long_line_is_cut() -> None:
    """A line that holds a whole document is cut."""
    assert len(cause_line("Error: " + "x" * 1000)) == LONGEST
