"""Times as people write them, and what is refused because it would have to be guessed."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.trends.times import EXACT, read_times

DAY = "2011-05-03"


@pytest.mark.parametrize(
    ("text", "at", "exact"),
    [
        ("2011", "2011-01-01", "year"),
        ("2011.0", "2011-01-01", "year"),
        ("1650", "1650-01-01", "year"),
        ("2011-05", "2011-05-01", "month"),
        *(
            (text, DAY, "day")
            for text in ("2011-05-03", "20110503", "2011/5/3", "2011.05.03", " 2011-W18-2 ")
        ),
        *((text, DAY, "day") for text in ("3 May 2011", "May 3, 2011", "03-May-2011", "3 may 2011")),
        ("May 2011", "2011-05-01", "month"),
        ("2011-05-03T23:30:00-05:00", "2011-05-04T04:30:00", "day"),
        ("2011-05-03 10:00:00.25Z", "2011-05-03T10:00:00", "day"),
        ("Tue, 03 May 2011 23:30:00 -0500", "2011-05-04T04:30:00", "day"),
        ("1304416800", "2011-05-03T10:00:00", "day"),
        ("1304416800000", "2011-05-03T10:00:00", "day"),
        ("1304416800000000000", "2011-05-03T10:00:00", "day"),
    ],
)
def test_times_are_read(text: str, at: str, exact: str) -> None:
    times = read_times([text, "", text])
    assert times.unread == ()
    assert times.at[[0, 2]].tolist() == [np.datetime64(at, "s").item()] * 2
    assert np.isnat(times.at[1])
    assert times.exact.tolist() == [EXACT.index(exact), -1, EXACT.index(exact)]


@pytest.mark.parametrize("text", ["May", "12:30", "2011-13-01", "3/4/2011", "0000", "12", "soon", "5" * 40])
def test_what_would_have_to_be_guessed_is_not_read(text: str) -> None:
    assert read_times([text, text]).unread == (text,)


def test_other_dates_show_which_number_is_the_day() -> None:
    assert read_times(["3/4/2011", "25/4/2011 10:30"]).at[0] == np.datetime64("2011-04-03")
    assert read_times(["3/4/2011", "4/25/2011"]).at[0] == np.datetime64("2011-03-04")
    assert read_times(["3/4/2011", "25/4/2011", "4/25/2011"]).unread[0] == "3/4/2011"


@given(st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.timezones()))
def test_every_iso_time_is_read_as_what_it_is_in_utc(time: datetime) -> None:
    read = read_times([time.isoformat()]).at[0].item()
    assert read == time.astimezone(UTC).replace(tzinfo=None, microsecond=0)


@given(st.lists(st.text()))
def test_any_text_is_read_or_said_to_be_unread(texts: list[str]) -> None:
    times = read_times(texts)
    assert len(times.at) == len(times.exact) == len(texts)
    for text, exact in zip(texts, times.exact, strict=True):
        assert (exact >= 0) != (not text.strip() or text.strip() in times.unread)
