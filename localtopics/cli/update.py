"""The command ``update``: a run takes in documents that came later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localtopics.checked import types_of
from localtopics.cli import options, terminal
from localtopics.cli.render import reporting
from localtopics.cli.terminal import echo, echo_json, harmless_line

if TYPE_CHECKING:
    from localtopics.run.growth import Growth


@click.command()
@options.run_folder
@click.argument("source")
@options.columns
@options.embedding_model_again
@options.later_embeddings
@click.option(
    "--refit",
    is_flag=True,
    help="Lay out and cluster all documents anew; topics keep the numbers of those that they match.",
)
@options.labels
@options.as_json
@click.pass_obj
def update(
    quiet: bool,
    /,
    run_folder: Path,
    source: str,
    embedding_model: str | None,
    embeddings: Path | None,
    refit: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Take the documents of SOURCE, which came later, into RUN, and say what that changes.

    Old documents keep topics and places, and topics their numbers, colours and, unless they grow by more than
    half, names; what fits nowhere makes new topics. Columns are those that the run was read by.
    """
    from localtopics.corpus import read_corpus
    from localtopics.corpus.settings import Reading
    from localtopics.run.run import Run
    from localtopics.run.settings import InputSettings

    run = Run.open(run_folder, embedding_model)
    asked = run.settings.input
    alike = Path(source).suffixes == Path(asked.source or "").suffixes
    known = {name for name in types_of(InputSettings) if alike or name not in types_of(Reading)}
    columns = {
        name: given.pop(name) or (getattr(asked, name) if name in known else None)
        for name in types_of(InputSettings)
        if name in given
    }
    with reporting(quiet) as progress:
        corpus = read_corpus(source, progress=progress, **columns)
        found = run.update(
            corpus, embeddings=embeddings, refit=refit, progress=progress, **options.label_settings(given)
        )
    if as_json:
        topics = found.topics.to_dict("records")
        echo_json({"added": found.added, "known": found.known, "kept": found.kept, "topics": topics})
        return
    _print(found)
    echo(harmless_line(run.folder / "map.html"))


def _print(found: Growth) -> None:
    """What the new documents changed; topics that stayed as they were are only counted."""
    counts = found.topics["change"].value_counts().to_dict()
    changed = found.topics[(found.topics["change"] != "same") | (found.topics["renamed"] != "")]
    table = terminal.table()
    for name in ("topic", "before", "after"):
        table.add_column(name, justify="right")
    for name in ("change", "label", "called before"):
        table.add_column(name, overflow="fold")
    for row in changed.to_dict("records"):
        table.add_row(
            str(row["topic"]),
            f"{row['before']:,}",
            f"{row['after']:,}",
            row["change"],
            row["label"],
            row["renamed"],
        )
    if len(changed):
        terminal.console().print(table)
        echo()
    known = f", {found.known:,} were there already" if found.known else ""
    echo(f"{found.added:,} documents are new{known}.")
    said = ", ".join(f"{count:,} {change}" for change, count in counts.items())
    echo(f"Topics: {said or 'none'}; {found.kept:.1%} of the old documents in topics keep theirs.")
