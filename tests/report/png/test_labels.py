"""How labels are broken into lines."""

from __future__ import annotations

import pytest

from localtopics.report.png.labels import wrap


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("Short", ["Short"]),
        ("Graph neural networks for molecules", ["Graph neural networks", "for molecules"]),
        ("prime, factorization, gcd", ["prime,", "factorization, gcd"]),
        ("recommendation, items, user", ["recommendation,", "items, user"]),
        ("", [""]),
    ],
)
def test_wrapping_balances_the_lines(label: str, lines: list[str]) -> None:
    assert wrap(label).split("\n") == lines


def test_wrapping_cuts_what_does_not_end() -> None:
    assert len(wrap("word " * 100).split("\n")) == 3
    assert wrap("word " * 100).endswith("…")
    assert all(len(line) <= 24 for line in wrap("x" * 300).split("\n"))
