"""The commands that look at a run: ``show``, ``map``, ``assign`` and ``evaluate``."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localtopics.cli import options, terminal
from localtopics.cli.evaluation import print_evaluation
from localtopics.cli.render import finish, print_topics, print_topics_json, print_tree, rate, reporting
from localtopics.cli.terminal import echo, echo_json, harmless_line
from localtopics.errors import UserError

if TYPE_CHECKING:
    from localtopics.run.run import Run
    from localtopics.topics.topic import Topic


@click.command()
@options.run_folder
@click.option("--topic", type=int, help="One topic whole: keywords, aspects, representative documents.")
@click.option("--tree", is_flag=True, help="The levels of topics: what holds what.")
@options.as_json_lines
@click.option(
    "--xlsx",
    metavar="FILE.xlsx",
    type=click.Path(path_type=Path),
    help="Write topics and documents as an Excel workbook instead.",
)
@click.option("--force", is_flag=True, help="Replace the workbook that is there.")
@click.option("--open", "in_browser", is_flag=True, help="Open the page map.html in the browser instead.")
def show(
    run_folder: Path,
    topic: int | None,
    tree: bool,
    as_json: bool,
    xlsx: Path | None,
    force: bool,
    in_browser: bool,
) -> None:
    """Show the topics of a run."""
    from localtopics.run.run import Run

    run = Run.open(run_folder)
    labels = run.labels
    if in_browser:
        _open_page(run, topic)
        return
    if xlsx is not None:
        _write_workbook(run, xlsx, force)
        return
    if as_json:
        print_topics_json(run, topic)
        return
    if topic is None:
        (print_tree if tree else print_topics)(run)
        return
    found = topic_of(run, topic)
    console = terminal.console()
    for name, value in (
        ("label", labels[topic]),
        ("fidelity", "not measured" if found.fidelity is None else f"{found.fidelity:.2f}"),
        ("size", f"{found.size:,}"),
        ("keywords", ", ".join(found.keywords)),
        ("KeyBERT", ", ".join(found.keybert)),
        ("MMR", ", ".join(found.mmr)),
    ):
        console.print(f"{name:<9} {harmless_line(value)}")
    titles = _titles(run)
    for document in found.representative:
        console.print()
        if title := titles.get(document):
            console.print(harmless_line(title), style="bold")
        console.print(document)


def _write_workbook(run: Run, path: Path, force: bool) -> None:
    """Topics and documents as two sheets of a new file."""
    from localtopics.run.tables import check_place, write_workbook

    check_place(path)
    options.require_free(path, force, "xlsx")
    write_workbook(run.sheets(), path)
    echo(harmless_line(path))


def _open_page(run: Run, topic: int | None) -> None:
    """Open the page in the browser, at a topic's own page where one is named."""
    import webbrowser

    page = (run.folder / "map.html").resolve()
    if not page.is_file():
        raise UserError(f"{run.folder} holds no map.html: draw it first.", command=f"map {run.folder}")
    where = "" if topic is None else f"#topic={topic_of(run, topic).topic}"
    try:
        opened = webbrowser.open(page.as_uri() + where)
    except webbrowser.Error:
        opened = False
    if not opened:
        raise UserError(f"No browser is found on this machine: open {page} in one yourself.")
    echo(harmless_line(page))


def _titles(run: Run) -> dict[str, str]:
    """Text to title, where the documents have titles."""
    documents, passages = run.documents, run.passages
    if "title" not in documents:
        return {}
    titles = documents["title"].to_numpy()[passages["row"]]
    return dict(zip(passages["text"], titles, strict=True))


def topic_of(run: Run, number: int) -> Topic:
    """One topic of a run.

    Raises:
        UserError: there is no such topic.
    """
    try:
        return run[number]
    except KeyError as error:
        raise UserError(error.args[0]) from None


@click.command()
@options.run_folder
@click.option(
    "--headings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Names that people gave: a table with the columns topic and heading.",
)
@click.option(
    "--gold",
    metavar="COLUMN|FILE:COLUMN",
    help="Classes that people gave: a column of the run's documents, or of a file with their ids.",
)
@click.option(
    "--seeds",
    type=click.IntRange(0, 100),
    default=0,
    metavar="N",
    help="Find the topics again with N other seeds, to see how far all agree.",
)
@options.embedding_model_again
@options.as_json
@click.pass_obj
def evaluate(
    quiet: bool,
    /,
    run_folder: Path,
    headings: Path | None,
    gold: str | None,
    seeds: int,
    embedding_model: str | None,
    as_json: bool,
) -> None:
    """Measure the labels of a run, and its topics: does each label find its own topic among the others?

    A label is embedded like a document and should lie nearer to its own topic's documents, those that no
    model was shown, than to other topics'. Topics are measured by their words and by where their documents
    lie, and where it is asked against classes and other seeds.
    """
    from localtopics.run.evaluate import read_headings
    from localtopics.run.gold import read_gold
    from localtopics.run.run import Run

    run = Run.open(run_folder, embedding_model)
    with reporting(quiet) as progress:
        evaluation = run.evaluate(
            read_headings(headings) if headings else None,
            progress,
            gold=read_gold(run, gold) if gold else None,
            seeds=seeds,
        )
    if as_json:
        echo_json(asdict(evaluation))
    else:
        print_evaluation(run, evaluation)


@click.command("map")
@options.run_folder
@options.page_titles
@click.pass_obj
def map_command(quiet: bool, /, run_folder: Path, titles: str | None) -> None:
    """Draw map.png and map.html of a run anew.

    What is not said stays as it was asked last.
    """
    from localtopics.run.run import Run

    run = Run.open(run_folder)
    with reporting(quiet) as progress:
        run.redraw(progress, titles=titles)
    for name in ("map.html", "map.png"):
        echo(harmless_line(run.folder / name))


@click.command()
@options.run_folder
@options.outliers
@options.model
@options.hardware
@options.embedding_model_again
@options.as_json_lines
@click.pass_obj
def reduce(
    quiet: bool,
    /,
    run_folder: Path,
    outliers: str | None,
    embedding_model: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Let outliers of RUN join their nearest topics, until few enough are left.

    With --outliers 100% those that joined leave again. What is computed anew is only what follows: words,
    names and maps.
    """
    from localtopics.run.run import Run

    if outliers is None:
        raise UserError("It is not said how many outliers may be left.", arguments=["outliers"])
    run = Run.open(run_folder, embedding_model)
    with reporting(quiet) as progress:
        run.reduce_outliers(outliers, progress=progress, **options.label_settings(given))
    finish(run, as_json)


@click.command()
@options.run_folder
@click.argument("source")
@options.columns
@options.embedding_model_again
@options.later_embeddings
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A .csv, .tsv, .jsonl, .parquet or .xlsx file, or a name without an ending: a folder of Parquet "
    "files, for any number of documents [default: SOURCE's name with the ending .assigned.csv, in this "
    "folder].",
)
@options.limit
@options.ray
@options.raw_cells
@options.as_json
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.pass_obj
def assign(
    quiet: bool,
    /,
    run_folder: Path,
    source: str,
    embedding_model: str | None,
    embeddings: Path | None,
    out: Path | None,
    limit: int | None,
    ray: str | None,
    raw_cells: bool | None,
    as_json: bool,
    force: bool,
    **columns: str | None,
) -> None:
    """Give the documents of SOURCE, which came later, the topics of RUN.

    With --out FOLDER, a name without an ending, SOURCE may be of any length: it is read and answered part by
    part in the same memory, and the same command goes on where it was stopped.
    """
    from localtopics.corpus import read_corpus
    from localtopics.corpus.blocks import first_rows
    from localtopics.run.run import Run
    from localtopics.run.tables import check_target, write_table

    out = out or options.named_after(source, ".assigned.csv")
    if not out.suffix:
        run = Run.open(run_folder, embedding_model)
        if embeddings is not None:
            raise UserError("Ready embeddings are not taken with a folder of parts.", arguments=["out"])
        with reporting(quiet) as progress:
            parts = run.assign_parts(
                source, out, limit=limit, force=force, ray=ray, progress=progress, **columns
            )
        _print_assigned(out, parts.counts, as_json, rate(parts.made, parts.seconds))
        return
    if ray is not None:
        raise UserError("Ray writes a folder of parts: name one, without an ending.", arguments=["out"])
    check_target(out)
    options.require_free(out, force, "out")
    run = Run.open(run_folder, embedding_model)
    with reporting(quiet) as progress:
        corpus = (
            first_rows(source, limit, **columns)
            if limit
            else read_corpus(source, progress=progress, **columns)
        )
        assigned = run.assign(corpus, embeddings=embeddings, progress=progress)
    write_table(assigned, out, raw_cells=bool(raw_cells), mode=0o666)
    pairs = Counter(zip(assigned["topic"].tolist(), assigned["label"].tolist(), strict=True)).most_common()
    _print_assigned(out, [(topic, label, count) for (topic, label), count in pairs], as_json)


def _print_assigned(out: Path, counts: list[tuple[int, str, int]], as_json: bool, speed: str = "") -> None:
    """Print how many documents have which topic, and where the table lies."""
    from localtopics.topics.topic import OUTLIER

    documents = sum(count for _, _, count in counts)
    outliers = sum(count for topic, _, count in counts if topic == OUTLIER)
    found = sum(topic != OUTLIER for topic, _, _ in counts)
    if as_json:
        topics = [{"topic": topic, "label": label, "documents": count} for topic, label, count in counts]
        echo_json(
            {
                "file": str(out),
                "documents": documents,
                "topics": found,
                "outliers": outliers,
                "counts": topics,
            }
        )
        return
    for _, label, count in counts[:30]:
        echo(f"{count:>8,}  {harmless_line(label)}")
    share = f"{outliers / documents:.0%}" if documents else "0%"
    echo(f"\n{documents:,} documents, {found:,} topics, {share} outliers{speed}: {out}")
