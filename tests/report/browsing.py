"""What a test asks of the page in the browser."""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def until(page: Any, condition: str) -> None:
    """Wait until a JavaScript expression is true. Playwright's own way needs eval, which the page forbids."""
    end = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def settle(page: Any) -> None:
    """Wait until two frames have been drawn since whatever was done."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def place_of(page: Any, document: int) -> tuple[float, float]:
    """Where a document is seen, in pixels of the window."""
    left, top = page.evaluate(
        """(i) => { const { left, top } = page.stage.getBoundingClientRect();
           const [x, y] = page.camera.screen(page.corpus.points[2 * i], page.corpus.points[2 * i + 1]);
           return [left + x, top + y]; }""",
        document,
    )
    return left, top


def lonely(page: Any, topic: int) -> int:
    """A document of the topic that has no other within some pixels, nor a name over it."""
    return int(
        page.evaluate(
            """(row) => page.corpus.members[row].find((i) => {
               const at = (j) => page.camera.screen(page.corpus.points[2 * j], page.corpus.points[2 * j + 1]);
               const [x, y] = at(i);
               return page.labels.at(x, y) === null && [...page.corpus.rows.keys()].every((j) => {
                 const [u, v] = at(j); return i === j || Math.hypot(x - u, y - v) > 11; }); })""",
            topic + 1,
        )
    )


def picture(page: Any) -> np.ndarray:
    """What the dots' canvas shows, as the browser composed it, without names."""

    page.evaluate("document.querySelector('#labels').style.opacity = 0")
    shot = page.locator("#stage").screenshot()
    page.evaluate("document.querySelector('#labels').style.opacity = 1")
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB")).astype(int)


def colored(page: Any) -> int:
    """How many pixels of the map have a strong colour of their own."""
    pixels = picture(page)
    return int(((pixels.max(axis=2) - pixels.min(axis=2)) > 60).sum())


def boxes(page: Any) -> np.ndarray:
    rows = page.evaluate(
        """page.labels.signs.filter((sign) => sign.box)
             .map(({ box }) => [box.left, box.top, box.right, box.bottom])"""
    )
    return np.array(rows).reshape(-1, 4)


def overlaps(rectangles: np.ndarray) -> int:
    left, top, right, bottom = rectangles.T
    both = (
        (left[:, None] < right) & (left < right[:, None]) & (top[:, None] < bottom) & (top < bottom[:, None])
    )
    return int(np.triu(both, 1).sum())


def pinch(page: Any, middle: tuple[float, float], start: float, end: float) -> None:
    """Two fingers, ``start`` and then ``end`` pixels apart."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, apart: float | None) -> None:
        x, y = middle
        points = (
            []
            if apart is None
            else [{"x": x - apart / 2, "y": y, "id": 0}, {"x": x + apart / 2, "y": y, "id": 1}]
        )
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for apart in np.linspace(start, end, 6):
        touch("touchMove", float(apart))
    touch("touchEnd", None)
    settle(page)
