"""Topics over time and by group, as a run folder holds them: from which columns, in which files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from localtopics.corpus.columns import listed
from localtopics.corpus.values import as_string
from localtopics.errors import UserError
from localtopics.files import remove
from localtopics.run.folder import RunFolder
from localtopics.run.lock import TRENDS
from localtopics.run.tables import write_table
from localtopics.trends.settings import TrendSettings
from localtopics.trends.times import read_times
from localtopics.trends.trends import Trends, follow

log = logging.getLogger(__name__)

_TABLES = {
    "topics_over_time.csv": "over_time",
    "topic_trends.csv": "changes",
    "topics_by_group.csv": "by_group",
    "topics_by_group_over_time.csv": "by_group_over_time",
}
"""File to the attribute of `Trends` that it holds."""
_DIGITS = 6
"""Decimals of shares in the tables."""


def trend_settings(run: RunFolder) -> TrendSettings:
    """How the topics of a run are followed: as was asked last, or else as usual.

    Raises:
        UserError: the run folder holds a setting that there is none of.
    """
    recorded = run.record.get("trends", {}).get("settings", {})
    try:
        return TrendSettings(**recorded)
    except TypeError:
        raise UserError(f"{run.folder} is damaged: it has unknown settings of trends.") from None


def asked_trends(run: RunFolder, given: dict[str, Any]) -> TrendSettings:
    """The same with what is given in place; None is not given."""
    return replace(trend_settings(run), **{name: value for name, value in given.items() if value is not None})


def compute_trends(run: RunFolder, settings: TrendSettings) -> Trends:
    """Follow the topics of a labelled run; without tables where it has neither times nor groups.

    Raises:
        UserError: there is no such column, or the bins are too many.
    """
    labels = run.labels
    times = _column(run, "time", settings.time)
    groups = _column(run, "group", settings.group)
    read = None if times is None else read_times(times)
    usable = read if read is not None and (read.exact >= 0).any() else None
    trends = Trends()
    if usable is not None or groups is not None:
        trends = follow(run.documents["topic"].to_numpy(), labels, usable, groups, settings.bins)
    if times is None or read is None or not read.unread:
        return trends
    return replace(trends, notes=(_unread(times, read.unread), *trends.notes))


def write_trends(run: RunFolder) -> Trends:
    """Write the tables and pictures of topics over time and by group, take away older ones, and return them.

    Within a stage: what a kill leaves half done is done again.
    """
    from localtopics.report.png.groups import draw_by_group
    from localtopics.report.png.groups_over_time import draw_groups_over_time
    from localtopics.report.png.trends import draw_over_time

    trends = compute_trends(run, trend_settings(run))
    log_notes(trends)
    files = trend_files(trends)
    for name in TRENDS:
        if name not in files:
            remove(run.folder / name)
    for name, attribute in _TABLES.items():
        if (table := getattr(trends, attribute)) is not None:
            raw = run.settings.labels.raw_cells
            write_table(table.round(_DIGITS), run.folder / name, raw_cells=raw)
    if trends.over_time is not None:
        draw_over_time(run.folder / "topics_over_time.png", trends, title=run.title)
    if trends.by_group is not None:
        draw_by_group(run.folder / "topics_by_group.png", trends, title=run.title)
    if trends.by_group_over_time is not None:
        draw_groups_over_time(run.folder / "topics_by_group_over_time.png", trends, title=run.title)
    if trends:
        run.note("trends", {"settings": asdict(trend_settings(run)), "files": files})
    return trends


def log_notes(trends: Trends) -> None:
    """Say what could not be used as it was."""
    for note in trends.notes:
        log.warning("%s", note)


def trend_files(trends: Trends) -> list[str]:
    """The files that `write_trends` writes."""
    tables = [name for name, attribute in _TABLES.items() if getattr(trends, attribute) is not None]
    pictures = [name.replace(".csv", ".png") for name in tables if name.replace(".csv", ".png") in TRENDS]
    return [*tables, *pictures]


def trends_written(run: RunFolder, trends: Trends) -> bool:
    """Whether the files are there, whole, and no others."""
    files = trend_files(trends)
    recorded = run.record.get("trends", {}).get("files")
    return run.done("maps") and recorded == files and all((run.folder / name).is_file() for name in files)


def _column(run: RunFolder, field: str, name: str | None) -> list[str] | None:
    """A column of the documents as text, by its name there or in the source; None where none is asked for.

    Raises:
        UserError: there is no such column.
    """
    documents = run.documents
    if name is None and field not in documents:
        return None
    if name in (None, getattr(run.settings.input, field)) and field in documents:
        name = field
    found = next((column for column in (name, f"{name}_") if column in documents), None)
    if found is None:
        raise UserError(
            f"The documents of {run.folder} have no column {name!r}; they have "
            f"{listed(list(map(str, documents.columns)), len(documents.columns))}.",
            arguments=[field],
        )
    return [as_string(value) for value in documents[found].tolist()]


def _unread(texts: Sequence[str], unread: Sequence[str]) -> str:
    """How many times could not be read, with some of them."""
    known = set(unread)
    lost = sum(text.strip() in known for text in texts)
    return (
        f"{lost:,} of {len(texts):,} times cannot be read and count as no time, such as {listed(unread, 2)}: "
        "2011-05-03 can be, and 2011"
    )
