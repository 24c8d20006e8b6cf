"""Other spellings of a path: each differs from it on the wire, and a lenient reader takes it for the path."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from urllib.parse import unquote, urlsplit

import pytest

from technogate.drivers.http.http_driver import Case
from technogate.generation.requests.path_spellings import other_spellings

BASE = "http://127.0.0.1:8000"
PATHS = ("/api/execute", "/api/diagnostic/metrics", "/v1", "/A/B")


def lenient(target: str) -> str:
    """The path that a router reads which decodes twice, drops parameters and ends, and ignores case."""
    path = urlsplit(target).path if "://" in target else target.partition("?")[0]
    path = unquote(unquote(path.replace("%c0%af", "/")))
    path = unicodedata.normalize("NFKC", path).replace("\\", "/")
    path = re.sub(r";[^/]*", "", path).partition("\0")[0].partition("?")[0].partition("#")[0].strip()
    path = posixpath.normpath(re.sub("/+", "/", path)).removesuffix(".json").rstrip("./")
    return path.lower()


@pytest.mark.parametrize("path", PATHS)
def test_every_spelling_is_another_and_means_the_path(path: str) -> None:
    """No spelling is the path itself, none comes twice, and each is the path to the most lenient reader."""
    targets = {
        spelling.name: Case(method="GET", path=spelling.path, query=spelling.query).target
        for spelling in other_spellings(path, public="/health", base_url=BASE)
    }
    assert len(set(targets.values())) == len(targets) >= 25
    assert path not in targets.values()
    for name, target in targets.items():
        # A parent of the parent segment itself: servers differ on what is left.
        if name != "/..;/ at its end":
            assert lenient(target) == path.lower(), name


def test_the_usual_kinds_are_among_them() -> None:
    """The spellings that the requirement names are sent as they are written."""
    targets = {
        Case(method="GET", path=spelling.path, query=spelling.query).target
        for spelling in other_spellings("/api/execute", public="/health", base_url=f"{BASE}/prefix")
    }
    assert targets >= {
        "/api/execute/",
        "//api/execute",
        "/api//execute",
        "/api/%65xecute",
        "/api%2Fexecute",
        "/api/./execute",
        "/api/x/../execute",
        "/health/../api/execute",
        "/API/EXECUTE",
        "/api/execute;a=b",
        "/api/execute%00",
        "/api/execute?x=1",
        f"{BASE}/prefix/api/execute",
    }
