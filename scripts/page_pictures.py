"""Takes the pictures of docs/page.md from the page of a run, small enough to be kept.

    .venv/bin/python scripts/page_pictures.py RUN --topic 3

The tree is taken where the run has levels.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
COLORS = 96
GAP = 12
ZOOM = """(factor) => { const { camera } = page.view, topic = page.data.topics[page.data.rowOf(8) ?? 1];
  const share = Math.min(1, factor - 1);
  Object.assign(camera, { x: share * topic.x, y: share * topic.y, scale: factor * camera.fitScale });
  page.view.redraw(); }"""
LASSO = """() => { const { width, height } = page.view.camera, [x, y] = page.view.camera.screen(
    page.data.topics[2].x, page.data.topics[2].y);
  page.choose(page.view.documentsWithin(Array.from({ length: 24 }, (_, i) =>
    [x + 0.22 * width * Math.cos(i / 4), y + 0.22 * height * Math.sin(i / 4)]))); }"""


@contextmanager
def opened(browser: Browser, address: str, size: tuple[int, int], **more: object) -> Iterator[Page]:
    """The page at an address, in a window of this size."""
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, reduced_motion="reduce", **more)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.wait_for_timeout(600)
    yield page
    context.close()


def taken(page: Page, selector: str = "body") -> Image.Image:
    page.wait_for_timeout(300)
    return Image.open(io.BytesIO(page.locator(selector).screenshot())).convert("RGB")


def side_by_side(*pictures: Image.Image) -> Image.Image:
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, max(picture.height for picture in pictures)), "#888888")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    return sheet


def keep(name: str, picture: Image.Image) -> None:
    """Write a picture with few colours, which makes it small."""
    path = PICTURES / f"{name}.png"
    few = picture.quantize(palette=_palette(picture), dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(f"{path.stat().st_size / 1000:5.0f} kB  {path.name}")


def _palette(picture: Image.Image) -> Image.Image:
    """The commonest colours, which are those of surfaces, and others that cover what dots and names have."""
    colors, counts = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_counts=True)
    common = colors[np.argsort(-counts)][: COLORS // 3].ravel().tolist()
    others = picture.quantize(COLORS - COLORS // 3, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(common + others[: 3 * (COLORS - COLORS // 3)])
    return palette


def zooms(browser: Browser, address: str) -> Image.Image:
    pictures = []
    for factor in (1, 3, 8):
        with opened(browser, address, (372 + 420, 420)) as page:  # 372 for the panel
            page.evaluate(
                "document.querySelectorAll('#map > nav, #map > section').forEach((e) => e.remove())"
            )
            page.evaluate(ZOOM, factor)
            pictures.append(taken(page, "#map"))
    return side_by_side(*pictures)


def phones(browser: Browser, address: str, topic: int) -> Image.Image:
    pictures = []
    for scheme, hash_ in (("light", ""), ("dark", f"#topic={topic}&color=time")):
        with opened(
            browser, address + hash_, (390, 780), color_scheme=scheme, has_touch=True, is_mobile=True
        ) as page:
            pictures.append(taken(page))
    return side_by_side(*pictures)


def printed(browser: Browser, address: str, topic: int) -> Image.Image:
    with opened(browser, f"{address}#topic={topic}", (1100, 760)) as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 700, "height": 980})
        return taken(page, "html").crop((0, 0, 700, 980)).resize((525, 735), Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a finished run with times and groups")
    parser.add_argument("--topic", type=int, default=1, help="whose own page is shown")
    options = parser.parse_args()
    address = (options.run / "map.html").resolve().as_uri()
    candidates = filter(None, [os.environ.get("CHROMIUM"), *BROWSERS])
    chromium = next(filter(None, map(shutil.which, candidates)), None)
    PICTURES.mkdir(exist_ok=True)
    size = (1000, 620)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        keep("page-zooms", zooms(browser, address))
        with opened(browser, f"{address}#topic={options.topic}&time=18-25", size) as page:
            keep("page-topic", taken(page))
        with opened(browser, f"{address}#color=group", size) as page:
            page.evaluate(LASSO)
            keep("page-lasso", taken(page))
        with opened(browser, f"{address}#search=car", size, color_scheme="dark") as page:
            keep("page-dark", taken(page))
        keep("page-phone", phones(browser, address, options.topic))
        keep("page-print", printed(browser, address, options.topic))
        with opened(browser, address, size) as page:
            if page.evaluate("page.data.topics.length > page.data.finest"):
                page.evaluate("page.panel.tree.fold(page.data.roots[0], false)")
                keep("page-tree", taken(page))
        browser.close()


if __name__ == "__main__":
    main()
