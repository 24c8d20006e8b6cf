"""The files that a run writes beside its journal, and their removal. Loads no writer: a run begins with this."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

#: The file or folder that each writer makes.
VERDICT, MARKDOWN, HTML, JUNIT, ALLURE = "verdict.json", "report.md", "report.html", "junit.xml", "allure-results"

#: The signed statement that may be written beside the reports (`technogate.deploy.evidence.sign`).
EVIDENCE = "evidence.dsse.json"

#: Everything that a run writes beside its journal for others to read.
REPORTS = (VERDICT, MARKDOWN, HTML, JUNIT, ALLURE, EVIDENCE)


def clear(folder: Path, keep: Collection[str] = ()) -> None:
    """Remove every report and the evidence of an earlier run, the verdict first; raises OSError when one stays.

    A link is removed, not what it leads to. What `keep` names stays.
    """
    for name in REPORTS:
        path = folder / name
        if name in keep:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_all(folder: Path) -> None:
    """Remove every report and the evidence from `folder`; what cannot be removed stays."""
    for name in REPORTS:
        remove_report(folder / name)


def remove_report(path: Path) -> None:
    """Remove a report of an earlier run; the WriterError names what could not be written."""
    if path.name == ALLURE and path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
