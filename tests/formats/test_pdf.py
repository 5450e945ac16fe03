"""Lines of pages become paragraphs again."""

import pytest

from localtopics.formats.pdf import Line, _time, joined

FULL = "a full line of text that reaches the right margin of its"


def placed(*lines: tuple[str, float, float]) -> str:
    return joined([Line(*line) for line in lines])


def test_words_that_were_broken_are_made_whole() -> None:
    assert joined([Line("an exam-"), Line("ple of the North-"), Line("South line")]) == (
        "an example of the North-South line"
    )
    assert (
        joined([Line("It is well-known. A well-"), Line("known fact")])
        == "It is well-known. A well-known fact"
    )
    assert joined([Line("東京は日本の"), Line("首都である。")]) == "東京は日本の首都である。"
    assert joined([Line("under\ufffe"), Line("standing")]) == "understanding"
    assert (
        joined([Line("from 1990-"), Line("1995 on, and 5 -"), Line("6")]) == "from 1990- 1995 on, and 5 - 6"
    )


def test_more_room_than_usual_parts_paragraphs() -> None:
    lines = [(FULL, 72.0, 700.0 - 12 * number) for number in range(4)]
    lines += [(FULL, 72.0, 640.0 - 12 * number) for number in range(3)]
    assert placed(*lines) == f"{' '.join([FULL] * 4)}\n\n{' '.join([FULL] * 3)}"


def test_an_indented_line_begins_a_paragraph_and_a_hanging_one_does_not() -> None:
    lines = [(f"The {FULL}", 90.0 if number == 2 else 72.0, 700.0 - 12 * number) for number in range(5)]
    assert placed(*lines).count("\n\n") == 1
    hanging = [("• " + FULL, 72.0, 700.0), (FULL, 84.0, 688.0), ("• " + FULL, 72.0, 676.0)]
    assert placed(*hanging) == f"• {FULL} {FULL}\n\n• {FULL}"


def test_a_sentence_goes_on_on_the_next_page() -> None:
    lines = [(FULL, 72.0, 100.0), (FULL, 72.0, 88.0), (FULL, 72.0, 700.0)]
    assert placed(*lines) == " ".join([FULL] * 3)


def test_short_lines_end_paragraphs_where_nothing_is_known_of_places() -> None:
    lines = [Line("Heading"), Line("A " + FULL), Line("end of it."), Line("B " + FULL), Line(FULL)]
    assert joined(lines) == f"Heading\n\nA {FULL} end of it.\n\nB {FULL} {FULL}"


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("D:20240229120000+01'00'", "2024-02-29T12:00:00+01:00"),
        ("D:20240229120000Z", "2024-02-29T12:00:00+00:00"),
        ("D:20240229", "2024-02-29T00:00:00"),
        ("D:20249999999999", ""),
        ("Thu Feb 29", ""),
        ("", ""),
    ],
)
def test_dates(date: str, time: str) -> None:
    assert _time(date) == time
