"""How far two divisions of the same documents agree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.topics.agreement import agreement, ami_without_outliers, stability

DIVISIONS = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=2, max_size=40)


def test_the_same_division_under_other_names_agrees_wholly() -> None:
    topics = np.array([0, 0, 1, 1, 1, -1])
    found = agreement(topics, ["b", "b", "a", "a", "a", "c"])
    assert (found.documents, found.purity) == (6, 1.0)
    for value in (found.ami, found.ari, found.homogeneity, found.completeness):
        assert value == pytest.approx(1.0)


def test_purity_is_the_share_in_the_commonest_class() -> None:
    """The example of Manning et al. 2008, figure 16.4: three clusters of 17 points."""
    topics = np.repeat([0, 1, 2], [6, 6, 5])
    found = agreement(topics, list("xxxxxoxoooodxxddd"))
    assert found.purity == pytest.approx(12 / 17)
    assert found.homogeneity < 1
    assert found.completeness < 1


@given(DIVISIONS)
def test_figures_stay_in_their_ranges_and_ami_has_no_direction(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    there, back = agreement(first, second), agreement(second, first)
    assert there.ami == pytest.approx(back.ami, abs=1e-9)
    assert there.homogeneity == pytest.approx(back.completeness, abs=1e-9)
    assert 0 < there.purity <= 1


def test_documents_that_are_outliers_in_either_can_be_left_out() -> None:
    first, second = np.array([0, 0, 1, 1, -1, 1]), np.array([1, 1, 0, 0, 0, -1])
    assert ami_without_outliers(first, second) == pytest.approx(1.0)
    assert ami_without_outliers(np.array([-1, 0]), np.array([0, -1])) is None


def test_stability_is_the_mean_over_all_pairs() -> None:
    same, other = np.repeat([0, 1], 10), np.tile([0, 1], 10)
    found = stability([1, 2, 3], [same, same, other])
    assert found.topics == [2, 2, 2]
    assert found.ami == pytest.approx((1 + 2 * agreement(same, other).ami) / 3)
    assert found.ami_without_outliers == pytest.approx(found.ami)
    lone = stability([1, 2], [np.full(4, -1), np.repeat([0, 1], 2)])
    assert lone.ami_without_outliers is None
    assert lone.topics == [0, 2]
