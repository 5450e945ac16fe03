"""Measures the page of a large run in a Chromium without a GPU: seconds to open it, frames a second.

The layout is made, like one of UMAP's: islands of all sizes, a fifth of the documents outliers. Titles are
those of a corpus, or made of words.

    .venv/bin/python scripts/bench_page.py --corpus FILE.parquet

It prints the figures for the page as it is, which must meet the bars or the script ends with 1; and for dots
that WebGL draws, which such a Chromium computes on the processor, and that the 2-D canvas draws one by one.
A page counts as open when the map has been drawn for the first time. Frames are counted while the map is
zoomed and moved without a pause, the pointer over dots. With ``--all-titles`` the page has all of them.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, sync_playwright

from localtopics.report.html.content import Coded, PageContent, TopicFacts
from localtopics.report.html.page import write_page
from localtopics.report.scene import compose

SECONDS, FRAMES, MEGABYTES = 3.0, 30.0, 60.0
"""The bars: at most, at least, at most (where not all titles are asked for)."""
LARGE, SECONDS_OF_LARGE = 200_000, 6.0
"""Above so many documents a page may take so long to open."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
WORDS = ("graph", "neural", "network", "quantum", "field", "learning", "protein", "inference", "image", "map")
OPENED = "() => document.readyState === 'complete' && typeof page === 'object' && page?.view?.lastDrawn > 0"
MOVE = """async (seconds) => {
  const { view } = page, { camera } = view, start = performance.now();
  const pauses = [];
  let before = await new Promise(requestAnimationFrame);
  while (before - start < 1000 * seconds) {
    const t = (before - start) / 1000;
    const factor = Math.sin(t) > -0.2 ? 1.02 : 1 / 1.03;
    view.zoomAt(camera.width * (0.5 + 0.3 * Math.sin(t)), camera.height / 2, factor);
    view.pan(4 * Math.cos(2 * t), 3 * Math.sin(3 * t));
    page.hover(view.documentAt(camera.width / 2, camera.height / 2, 9));
    const now = await new Promise(requestAnimationFrame);
    pauses.push(now - before);
    before = now;
  }
  pauses.sort((a, b) => a - b);
  return [1000 * pauses.length / (before - start), pauses[Math.floor(0.95 * pauses.length)],
    view.dots.tiles ? 1 : view.dotShare]; // tiles show all of them
}"""


def layout(documents: int, topics: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Islands of all sizes, each of some blots, a fifth of the documents outliers."""
    rng = np.random.default_rng(0)
    centers = rng.uniform(-1, 1, (topics, 2)) * (1.3, 1)
    share = rng.pareto(1.5, topics) + 0.3
    assignments = rng.choice(topics, documents, p=share / share.sum())
    blots = rng.normal(size=(topics, 5, 2)) * 0.35 / np.sqrt(topics)
    points = centers[assignments] + blots[assignments, rng.integers(0, 5, documents)]
    points += rng.normal(size=(documents, 2)) * 0.15 / np.sqrt(topics)
    outliers = rng.random(documents) < 0.2
    points[outliers] += rng.normal(size=(outliers.sum(), 2)) * 0.1
    assignments[outliers] = -1
    return points.astype(np.float32), assignments


def titles(documents: int, corpus: Path | None) -> list[str]:
    if corpus is not None:
        import pandas as pd

        found = pd.read_parquet(corpus, columns=["title"])["title"].astype(str).tolist()
        return [found[i % len(found)] for i in range(documents)]
    rng = np.random.default_rng(1)
    return [" ".join(rng.choice(WORDS, 10)) for _ in range(documents)]


def content(
    documents: int, topics: int, corpus: Path | None, *, all_titles: bool = False, named: bool = False
) -> PageContent:
    """A page with all that one of a run has."""
    points, assignments = layout(documents, topics)
    rng = np.random.default_rng(2)
    labels = {topic: " ".join(rng.choice(WORDS, 3)).title() for topic in range(topics)}
    facts = TopicFacts(keywords=WORDS, keybert=WORDS, mmr=WORDS, fidelity=0.9, nearest=range(6))
    ids = [f"{number // 100_000:04d}.{number % 100_000:05d}" for number in range(documents)]
    return PageContent(
        scene=compose(points, assignments, labels),
        headlines=titles(documents, corpus),
        title="Bench",
        topics=dict.fromkeys(range(topics), facts),
        times=Coded([str(year) for year in range(1990, 2020)], rng.integers(0, 30, documents)),
        groups=Coded([f"group {code}" for code in range(100)], rng.integers(0, 100, documents)),
        probability=rng.random(documents),
        pull=np.where(assignments < 0, rng.random(documents), np.nan),
        order=rng.permutation(documents).tolist(),
        ids=ids if named else None,
        all_titles=all_titles,
    )


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measure(browser: Browser, address: str, seconds: float) -> tuple[float, float, float, float]:
    """Seconds to open, frames a second, the 95th percentile of a frame in ms, and the share of dots drawn."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    begun = time.monotonic()
    tab.goto(address)
    while not tab.evaluate(OPENED):
        time.sleep(0.01)
    opened = time.monotonic() - begun
    frames, slow, share = tab.evaluate(MOVE, seconds)
    context.close()
    return opened, frames, slow, share


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--topics", type=int, default=300)
    parser.add_argument("--corpus", type=Path, help="a .parquet with a column title")
    parser.add_argument("--all-titles", action="store_true", help="all titles, however large the page is")
    parser.add_argument("--named", action="store_true", help="documents have ids that are no numbers")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="for which the map is moved")
    options = parser.parse_args()
    chromium = next(
        filter(None, map(shutil.which, filter(None, [os.environ.get("CHROMIUM"), *BROWSERS]))), None
    )
    most = SECONDS if options.documents <= LARGE else SECONDS_OF_LARGE
    with tempfile.TemporaryDirectory(prefix="bench-page-") as folder, sync_playwright() as playwright:
        path = Path(folder) / "map.html"
        made = content(
            options.documents,
            options.topics,
            options.corpus,
            all_titles=options.all_titles,
            named=options.named,
        )
        begun, used, before = time.monotonic(), time.process_time(), peak()
        write_page(path, made)
        size = path.stat().st_size / 1e6
        met = size < MEGABYTES or options.all_titles
        took, worked = time.monotonic() - begun, time.process_time() - used
        print(
            f"{options.documents:,} documents, {options.topics} topics: {size:.1f} MB (at most "
            f"{MEGABYTES:.0f}), written in {took:.1f} s ({worked:.1f} of the processor), at most "
            f"{peak() - before:.0f} MB above the {before:.0f} of what it shows. "
            f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, load "
            f"{os.getloadavg()[0]:.1f}."
        )
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        for query in ("", "?dots=webgl", "?dots=canvas"):
            runs = [measure(browser, path.as_uri() + query, options.seconds) for _ in range(options.repeats)]
            opened, frames, slow, share = (statistics.median(values) for values in zip(*runs, strict=True))
            good = opened <= most and frames >= FRAMES
            met = met and (good or query != "")
            print(
                f"{query or 'as it is':<13} open in {opened:.2f} s (at most {most:.0f}), {frames:.1f} "
                f"frames a second (at least {FRAMES:.0f}), 95 % of frames within {slow:.0f} ms, {share:.0%} "
                f"of the dots while moving, load {os.getloadavg()[0]:.1f}: {'met' if good else 'MISSED'}"
            )
        version = browser.version
        browser.close()
        print(f"Medians of {options.repeats}, Chromium {version}.")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
