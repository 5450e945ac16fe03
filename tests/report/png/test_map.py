"""The picture of the map: drawn for real, and its boxes measured after drawing."""

from __future__ import annotations

import logging
import time
import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from localtopics.report.png.fonts import Fonts
from localtopics.report.png.map import draw_map, plot_map
from localtopics.report.scene import compose
from tests.report.samples import overlaps, scattered_islands


def boxes(figure: Figure) -> NDArray[np.float64]:
    """The drawn labels' boxes in pixels [t, 4]: left, bottom, right, top."""
    figure.canvas.draw()
    return np.array([text.get_window_extent().extents for text in figure.axes[0].texts])


def test_a_hundred_labels_are_all_there_and_none_overlaps() -> None:
    layout, assignments, labels = scattered_islands(20_000, 100)
    figure = plot_map(compose(layout, assignments, labels), title="A hundred topics")
    rectangles = boxes(figure)
    assert len(rectangles) == 100
    assert overlaps(rectangles) == 0
    canvas = figure.bbox
    assert (rectangles[:, :2] >= 0).all()
    assert (rectangles[:, 2:] <= (canvas.width, canvas.height)).all()
    assert min(float(text.get_fontsize()) for text in figure.axes[0].texts) >= 5.5
    assert overlaps(np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6]])) == 1  # the measure can fail


def test_labels_stay_near_what_they_name() -> None:
    layout, assignments, labels = scattered_islands(5_000, 40)
    scene = compose(layout, assignments, labels)
    figure = plot_map(scene)
    figure.canvas.draw()
    for text, mark in zip(figure.axes[0].texts, scene.topics, strict=True):
        assert text.get_text().replace("\n", " ") == mark.label
        box = text.get_window_extent()
        dots = figure.axes[0].transData.transform(layout[assignments == mark.topic])
        half = np.array([box.width, box.height]) / 2
        outside = np.maximum(np.abs(dots - (box.x0, box.y0) - half) - half, 0)
        assert np.linalg.norm(outside, axis=1).min() < 0.06 * figure.bbox.width


def test_labels_without_room_are_left_out_and_counted() -> None:
    layout, assignments, labels = scattered_islands(2_000, 150)
    crowded = layout * (1e-3, 1) + (assignments == 0)[:, None] * (9, 0)
    scene = compose(crowded, assignments, labels)
    figure = plot_map(scene)
    rectangles = boxes(figure)
    assert 10 < len(rectangles) < len(scene.topics)
    assert overlaps(rectangles) == 0
    assert f"{len(scene.topics) - len(rectangles)} topics unnamed" in figure.texts[-1].get_text()


@pytest.mark.parametrize(
    ("documents", "topics", "caption"),
    [
        (12, 2, "12 documents   ·   2 topics   ·"),
        (500, 3, "500 documents   ·   3 topics   ·"),
        (80, 1, "80 documents   ·   1 topic   ·"),
    ],
)
def test_small_maps(tmp_path: Path, documents: int, topics: int, caption: str) -> None:
    layout, assignments, labels = scattered_islands(documents, topics, seed=3)
    figure = plot_map(compose(layout, assignments, labels), title="Small")
    assert len(boxes(figure)) == topics
    assert figure.texts[0].get_text() == "Small"
    assert figure.texts[1].get_text().startswith(caption)
    draw_map(tmp_path / "map.png", compose(layout, assignments, labels), title="Small")
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.width >= 2000
        small = np.asarray(picture.convert("RGB").resize((400, 300))).reshape(-1, 3)
        assert len(np.unique(small, axis=0)) > 30


@pytest.mark.parametrize(
    "layout",
    [
        np.random.default_rng(0).normal(size=(40, 2)),
        np.ones((40, 2)),
        np.full((40, 2), 1e6, dtype=np.float32),
        np.linspace(0, 1, 40)[:, None] * (1, 0),
        np.where(np.arange(40)[:, None] == 7, np.nan, np.random.default_rng(0).normal(size=(40, 2))),
    ],
    ids=["cloud", "one place", "one far place", "a line", "a document without a place"],
)
@pytest.mark.parametrize("assignments", [np.full(40, -1), np.zeros(40, dtype=int), np.arange(40) % 3 - 1])
def test_odd_layouts(tmp_path: Path, layout: NDArray[np.float64], assignments: NDArray[np.int64]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_map(tmp_path / "map.png", compose(layout, assignments, {0: "First topic", 1: "Second topic"}))
    figure = plot_map(compose(layout, assignments, {}))
    assert [text.get_text() for text in figure.axes[0].texts] == [
        f"Topic {topic}" for topic in sorted(set(assignments.tolist()) - {-1})
    ]
    assert overlaps(boxes(figure).reshape(-1, 4)) == 0


def test_labels_are_text_and_never_mathematics(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    labels = {
        0: r"Costs of $5 and $10 for \frac{x_i^2}",
        1: "Машинный перевод",
        2: "深度学习与自然语言处理",
        3: "Rockets 🚀 and\nlines\x00",
        4: "Pneumonoultramicroscopicsilicovolcanoconiosis " * 6,
        5: "שלום עולם",
    }
    layout, assignments, _ = scattered_islands(300, 6, seed=5)
    with warnings.catch_warnings(), caplog.at_level(logging.INFO):
        warnings.simplefilter("error")
        draw_map(tmp_path / "map.png", compose(layout, assignments, labels), title="From $1 to $2 ^_{ 🚀")
    said = [record.getMessage() for record in caplog.records]
    lacking = Fonts(labels.values()).lacking
    assert len(said) == bool(lacking), "nothing but which scripts no font here draws"
    assert all(script in said[0] for script in lacking)
    figure = plot_map(compose(layout, assignments, labels), title="From $1 to $2")
    drawn = {text.get_text().replace("\n", " ") for text in figure.axes[0].texts}
    assert labels[0] in drawn
    assert labels[1] in drawn
    assert any(text.startswith("Rockets") and "lines" in text for text in drawn)
    assert any(
        text.replace(" ", "") == labels[2] or text == "Topic 2" for text in drawn
    )  # by the fonts there are
    assert figure.texts[0].get_text() == "From $1 to $2"
    assert overlaps(boxes(figure)) == 0


def test_the_same_input_gives_the_same_bytes_whatever_the_settings(tmp_path: Path) -> None:
    layout, assignments, labels = scattered_islands(2_000, 20)
    draw_map(tmp_path / "one.png", compose(layout, assignments, labels))
    with matplotlib.rc_context({"savefig.dpi": 30, "savefig.transparent": True, "font.size": 40}):
        draw_map(tmp_path / "two.png", compose(layout, assignments, labels))
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_hundred_thousand_documents_take_seconds(tmp_path: Path) -> None:
    layout, assignments, labels = scattered_islands(100_000, 120)
    start = time.process_time()  # of this process alone, however busy the machine is
    draw_map(tmp_path / "map.png", compose(layout, assignments, labels), title="Many")
    assert time.process_time() - start < 30
