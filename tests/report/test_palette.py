"""The colours of the palette."""

from __future__ import annotations

from localtopics.report.palette import PALETTE


def test_colors_are_what_a_screen_shows() -> None:
    assert all(len(color.hex()) == 7 and int(color.hex()[1:], 16) >= 0 for color in PALETTE)
    assert len({color.hex() for color in PALETTE}) == len(PALETTE)
