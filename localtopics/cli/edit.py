"""The command ``edit``: changes to topics that last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localtopics.cli import options, terminal
from localtopics.cli.render import finish, reporting
from localtopics.cli.terminal import echo, echo_json

if TYPE_CHECKING:
    from localtopics.run.editor import Editor
    from localtopics.run.run import Run
    from localtopics.topics.editing import Edit


@dataclass(frozen=True)
class _Asked:
    """What all ways to edit have in common."""

    folder: Path
    embedding_model: str | None
    quiet: bool
    labels: dict[str, Any]

    @cached_property
    def run(self) -> Run:
        """The run, opened when it is first needed: not for ``--help``."""
        from localtopics.run.run import Run

        return Run.open(self.folder, self.embedding_model)

    @contextmanager
    def editor(self) -> Iterator[Editor]:
        """What changes the topics; they are shown when that is done."""
        from localtopics.run.editor import Editor

        run = self.run
        with reporting(self.quiet) as progress:
            yield Editor(run, progress, **self.labels)
        finish(self.run, as_json=False)


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@options.run_folder
@options.embedding_model_again
@options.labels
@options.as_json_lines
@click.pass_context
def edit(
    ctx: click.Context, /, run_folder: Path, embedding_model: str | None, as_json: bool, **given: Any
) -> None:
    """Change the topics of a run by hand: rename, merge, split, drop, move, note.

    Changes are lines of RUN/edits.jsonl, each of which knows its topic by what it holds, so they are done
    again after label, update and run --force. Only topics that change are named anew. Without a command the
    changes so far are shown, and finished where one was stopped.
    """
    asked = _Asked(run_folder, embedding_model, ctx.obj, options.label_settings(given))
    ctx.obj = asked
    if ctx.invoked_subcommand is None:
        from localtopics.run.editor import Editor

        run = asked.run
        with reporting(asked.quiet) as progress:
            editor = Editor(run, progress, **asked.labels)
            editor.finish()
        _show(list(editor), as_json)


@edit.command()
@click.argument("topic", type=int)
@click.argument("name")
@click.pass_obj
def rename(asked: _Asked, topic: int, name: str) -> None:
    """Call TOPIC, of any level, NAME, whatever a model says."""
    with asked.editor() as editor:
        editor.rename(topic, name)


@edit.command()
@click.argument("topics", type=int, nargs=-1, required=True)
@click.pass_obj
def merge(asked: _Asked, topics: tuple[int, ...]) -> None:
    """Make one topic of TOPICS; it has the number of the first."""
    with asked.editor() as editor:
        editor.merge(topics)


@edit.command()
@click.argument("topic", type=int)
@click.option(
    "--parts", type=click.IntRange(2, 100), help="How many there are to be [default: as many as there are]."
)
@click.pass_obj
def split(asked: _Asked, topic: int, parts: int | None) -> None:
    """Cluster TOPIC anew; its largest part keeps the number."""
    with asked.editor() as editor:
        editor.split(topic, parts)


@edit.command()
@click.argument("topic", type=int)
@click.pass_obj
def drop(asked: _Asked, topic: int) -> None:
    """Make all documents of TOPIC outliers."""
    with asked.editor() as editor:
        editor.drop(topic)


@edit.command()
@click.argument("documents", nargs=-1, required=True)
@click.option("--to", "topic", type=int, required=True, help="The topic that they get; -1 for none.")
@click.pass_obj
def move(asked: _Asked, documents: tuple[str, ...], topic: int) -> None:
    """Give DOCUMENTS, named by their ids, another topic."""
    with asked.editor() as editor:
        editor.move(documents, topic)


@edit.command()
@click.argument("topic", type=int)
@click.argument("text")
@click.pass_obj
def note(asked: _Asked, topic: int, text: str) -> None:
    """Note TEXT of TOPIC, of any level; it stands in topics.csv and on the page."""
    with asked.editor() as editor:
        editor.note(topic, text)


@edit.command()
@click.argument("count", type=click.IntRange(1), default=1, metavar="[COUNT]")
@click.pass_obj
def undo(asked: _Asked, count: int) -> None:
    """Take back the last change, or the last COUNT."""
    with asked.editor() as editor:
        editor.undo(count)


@edit.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def apply(asked: _Asked, file: Path) -> None:
    """Do the changes in FILE, such as the page writes, after those that were made."""
    with asked.editor() as editor:
        editor.apply(file)


def _show(edits: list[Edit], as_json: bool) -> None:
    """The changes in their order."""
    if as_json:
        for one in edits:
            echo_json(asdict(one))
        return
    if not edits:
        echo("No changes were made.", err=True)
        return
    table = terminal.table()
    for name in ("", "change", "topics", ""):
        table.add_column(name, overflow="fold")
    for number, one in enumerate(edits, start=1):
        more = one.text or (f"{len(one.documents):,} documents" if one.documents else "")
        more = f"{one.parts} parts" if one.parts else more
        topics = ", ".join(topic.label or "outliers" for topic in one.topics)
        table.add_row(str(number), one.edit, topics, more)
    terminal.console().print(table)
