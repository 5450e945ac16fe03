"""The command line: parse, call, print; the work is done elsewhere.

Everything heavy is imported inside the command that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localtopics import __version__
from localtopics.cli import options, terminal
from localtopics.cli.group import Commands
from localtopics.cli.models import models
from localtopics.cli.render import finish, print_topics, reporting
from localtopics.cli.terminal import echo, echo_json, harmless_line
from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings
from localtopics.topics.topic import OUTLIER

if TYPE_CHECKING:
    from localtopics.run.run import Run


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="localtopics")
@click.option("--quiet", "-q", is_flag=True, help="No progress bars and notes.")
@click.pass_context
def cli(ctx: click.Context, quiet: bool) -> None:
    """From a pile of documents to a map of named topics, on one computer, offline."""
    ctx.obj = quiet


def main() -> None:
    """The entry point of the ``localtopics`` command."""
    cli()


# -- the commands ------------------------------------------------------------------------------------------


@cli.command("run")
@click.argument("source", required=False)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The run folder [default: SOURCE with the ending .topics]."
)
@options.columns
@options.embedding
@options.topics
@options.labels
@options.raw_cells
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings from a TOML file or another run's run.json."
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace a run of other documents, settings or versions; the same run goes on.",
)
@click.pass_obj
def run_command(
    quiet: bool, /, source: str | None, out: Path | None, config: Path | None, force: bool, **given: Any
) -> None:
    """Find and name the topics of SOURCE.

    SOURCE is a csv, tsv, jsonl, parquet or text file (a document a line), a folder of text files, or
    hf:OWNER/NAME. Stopped or killed, the same command goes on from the last finished stage.
    """
    from localtopics.run.stages import run_file

    settings = options.run_settings(config, source, given)
    named = settings.input.source
    if out is None:
        if named is None:
            raise UserError(
                "No documents named: give a file, a folder or hf:OWNER/NAME, or run `localtopics demo`."
            )
        out = _named_after(named, ".topics")
    with reporting(quiet) as progress:
        run = run_file(settings, out, force=force, progress=progress)
    finish(run)


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--topic", type=int, help="One topic whole: keywords, aspects, representative documents.")
@click.option("--json", "as_json", is_flag=True, help="The table as JSON lines.")
def show(run_folder: Path, topic: int | None, as_json: bool) -> None:
    """Show the topics of a run."""
    from localtopics.run.run import Run

    run = Run.open(run_folder)
    if as_json:
        for item in run.topics:
            if topic is None or item.topic == topic:
                names = {"label": run.labels[item.topic], "fidelity": run.fidelity.get(item.topic)}
                echo_json(names | asdict(item))
        return
    if topic is None:
        print_topics(run)
        return
    found = _topic(run, topic)
    console = terminal.console()
    fidelity = run.fidelity.get(topic)
    for name, value in (
        ("label", run.labels[topic]),
        ("fidelity", "not measured" if fidelity is None else f"{fidelity:.2f}"),
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


def _named_after(source: str, ending: str) -> Path:
    """Where a result goes that nobody gave a name: into this folder, by the source's own name."""
    name = source.removeprefix("hf:").rstrip("/").rsplit("/", 1)[-1]
    name = name.encode(errors="backslashreplace").decode()  # whatever bytes it has, the result's can be shown
    return Path(name.split(".", 1)[0] + ending)


def _titles(run: Run) -> dict[str, str]:
    """Text to title, where the documents have titles."""
    documents = run.documents
    return dict(zip(documents["text"], documents["title"], strict=True)) if "title" in documents else {}


def _topic(run: Run, number: int) -> Any:
    for topic in run.topics:
        if topic.topic == number:
            return topic
    numbers = [topic.topic for topic in run.topics]
    raise UserError(f"{run.folder} has no topic {number}; its topics are {numbers[0]} to {numbers[-1]}.")


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--headings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Names that people gave: a table with the columns topic and heading.",
)
@options.embedding_model_again
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
@click.pass_obj
def evaluate(
    quiet: bool, /, run_folder: Path, headings: Path | None, embedding_model: str | None, as_json: bool
) -> None:
    """Measure the labels of a run: does each find its own topic among the others?

    A label is embedded like a document and should lie nearer to its own topic's documents, those that no
    model was shown, than to other topics'.
    """
    from localtopics.cli.render import print_evaluation
    from localtopics.run.evaluate import evaluate, read_headings
    from localtopics.run.run import Run

    run = Run.open(run_folder, embedding_model)
    with reporting(quiet) as progress:
        evaluation = evaluate(run, read_headings(headings) if headings else None, progress)
    if as_json:
        echo_json(asdict(evaluation))
    else:
        print_evaluation(run, evaluation)


@cli.command("map")
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.pass_obj
def map_command(quiet: bool, /, run_folder: Path) -> None:
    """Draw map.png and map.html of a run anew."""
    from localtopics.run.run import Run
    from localtopics.run.stages import redraw

    run = Run.open(run_folder)
    with reporting(quiet) as progress:
        redraw(run, progress)
    for name in ("map.html", "map.png"):
        echo(harmless_line(run.folder / name))


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("source")
@options.columns
@options.embedding_model_again
@click.option(
    "--embeddings", type=click.Path(path_type=Path), help="Ready embeddings of the new documents (.npy)."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A .csv, .tsv, .jsonl or .parquet file [default: SOURCE's name with the ending .assigned.csv, in "
    "this folder].",
)
@options.raw_cells
@click.option("--force", is_flag=True, help="Replace the file that is there.")
@click.pass_obj
def assign(
    quiet: bool,
    /,
    run_folder: Path,
    source: str,
    embedding_model: str | None,
    embeddings: Path | None,
    out: Path | None,
    raw_cells: bool | None,
    force: bool,
    **columns: str | None,
) -> None:
    """Give the documents of SOURCE, which came later, the topics of RUN."""
    from localtopics.corpus import read_corpus
    from localtopics.run.run import Run
    from localtopics.run.stages import assign
    from localtopics.run.tables import check_target, write_table

    out = out or _named_after(source, ".assigned.csv")
    check_target(out)
    if out.exists() and not force:
        raise UserError(f"{out} exists already: name another file by --out, or add --force.")
    run = Run.open(run_folder, embedding_model)
    with reporting(quiet) as progress:
        corpus = read_corpus(source, **columns)
        assigned = assign(run, corpus, embeddings, progress)
    write_table(assigned.table, out, raw_cells=bool(raw_cells), mode=0o666)
    counts = assigned.table["label"].value_counts()
    for label, count in counts.head(30).items():
        echo(f"{count:>8,}  {harmless_line(label)}")
    outliers = assigned.table["topic"] == OUTLIER
    found = assigned.table.loc[~outliers, "topic"].nunique()
    echo(f"\n{len(outliers):,} documents, {found:,} topics, {outliers.mean():.0%} outliers: {out}")


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@options.embedding_model_again
@options.labels
@options.raw_cells
@click.pass_obj
def label(quiet: bool, /, run_folder: Path, embedding_model: str | None, **given: Any) -> None:
    """Name the topics of a run anew, with another model or prompt; nothing else is computed again.

    What is not said stays as it was; only keywords give way to the best model on this machine.
    """
    from localtopics.labels.namer import NO_MODEL
    from localtopics.run.run import Run
    from localtopics.run.stages import relabel

    run = Run.open(run_folder, embedding_model)
    settings = _label_settings(run, given)
    if settings.model == NO_MODEL and given["model"] is None:
        settings = replace(settings, model=None)  # who had keywords and asks again wants a model
    with reporting(quiet) as progress:
        relabel(run, settings, progress)
    finish(run)


def _label_settings(run: Run, given: dict[str, Any]) -> LabelSettings:
    """How a run's topics were named, with what the command line says in place."""
    before = run.settings.labels if given["model"] is not None else run.label_settings
    return options.label_settings(before, given)


cli.add_command(models)


@cli.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo.topics"),
    show_default=True,
    help="The run folder.",
)
@click.option(
    "--limit", type=click.IntRange(100), default=5000, show_default=True, help="How many documents."
)
@options.topics
@options.labels
@options.raw_cells
@click.option(
    "--force",
    is_flag=True,
    help="Replace a run of other documents, settings or versions; the same run goes on.",
)
@click.pass_obj
def demo(quiet: bool, /, out: Path, limit: int, force: bool, **given: Any) -> None:
    """The whole job on text that is already on this machine.

    The documents are the docstrings of the scientific Python packages that are installed here.
    """
    from localtopics.demo import demo_corpus
    from localtopics.run.stages import run_corpus

    with reporting(quiet) as progress:
        corpus = demo_corpus(limit, progress)
        run = run_corpus(corpus, options.run_settings(None, None, given), out, force=force, progress=progress)
    finish(run)


@cli.command()
@options.model_argument
@options.machine
@click.pass_obj
def doctor(quiet: bool, /, model: str | None, **given: Any) -> None:
    """Show what this machine can run, and how: processor, GPUs, llama.cpp, models, and the plan for MODEL.

    A model that is here is loaded and timed for about ten seconds.
    """
    from localtopics.cli.render import print_machine, print_plan
    from localtopics.labels.namer import Namer
    from localtopics.llama.probe import inspect_system, probe
    from localtopics.models import installed_models

    namer = Namer(model, options.label_settings(LabelSettings(), given))
    print_machine(inspect_system(), installed_models())
    if namer.model_record is None:
        echo("\nNo model is here; `localtopics models pull llama-2-13b-chat` fetches one.", err=True)
        return
    with namer, reporting(quiet) as progress:
        engine = namer.loaded()
        print_plan(engine.info, engine.plan, probe(engine, progress=progress))


@cli.command()
@click.argument("question")
@options.model
@options.machine
@click.option("--max-tokens", type=click.IntRange(1), default=256, show_default=True, help="Longest answer.")
def ask(question: str, max_tokens: int, **given: Any) -> None:
    """Send one prompt to the model and stream its answer, to see that it works."""
    from localtopics.labels.namer import Namer

    with Namer(settings=options.label_settings(LabelSettings(), given)) as namer:
        for piece in namer.ask(question, max_tokens):
            echo(piece, newline=False)
    echo()


@cli.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path), required=False)
@click.option("--topic", type=int, default=0, show_default=True, help="The topic whose prompt is shown.")
@options.labels
def prompt(run_folder: Path | None, topic: int, **given: Any) -> None:
    """Show the exact prompt of a topic and its token count; without RUN, the built-in prompt file."""
    from localtopics.labels.namer import Namer
    from localtopics.labels.prompt import DEFAULT_PROMPT
    from localtopics.run.run import Run

    if run_folder is None:
        echo(DEFAULT_PROMPT, newline=False)
        return
    run = Run.open(run_folder)
    found = _topic(run, topic)
    with Namer(settings=_label_settings(run, given)) as namer:
        text, tokens = namer.prompt_of(found)
    echo(text)
    echo(f"\n{tokens:,} tokens", err=True)
