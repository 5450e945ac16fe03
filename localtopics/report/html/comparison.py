"""The page of two runs side by side: two columns of topics, and ribbons for the documents in both.

Everything is drawn here; the page's own script only brings forward what is pointed at.
"""

from __future__ import annotations

import html
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from localtopics.files import replacing
from localtopics.report.html.page import content_policy
from localtopics.report.palette import OUTLIER_COLOR, OUTLIER_COLOR_ON_DARK, PALETTE
from localtopics.text import one_line
from localtopics.topics.topic import OUTLIER

_LEAST, _MOST = 40, 150
"""Pixels that a topic is high at least, which its two lines of text take, and at most."""
_GAP = 6
"""Pixels between two topics."""
_THIN = 0.05
"""Flows of less than this share of both topics are not drawn: among many topics they hide the others."""


@dataclass(frozen=True)
class Row:
    """A topic in one of the columns."""

    topic: int
    label: str
    size: int
    note: str = ""
    """What became of it, in a word; "" where there is nothing to say."""


@dataclass(frozen=True)
class Flow:
    """So many documents are in a topic of the first run and in one of the second."""

    first: int
    second: int
    documents: int
    note: str = ""
    """What is said of it where it is pointed at."""


@dataclass(frozen=True)
class _Box:
    """Where a row stands: its upper edge and its height, in pixels."""

    top: float
    height: float


def write_comparison(
    path: Path,
    *,
    names: tuple[str, str],
    summary: str,
    first: Sequence[Row],
    second: Sequence[Row],
    flows: Sequence[Flow],
) -> None:
    """Write two runs side by side as one HTML file; the same arguments give the same bytes.

    The page fetches nothing and runs no script but its own, whatever the texts hold. The file appears whole
    or not at all, and whatever was there before is replaced.

    Args:
        path: the file to write.
        names: what the two runs are called.
        summary: what is said above the columns.
        first, second: the topics of each run, as they are to stand; those of the second are put in the order
            of the topics that they come from.
        flows: which topics have documents in common; small ones are left out.

    Raises:
        OSError: the file cannot be written.
    """
    drawn = _worth_drawing(flows)
    second = _in_order(second, {row.topic: place for place, row in enumerate(first)}, drawn)
    colors = _colors(first, second, drawn)
    largest = max(row.size for row in [*first, *second])
    boxes = _boxes(first, largest), _boxes(second, largest)
    height = max(box.top + box.height for column in boxes for box in column.values())
    web = files("localtopics.report.html") / "web_comparison"
    style = (web / "page.css").read_text(encoding="utf-8") + _rules(boxes, height)
    script = (web / "page.js").read_text(encoding="utf-8")
    page = Template((web / "page.html").read_text(encoding="utf-8")).substitute(
        policy=content_policy(script, style),
        title=html.escape(" and ".join(map(one_line, names))),
        first_name=html.escape(one_line(names[0])),
        second_name=html.escape(one_line(names[1])),
        summary=html.escape(one_line(summary)),
        height=round(height, 1),
        first="\n".join(_item(row, "first", colors[0][row.topic]) for row in first),
        second="\n".join(_item(row, "second", colors[1][row.topic]) for row in second),
        ribbons="\n".join(_ribbons(first, second, boxes, drawn, colors[0])),
        style=style,
        script=script,
    )
    with replacing(path) as temporary:
        temporary.write_bytes(page.encode("utf-8", errors="replace"))  # a lone surrogate is no character


def _worth_drawing(flows: Sequence[Flow]) -> list[Flow]:
    """The flows that are some share of one of their topics; none among the outliers of both."""
    sizes: defaultdict[tuple[int, int], int] = defaultdict(int)
    for flow in flows:
        sizes[0, flow.first] += flow.documents
        sizes[1, flow.second] += flow.documents
    return [
        flow
        for flow in flows
        if flow.documents >= _THIN * min(sizes[0, flow.first], sizes[1, flow.second])
        and not flow.first == flow.second == OUTLIER
    ]


def _in_order(second: Sequence[Row], places: Mapping[int, int], flows: Sequence[Flow]) -> list[Row]:
    """The second column so that ribbons cross little: by the mean place of the topics that they come from."""
    sums: defaultdict[int, float] = defaultdict(float)
    counts: defaultdict[int, int] = defaultdict(int)
    for flow in flows:
        if flow.first != OUTLIER:
            sums[flow.second] += flow.documents * places[flow.first]
            counts[flow.second] += flow.documents
    mean = {topic: sums[topic] / counts[topic] for topic in counts}
    return sorted(second, key=lambda row: (row.topic == OUTLIER, mean.get(row.topic, len(places))))


def _colors(
    first: Sequence[Row], second: Sequence[Row], flows: Sequence[Flow]
) -> tuple[dict[int, str], dict[int, str]]:
    """The class of each topic's colour: a topic of the second run has that of the one it has most from."""
    own = {row.topic: "grey" for row in first if row.topic == OUTLIER}
    own |= {row.topic: f"c{row.topic % len(PALETTE)}" for row in first if row.topic != OUTLIER}
    most: dict[int, Flow] = {}
    for flow in flows:
        best = most.get(flow.second)
        if flow.first != OUTLIER and (best is None or flow.documents > best.documents):
            most[flow.second] = flow
    inherited = {
        row.topic: own[most[row.topic].first] if row.topic in most and row.topic != OUTLIER else "grey"
        for row in second
    }
    return own, inherited


def _boxes(rows: Sequence[Row], largest: int) -> dict[int, _Box]:
    """Where each topic stands, one below the other, as high as it is large."""
    top, found = 0.0, {}
    for row in rows:
        height = max(_LEAST, _MOST * row.size / largest)
        found[row.topic] = _Box(top, height)
        top += height + _GAP
    return found


def _ribbons(
    first: Sequence[Row],
    second: Sequence[Row],
    boxes: tuple[dict[int, _Box], dict[int, _Box]],
    flows: Sequence[Flow],
    colors: Mapping[int, str],
) -> list[str]:
    """A path for each flow, as wide at each end as its share of the topic there."""
    order = [{row.topic: place for place, row in enumerate(rows)} for rows in (first, second)]
    labels = [{row.topic: one_line(row.label) for row in rows} for rows in (first, second)]
    totals: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    for flow in flows:
        totals[0][flow.first] += flow.documents
        totals[1][flow.second] += flow.documents
    # all of a topic's ribbons fit into it, also where they stand for more than its documents
    sizes = [
        {row.topic: max(row.size, total[row.topic]) for row in rows}
        for rows, total in zip((first, second), totals, strict=True)
    ]
    ends: list[dict[Flow, tuple[float, float]]] = []
    for side in (0, 1):
        at = {topic: box.top for topic, box in boxes[side].items()}
        found = {}
        for flow in sorted(flows, key=lambda flow: (order[0][flow.first], order[1][flow.second])):
            topic = (flow.first, flow.second)[side]
            width = boxes[side][topic].height * flow.documents / sizes[side][topic]
            found[flow] = at[topic], at[topic] + width
            at[topic] += width
        ends.append(found)
    return [
        f'<path class="{colors[flow.first] if flow.second != OUTLIER else "grey"}" data-first="{flow.first}" '
        f'data-second="{flow.second}" d="{_path(ends[0][flow], ends[1][flow])}"><title>'
        f"{html.escape(f'{labels[0][flow.first]} → {labels[1][flow.second]}: {flow.note}')}</title></path>"
        for flow in flows
    ]


def _path(left: tuple[float, float], right: tuple[float, float]) -> str:
    """A band between two edges, 100 wide, that leaves and arrives level."""
    (a, b), (c, d) = left, right
    return f"M0 {a:.1f}C50 {a:.1f} 50 {c:.1f} 100 {c:.1f}L100 {d:.1f}C50 {d:.1f} 50 {b:.1f} 0 {b:.1f}Z"


def _item(row: Row, side: str, color: str) -> str:
    label = html.escape(one_line(row.label))
    number = "" if row.topic == OUTLIER else f"<b>{row.topic}</b> "
    note = f' · <em class="{row.note}">{row.note}</em>' if row.note else ""
    return (
        f'<li id="{side}{row.topic}" class="{color}" data-{side}="{row.topic}" tabindex="0" title="{label}">'
        f"<p>{number}<bdi>{label}</bdi></p><small>{row.size:,}{note}</small></li>"
    )


def _rules(boxes: tuple[dict[int, _Box], dict[int, _Box]], height: float) -> str:
    """The style of this page alone: heights and colours, which attributes may not say under its policy."""
    lines = [f"#columns {{ height: {height:.1f}px; }}"]
    for side, column in zip(("first", "second"), boxes, strict=True):
        lines += [
            f"#{side}{topic} {{ top: {box.top:.1f}px; height: {box.height:.1f}px; }}"
            for topic, box in column.items()
        ]
    light = [f".c{number} {{ --color: {color.hex()}; }}" for number, color in enumerate(PALETTE)]
    dark = [f".c{number} {{ --color: {color.on_dark().hex()}; }}" for number, color in enumerate(PALETTE)]
    lines += [*light, f".grey {{ --color: {OUTLIER_COLOR.hex()}; }}"]
    lines += ["@media (prefers-color-scheme: dark) {", *dark]
    lines += [f".grey {{ --color: {OUTLIER_COLOR_ON_DARK.hex()}; }}", "}"]
    return "\n".join(["", *lines, ""])
