"""Text as it is shown among other words."""

import pytest

from localtopics.text import one_line, shortened, size_in_words, time_in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "10 seconds"),
        (12, "10 seconds"),
        (54, "50 seconds"),
        (56, "1 minute"),
        (89, "1 minute"),
        (144, "2 minutes"),
        (7100, "118 minutes"),
        (9000, "2 hours"),
    ],
)
def test_times_are_said_in_round_numbers(seconds: float, words: str) -> None:
    assert time_in_words(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"), [(0, "1 MB"), (12_400_000, "12 MB"), (999_000_000, "999 MB"), (3.24e9, "3.2 GB")]
)
def test_sizes_are_said_in_round_numbers(size: float, words: str) -> None:
    assert size_in_words(size) == words


def test_text_is_one_line_and_cut() -> None:
    assert one_line("a\n\tb\x1bc ") == "a b c"
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abc efg", 5) == "abc…"
