"""Where labels are placed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from localtopics.report.png.placement import Canvas, LabelBox, place
from tests.report.samples import overlaps


@settings(max_examples=40, deadline=None)
@given(
    labels=st.lists(
        st.tuples(st.floats(0, 800), st.floats(0, 600), st.floats(5, 300), st.floats(5, 80)), max_size=25
    )
)
def test_placed_boxes_never_overlap_nor_leave_the_canvas(labels: list[tuple[float, ...]]) -> None:
    size = np.array([800.0, 600.0])
    canvas = Canvas(np.zeros(2), size, np.zeros((30, 40)))
    centers = place(
        [
            LabelBox(np.array([x, y]), np.array([wide, high]), np.array([[x, y]]))
            for x, y, wide, high in labels
        ],
        canvas,
    )
    halves = np.array([label[2:] for label in labels]).reshape(-1, 2) / 2
    placed = np.isfinite(centers[:, 0])
    corners = np.hstack([centers - halves, centers + halves])[placed]
    assert overlaps(np.round(corners, 6)) == 0
    assert (corners >= -1e-6).all()
    assert (corners[:, 2:] <= size + 1e-6).all()
    if len(labels) == 1:
        assert placed.all()
