"""The pictures of topics over time and by group: what is drawn of many, and that no words overlap."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from localtopics.report.png.groups import MOST_GROUPS, draw_by_group, plot_by_group
from localtopics.report.png.groups import MOST_TOPICS as MOST_ROWS
from localtopics.report.png.groups_over_time import MOST_GROUPS as MOST_LINES
from localtopics.report.png.groups_over_time import draw_groups_over_time, plot_groups_over_time
from localtopics.report.png.panels import MOST_TOPICS
from localtopics.report.png.trends import draw_over_time, percent, plot_over_time
from localtopics.trends.times import read_times
from localtopics.trends.trends import Trends, follow
from tests.report.samples import WORDS, overlaps


def followed(topics: int, groups: int = 30, documents: int = 3000, years: int = 20) -> Trends:
    rng = np.random.default_rng(0)
    year = rng.integers(2000, 2000 + years, documents)
    own = rng.integers(-1, topics, documents)
    own[(own == 0) & (rng.random(documents) > ((year - 1999) / years) ** 3)] = -1  # topic 0 rises
    group = np.where(rng.random(documents) < 0.3, own % groups, rng.integers(groups, size=documents))
    labels = {t: " ".join(rng.choice(WORDS, 1 + t % 7)).title() for t in range(topics)} | {1: "$x_1 $\n漢字"}
    return follow(own, labels, read_times([str(y) for y in year]), [f"group {g} of many" for g in group])


def texts(figure: Figure) -> list[Text]:
    """All that is written in a figure; labels of ticks outside the axes are not drawn."""
    figure.canvas.draw()
    found = list(figure.texts)
    for axes in figure.axes:
        _, bottom, _, top = axes.get_window_extent().extents
        found += [*axes.texts, *axes.get_xticklabels()]
        for label in axes.get_yticklabels():
            box = label.get_window_extent()
            if bottom - 1 <= (box.y0 + box.y1) / 2 <= top + 1:
                found.append(label)
    return [text for text in found if text.get_visible() and text.get_window_extent().width]


@pytest.mark.parametrize("topics", [1, 10, 30, 100])
def test_every_picture_has_room_for_its_words(topics: int) -> None:
    figure = plot_over_time(followed(topics, documents=2000 + 200 * topics), title="Papers")
    assert len(figure.axes) == min(topics, MOST_TOPICS)
    assert figure.axes[0].texts[1].get_text().startswith("▲ +"), "what rises comes first"
    boxes = np.array([text.get_window_extent().extents for text in texts(figure)])
    assert overlaps(boxes) == 0
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= (figure.bbox.width, figure.bbox.height)).all()
    said = figure.texts[-1].get_text()
    assert said.startswith(f"{MOST_TOPICS} of {topics} topics" if topics > MOST_TOPICS else f"All {topics} ")


@pytest.mark.parametrize(("topics", "groups"), [(1, 1), (10, 3), (30, 30), (100, 200)])
def test_the_grid_shows_the_largest_and_says_so(topics: int, groups: int) -> None:
    figure = plot_by_group(followed(topics, groups))
    (axes,) = figure.axes
    assert len(axes.get_yticks()) == min(topics, MOST_ROWS)
    assert len(axes.get_xticks()) == min(groups, MOST_GROUPS)
    rows = [text.get_window_extent().extents for text in axes.get_yticklabels()]
    figure.canvas.draw()
    assert overlaps(np.array(rows)) == 0
    boxes = np.array([text.get_window_extent().extents for text in texts(figure)])
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= (figure.bbox.width, figure.bbox.height)).all()
    said = figure.texts[-1].get_text()
    assert (f"The largest {MOST_ROWS} of {topics} topics" in said) == (topics > MOST_ROWS)


@pytest.mark.parametrize(("topics", "groups"), [(1, 1), (10, 3), (40, 30)])
def test_every_group_has_a_line_and_its_name(topics: int, groups: int) -> None:
    trends = followed(topics, groups)
    figure = plot_groups_over_time(trends, title="Papers of many years " * 3)
    assert len(figure.axes) == min(topics, MOST_TOPICS)
    (legend,) = figure.legends
    shown = min(groups, MOST_LINES)
    assert trends.groups is not None
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["all documents", *trends.groups.labels[:shown]]
    assert {len(axes.lines) for axes in figure.axes} == {shown + 1}
    boxes = np.array([text.get_window_extent().extents for text in [*texts(figure), *legend.get_texts()]])
    assert overlaps(boxes) == 0
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= (figure.bbox.width, figure.bbox.height)).all()


def test_the_lines_are_the_smoothed_shares_of_the_table() -> None:
    trends = followed(4, 2)
    figure = plot_groups_over_time(trends)
    table, changes = trends.by_group_over_time, trends.changes
    assert table is not None
    assert changes is not None
    assert trends.groups is not None
    for axes, topic in zip(figure.axes, changes["topic"], strict=True):
        for line, group in zip(axes.lines[1:], trends.groups.labels, strict=True):
            rows = table[(table["topic"] == topic) & (table["group"] == group)].set_index("bin")["smoothed"]
            bins = list(dict.fromkeys(trends.over_time["bin"]))  # type: ignore[index]
            drawn = dict(zip(bins, np.asarray(line.get_ydata(), float) / 100, strict=True))
            assert rows.to_numpy() == pytest.approx([drawn[name] for name in rows.index])


def test_a_line_has_a_gap_where_its_group_has_no_documents() -> None:
    years = [str(2000 + n % 20) for n in range(2000)]
    groups = ["late" if n % 20 >= 12 and n % 3 else "always" for n in range(2000)]
    trends = follow(np.arange(2000) % 7 % 2, {0: "One", 1: "Other"}, read_times(years), groups)
    axes = plot_groups_over_time(trends).axes[0]
    always, late = (np.isnan(np.asarray(line.get_ydata(), float)) for line in axes.lines[1:])
    assert not always.any()
    assert late.tolist() == sorted(late.tolist(), reverse=True)
    assert 8 <= late.sum() <= 12


@pytest.mark.parametrize("documents", [1, 30])
def test_few_documents_are_drawn(tmp_path: Path, documents: int) -> None:
    trends = followed(3, 2, documents)
    draw_over_time(tmp_path / "time.png", trends)
    draw_by_group(tmp_path / "group.png", trends)
    draw_groups_over_time(tmp_path / "both.png", trends)
    first = [(tmp_path / name).read_bytes() for name in ("time.png", "group.png", "both.png")]
    draw_over_time(tmp_path / "time.png", trends)
    draw_by_group(tmp_path / "group.png", trends)
    draw_groups_over_time(tmp_path / "both.png", trends)
    assert first == [(tmp_path / name).read_bytes() for name in ("time.png", "group.png", "both.png")]
    with Image.open(tmp_path / "time.png") as image:
        assert min(image.size) > 300


@pytest.mark.parametrize(("growth", "said"), [(1.271, "+27 %"), (0.958, "-4.2 %"), (13, "+1,200 %")])
def test_growth_in_per_cent(growth: float, said: str) -> None:
    assert percent(growth) == said
