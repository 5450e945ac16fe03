"""What a test asks of the page in the browser."""

from __future__ import annotations

import time
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FloatRect, Page


def until(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression is true. Playwright's own way needs eval, which the page forbids."""
    end = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def box_of(page: Page, selector: str) -> FloatRect:
    """Where an element that is seen stands in the window, in pixels."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box


def settle(page: Page) -> None:
    """Wait until two frames have been drawn since whatever was done."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def place_of(page: Page, document: int) -> tuple[float, float]:
    """Where a document is seen, in pixels of the window."""
    left, top = page.evaluate(
        """(i) => { const { left, top } = page.view.element.getBoundingClientRect();
           const [x, y] = page.view.camera.screen(...page.data.place(i));
           return [left + x, top + y]; }""",
        document,
    )
    return left, top


def lonely(page: Page, topic: int) -> int:
    """A document of the topic that has no other within some pixels, nor a name over it."""
    return int(
        page.evaluate(
            """(row) => page.data.members[row].find((i) => {
               const at = (j) => page.view.camera.screen(...page.data.place(j));
               const [x, y] = at(i);
               return page.view.labels.at(x, y) === null && [...page.data.rows.keys()].every((j) => {
                 const [u, v] = at(j); return i === j || Math.hypot(x - u, y - v) > 11; }); })""",
            topic + 1,
        )
    )


def picture(page: Page) -> NDArray[np.int64]:
    """What the dots' canvas shows, as the browser composed it, without names."""
    page.evaluate("document.querySelector('#labels').style.opacity = 0")
    shot = page.locator("#map").screenshot()
    page.evaluate("document.querySelector('#labels').style.opacity = 1")
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB")).astype(int)


def colored(page: Page) -> int:
    """How many pixels of the map have a strong colour of their own."""
    pixels = picture(page)
    return int(((pixels.max(axis=2) - pixels.min(axis=2)) > 60).sum())


def boxes(page: Page) -> NDArray[np.float64]:
    """The names' boxes in pixels of the map [t, 4]: left, top, right, bottom."""
    rows = page.evaluate(
        """page.view.labels.items.filter((sign) => sign.box)
             .map(({ box }) => [box.left, box.top, box.right, box.bottom])"""
    )
    return np.array(rows).reshape(-1, 4)


def pinch(page: Page, middle: tuple[float, float], start: float, end: float) -> None:
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
