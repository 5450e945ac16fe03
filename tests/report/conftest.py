"""A real browser that can reach no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.report.browsing import until

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names of a Chromium on the PATH; $CHROMIUM names another, and playwright may have one of its own."""
NOTHING_FROM_OUTSIDE = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"]

Visit = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Any]]:
    """Start a browser with these switches, once for all tests of a module."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, which is not installed")
    with sync_api.sync_playwright() as playwright:
        candidates = [os.environ.get("CHROMIUM"), *BROWSERS, playwright.chromium.executable_path]
        chromium = next(filter(None, map(shutil.which, filter(None, candidates))), None)
        if chromium is None:
            pytest.skip("needs a Chromium: install one, run `playwright install chromium`, or set $CHROMIUM")
        browsers: dict[tuple[str, ...], Any] = {}

        def start(*switches: str) -> Any:
            if switches not in browsers:
                browsers[switches] = playwright.chromium.launch(
                    executable_path=chromium, args=[*NOTHING_FROM_OUTSIDE, *switches]
                )
            return browsers[switches]

        yield start
        for browser in browsers.values():
            browser.close()


@pytest.fixture
def visit(launch: Callable[..., Any]) -> Visit:
    """Open a page in a context of its own; at the end it must have asked for nothing and met ``errors``."""

    @contextmanager
    def visiting(
        path: Path, *switches: str, width: int = 1200, height: int = 800, errors: int = 0, **settings: Any
    ) -> Iterator[Any]:
        context = launch(*switches).new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **settings
        )
        asked: list[str] = []
        wrong: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri())
        until(page, "page.last > 0")
        yield page
        assert asked == [path.as_uri()]
        assert len(wrong) == errors, wrong
        context.close()

    return visiting
