"""The picture of the map: drawn for real, and its boxes measured after drawing."""

from __future__ import annotations

import logging
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from localtopics.report.palette import PALETTE
from localtopics.report.png import placement
from localtopics.report.png.map import draw_map, plot_map, wrap
from localtopics.report.scene import compose, densest

WORDS = [
    "graph",
    "neural",
    "network",
    "quantum",
    "field",
    "learning",
    "protein",
    "inference",
    "image",
    "language",
]


def corpus(documents: int, topics: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    """A layout as UMAP leaves it: islands of all sizes, not too near each other, a fifth of it outliers."""
    rng = np.random.default_rng(seed)
    centers: list[np.ndarray] = []
    while len(centers) < topics:
        center = rng.uniform(-1, 1, 2) * (1.3, 1)
        if all(np.hypot(*(center - other)) > 1.1 / np.sqrt(topics) for other in centers):
            centers.append(center)
    share = rng.pareto(1.5, topics) + 0.3
    assignments = rng.choice(topics, documents, p=share / share.sum())
    layout = np.array(centers)[assignments] + rng.normal(size=(documents, 2)) * 0.2 / np.sqrt(topics)
    outliers = rng.random(documents) < 0.2
    layout[outliers] += rng.normal(size=(outliers.sum(), 2)) * 0.1
    assignments[outliers] = -1
    labels = {
        t: " ".join(rng.choice(WORDS, rng.integers(2, 6), replace=False)).title() for t in range(topics)
    }
    return layout.astype(np.float32), assignments, labels


def boxes(figure: Figure) -> np.ndarray:
    """The drawn labels' boxes in pixels [t, 4]: left, bottom, right, top."""
    figure.canvas.draw()
    return np.array([text.get_window_extent().extents for text in figure.axes[0].texts])


def overlaps(rectangles: np.ndarray) -> int:
    left, bottom, right, top = rectangles.T
    both = (
        (left[:, None] < right) & (left < right[:, None]) & (bottom[:, None] < top) & (bottom < top[:, None])
    )
    return int(np.triu(both, 1).sum())


def test_a_hundred_labels_are_all_there_and_none_overlaps() -> None:
    layout, assignments, labels = corpus(20_000, 100)
    figure = plot_map(compose(layout, assignments, labels), "A hundred topics")
    rectangles = boxes(figure)
    assert len(rectangles) == 100
    assert overlaps(rectangles) == 0
    canvas = figure.bbox
    assert (rectangles[:, :2] >= 0).all()
    assert (rectangles[:, 2:] <= (canvas.width, canvas.height)).all()
    assert min(text.get_fontsize() for text in figure.axes[0].texts) >= 5.5
    assert overlaps(np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6]])) == 1  # the measure can fail


def test_labels_stay_near_what_they_name() -> None:
    layout, assignments, labels = corpus(5_000, 40)
    scene = compose(layout, assignments, labels)
    figure = plot_map(scene)
    figure.canvas.draw()
    for text, mark in zip(figure.axes[0].texts, scene.topics, strict=True):
        assert text.get_text().replace("\n", " ") == mark.label
        box = text.get_window_extent()
        dots = figure.axes[0].transData.transform(layout[assignments == mark.topic])
        outside = np.maximum(
            np.abs(dots - (box.x0 + box.width / 2, box.y0 + box.height / 2)) - box.size / 2, 0
        )
        assert np.linalg.norm(outside, axis=1).min() < 0.06 * figure.bbox.width


def test_labels_without_room_are_left_out_and_counted() -> None:
    layout, assignments, labels = corpus(2_000, 150)
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
    layout, assignments, labels = corpus(documents, topics, seed=3)
    figure = plot_map(compose(layout, assignments, labels), "Small")
    assert len(boxes(figure)) == topics
    assert figure.texts[0].get_text() == "Small"
    assert figure.texts[1].get_text().startswith(caption)
    draw_map(tmp_path / "map.png", layout, assignments, labels, "Small")
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.width >= 2000
        colours = picture.convert("RGB").resize((400, 300)).getcolors(400 * 300)
        assert len(colours) > 30


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
def test_odd_layouts(tmp_path: Path, layout: np.ndarray, assignments: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_map(tmp_path / "map.png", layout, assignments, {0: "First topic", 1: "Second topic"})
    figure = plot_map(compose(layout, assignments, {}))
    assert [text.get_text() for text in figure.axes[0].texts] == [
        f"Topic {topic}" for topic in sorted(set(assignments.tolist()) - {-1})
    ]
    assert overlaps(boxes(figure).reshape(-1, 4)) == 0


def test_wrong_shapes_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    for layout, assignments in [
        (np.zeros((3, 3)), np.zeros(3, int)),
        (np.zeros((3, 2)), np.zeros(4, int)),
        (np.zeros((0, 2)), np.zeros(0, int)),
        (np.full((3, 2), np.nan), np.zeros(3, int)),
    ]:
        with pytest.raises(ValueError, match="map"):
            draw_map(tmp_path / "map.png", layout, assignments, {})
    assert list(tmp_path.iterdir()) == []


def test_labels_are_text_and_never_mathematics(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    labels = {
        0: r"Costs of $5 and $10 for \frac{x_i^2}",
        1: "Машинный перевод",
        2: "深度学习与自然语言处理",
        3: "Rockets 🚀 and\nlines\x00",
        4: "Pneumonoultramicroscopicsilicovolcanoconiosis " * 6,
        5: "שלום עולם",
    }
    layout, assignments, _ = corpus(300, 6, seed=5)
    with warnings.catch_warnings(), caplog.at_level(logging.INFO):
        warnings.simplefilter("error")
        draw_map(tmp_path / "map.png", layout, assignments, labels, "From $1 to $2 ^_{ 🚀")
    assert caplog.records == []
    figure = plot_map(compose(layout, assignments, labels), "From $1 to $2")
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
    import matplotlib

    layout, assignments, labels = corpus(2_000, 20)
    draw_map(tmp_path / "one.png", layout, assignments, labels)
    with matplotlib.rc_context({"savefig.dpi": 30, "savefig.transparent": True, "font.size": 40}):
        draw_map(tmp_path / "two.png", layout, assignments, labels)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_hundred_thousand_documents_take_seconds(tmp_path: Path) -> None:
    layout, assignments, labels = corpus(100_000, 120)
    start = time.perf_counter()
    draw_map(tmp_path / "map.png", layout, assignments, labels, "Many")
    assert time.perf_counter() - start < 30


def test_touching_topics_get_unlike_colors() -> None:
    layout, assignments, labels = corpus(20_000, 100)
    topics = compose(layout, assignments, labels).topics
    assert {topic.color for topic in topics} <= set(PALETTE)
    colors = np.array([topic.color.oklab() for topic in topics])
    centers = np.array([topic.center for topic in topics])
    gaps = np.linalg.norm(centers[:, None] - centers, axis=2) + 9 * np.eye(len(centers))
    unlike = np.linalg.norm(colors[:, None] - colors, axis=2)
    nearest = np.argsort(gaps, axis=1)[:, :3]
    assert np.take_along_axis(unlike, nearest, axis=1).min() > 0.09  # a fifth of the way from red to green


def test_colors_are_what_a_screen_shows() -> None:
    assert all(len(color.hex()) == 7 and int(color.hex()[1:], 16) >= 0 for color in PALETTE)
    assert len({color.hex() for color in PALETTE}) == len(PALETTE)


def test_the_densest_place_lies_inside_a_bent_topic() -> None:
    angle = np.linspace(0, np.pi, 400)
    arc = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    x, y, radius = densest(arc)
    assert np.hypot(x, y) == pytest.approx(1, abs=0.05)
    assert 0 < radius < 1
    parts = np.concatenate([np.zeros((5, 2)), np.full((20, 2), 5.0)]).astype(np.float32)
    assert densest(parts)[:2] == (5.0, 5.0)


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("Short", ["Short"]),
        ("Graph neural networks for molecules", ["Graph neural networks", "for molecules"]),
        ("prime, factorization, gcd", ["prime,", "factorization, gcd"]),
        ("recommendation, items, user", ["recommendation,", "items, user"]),
        ("", [""]),
    ],
)
def test_wrapping_balances_the_lines(label: str, lines: list[str]) -> None:
    assert wrap(label).split("\n") == lines


def test_wrapping_cuts_what_does_not_end() -> None:
    assert len(wrap("word " * 100).split("\n")) == 3
    assert wrap("word " * 100).endswith("…")
    assert all(len(line) <= 24 for line in wrap("x" * 300).split("\n"))


@settings(max_examples=40, deadline=None)
@given(
    signs=st.lists(
        st.tuples(st.floats(0, 800), st.floats(0, 600), st.floats(5, 300), st.floats(5, 80)), max_size=25
    )
)
def test_placed_boxes_never_overlap_nor_leave_the_picture(signs: list[tuple[float, ...]]) -> None:
    size = np.array([800.0, 600.0])
    picture = placement.Picture(np.zeros(2), size, np.zeros((30, 40)))
    centers = placement.place(
        [
            placement.Sign(np.array([x, y]), np.array([wide, high]), np.array([[x, y]]))
            for x, y, wide, high in signs
        ],
        picture,
    )
    halves = np.array([sign[2:] for sign in signs]).reshape(-1, 2) / 2
    placed = np.isfinite(centers[:, 0])
    corners = np.hstack([centers - halves, centers + halves])[placed]
    assert overlaps(np.round(corners, 6)) == 0
    assert (corners >= -1e-6).all()
    assert (corners[:, 2:] <= size + 1e-6).all()
    if len(signs) == 1:
        assert placed.all()
