"""What all pictures have in common: matplotlib's own defaults, two greys, whole files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.style
from matplotlib.figure import Figure

from localtopics.files import replacing
from localtopics.report.png.fonts import font_log_silenced

TITLE_COLOR, CAPTION_COLOR = "#1d2330", "#6b7280"


def save(path: Path, plot: Callable[[], Figure]) -> None:
    """Write the picture that ``plot`` draws to ``path`` as a PNG; the same picture gives the same bytes.

    The file appears whole or not at all, and whatever was there before is replaced.

    Raises:
        OSError: the file cannot be written.
    """
    with default_style(), replacing(path) as temporary:
        plot().savefig(temporary, format="png", metadata={"Software": None})


@contextmanager
def default_style() -> Iterator[None]:
    """Draw alike whatever the user's matplotlibrc says."""
    with font_log_silenced(), matplotlib.style.context("default", after_reset=True):
        yield
