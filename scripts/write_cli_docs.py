"""Write docs/cli.md: what `--help` says, of every command.

python scripts/write_cli_docs.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from localtopics.cli import cli

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
PROGRAM = "localtopics"
WIDTH = 100
"""Columns of a help text, whatever the terminal that this runs in has."""
HEAD = """\
# The command line

What `--help` says, of every command. `python scripts/write_cli_docs.py` writes this page: change the words in
the code and not here.
"""


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words that name a command, itself first and then all below it, in the order of the help."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        between = [own.human_readable_name for own in command.params if isinstance(own, click.Argument)]
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, (*words, *between, name))


def help_of(words: tuple[str, ...]) -> str:
    """The help text of one command.

    Raises:
        RuntimeError: the command has none.
    """
    result = CliRunner().invoke(cli, [*words, "--help"], prog_name=PROGRAM, terminal_width=WIDTH)
    if result.exit_code != 0:
        raise RuntimeError(f"{' '.join([PROGRAM, *words])} --help failed:\n{result.output}")
    return result.output.strip()


def page() -> str:
    """The whole of docs/cli.md."""
    listed, sections = [], []
    for words in commands(cli):
        name = " ".join([PROGRAM, *words])
        listed.append(f"- [`{name}`](#{name.replace(' ', '-').lower()})")
        sections.append(f"## {name}\n\n```text\n{help_of(words)}\n```")
    return "\n\n".join([HEAD.strip(), "\n".join(listed), *sections]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
