"""Write every report of a run, each from its journal and the verdict document alone.

A report module opens no socket and decides nothing. All reports show the same figures.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jinja2 import TemplateError
from msgspec import MsgspecError

from technogate.journal.journal_file import Journal
from technogate.model.verdict import VerdictDocument
from technogate.report.allure import write as write_allure
from technogate.report.html import write as write_html
from technogate.report.junit import write as write_junit
from technogate.report.markdown import write as write_markdown
from technogate.report.next_step import EvidenceState
from technogate.report.report_files import ALLURE, EVIDENCE, HTML, JUNIT, MARKDOWN, VERDICT, remove_report
from technogate.report.verdict_json import write as write_verdict

Writer = Callable[[Journal, VerdictDocument, Path, EvidenceState], Path]

#: The file or folder that each writer makes, and the writer.
WRITERS: tuple[tuple[str, Writer], ...] = (
    (VERDICT, write_verdict),
    (MARKDOWN, write_markdown),
    (HTML, write_html),
    (JUNIT, write_junit),
    (ALLURE, write_allure),
)

#: What a writer can raise: an error of the disk, of a template, or of an unexpected value.
_BREAKS = (
    ArithmeticError, AttributeError, LookupError, MsgspecError, OSError, RuntimeError, TemplateError, TypeError,
    ValueError,
)  # fmt: skip


class WriterError(Exception):
    """A report could not be written; the text names each one, with the reason, on one line."""


def write_all(
    journal: Journal, document: VerdictDocument, folder: Path, evidence: EvidenceState = EvidenceState.UNSIGNED
) -> list[Path]:
    """Write every report into `folder`, which is created if it is missing; return the paths written.

    `evidence` is what became of the run's evidence: it decides what the reports advise to do next.
    When a writer fails, the others still write. A report of an earlier run under the same name is removed, so that
    it is not taken for a report of this run. Raises WriterError after the last writer.
    """
    written: list[Path] = []
    problems: list[str] = []
    cause: BaseException | None = None
    for name, write in WRITERS:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            written.append(write(journal, document, folder, evidence))
        except _BREAKS as error:
            cause = cause or error
            problems.append(f"{name} ({_reason(error)})")
            remove_report(folder / name)
    if problems:
        raise WriterError(f"cannot write {', '.join(problems)} in {folder}") from cause
    return written


def evidence_in(folder: Path) -> EvidenceState:
    """The state of the evidence in a folder of reports: whether it is trusted, only the deploy gate decides."""
    return EvidenceState.SIGNED if (folder / EVIDENCE).is_file() else EvidenceState.UNSIGNED


def _reason(error: BaseException) -> str:
    """Why a writer failed, on one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
    return " ".join(text.split())
