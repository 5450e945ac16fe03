"""Colours for topics: many that can be told apart, and unlike ones for topics that lie side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Color:
    """A colour in OKLCH, where equal distances look equally far: lightness 0 to 1, chroma, hue in degrees.

    Source: Björn Ottosson, "A perceptual color space for image processing" (2020).
    """

    lightness: float
    chroma: float
    hue: float

    def oklab(self) -> tuple[float, float, float]:
        """Return lightness and two opponent axes; Euclidean distance in this space is visible difference."""
        angle = radians(self.hue)
        return self.lightness, self.chroma * cos(angle), self.chroma * sin(angle)

    def hex(self) -> str:
        """Return ``#rrggbb``, with as much of the chroma as an sRGB screen can show at this lightness."""
        color = self
        while color.chroma > 0 and not all(-0.001 <= channel <= 1.001 for channel in color._linear()):
            color = replace(color, chroma=max(0.0, color.chroma - 0.004))
        return "#" + "".join(f"{round(255 * _gamma(min(1.0, max(0.0, c)))):02x}" for c in color._linear())

    def on_dark(self) -> Color:
        """Return the same colour, light enough for dots on a dark background."""
        return Color(0.62 + 0.5 * (self.lightness - 0.45), 0.95 * self.chroma, self.hue)

    def for_text(self) -> Color:
        """Return the same hue, dark enough for text on white."""
        return Color(0.41, min(self.chroma, 0.125), self.hue)

    def for_text_on_dark(self) -> Color:
        """Return the same hue, light enough for text on a dark background."""
        return Color(0.86, min(self.chroma, 0.09), self.hue)

    def _linear(self) -> tuple[float, float, float]:
        """Return red, green and blue in linear sRGB; outside 0 to 1 where a screen cannot show the colour."""
        light, a, b = self.oklab()
        long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
        medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
        return (
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        )


def _gamma(linear: float) -> float:
    """Return a channel of linear sRGB, 0 to 1, as a screen expects it."""
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


HUES = 12
PALETTE = tuple(
    Color(lightness, chroma, (start + 30 * step) % 360)
    for lightness, chroma, start in ((0.63, 0.17, 25), (0.76, 0.13, 40), (0.50, 0.14, 10))
    for step in range(HUES)
)
"""Three rings of twelve hues: clear, light and deep; the rings are turned against each other."""

OUTLIER_COLOR = Color(0.85, 0.006, 260)
"""A grey near to white: what belongs to no topic stays in the background."""
OUTLIER_COLOR_ON_DARK = Color(0.42, 0.012, 260)
"""The same for a dark background."""


def choose_colors(affinity: NDArray[np.float64], known: Mapping[int, Color] | None = None) -> list[Color]:
    """Return one colour of `PALETTE` for each topic, so that topics that touch get unlike ones.

    Each topic in turn takes the colour that is least like those of its neighbours; then, in a few more
    rounds, each may change.

    Args:
        affinity: [t, t], symmetric and at least 0: how much each two topics touch; topics come in order of
            importance.
        known: by their places in that order, topics that have colours of `PALETTE` already, and keep them.
    """
    known = known or {}
    lab = np.array([color.oklab() for color in PALETTE])
    difference = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    similarity = np.exp(-((difference / 0.09) ** 2))
    ring_cost = 1e-3 * np.repeat([0, 1, 1], HUES)  # the clear ring first, where nothing else decides
    topics = len(affinity)
    weight = np.array(affinity, dtype=float)
    np.fill_diagonal(weight, 0.0)
    chosen = np.array([PALETTE.index(known[topic]) if topic in known else -1 for topic in range(topics)])
    for _ in range(5):
        before = chosen.copy()
        for topic in sorted(set(range(topics)) - known.keys()):
            colored = chosen >= 0
            cost = similarity[:, chosen[colored]] @ weight[topic, colored] + ring_cost
            chosen[topic] = int(np.argmin(cost))
        if np.array_equal(before, chosen):
            break
    return [PALETTE[index] for index in chosen]
