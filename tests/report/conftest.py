"""A real browser that can reach no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.report.browsing import until

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names of a Chromium on the PATH; $CHROMIUM names another, and playwright may have one of its own."""
NOTHING_FROM_OUTSIDE = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"]
_DRAWN = "typeof page === 'object' && page?.view?.lastDrawn > 0"
"""When the page of a map is there."""


class Launch(Protocol):
    """Starts a browser with these switches, or gives the one that runs with them."""

    def __call__(self, *switches: str) -> Browser: ...


class Visit(Protocol):
    """Opens a page in a context of its own; at the end it must have asked for nothing and met ``errors``."""

    def __call__(
        self,
        path: Path,
        *switches: str,
        width: int = 1200,
        height: int = 800,
        errors: int = 0,
        dark: bool = False,
        phone: bool = False,
        ready: str = _DRAWN,
        query: str = "",
    ) -> AbstractContextManager[Page]: ...


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    with sync_playwright() as playwright:
        candidates = [os.environ.get("CHROMIUM"), *BROWSERS, playwright.chromium.executable_path]
        chromium = next(filter(None, map(shutil.which, filter(None, candidates))), None)
        if chromium is None:
            pytest.skip("needs a Chromium: install one, run `playwright install chromium`, or set $CHROMIUM")
        browsers: dict[tuple[str, ...], Browser] = {}

        def start(*switches: str) -> Browser:
            if switches not in browsers:
                browsers[switches] = playwright.chromium.launch(
                    executable_path=chromium, args=[*NOTHING_FROM_OUTSIDE, *switches]
                )
            return browsers[switches]

        yield start
        for browser in browsers.values():
            browser.close()


@pytest.fixture
def visit(launch: Launch) -> Visit:
    @contextmanager
    def visiting(
        path: Path,
        *switches: str,
        width: int = 1200,
        height: int = 800,
        errors: int = 0,
        dark: bool = False,
        phone: bool = False,
        ready: str = _DRAWN,
        query: str = "",
    ) -> Iterator[Page]:
        context = launch(*switches).new_context(
            viewport=ViewportSize(width=width, height=height),
            reduced_motion="reduce",
            color_scheme="dark" if dark else "light",
            has_touch=phone,
            is_mobile=phone,
            device_scale_factor=2 if phone else 1,
        )
        asked: list[str] = []
        wrong: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri() + query)
        until(page, ready)
        yield page
        assert asked == [path.as_uri() + query]
        assert len(wrong) == errors, wrong
        context.close()

    return visiting
