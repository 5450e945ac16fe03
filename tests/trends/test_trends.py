"""Topics over time and by group: counts add up to the documents, whatever these are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.trends.times import read_times
from localtopics.trends.trends import MOST_GROUPS, NO_GROUP, NO_TIME, OTHER_GROUPS, Trends, follow

TIMES = st.sampled_from(["", "2001", "2002-03", "2003-04-05", "2003-06-01", "soon", "1850"])
DOCUMENTS = st.lists(st.tuples(st.integers(-1, 4), TIMES, st.sampled_from(["", "a", "b", "c"])), min_size=1)


def followed(documents: list[tuple[int, str, str]]) -> Trends:
    topics, times, groups = zip(*documents, strict=True)
    return follow(np.array(topics), {0: "Zero"}, read_times([*times]), [*groups])


@given(DOCUMENTS)
def test_counts_add_up_to_the_documents(documents: list[tuple[int, str, str]]) -> None:
    documents = [*documents, (0, "2001", "a")]
    found = followed(documents)
    expected = pd.Series([topic for topic, _, _ in documents]).value_counts().sort_index().to_dict()
    for table in (found.over_time, found.by_group, found.by_group_over_time):
        assert table is not None
        assert table.groupby("topic")["documents"].sum().to_dict() == expected
        whole = table.groupby([name for name in ("bin", "group") if name in table])
        assert (whole["documents"].sum() == whole["of"].first()).all()
        assert (whole["of"].nunique() == 1).all()
        known = table[table["of"] > 0]
        assert (known["low"] <= known["share"]).all()
        assert (known["share"] <= known["high"]).all()
    assert found.changes is not None
    assert set(found.changes["topic"]) == set(expected) - {-1}


def test_what_has_no_time_or_group_has_rows_of_its_own() -> None:
    found = followed([(0, "2001", "a"), (0, "soon", "b"), (1, "", ""), (1, "2001", "a")])
    assert found.over_time is not None
    assert found.by_group is not None
    assert found.over_time["bin"].unique().tolist() == ["2001", NO_TIME]
    assert found.over_time["start"].isna().tolist() == [False, True] * 2
    assert found.over_time["documents"].tolist() == [1, 1, 1, 1]
    assert found.by_group["group"].unique().tolist() == ["a", "b", NO_GROUP]
    assert found.by_group["label"].tolist() == ["Zero"] * 3 + ["1"] * 3


def test_times_that_are_less_exact_than_a_bin_are_noted() -> None:
    found = follow(np.array([0, 0, 1]), {}, read_times(["2001", "2001-02", "2001-02-03"]), None, "day")
    assert found.notes == ("2 times are not known to the day and stand at the beginning of what is known",)


def test_smaller_groups_stand_together() -> None:
    groups = [f"g{number:03}" for number in range(MOST_GROUPS + 5)] + ["large"] * 3
    found = follow(np.zeros(len(groups), dtype=int), {}, None, groups)
    assert found.over_time is None
    assert found.by_group is not None
    assert len(found.by_group) == MOST_GROUPS + 1
    assert found.by_group.iloc[0][["group", "documents"]].tolist() == ["large", 3]
    assert found.by_group.iloc[-1][["group", "documents"]].tolist() == [OTHER_GROUPS, 6]


@pytest.mark.parametrize(("first", "trend"), [(0, "rising"), (1, "falling")])
def test_who_rises_and_falls(first: int, trend: str) -> None:
    rng = np.random.default_rng(0)
    years = rng.integers(2000, 2020, 4000)
    grows = rng.random(4000) < (years - 2000) / 25
    topics = np.where(rng.random(4000) < 0.5, 2, np.where(grows, 0, 1))
    found = follow(topics, {}, read_times([str(year) for year in years]), None)
    assert found.changes is not None
    changes = found.changes.set_index("topic")
    assert changes["trend"].to_dict() == {0: "rising", 1: "falling", 2: "unclear"}
    assert changes.loc[first, "trend"] == trend
    assert (changes.loc[0, "peak"], changes.loc[1, "peak"]) == ("2019", "2000")
    assert (changes["growth_low"] > 1).tolist() == [True, False, False]
    assert (changes["growth_high"] < 1).tolist() == [False, True, False]
    assert found.changes["topic"].tolist() == [0, 1, 2]
