"""`STATUS.html`: the progress of a project as one page without network or script."""

from __future__ import annotations

from technogate.report.html import render
from technogate.report.project_progress import ProjectProgress

NAME = "STATUS.html"


def status_page(progress: ProjectProgress) -> str:
    """The whole page."""
    return render("status.html.j2", progress=progress)
