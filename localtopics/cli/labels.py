"""The commands about names: ``label``, ``prompt`` and ``ask``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from localtopics.cli import options
from localtopics.cli.render import finish, reporting
from localtopics.cli.results import topic_of
from localtopics.cli.terminal import echo
from localtopics.labels.settings import LabelSettings


@click.command()
@options.run_folder
@options.embedding_model_again
@options.labels
@options.raw_cells
@options.as_json_lines
@click.pass_obj
def label(quiet: bool, /, run_folder: Path, embedding_model: str | None, as_json: bool, **given: Any) -> None:
    """Name the topics of a run anew, with another model or prompt; nothing else is computed again.

    What is not said stays as it was; only keywords give way to the best model on this machine.
    """
    from localtopics.run.run import Run

    run = Run.open(run_folder, embedding_model)
    with reporting(quiet) as progress:
        run.relabel(progress=progress, **options.label_settings(given))
    finish(run, as_json)


@click.command()
@click.argument("run_folder", metavar="[RUN]", type=click.Path(path_type=Path), required=False)
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
    found = topic_of(run, topic)
    with Namer(settings=run.asked_labels(options.label_settings(given))) as namer:
        text, tokens = namer.prompt_of(found)
    echo(text)
    echo(f"\n{tokens:,} tokens", err=True)


@click.command()
@click.argument("question")
@options.model
@options.hardware
@click.option("--max-tokens", type=click.IntRange(1), default=256, show_default=True, help="Longest answer.")
def ask(question: str, max_tokens: int, **given: Any) -> None:
    """Send one prompt to the model and stream its answer, to see that it works."""
    from localtopics.labels.namer import Namer

    with Namer(settings=LabelSettings(**options.label_settings(given))) as namer:
        for piece in namer.ask(question, max_tokens):
            echo(piece, newline=False)
    echo()
