"""The command ``localtopics trends``: topics over time and by group."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localtopics.cli import options, terminal
from localtopics.cli.render import reporting
from localtopics.cli.results import topic_of
from localtopics.cli.terminal import echo, echo_json, harmless_line

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from localtopics.trends.trends import Trends

_ROWS = 15
_BARS = "▁▂▃▄▅▆▇█"
_WIDE = 120
"""Columns of a terminal that has room for intervals and groups."""
_WIDEST = 30
"""Signs of the smallest picture of a topic over time."""
_GROUPS = 3
"""Groups that are named beside a topic."""


@click.command()
@options.run_folder
@options.trends
@click.option("--topic", type=int, help="One topic: every bin and group.")
@click.option("--json", "as_json", is_flag=True, help="The tables as JSON lines, a topic a line.")
@click.pass_obj
def trends(quiet: bool, /, run_folder: Path, topic: int | None, as_json: bool, **asked: str | None) -> None:
    """Follow the topics of a run over time and compare them between groups.

    Writes topics_over_time.csv, topic_trends.csv, topics_by_group.csv, topics_by_group_over_time.csv and
    pictures into RUN. Times and groups are those that the run was given, or any other column of its
    documents. What is not said stays as it was asked last.
    """
    from localtopics.run.run import Run
    from localtopics.run.trends import trend_files

    run = Run.open(run_folder)
    if topic is not None:
        topic_of(run, topic)
    with reporting(quiet) as progress:
        found = run.trends(**asked, progress=progress)
    if as_json:
        for record in _records(found, topic):
            echo_json(record)
    elif topic is not None:
        _print_topic(found, topic)
    else:
        _print_trends(found)
        echo()
        for name in trend_files(found):
            echo(harmless_line(run.folder / name))


def _print_trends(found: Trends) -> None:
    """The topics that surely rise and fall, with the groups that have most of them; else topics by group."""
    from localtopics.trends.trends import FALLING, RISING

    if found.changes is None:
        _print_groups(found)
        return
    console = terminal.console()
    counts = {}
    for trend, name in ((RISING, "Rising"), (FALLING, "Falling")):
        rows = found.changes[found.changes["trend"] == trend]
        counts[trend] = len(rows)
        if len(rows):
            more = f", the surest {_ROWS} of {len(rows):,}" if len(rows) > _ROWS else ""
            console.print(f"{name}{more}:", style="bold")
            console.print(_changes(rows.head(_ROWS), found, wide=console.width >= _WIDE))
            console.print()
    total = len(found.changes)
    console.print(
        f"Of {total:,} topics {counts[RISING]:,} surely rise and {counts[FALLING]:,} fall; "
        f"{total - sum(counts.values()):,} are unclear. Shares are smoothed, of the first and the last "
        f"{found.unit}. The odds grow by so much, with a 95 % interval (quasi-binomial regression, false "
        "discovery rate 5 %)."
    )


def _changes(rows: pd.DataFrame, found: Trends, *, wide: bool) -> Table:
    """Topics that rise or fall; a narrow terminal has no room for intervals and groups."""
    lines, groups = _lines(found, _WIDEST if wide else _WIDEST // 2), _groups(found) if wide else {}
    table = terminal.table()
    table.add_column("topic", justify="right", no_wrap=True)
    table.add_column("docs", justify="right", no_wrap=True)
    table.add_column("label", overflow="fold", min_width=16, max_width=44)
    if lines:
        table.add_column("over time", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column(f"odds a {found.unit}", justify="right", no_wrap=True)
    if groups:
        table.add_column("most in", no_wrap=True, overflow="ellipsis", max_width=36, style="dim")
    for row in rows.to_dict("records"):
        number = row["topic"]
        cells = [str(number), f"{row['documents']:,}", row["label"]]
        cells += [lines[number]] if lines else []
        cells += [f"{_share(row['first'])} to {_share(row['last'])}", _growth(row, interval=wide)]
        table.add_row(*cells, *([groups.get(number, "")] if groups else []))
    return table


def _print_groups(found: Trends) -> None:
    table = terminal.table()
    table.add_column("topic", justify="right")
    table.add_column("size", justify="right")
    table.add_column("label", overflow="fold", max_width=48)
    table.add_column("most in", no_wrap=True, overflow="ellipsis")
    assert found.by_group is not None
    groups = _groups(found)
    for topic, rows in _by_topic(found.by_group):
        table.add_row(
            str(topic), f"{rows['documents'].sum():,}", rows["label"].iloc[0], groups.get(topic, "")
        )
    console = terminal.console()
    console.print(table)
    console.print(
        "\nThe groups that surely have more of a topic than the others, with its share of their documents "
        "(Fisher's exact test, false discovery rate 5 %)."
    )


def _print_topic(found: Trends, topic: int) -> None:
    """Every bin and group of one topic."""
    console = terminal.console()
    for rows, first in ((found.over_time, "bin"), (found.by_group, "group")):
        if rows is None:
            continue
        own = rows[rows["topic"] == topic]
        if first == "group":
            own = own[own["documents"] > 0]
        table = terminal.table()
        table.add_column(first)
        for name in ("documents", "of", "share", "95 % interval", *_further(first)):
            table.add_column(name, justify="right")
        for row in own.to_dict("records"):
            cells = [row[first], f"{row['documents']:,}", f"{row['of']:,}"]
            cells += [_share(row["share"]), f"{_share(row['low'])} to {_share(row['high'])}"]
            if first == "bin":
                cells.append(_share(row["smoothed"]))
            else:
                cells += [f"{row['log2_ratio']:+.1f}", row["representation"]]
            table.add_row(*cells)
        console.print(table)
        console.print()


def _further(first: str) -> tuple[str, ...]:
    return ("smoothed",) if first == "bin" else ("log2 odds ratio", "representation")


def _lines(found: Trends, widest: int) -> dict[int, str]:
    """Each topic's smoothed shares as a line of small bars; nothing where the terminal cannot show them."""
    import numpy as np

    if found.over_time is None or not (sys.stdout.encoding or "").lower().startswith("utf"):
        return {}
    lines = {}
    for topic, rows in _by_topic(found.over_time.dropna(subset="smoothed")):
        shares = rows["smoothed"].to_numpy()
        parts = np.array_split(shares, min(len(shares), widest))
        heights = np.array([part.mean() for part in parts])
        places = np.round(heights / (heights.max() or 1) * (len(_BARS) - 1)).astype(int)
        lines[topic] = "".join(_BARS[place] for place in places)
    return lines


def _groups(found: Trends) -> dict[int, str]:
    """The groups that surely have more of each topic than the others, with its share of their documents."""
    if found.by_group is None:
        return {}
    over = found.by_group[found.by_group["representation"] == "over"]
    over = over.sort_values("documents", ascending=False, kind="stable")
    return {
        topic: ", ".join(
            f"{group} {_share(share)}" for group, share in zip(rows["group"], rows["share"], strict=True)
        )
        for topic, rows in ((topic, rows.head(_GROUPS)) for topic, rows in _by_topic(over))
    }


def _records(found: Trends, topic: int | None) -> list[dict[str, Any]]:
    """A record a topic: its change, its bins and its groups."""
    tables = {
        "bins": found.over_time,
        "groups": found.by_group,
        "groups_over_time": found.by_group_over_time,
    }
    first = found.over_time if found.over_time is not None else found.by_group
    assert first is not None
    changes = {} if found.changes is None else {row["topic"]: row for row in _plain(found.changes)}
    inner = {
        name: {number: _plain(rows) for number, rows in _by_topic(table)}
        for name, table in tables.items()
        if table is not None
    }
    records = []
    for number, label in first[["topic", "label"]].drop_duplicates().itertuples(index=False):
        if topic is None or number == topic:
            own = {name: rows.get(number, []) for name, rows in inner.items()}
            for rows in own.values():
                for row in rows:
                    del row["topic"], row["label"]
            records.append({"topic": int(number), "label": label, **changes.get(number, {}), **own})
    return records


def _by_topic(table: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    for topic, rows in table.groupby("topic"):
        yield int(str(topic)), rows


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of numbers and strings, None where a value is missing."""
    plain = table.astype(object)
    return [
        {str(name): value for name, value in row.items()}
        for row in plain.where(plain.notna(), None).to_dict("records")
    ]


def _share(share: float) -> str:
    if share != share:  # of no documents
        return ""
    return f"{share:.1%}" if share < 0.0995 else f"{share:.0%}"


def _growth(row: dict[Any, Any], *, interval: bool) -> str:
    """The growth of the odds, with its interval where there is room, in per cent."""
    middle, low, high = (100 * (row[name] - 1) for name in ("growth", "growth_low", "growth_high"))
    digits = 0 if abs(middle) >= 9.5 else 1
    said = f" ({low:+,.{digits}f} to {high:+,.{digits}f})" if interval else ""
    return f"{middle:+,.{digits}f} %{said}"
