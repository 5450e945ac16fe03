"""The scene: what is refused, where a topic is densest, and which topics get unlike colours."""

from __future__ import annotations

import numpy as np
import pytest

from localtopics.report.palette import PALETTE
from localtopics.report.scene import compose, densest_circle
from tests.report.samples import scattered_islands


def test_wrong_shapes_are_refused() -> None:
    for layout, assignments in [
        (np.zeros((3, 3)), np.zeros(3, int)),
        (np.zeros((3, 2)), np.zeros(4, int)),
        (np.zeros((0, 2)), np.zeros(0, int)),
        (np.full((3, 2), np.nan), np.zeros(3, int)),
    ]:
        with pytest.raises(ValueError, match="map"):
            compose(layout, assignments, {})


def test_touching_topics_get_unlike_colors() -> None:
    layout, assignments, labels = scattered_islands(20_000, 100)
    topics = compose(layout, assignments, labels).topics
    assert {topic.color for topic in topics} <= set(PALETTE)
    colors = np.array([topic.color.oklab() for topic in topics])
    centers = np.array([topic.center for topic in topics])
    gaps = np.linalg.norm(centers[:, None] - centers, axis=2) + 9 * np.eye(len(centers))
    unlike = np.linalg.norm(colors[:, None] - colors, axis=2)
    nearest = np.argsort(gaps, axis=1)[:, :3]
    assert np.take_along_axis(unlike, nearest, axis=1).min() > 0.09  # a fifth of the way from red to green


def test_the_densest_place_lies_inside_a_bent_topic() -> None:
    angle = np.linspace(0, np.pi, 400)
    arc = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    x, y, radius = densest_circle(arc)
    assert np.hypot(x, y) == pytest.approx(1, abs=0.05)
    assert 0 < radius < 1
    parts = np.concatenate([np.zeros((5, 2)), np.full((20, 2), 5.0)]).astype(np.float32)
    assert densest_circle(parts)[:2] == (5.0, 5.0)
