"""Shares and what is sure about them, held against scipy's own, and against chance."""

import numpy as np
import pytest
from scipy import stats

from localtopics.trends.shares import SURE, differences, interval, slopes, smoothed

TOTALS = np.array([70, 60, 90, 150, 300, 380, 900, 1100, 1000, 1300, 1700, 2200, 2500, 2000])
YEARS = np.arange(30.0, 30.0 + len(TOTALS), dtype=np.float64)


def test_jeffreys_interval() -> None:
    low, high = interval(np.array([0, 5, 10, 0]), np.array([10, 10, 10, 0]))
    assert (low[0], high[2]) == (0, 1)
    assert (low[1], high[1]) == pytest.approx(stats.beta.interval(0.95, 5.5, 5.5))
    assert np.isnan([low[3], high[3]]).all()


def test_smoothed_shares_stay_between_the_shares_and_lean_on_large_bins() -> None:
    counts, totals = np.array([[0, 1, 0, 50, 50]]), np.array([100, 1, 100, 100, 100])
    found = smoothed(counts, totals)[0]
    assert ((found >= 0) & (found <= 1)).all()
    assert found[1] < 0.1, "one document of one is no share of 100 %"
    assert found[-1] == pytest.approx(0.5, abs=0.06)
    assert smoothed(totals[None], totals)[0] == pytest.approx(1)


def test_a_slope_is_found_and_its_sign_and_size_are_right() -> None:
    share = 1 / (1 + np.exp(3 - 0.2 * (YEARS - YEARS.mean())))
    counts = np.round(TOTALS * np.stack([share, np.full(len(TOTALS), 0.05), share[::-1]])).astype(int)
    found = slopes(counts, TOTALS, YEARS)
    assert found is not None
    assert found.slope == pytest.approx([0.2, 0, -0.2], abs=0.01)
    assert (found.q <= SURE).tolist() == [True, False, True]
    growth, low, high = found.growth(10)
    assert growth[0] == pytest.approx(np.exp(2), rel=0.1)
    assert low[0] < growth[0] < high[0]


@pytest.mark.parametrize("scatter", [0.0, 0.005, 0.02])
def test_chance_is_seldom_taken_for_a_trend(scatter: float) -> None:
    """Shares that only scatter, more than binomially too: a p below 5 % comes in about 5 % of all topics."""
    rng = np.random.default_rng(0)
    shares = np.repeat(np.maximum(0.002, rng.dirichlet(np.full(100, 0.5), 20).reshape(-1, 1)), len(TOTALS), 1)
    if scatter:
        shares = rng.beta(shares * (1 / scatter - 1), (1 - shares) * (1 / scatter - 1))
    found = slopes(rng.binomial(TOTALS, shares), TOTALS, YEARS)
    assert found is not None
    assert (found.p < 0.05).mean() < 0.08
    assert (found.q <= SURE).mean() < 0.002


def test_odd_topics_have_finite_slopes() -> None:
    counts = np.zeros((4, len(TOTALS)), dtype=int)
    counts[1, -1] = 1  # all in one bin
    counts[2, 0] = 70
    counts[3] = TOTALS
    found = slopes(counts, TOTALS, YEARS)
    assert found is not None
    assert np.isfinite([found.slope, found.error, found.p]).all()
    assert found.q.min() > SURE, "one bin is no trend"
    assert slopes(counts[:, :4], TOTALS[:4], YEARS[:4]) is None


def test_differences_of_groups() -> None:
    counts = np.array([[90, 10, 1], [10, 90, 0], [100, 100, 0]])
    found = differences(counts)
    assert np.sign(found.log_ratio[:2, :2]).tolist() == [[1, -1], [-1, 1]]
    assert (found.q[:2, :2] <= SURE).all()
    assert found.q[2].min() > SURE
    assert found.q[0, 2] > SURE, "one document shows nothing"
    assert 0 < found.log_ratio[0, 2] < found.log_ratio[0, 0], "and is shrunk"
    assert (found.low < found.log_ratio).all()
    odds, p = stats.fisher_exact([[90, 11], [110, 190]])
    assert found.log_ratio[0, 0] == pytest.approx(np.log2(odds), abs=0.5)
    assert found.q[0, 0] == pytest.approx(p, rel=100)


def test_chance_is_seldom_taken_for_a_difference() -> None:
    rng = np.random.default_rng(0)
    topics, groups = rng.integers(100, size=5000), rng.geometric(0.03, size=5000) % 120
    counts = np.zeros((100, 120), dtype=int)
    np.add.at(counts, (topics, groups), 1)
    assert (differences(counts).q <= SURE).sum() == 0


def test_shorter_bins_do_not_make_a_trend_surer() -> None:
    """Twelve months that go up and down together say no more than their year."""
    rng = np.random.default_rng(0)
    shares = rng.beta(1, 49, (300, len(TOTALS)))
    totals = np.repeat(TOTALS // 12, 12)
    counts = rng.binomial(totals, np.repeat(shares, 12, axis=1))
    found = slopes(counts, totals, np.arange(len(totals)) / 12)
    assert found is not None
    assert (found.p < 0.05).mean() < 0.2
