"""The commands that make a run: ``localtopics run`` and ``localtopics demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from localtopics.cli import options
from localtopics.cli.render import finish, print_estimate, reporting
from localtopics.errors import UserError


@click.command("run")
@click.argument("source", required=False)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The run folder [default: SOURCE with the ending .topics]."
)
@options.columns
@options.redact
@options.clean
@options.embedding
@options.topics
@options.labels
@options.raw_cells
@options.page_titles
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings from a TOML file or another run's run.json."
)
@click.option("--dry-run", is_flag=True, help="Tell what it would take here, and do nothing.")
@options.force
@options.as_json_lines
@click.pass_obj
def run_command(
    quiet: bool,
    /,
    source: str | None,
    out: Path | None,
    config: Path | None,
    dry_run: bool,
    force: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Find and name the topics of SOURCE.

    SOURCE is a csv, tsv, jsonl, parquet or text file (a document a line), a folder or archive of documents
    (text, Word, PDF, HTML, mail …), or hf:OWNER/NAME. Stopped or killed, the same command goes on from the
    last finished stage.
    """
    from localtopics.run.fit import estimate_source, fit_source

    settings = options.run_settings(config, source, given)
    named = settings.input.source
    if out is None:
        if named is None:
            raise UserError("No documents named: give a file, a folder or hf:OWNER/NAME.", command="demo")
        out = options.named_after(named, ".topics")
    if dry_run:
        with reporting(quiet) as progress:
            found = estimate_source(settings, out, progress)
        print_estimate(found, as_json)
        return
    with reporting(quiet) as progress:
        run = fit_source(settings, out, force=force, progress=progress)
    finish(run, as_json)


@click.command()
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
@options.force
@options.as_json_lines
@click.pass_obj
def demo(quiet: bool, /, out: Path, limit: int, force: bool, as_json: bool, **given: Any) -> None:
    """The whole job on text that is already on this machine.

    The documents are the docstrings of the scientific Python packages that are installed here.
    """
    from localtopics.demo import run_demo

    with reporting(quiet) as progress:
        settings = options.run_settings(None, None, given)
        run = run_demo(limit, settings, out, force=force, progress=progress)
    finish(run, as_json)
