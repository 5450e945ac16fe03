"""Shares of documents, and what is sure about them: intervals, smoothing, slopes, differences of groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SURE = 0.05
"""The false discovery rate up to which a change or a difference counts as sure."""
FEWEST_BINS = 5
"""Bins with documents that a slope needs."""
MOST_STRETCHES = 20
"""Stretches of time that a slope is fitted to."""
PRIOR = 10.0
"""Documents of the whole's make-up that a group is thought to have had before it was counted."""


def interval(counts: Counts, totals: Counts) -> tuple[Floats, Floats]:
    """The 95 % interval of shares, by Jeffreys' prior; NaN where there are no documents.

    Source: Brown, Cai, DasGupta, "Interval Estimation for a Binomial Proportion", Statistical Science 16
    (2001).
    """
    missed = totals - counts
    low = np.where(counts > 0, stats.beta.ppf(0.025, counts + 0.5, missed + 0.5), 0.0)
    high = np.where(missed > 0, stats.beta.ppf(0.975, counts + 0.5, missed + 0.5), 1.0)
    none = np.broadcast_to(totals, counts.shape) == 0
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def share(counts: Counts, totals: Counts) -> Floats:
    """The part that ``counts`` are of ``totals``; NaN of nothing."""
    with np.errstate(invalid="ignore"):
        return np.asarray(counts / totals)


def smoothed(counts: Counts, totals: Counts) -> Floats:
    """Shares along time, each bin leaning on its neighbours: the more so, the fewer documents it has.

    A Gaussian kernel over the bins goes over counts and totals alike. Its standard deviation is one bin, or a
    twentieth of the bins where these are more than twenty.

    Args:
        counts: [..., b], one a bin.
        totals: [..., b], the bins' documents; at least one bin has some.

    Source: Copas, "Plotting p against x", Applied Statistics 32 (1983).
    """
    bins = counts.shape[-1]
    distance = np.subtract.outer(np.arange(bins), np.arange(bins)) / max(1.0, bins / 20)
    kernel = np.exp(-0.5 * distance**2)
    with np.errstate(invalid="ignore"):
        return np.asarray((counts @ kernel) / (totals @ kernel))


@dataclass(frozen=True)
class Slopes:
    """How the odds of topics change with time, one entry a topic.

    Attributes:
        slope: float64 [t], the change of the log odds in a year.
        error: float64 [t], its standard error.
        p: float64 [t], two-sided.
        q: float64 [t], p corrected for the number of topics.
        freedom: degrees of freedom of Student's t.
    """

    slope: Floats
    error: Floats
    p: Floats
    q: Floats
    freedom: int

    def growth(self, years: float) -> tuple[Floats, Floats, Floats]:
        """By what factor the odds change in some years, and its 95 % interval."""
        width = self.error * stats.t.ppf(0.975, self.freedom)
        middle, low, high = (
            np.exp(np.clip(bound * years, -50, 50))
            for bound in (self.slope, self.slope - width, self.slope + width)
        )
        return middle, low, high


def slopes(counts: Counts, totals: Counts, years: Floats) -> Slopes | None:
    """Fit a line to the log odds of each topic's share along time; None where too few bins have documents.

    It is a logistic regression for each topic, and what its shares scatter about the line more than by chance
    widens the standard error. That is the larger of two: the quasi-binomial one (McCullagh and Nelder,
    "Generalized Linear Models", 1989, section 4.5, with the dispersion of Fletcher, Biometrika 99, 2012, for
    sparse counts), which is right for few documents, and the sandwich HC3 (MacKinnon and White, Journal of
    Econometrics 29, 1985), which is right where large bins scatter more. Slopes are held against Student's t.
    More than 20 bins are joined to 20 stretches for this: what is up in one month is up in the next, and with
    bins enough any wave would be a sure trend. Two documents more, spread over the stretches with the topic's
    share of the whole, keep slopes finite (Clogg and others, Journal of the American Statistical Association
    86, 1991). The correction for many topics is that of Benjamini and Hochberg (1995).

    Args:
        counts: [t, b].
        totals: [b].
        years: [b], when each bin is; NaN for a bin without documents.
    """
    counts, totals, years = _stretches(counts, totals, years)
    full = totals > 0
    bins = int(full.sum())
    if bins < FEWEST_BINS or not len(counts):
        return None
    n, x = totals[full].astype(float), years[full]
    middle = np.average(x, weights=n)
    overall = counts.sum(axis=1, keepdims=True) / n.sum()
    y, n = counts[:, full] + overall * 2 / bins, n + 2 / bins
    slope, error = _fit(y, n, x - middle)
    p = 2 * stats.t.sf(np.abs(slope / error), bins - 2)
    return Slopes(
        slope=slope,
        error=error,
        p=p,
        q=corrected(p),
        freedom=bins - 2,
    )


def _stretches(counts: Counts, totals: Counts, years: Floats) -> tuple[Counts, Counts, Floats]:
    """Counts, totals and mean times of up to `MOST_STRETCHES` stretches of neighbouring bins."""
    bins = len(totals)
    place = np.arange(bins) * min(MOST_STRETCHES, bins) // bins
    first = np.flatnonzero(np.diff(place, prepend=-1))
    pooled = np.add.reduceat(totals, first)
    with np.errstate(invalid="ignore"):
        mean = np.add.reduceat(np.nan_to_num(years) * totals, first) / pooled
    return np.add.reduceat(counts, first, axis=1), pooled, mean


def _fit(y: Floats, n: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Logistic regressions of y [t, b] of n [b] on x [b]: slopes and their errors.

    They are fitted by Newton's steps, all topics at once, with the time measured in its standard deviation.
    """
    scale = x.std() or 1.0
    x = x / scale
    overall = np.clip(y.sum(axis=1) / n.sum(), 1e-9, 1 - 1e-9)
    level, slope = np.log(overall / (1 - overall)), np.zeros(len(y))
    for _ in range(50):
        p = 1 / (1 + np.exp(-(level[:, None] + slope[:, None] * x)))
        weight = n * p * (1 - p)
        a, b, c = weight.sum(axis=1), (weight * x).sum(axis=1), (weight * x * x).sum(axis=1)
        u, v = (y - n * p).sum(axis=1), ((y - n * p) * x).sum(axis=1)
        determinant = np.maximum(a * c - b * b, 1e-12)
        steps = np.clip([(c * u - b * v) / determinant, (a * v - b * u) / determinant], -1, 1)
        level, slope = level + steps[0], slope + steps[1]
        if np.abs(steps).max() < 1e-8:
            break
    rest, weight = y - n * p, np.maximum(weight, 1e-12)
    pearson = (rest**2 / weight).sum(axis=1) / (len(x) - 2)
    sparse = 1 + ((1 - 2 * p) * rest / weight).mean(axis=1)
    dispersion = np.maximum(1.0, pearson / np.maximum(sparse, 0.1))
    a, b, c, determinant = (part[:, None] for part in (a, b, c, determinant))
    leverage = np.minimum(weight * (c - 2 * b * x + a * x * x) / determinant, 0.99)
    robust = (((a * x - b) / determinant * rest / (1 - leverage)) ** 2).sum(axis=1)
    variance = np.maximum((a / determinant)[:, 0] * dispersion, robust)
    return slope / scale, np.sqrt(variance) / scale


@dataclass(frozen=True)
class Differences:
    """How much more often topics are in groups than elsewhere.

    Attributes:
        log_ratio: float64 [t, g], the logarithm to base 2 of the odds in the group by those in all others.
        low, high: its 95 % interval.
        q: its p, two-sided, corrected for the number of topics and groups.
    """

    log_ratio: Floats
    low: Floats
    high: Floats
    q: Floats


def differences(counts: Counts) -> Differences:
    """Log odds ratios of each topic in each group against all other groups, shrunk by an informative prior.

    Each side is thought to have `PRIOR` documents more, of the whole's make-up, so that few documents do not
    make large ratios. Whether a difference is sure is Fisher's exact test, since the interval, a normal one,
    is too narrow for very small groups.

    Args:
        counts: [t, g], each document in one place.

    Source of ratios and intervals: Monroe, Colaresi, Quinn, "Fightin' Words", Political Analysis 16 (2008),
    equations 15 to 22.
    """
    whole = counts.sum()
    prior = PRIOR * counts.sum(axis=1, keepdims=True) / whole
    inside = counts + prior
    outside = counts.sum(axis=1, keepdims=True) - counts + prior
    groups = counts.sum(axis=0) + PRIOR
    others = whole - counts.sum(axis=0) + PRIOR
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(inside / (groups - inside)) - np.log(outside / (others - outside))
        error = np.sqrt(1 / inside + 1 / outside)
    low, high = ratio - 1.96 * error, ratio + 1.96 * error
    ratio, low, high = (bound / np.log(2) for bound in (ratio, low, high))
    return Differences(log_ratio=ratio, low=low, high=high, q=corrected(_fisher(counts)))


def _fisher(counts: Counts) -> Floats:
    """Fisher's exact test of each cell against all others, twice the smaller side; [t, g]."""
    rows, columns, whole = counts.sum(axis=1, keepdims=True), counts.sum(axis=0), counts.sum()
    more = stats.hypergeom.sf(counts - 1, whole, columns, rows)
    less = stats.hypergeom.cdf(counts, whole, columns, rows)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(more, less)))


def corrected(p: Floats) -> Floats:
    """The false discovery rates at which each p would count, of Benjamini and Hochberg; NaN stays."""
    q = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        q[known] = stats.false_discovery_control(p[known])
    return q
