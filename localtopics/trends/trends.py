"""Topics over time, by group, and by group over time, as tables whose counts add up to the documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localtopics.topics.topic import OUTLIER
from localtopics.trends.bins import YEARS, Bins, bin_times
from localtopics.trends.settings import Unit
from localtopics.trends.shares import SURE, Counts, differences, interval, share, slopes, smoothed
from localtopics.trends.times import Times

NO_TIME, NO_GROUP, OTHER_GROUPS = "no time", "no group", "other groups"
"""What documents without a time, without a group and of all smaller groups stand under."""
MOST_GROUPS = 200
"""The largest groups that are told apart."""
RISING, FALLING, UNCLEAR = "rising", "falling", "unclear"


@dataclass(frozen=True)
class Groups:
    """The groups of documents.

    Attributes:
        labels: object [g], their names, the largest first; then all smaller ones together and what has none,
            where there are any.
        of: int64 [n], each document's group.
    """

    labels: NDArray[np.object_]
    of: NDArray[np.int64]


@dataclass(frozen=True)
class Trends:
    """Topics over time and by group; a table is None where there is nothing for it.

    In every table ``documents`` is a raw count, ``of`` the documents of the bin or group, outliers included,
    ``share`` the part of them, and ``low`` and ``high`` its 95 % interval (Jeffreys).

    Attributes:
        over_time: a row a topic and bin: topic, label, bin, start, documents, of, share, low, high, smoothed.
            Documents without a time have rows of their own, without a start. The documents add up to all.
        changes: a row a topic, those that rise first, then those that fall, the surest first: topic, label,
            documents (with a time), trend, growth (the factor of the odds from one bin to the next),
            growth_low, growth_high, q, first, last (smoothed shares of these bins), peak (the bin whose
            smoothed share is largest), z (the slope in standard errors).
        by_group: a row a topic and group: topic, label, group, documents, of, share, low, high, log2_ratio
            (of the odds to those in all other groups), log2_low, log2_high, q, representation ("over",
            "under" or "unclear").
        by_group_over_time: a row a topic, group and bin that has documents; columns as in ``over_time``.
        unit: how long a bin is; None without times.
        notes: what could not be used as it was, in a line each.
        bins: the bin of each document; None without times.
        groups: the group of each document; None without groups.
    """

    over_time: pd.DataFrame | None = None
    changes: pd.DataFrame | None = None
    by_group: pd.DataFrame | None = None
    by_group_over_time: pd.DataFrame | None = None
    unit: str | None = None
    notes: tuple[str, ...] = ()
    bins: Bins | None = None
    groups: Groups | None = None

    def __bool__(self) -> bool:
        return self.over_time is not None or self.by_group is not None


def follow(
    topics: NDArray[np.integer],
    labels: Mapping[int, str],
    times: Times | None,
    groups: Sequence[str] | None,
    unit: Unit = "auto",
) -> Trends:
    """Count topics over time and by group.

    Args:
        topics: [n], the topic of each document.
        labels: topic number to label.
        times: one a document, at least one of them known; or None.
        groups: one a document, "" for none; or None.
        unit: how long a bin is.

    Raises:
        UserError: as `bin_times`.
    """
    names = _Names(topics, labels)
    bins = None if times is None else bin_times(times, unit)
    groups_of = None if groups is None else _groups(groups)
    over_time = changes = by_group = both = None
    if bins is not None:
        counts = _counted(names.of, bins.of, len(names.topics), len(bins))
        over_time, changes = _over_time(names, bins, counts), _changes(names, bins, counts)
    if groups_of is not None:
        by_group = _by_group(names, groups_of)
    if bins is not None and groups_of is not None:
        both = _by_group_over_time(names, groups_of, bins)
    if bins is None:
        return Trends(by_group=by_group, groups=groups_of)
    coarse = (
        f"{bins.inexact:,} times are not known to the {bins.unit} and stand at the beginning of what is known"
    )
    notes = (coarse,) if bins.inexact else ()
    return Trends(over_time, changes, by_group, both, bins.unit, notes, bins, groups_of)


class _Names:
    """The topics in order of their number, and each document's place among them."""

    def __init__(self, topics: NDArray[np.integer], labels: Mapping[int, str]) -> None:
        self.topics, self.of = np.unique(topics, return_inverse=True)
        self.labels = np.array([labels.get(int(topic), str(topic)) for topic in self.topics], dtype=object)

    def columns(self, places: NDArray[np.int64]) -> dict[str, Any]:
        return {"topic": self.topics[places], "label": self.labels[places]}


def _groups(groups: Sequence[str]) -> Groups:
    """The groups, the largest first, then all smaller ones together, then those without one."""
    sizes = Counter(groups)
    none = sizes.pop("", 0)
    ordered = [name for name, _ in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))]
    shown, rest = ordered[:MOST_GROUPS], ordered[MOST_GROUPS:]
    place = {name: number for number, name in enumerate(shown)}
    place |= dict.fromkeys(rest, len(shown)) | {"": len(shown) + bool(rest)}
    labels = [*shown, *([OTHER_GROUPS] if rest else []), *([NO_GROUP] if none else [])]
    return Groups(np.array(labels, dtype=object), np.array([place[name] for name in groups]))


def _counted(rows: NDArray[Any], columns: NDArray[Any], height: int, width: int) -> Counts:
    """How many documents are in each row and column [height, width]; those in column -1 are left out."""
    inside = columns >= 0
    cells = rows[inside] * width + columns[inside]
    return np.bincount(cells, minlength=height * width).reshape(height, width)


def _figures(counts: Counts, totals: Counts) -> dict[str, Any]:
    """The columns that all tables have."""
    low, high = interval(counts, totals)
    return {"documents": counts, "of": totals, "share": share(counts, totals), "low": low, "high": high}


def _over_time(names: _Names, bins: Bins, counts: Counts) -> pd.DataFrame:
    totals = np.broadcast_to(counts.sum(axis=0), counts.shape)
    figures = {**_figures(counts, totals), "smoothed": smoothed(counts, totals)}
    labels, starts = list(bins.labels), bins.starts.astype(str).tolist()
    if (without := bins.of < 0).any():
        missing = np.bincount(names.of[without], minlength=len(counts))[:, None]
        more = _figures(missing, np.full_like(missing, missing.sum()))
        more["smoothed"] = np.full(missing.shape, np.nan)
        figures = {name: np.hstack([values, more[name]]) for name, values in figures.items()}
        labels, starts = [*labels, NO_TIME], [*starts, None]
    topics, width = len(names.topics), len(labels)
    return pd.DataFrame(
        {
            **names.columns(np.repeat(np.arange(topics), width)),
            "bin": labels * topics,
            "start": pd.array(starts * topics, dtype="string"),
            **{name: values.ravel() for name, values in figures.items()},
        }
    )


def _changes(names: _Names, bins: Bins, counts: Counts) -> pd.DataFrame:
    own = np.flatnonzero(names.topics != OUTLIER)
    totals = counts.sum(axis=0)
    counts = counts[own]
    lines = smoothed(counts, np.broadcast_to(totals, counts.shape))
    found = slopes(counts, totals, bins.middles)
    unknown = np.full(len(own), np.nan)
    growth, low, high = (unknown,) * 3 if found is None else found.growth(YEARS[bins.unit])
    z, q = (unknown,) * 2 if found is None else (found.slope / found.error, found.q)
    sure = np.nan_to_num(q, nan=1.0) <= SURE
    trend = np.where(sure & (z > 0), RISING, np.where(sure, FALLING, UNCLEAR))
    table = pd.DataFrame(
        {
            **names.columns(own),
            "documents": counts.sum(axis=1),
            "trend": trend,
            "growth": growth,
            "growth_low": low,
            "growth_high": high,
            "q": q,
            "first": lines[:, 0],
            "last": lines[:, -1],
            "peak": [bins.labels[int(place)] for place in np.nan_to_num(lines, nan=-1).argmax(axis=1)],
            "z": z,
        }
    )
    order = table["trend"].map({RISING: 0, FALLING: 1, UNCLEAR: 2})
    surest = -table["z"].abs().fillna(0)
    return table.iloc[np.lexsort((table["topic"], surest, order))].reset_index(drop=True)


def _by_group(names: _Names, groups: Groups) -> pd.DataFrame:
    counts = _counted(names.of, groups.of, len(names.topics), len(groups.labels))
    found = differences(counts)
    sure = found.q <= SURE
    over, under = sure & (found.log_ratio > 0), sure & (found.log_ratio < 0)
    figures = {
        **_figures(counts, np.broadcast_to(counts.sum(axis=0), counts.shape)),
        "log2_ratio": found.log_ratio,
        "log2_low": found.low,
        "log2_high": found.high,
        "q": found.q,
        "representation": np.where(over, "over", np.where(under, "under", UNCLEAR)),
    }
    topics, width = counts.shape
    return pd.DataFrame(
        {
            **names.columns(np.repeat(np.arange(topics), width)),
            "group": np.tile(groups.labels, topics),
            **{name: values.ravel() for name, values in figures.items()},
        }
    )


def _by_group_over_time(names: _Names, groups: Groups, bins: Bins) -> pd.DataFrame:
    """The cells that have documents, group by group, so that no table of all cells is made."""
    width = len(bins) + 1  # the last for documents without a time
    bin_of = np.where(bins.of < 0, len(bins), bins.of)
    labels = np.array([*bins.labels, NO_TIME], dtype=object)
    starts = np.array([*bins.starts.astype(str), None], dtype=object)
    tables = []
    for number, label in enumerate(groups.labels):
        inside = groups.of == number
        counts = _counted(names.of[inside], bin_of[inside], len(names.topics), width)
        totals = np.broadcast_to(counts.sum(axis=0), counts.shape)
        topics, places = np.nonzero(counts)
        lines = np.full(counts.shape, np.nan)
        if totals[0, :-1].any():
            lines[:, :-1] = smoothed(counts[:, :-1], totals[:, :-1])
        figures = _figures(counts[topics, places], totals[topics, places])
        tables.append(
            pd.DataFrame(
                {
                    **names.columns(topics),
                    "group": label,
                    "bin": labels[places],
                    "start": pd.array(starts[places], dtype="string"),
                    **figures,
                    "smoothed": lines[topics, places],
                    "_order": topics,
                }
            )
        )
    whole = pd.concat(tables, ignore_index=True)
    return whole.sort_values("_order", kind="stable").drop(columns="_order").reset_index(drop=True)
