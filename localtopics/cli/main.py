"""The command line: parse, call, print; the work is done elsewhere.

A new command goes into the file of its group and into the list below. Everything heavy is imported inside the
command that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import click

from localtopics import __version__
from localtopics.cli.compare import compare
from localtopics.cli.doctor import doctor
from localtopics.cli.edit import edit
from localtopics.cli.embed import embed
from localtopics.cli.group import Commands
from localtopics.cli.labels import ask, label, prompt
from localtopics.cli.models import models
from localtopics.cli.results import assign, evaluate, map_command, reduce, show
from localtopics.cli.run import demo, run_command
from localtopics.cli.trends import trends
from localtopics.cli.update import update


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="localtopics")
@click.option("--quiet", "-q", is_flag=True, help="No progress bars and notes.")
@click.pass_context
def cli(ctx: click.Context, quiet: bool) -> None:
    """From a pile of documents to a map of named topics, on one computer, offline."""
    ctx.obj = quiet


for command in (  # in the order of a person's work
    *(run_command, show, trends, evaluate, compare, map_command, edit, reduce, assign, update, label, embed),
    *(models, demo, doctor, ask, prompt),
):
    cli.add_command(command)


def main() -> None:
    """The entry point of the ``localtopics`` command."""
    cli()
