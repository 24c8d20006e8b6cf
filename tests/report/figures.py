"""The figures of a run as a reader counts them in each report."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

Three = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Requirements as passed, failed, inconclusive; items as passed, failed, broken, skipped; findings."""

    verdict: str
    must: Three
    every: Three
    items: tuple[int, int, int, int]
    findings: int
    causes: int
    groups: tuple[Three, ...]


#: How a check is titled, and the verdict that it states.
CHECKED = {"PASSED": "PASS", "FAILED": "FAIL", "INCONCLUSIVE": "INCONCLUSIVE"}


def word(title: str) -> str:
    """The verdict that a title states: `PASS`, or `CHECK PASSED: …`."""
    first, *others = title.split()
    return CHECKED[others[0].rstrip(":")] if first == "CHECK" else first


def three(values: dict[str, Any]) -> Three:
    """Counts of the verdict document."""
    return values["passed"], values["failed"], values["inconclusive"]


def _verdicts(verdicts: list[str]) -> Three:
    """Verdicts, counted."""
    counted = Counter(verdicts)
    return counted["PASS"], counted["FAIL"], counted["INCONCLUSIVE"]


def of_json(path: Path) -> Figures:
    """Counted from the lists of `verdict.json`, not from its own counts."""
    document = json.loads(path.read_text("utf-8"))
    requirements = document["requirements"]
    items = Counter(item["outcome"] for one in requirements for item in one["items"])
    unfinished = document["items"]["unfinished"]
    return Figures(
        verdict=document["verdict"],
        must=_verdicts([one["verdict"] for one in requirements if one["level"] == "must"]),
        every=_verdicts([one["verdict"] for one in requirements]),
        items=(items["passed"], items["failed"], items["errored"] + unfinished, items["skipped"]),
        findings=len(document["findings"]),
        causes=len(document["causes"]),
        groups=tuple(
            _verdicts([one["verdict"] for one in requirements if one["group"] == group["group"]])
            for group in document["groups"]
        ),
    )


def of_json_counts(path: Path) -> Figures:
    """The counts that `verdict.json` states."""
    document = json.loads(path.read_text("utf-8"))
    items = document["items"]
    return Figures(
        verdict=document["verdict"],
        must=three(document["must"]),
        every=three(document["counts"]),
        items=(items["passed"], items["failed"], items["errored"] + items["unfinished"], items["skipped"]),
        findings=len(document["findings"]),
        causes=len(document["causes"]),
        groups=tuple(three(group["counts"]) for group in document["groups"]),
    )


def _row(text: str, name: str) -> Three:
    """The first three numbers after `name`, on its line."""
    line = next(line for line in text.splitlines() if line.lstrip("| ").startswith(name))
    first, second, third = (int(number) for number in re.findall(r"\b\d+\b", line.split(name)[1])[:3])
    return first, second, third


def _words(text: str) -> tuple[int, int, int, int]:
    """The items, from the sentence about them."""
    line = next(line for line in text.splitlines() if re.match(r" *items:", line, re.IGNORECASE))
    number = {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", line)}
    return number["passed"], number["failed"], number["errored"] + number["unfinished"], number["skipped"]


def _causes(text: str) -> tuple[int, int]:
    """The numbers of causes and findings in the heading of the causes, 0 without one."""
    match = re.search(r"Causes \((\d+)\) of (\d+) findings?$", text, re.MULTILINE)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def of_markdown(path: Path) -> Figures:
    """Counted from `report.md`; every cause must have its own heading."""
    text = path.read_text("utf-8")
    headings = re.findall(r"^### \d+\. ", text, re.MULTILINE)
    causes, findings = _causes(text)
    assert len(headings) == causes
    return Figures(
        verdict=word(text.split(maxsplit=2)[2]),
        must=_row(text, "MUST requirements |"),
        every=_row(text, "all requirements |"),
        items=_words(text),
        findings=findings,
        causes=causes,
        groups=tuple(
            (int(one), int(two), int(three))
            for one, two, three in re.findall(
                r"^\| .* \| . (?:PASS|FAIL|INCONCLUSIVE) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE
            )
        ),
    )


def of_terminal(text: str) -> Figures:
    """Counted from the summary of a terminal."""
    causes, findings = _causes(text)
    return Figures(
        verdict=word(text.split(maxsplit=1)[1]),
        must=_row(text, "MUST requirements "),
        every=_row(text, "all requirements "),
        items=_words(text),
        findings=findings,
        causes=causes,
        groups=tuple(
            (int(one), int(two), int(three))
            for one, two, three in re.findall(
                r" +(\d+) +(\d+) +(\d+) +. (?:PASS|FAIL|INCONCLUSIVE)$", text, re.MULTILINE
            )
        ),
    )


class Page(HTMLParser):
    """A parsed page: every element, and the text of those with a test id."""

    def __init__(self, text: str) -> None:
        """Parse `text`."""
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.words = ""
        self.causes: dict[int, list[int]] = {}
        self._open: list[tuple[str, str]] = []
        self._ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element; begin its text when it has a test id."""
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag not in {"meta", "input", "br", "rect", "path", "circle", "line"}:
            name = attributes.get("data-testid", "")
            self._open.append((tag, name))
            self._ids.append(attributes.get("id", ""))
            self._nest(name)
            if name:
                self.texts.setdefault(name, []).append("")

    def handle_endtag(self, tag: str) -> None:
        """Every element must end in its place."""
        if tag not in {"rect", "path", "circle", "line"}:
            assert self._open, f"{tag} ends and never began"
            assert self._open.pop()[0] == tag
            self._ids.pop()

    def _nest(self, name: str) -> None:
        """Keep in which causes a finding lies."""
        number = int(self._ids[-1].rpartition("-")[2]) if name in ("cause", "finding") else 0
        if name == "cause":
            self.causes[number] = []
        if name == "finding":
            above = [
                int(identity.rpartition("-")[2])
                for identity, (_, outer) in zip(self._ids, self._open, strict=True)
                if outer == "cause"
            ]
            assert len(above) == 1, f"finding {number} lies in the causes {above}"
            self.causes[above[0]].append(number)

    def handle_data(self, data: str) -> None:
        """Add the text to every open element with a test id."""
        self.words += data
        for _, name in self._open:
            if name:
                self.texts[name][-1] += data

    def number(self, name: str) -> int:
        """The number in the one element of that test id."""
        (text,) = self.texts[name]
        return int(text)

    def verdicts(self, name: str) -> list[str]:
        """The verdicts of the rows of that test id."""
        return [a["data-verdict"] for _, a in self.elements if a.get("data-testid") == name]


def of_html(path: Path) -> Figures:
    """Counted from `report.html`: its rows must agree with its counts."""
    page = Page(path.read_text("utf-8"))
    assert not page._open

    def of(name: str) -> Three:
        counts = [page.number(f"count-{name}-{word}") for word in ("passed", "failed", "inconclusive")]
        assert page.number(f"count-{name}-total") == sum(counts)
        return counts[0], counts[1], counts[2]

    assert _verdicts(page.verdicts("requirement-row")) == of("all")
    assert page.number("count-findings") == len(page.texts.get("finding", []))
    assert page.number("count-causes") == len(page.texts.get("cause", []))
    outcomes = ("passed", "failed", "errored", "skipped", "unfinished")
    items = {word: page.number(f"count-items-{word}") for word in outcomes}
    columns = [[int(text) for text in page.texts[f"group-{word}"]] for word in ("passed", "failed", "inconclusive")]
    assert len(page.texts["group-row"]) == len(columns[0])
    return Figures(
        verdict=word(page.texts["verdict"][0]),
        must=of("must"),
        every=of("all"),
        items=(items["passed"], items["failed"], items["errored"] + items["unfinished"], items["skipped"]),
        findings=page.number("count-findings"),
        causes=page.number("count-causes"),
        groups=tuple(zip(*columns, strict=True)),
    )


#: The findings of each cause, by the number of the cause.
Grouping = dict[int, list[int]]


def grouped(pairs: Iterable[tuple[int, int]]) -> Grouping:
    """Pairs of cause and finding, as the findings of each cause in order."""
    causes: Grouping = {}
    for cause, finding in sorted(set(pairs)):
        causes.setdefault(cause, []).append(finding)
    return causes


def causes_of_json(path: Path) -> Grouping:
    """The causes of `verdict.json`."""
    document = json.loads(path.read_text("utf-8"))
    return {cause["number"]: sorted(cause["findings"]) for cause in document["causes"]}


def causes_of_html(path: Path) -> Grouping:
    """The findings that lie in each cause of the page."""
    return {cause: sorted(findings) for cause, findings in Page(path.read_text("utf-8")).causes.items()}


def causes_of_markdown(path: Path) -> tuple[Grouping, dict[int, int]]:
    """The findings below each cause of `report.md`, its example among them, and how many the table counts."""
    text = path.read_text("utf-8")
    counts = {
        int(cause): int(count)
        for cause, count in re.findall(
            r"^\| (\d+) \| .* \| (?:MUST|SHOULD)[^|]*\| [^|]* \| (\d+) \|$", text, re.MULTILINE
        )
    }
    pairs = []
    for section in re.split(r"^### (?=\d+\. )", text.partition("\n## Counts")[0], flags=re.MULTILINE)[1:]:
        cause = int(section.partition(".")[0])
        pairs += [
            (cause, int(number)) for number in re.findall(r"^\| (\d+) \| [A-Z]{3}-\d\d \| ", section, re.MULTILINE)
        ]
        pairs += [(cause, int(number)) for number in re.findall(r"smallest example \| finding (\d+),", section)]
    return grouped(pairs), counts


def causes_of_junit(path: Path) -> Grouping:
    """The causes that the findings in the failures of `junit.xml` name."""
    root = ET.parse(path).getroot()  # noqa: S314 - our own file
    named = [
        re.findall(r"^finding (\d+): \S+, cause (\d+)$", failure.text or "", re.MULTILINE)
        for failure in root.iter("failure")
    ]
    return grouped((int(cause), int(finding)) for pairs in named for finding, cause in pairs)


def causes_of_allure(folder: Path) -> Grouping:
    """The causes that the findings in the Allure results name, each of which has to match its category and its tag."""
    categories = json.loads((folder / "categories.json").read_text("utf-8"))
    pairs = []
    for result in allure_results(folder):
        trace = (result.get("statusDetails") or {}).get("trace") or ""
        found = re.findall(r"^finding (\d+), cause (\d+)$", trace, re.MULTILINE)
        pairs += [(int(cause), int(finding)) for finding, cause in found]
        tags = {label["value"] for label in result["labels"] if label["name"] == "tag"}
        assert {f"cause {cause}" for _, cause in found} <= tags
        if found:
            message = result["statusDetails"]["message"]
            matched = {
                one["name"].partition(":")[0]
                for one in categories
                if re.fullmatch(one.get("messageRegex", "-"), message)
            }
            assert matched == {tag.replace("cause", "Cause") for tag in tags}
    return grouped(pairs)


def causes_of_terminal(text: str) -> dict[int, int]:
    """How many findings each cause of a terminal counts."""
    heads = re.findall(r"^ {2,3}(\d+)  \S", text, re.MULTILINE)
    counts = re.findall(r"\b(?:MUST|SHOULD)(?:, waived)?, (?:the|both)[^;]*; (\d+)\s+findings?;", text)
    return dict(zip(map(int, heads), map(int, counts), strict=True))


_TIME = r"(\d+(?:\.\d+)?) (ms|s)"


def _is(shown: str, seconds: float) -> bool:
    """Whether a time as a report shows it is that number of seconds, rounded to the digits shown."""
    match = re.fullmatch(_TIME, shown)
    assert match, f"{shown!r} is no time"
    unit = 1000 if match[2] == "ms" else 1
    digits = len(match[1].partition(".")[2])
    return abs(float(match[1]) - seconds * unit) <= 0.5000001 / float(f"1e{digits}")


def same_latency(shown: list[tuple[str, ...]], path: Path) -> None:
    """Rows of responses, p50, p90, p99, max, limit and judgement, as shown, are those of `verdict.json`."""
    truth = json.loads(path.read_text("utf-8"))["latency"]
    for (count, *times, limit, judged), one in zip(shown, truth, strict=True):
        assert int(count) == one["count"] == sum(bucket["count"] for bucket in one["buckets"])
        assert all(_is(time, one[name]) for time, name in zip(times, ("p50", "p90", "p99", "max"), strict=True))
        if one["limit_s"] is None:
            assert (limit, judged) == ("none", "has no limit")
            continue
        assert _is(limit, one["limit_s"])
        within = "within its limit" if one["p99"] <= one["limit_s"] else "over its limit"
        assert judged == (within if one["count"] >= 20 else "not judged, fewer than 20 responses")


def latency_of_markdown(path: Path) -> list[tuple[str, ...]]:
    """The rows of latency in `report.md`."""
    times = " \\| ".join(["[0-9.]+ m?s"] * 4)
    rows = re.findall(rf"^\| .* \| (\d+ \| {times} \| [^|]+ \| [^|]+) \|$", path.read_text("utf-8"), re.MULTILINE)
    return [tuple(row.split(" | ")) for row in rows]


def latency_of_html(path: Path) -> list[tuple[str, ...]]:
    """The charts of latency in `report.html`; the label of a chart must match the figures below it."""
    page = Page(path.read_text("utf-8"))
    names = ("responses", "p50", "p90", "p99", "max", "limit of p99")
    columns = [page.texts.get(f"latency-{name}", []) for name in names]
    judged = [text.removeprefix("p99 ") for text in page.texts.get("latency-judged", [])]
    rows = list(zip(*columns, judged, strict=True))
    aloud = [attributes["aria-label"] for tag, attributes in page.elements if tag == "svg" and "role" in attributes]
    for row in rows:
        sentence = ", ".join(f"{name} {figure}" for name, figure in zip(names, row[:-1], strict=True))
        assert sum(label.endswith(sentence) for label in aloud) == rows.count(row)
    return rows


def latency_of_terminal(text: str) -> list[tuple[str, ...]]:
    """The rows of latency of a terminal; with too few responses it leaves out the limit."""
    times = " +".join([r"([0-9.]+ m?s)"] * 4)
    rows = re.findall(rf" (\d+) +{times} +(over |)(too few|none|[0-9.]+ s)$", text, re.MULTILINE)
    words = {"too few": "not judged, fewer than 20 responses", "none": "has no limit"}
    return [
        (*figures, limit, "over its limit" if over else words.get(limit, "within its limit"))
        for *figures, over, limit in rows
    ]


def junit_items(path: Path) -> tuple[int, int, int, int]:
    """Items counted from the test cases of `junit.xml`, without that of the run; every total must agree."""
    root = ET.parse(path).getroot()  # noqa: S314 - our own file
    totals = []
    for scope in [root, *root.findall("testsuite")]:
        cases = list(scope.iter("testcase"))
        kinds = Counter(child.tag for case in cases for child in case if child.tag in {"failure", "error", "skipped"})
        assert int(scope.attrib["tests"]) == len(cases)
        assert int(scope.attrib["failures"]) == kinds["failure"]
        assert int(scope.attrib["errors"]) == kinds["error"]
        assert int(scope.attrib["skipped"]) == kinds["skipped"]
        totals.append((len(cases) - sum(kinds.values()), kinds["failure"], kinds["error"], kinds["skipped"]))
    assert tuple(map(sum, zip(*totals[1:], strict=True))) == totals[0]
    green, failures, errors, skipped = totals[0]
    return green - totals[1][0], failures - totals[1][1], errors - totals[1][2], skipped - totals[1][3]


def allure_results(folder: Path) -> list[dict[str, Any]]:
    """Every result of an Allure folder."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*-result.json"))]


def allure_items(folder: Path) -> tuple[int, int, int, int]:
    """Items as counted from the Allure results."""
    counted = Counter(result["status"] for result in allure_results(folder))
    return counted["passed"], counted["failed"], counted["broken"], counted["skipped"]
