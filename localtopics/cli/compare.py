"""The command ``localtopics compare``: two runs side by side."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localtopics.cli import options, terminal
from localtopics.cli.render import reporting
from localtopics.cli.terminal import echo, echo_json, harmless_line

if TYPE_CHECKING:
    from localtopics.run.compare import Comparison


@click.command()
@click.argument("first", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("second", metavar="OTHER", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The table as a .csv, .tsv, .jsonl, .parquet or .xlsx file.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    default=Path("compare.html"),
    show_default=True,
    help="The page to write: both runs side by side.",
)
@options.as_json
@options.raw_cells
@click.option("--force", is_flag=True, help="Replace the files that are there.")
@click.pass_obj
def compare(
    quiet: bool,
    /,
    first: Path,
    second: Path,
    out: Path | None,
    page: Path,
    as_json: bool,
    raw_cells: bool | None,
    force: bool,
) -> None:
    """Compare the topics of two runs: which match, split, merged, vanished or are new.

    Topics are compared by the documents in both runs, those of the same text, or where these are few by the
    embeddings of their documents.
    """
    from localtopics.run.compare import draw_comparison
    from localtopics.run.run import Run
    from localtopics.run.tables import check_place, check_target, write_table

    if out is not None:
        check_target(out)
    check_place(page)
    for path, name in ((out, "out"), (page, "page")):
        if path is not None:
            options.require_free(path, force, name)
    runs = Run.open(first), Run.open(second)
    with reporting(quiet) as progress:
        found = runs[0].compare(runs[1], progress)
    draw_comparison(found, page, (first.name, second.name))
    if out is not None:
        write_table(found.table(), out, raw_cells=bool(raw_cells), mode=0o666)
    if as_json:
        echo_json(asdict(found))
        return
    _print_comparison(found)
    echo()
    for path in filter(None, (page, out)):
        echo(harmless_line(path))


def _print_comparison(found: Comparison) -> None:
    """The links as a table, matches without news last, and a line that says what was compared."""
    import pandas as pd

    from localtopics.run.compare import summary
    from localtopics.topics.matching import GROWN, LEAST_F1, MOST

    console, table = terminal.console(), terminal.table()
    by_documents = found.by == "documents"
    table.add_column("")
    for name in ("topic", "other"):
        table.add_column(name, overflow="fold", max_width=48)
    if by_documents:
        table.add_column("in both", justify="right")
    table.add_column("F1" if by_documents else "cosine", justify="right")
    for row in found.table().to_dict("records"):
        cells = [row["change"], _topic(row, "first"), _topic(row, "second")]
        if by_documents:
            cells.append(f"{row['documents']:,}" if row["documents"] else "")
        table.add_row(*cells, "" if pd.isna(row["similarity"]) else f"{row['similarity']:.2f}")
    console.print(table)
    console.print(f"\n{summary(found)}", soft_wrap=True)
    if by_documents:
        console.print(
            f"match: an F1 of documents from {LEAST_F1:.2f} on; grown, shrunk: by {GROWN - 1:.0%} or more; "
            f"split, merge: of a topic without a match {MOST:.0%} or more of the documents are in one other.",
            soft_wrap=True,
        )


def _topic(row: dict[Hashable, Any], side: str) -> str:
    """A topic in a cell: number, name, size."""
    number, label = row[f"{side}_topic"], row[f"{side}_label"]
    return "" if not isinstance(label, str) else f"{number} {label} ({row[f'{side}_size']:,})"
