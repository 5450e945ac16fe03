"""Bins of time: none lost, none near to empty at the ends, and as long as suits the documents."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.errors import UserError
from localtopics.trends.bins import MOST_BINS, UNITS, bin_times
from localtopics.trends.times import read_times

DATES = st.dates(date(1200, 1, 1), date(2300, 1, 1))


def days(first: str, count: int, step: int = 1) -> list[str]:
    start = date.fromisoformat(first)
    return [str(start + timedelta(days=step * number)) for number in range(count)]


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (days("2000-01-01", 7000), "year"),
        (days("2010-01-01", 2000), "quarter"),
        (days("2010-01-01", 900), "month"),
        (days("2010-01-01", 300) * 3, "week"),
        (days("2010-01-01", 30) * 30, "day"),
        (days("1600-01-01", 3000, 40), "decade"),
        (["2010", "2011", "2012"] * 900, "year"),
        (["2010-01", "2010-02", "2010-03", "2010-04"] * 900, "month"),
        ([*days("2010-01-01", 30) * 30, "0207-01-01", "2091-01-01"], "day"),
        (["2010-01-01"], "day"),
    ],
)
def test_the_unit_suits_the_documents(texts: list[str], unit: str) -> None:
    assert bin_times(read_times(texts)).unit == unit


@pytest.mark.parametrize(
    ("unit", "labels", "start"),
    [
        ("decade", ("2010s", "2020s"), "2010-01-01"),
        ("year", ("2019", "2020"), "2019-01-01"),
        ("quarter", ("2019-Q4", "2020-Q1"), "2019-10-01"),
        ("month", ("2019-12", "2020-01"), "2019-12-01"),
        ("week", ("2020-W01",), "2019-12-30"),
        ("day", ("2019-12-31", "2020-01-01"), "2019-12-31"),
    ],
)
def test_bins_have_names_and_begin_where_the_calendar_says(
    unit: str, labels: tuple[str, ...], start: str
) -> None:
    bins = bin_times(read_times(["2019-12-31", "2020-01-01", ""]), unit)  # type: ignore[arg-type]
    assert bins.labels == labels
    assert str(bins.starts[0]) == start
    assert bins.of.tolist() == [0, len(labels) - 1, -1]


def test_thin_ends_are_joined_and_gaps_are_not() -> None:
    texts = ["1950", "1991", *["1992"] * 100, *["1994"] * 100, *["1995"] * 90, "2091"]
    bins = bin_times(read_times(texts))
    assert bins.labels == ("up to 1992", "1993", "1994", "1995 on")
    assert np.bincount(bins.of).tolist() == [102, 0, 100, 91]
    assert str(bins.starts[0]) == "1950-01-01"
    assert len(bin_times(read_times(texts), "year")) == 142


def test_what_is_less_exact_than_a_bin_is_counted() -> None:
    assert bin_times(read_times(["2011", "2011-05", "2011-05-03"]), "month").inexact == 1
    assert bin_times(read_times(["2011", "2011-05", "2011-05-03"]), "day").inexact == 2


def test_too_many_bins_are_one_sentence() -> None:
    with pytest.raises(UserError, match="From 1000-01-01 to 2000-01-01 there are 365,243 bins of a day"):
        bin_times(read_times(["1000", "2000"]), "day")


@given(st.lists(DATES, min_size=1), st.sampled_from(["auto", *UNITS]))
def test_every_time_is_in_its_bin(dates: list[date], unit: str) -> None:
    times = read_times([str(one) for one in dates])
    try:
        bins = bin_times(times, unit)  # type: ignore[arg-type]
    except UserError:
        assert max(dates) - min(dates) > timedelta(days=MOST_BINS - 1)
        return
    assert bins.of.min() >= 0
    assert (np.diff(bins.starts) > np.timedelta64(0, "D")).all()
    ends = [*bins.starts[1:].tolist(), date.max]
    for one, place in zip(dates, bins.of, strict=True):
        assert bins.starts[place].item() <= one < ends[place]
    if unit == "auto":
        assert np.bincount(bins.of)[[0, -1]].min() > 0
