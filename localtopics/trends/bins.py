"""Calendar bins: the times of documents as years, quarters, months and the like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from localtopics.errors import UserError
from localtopics.trends.settings import Unit
from localtopics.trends.times import Times

UNITS = ("decade", "year", "quarter", "month", "week", "day")
"""Coarse to fine."""
YEARS = {
    "decade": 10,
    "year": 1,
    "quarter": 1 / 4,
    "month": 1 / 12,
    "week": 7 / 365.2425,
    "day": 1 / 365.2425,
}
"""The mean length of each."""

MOST_BINS = 2000
"""Bins that may be asked for."""
_MOST_CHOSEN = 45
_FEWEST_CHOSEN = 4
_ENOUGH = 20
"""Documents that a bin holds on average where its unit is chosen here."""
_THIN = 0.2
"""Part of the median bin below which a bin at an end is joined with the next."""
_TAIL = 0.01
"""Part of the documents at either end that does not decide the unit."""
_NEEDS = {"month": 1, "quarter": 1, "week": 2, "day": 2}
"""How exactly a time must be known for a unit, as a place in `times.EXACT`; a year does for the others."""


@dataclass(frozen=True)
class Bins:
    """The bins of documents, in order of time and without a gap.

    Attributes:
        unit: one of `UNITS`.
        labels: what each is called, such as "2012-Q3"; "up to 1995" and "2019 on" where bins are joined.
        starts: datetime64[D] [b], the first day of each; of joined ones the first day that there is.
        of: int64 [n], each document's bin; -1 where it has no time.
        middles: float64 [b], the mean time of its documents in years since 1970; NaN where it has none.
        inexact: how many times are known less exactly than a bin is long, and stand at its beginning.
    """

    unit: str
    labels: tuple[str, ...]
    starts: NDArray[np.datetime64]
    of: NDArray[np.int64]
    middles: NDArray[np.float64]
    inexact: int

    def __len__(self) -> int:
        return len(self.labels)


def bin_times(times: Times, unit: Unit = "auto") -> Bins:
    """Put times into bins.

    Args:
        times: one a document, at least one of them known.
        unit: how long a bin is; "auto" chooses the finest unit of up to 45 bins that hold 20 documents each
            on average, and joins thin bins at either end, of less than a fifth of the median's documents,
            with the next.

    Raises:
        UserError: the unit gives more than `MOST_BINS` bins.
    """
    known = times.exact >= 0
    at = times.at[known]
    chosen = _choose(at, times.exact[known]) if unit == "auto" else unit
    places = _places(at, chosen)
    first, last = int(places.min()), int(places.max())
    if last - first >= MOST_BINS and unit != "auto":
        raise UserError(
            f"From {_label(first, unit)} to {_label(last, unit)} there are {last - first + 1:,} bins of a "
            f"{unit}: choose longer ones.",
            arguments=["bins"],
        )
    low, high = _ends(places) if unit == "auto" else (first, last)
    of = np.full(len(known), -1, dtype=np.int64)
    of[known] = np.clip(places, low, high) - low
    labels = [_label(place, chosen) for place in range(low, high + 1)]
    starts = np.array([_start(place, chosen) for place in range(low, high + 1)])
    if low > first:
        labels[0], starts[0] = f"up to {labels[0]}", at.min().astype("datetime64[D]")
    if high < last:
        labels[-1] += " on"
    return Bins(
        unit=chosen,
        labels=tuple(labels),
        starts=starts,
        of=of,
        middles=_middles(at, of[known], len(labels)),
        inexact=int((times.exact[known] < _NEEDS.get(chosen, 0)).sum()),
    )


def _choose(at: NDArray[np.datetime64], exact: NDArray[np.int64]) -> str:
    """The unit that suits times; their ends, which may be strays, do not decide."""
    days = np.sort(at)
    cut = int(_TAIL * len(days))
    ends = days[[cut, len(days) - 1 - cut]]
    counts = {unit: int(np.ptp(_places(ends, unit))) + 1 for unit in UNITS}
    fitting = [
        unit for unit in UNITS if counts[unit] <= _MOST_CHOSEN and (exact < _NEEDS.get(unit, 0)).mean() <= 0.1
    ]
    enough = [unit for unit in fitting if len(at) >= _ENOUGH * counts[unit]]
    many = [unit for unit in fitting if counts[unit] >= _FEWEST_CHOSEN]
    both = [unit for unit in many if unit in enough]
    return both[-1] if both else (many or fitting[-1:] or ["decade"])[0]


def _ends(places: NDArray[np.int64]) -> tuple[int, int]:
    """The first and the last bin when thin ones at the ends are joined with the next."""
    numbers, counts = np.unique(places, return_counts=True)
    thin = _THIN * float(np.median(counts))
    low = high = 0
    before = after = 0
    for low in range(len(numbers)):
        before += counts[low]
        if before >= thin:
            break
    for high in reversed(range(low, len(numbers))):
        after += counts[high]
        if after >= thin:
            break
    return int(numbers[low]), int(numbers[high])


def _places(at: NDArray[np.datetime64], unit: str) -> NDArray[np.int64]:
    """The number of each time's bin, counted from 1970."""
    if unit == "decade":
        return at.astype("datetime64[Y]").astype(np.int64) // 10
    if unit == "quarter":
        return at.astype("datetime64[M]").astype(np.int64) // 3
    if unit == "week":  # from Monday; 1970 began on a Thursday
        return (at.astype("datetime64[D]").astype(np.int64) + 3) // 7
    code = {"year": "Y", "month": "M", "day": "D"}[unit]
    return at.astype(f"datetime64[{code}]").astype(np.int64)


def _start(place: int, unit: str) -> np.datetime64:
    """The first day of a bin."""
    if unit == "week":
        return np.datetime64(7 * place - 3, "D")
    if unit == "day":
        return np.datetime64(place, "D")
    months = {"decade": 120, "year": 12, "quarter": 3, "month": 1}[unit]
    return np.datetime64(f"{np.datetime64(months * place, 'M')}-01", "D")


def _label(place: int, unit: str) -> str:
    start = str(_start(place, unit))
    year, month = start[:-6], int(start[-5:-3])
    if unit == "week":
        week = _start(place, unit).astype(object).isocalendar()
        return f"{week.year}-W{week.week:02}"
    return {
        "decade": f"{year}s",
        "year": year,
        "quarter": f"{year}-Q{(month + 2) // 3}",
        "month": start[:-3],
        "day": start,
    }[unit]


def _middles(at: NDArray[np.datetime64], of: NDArray[np.int64], bins: int) -> NDArray[np.float64]:
    years = at.astype(np.int64) / (365.2425 * 86_400)
    counts = np.bincount(of, minlength=bins)
    with np.errstate(invalid="ignore"):
        return np.bincount(of, weights=years, minlength=bins) / counts
