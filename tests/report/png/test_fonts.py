"""Which fonts draw a text."""

from localtopics.report.png.fonts import Fonts


def test_scripts_that_no_font_draws_are_told() -> None:
    assert Fonts(["Trams"]).lacking == []
    assert Fonts(["Trams \U00012000"]).lacking in ([], ["CUNEIFORM"])  # few machines have such a font
