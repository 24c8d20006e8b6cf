"""Where a console's page is: at the root, or at a path that its command, its text or its server names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from technogate.model.errors import UserError
from technogate.onboarding.asking import Answer, Backend
from technogate.util.source_texts import Sources

#: Where a page may be that is not at the root, besides what its command and its text name.
_USUAL_PAGES = ("/console/", "/app/", "/ui/", "/admin/", "/index.html")
#: Seconds that a page may take: a server for development compiles it first.
_REACH_S = 20.0
#: The most paths of the text that are asked for.
_MOST_NAMED = 12


def find_page(base: str, given: str, command: Iterable[str], sources: Sources) -> tuple[str, str]:
    """The path of the page at `base`, and the evidence; `given` is the one that the user named, "" for none.

    Raises UserError when there is no page.
    """
    asked = Backend(base=base, key="")
    named = [word for word in command if word.startswith("/") and not Path(word).exists()]
    candidates = [given or "/", *(f"{word.rstrip('/')}/" for word in named), *_USUAL_PAGES]
    candidates += [f"{path}/" for path in sources.paths_named()][:_MOST_NAMED]
    seen = []
    for path in dict.fromkeys(candidates):
        answer = asked.ask_at(path, limit_s=_REACH_S)
        seen.append(f"{path} {answer.status or answer.error}")
        if _is_page(answer):
            place = urlsplit(answer.headers.get("location", path)).path or path
            leads = f" and leads to {place}" if place != path else ""
            return place, f"GET {path} answers {answer.status}{leads}"
    hint = "give --console-url with the address of its page"
    raise UserError(f"the console serves no page: {', '.join(seen[:6])}; {hint}")


def _is_page(answer: Answer) -> bool:
    """Whether an answer is a page, or leads to one."""
    moved = answer.status // 100 == 3 and "location" in answer.headers
    return moved or (answer.status // 100 == 2 and "html" in answer.headers.get("content-type", ""))
