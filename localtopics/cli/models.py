"""The commands ``localtopics models``: which language models are here, fetch one, check one."""

from __future__ import annotations

import click

from localtopics.cli import terminal
from localtopics.cli.group import Commands
from localtopics.cli.render import reporting
from localtopics.cli.terminal import echo, harmless_line
from localtopics.errors import UserError


@click.group(cls=Commands)
def models() -> None:
    """The language models on this machine: list, fetch, check."""


@models.command("list")
def models_list() -> None:
    """Show the models on this machine and those that can be fetched by name."""
    from localtopics.models import KNOWN_MODELS, find_model, installed_models

    table = terminal.table()
    for column in ("", "model", "GB", "where"):
        table.add_column(column, justify="right" if column == "GB" else "left", overflow="fold")
    installed, default = installed_models(), find_model()
    for model in installed:
        mark = "*" if model.path == default else ""
        table.add_row(mark, model.name, f"{model.bytes / 1e9:.2f}", str(model.path))
    here = {model.name for model in installed}
    for known in KNOWN_MODELS:
        if known.name not in here:
            table.add_row("", known.name, f"{known.bytes / 1e9:.2f}", f"localtopics models pull {known.name}")
    console = terminal.console()
    console.print(table)
    if default is not None:
        console.print("\n* names topics where no --model is given.")


@models.command("pull")
@click.argument("name")
@click.pass_obj
def models_pull(quiet: bool, /, name: str) -> None:
    """Fetch a model from the Hugging Face hub and check its SHA-256.

    NAME is llama-2-13b-chat, llama-2-7b-chat or OWNER/REPO/FILE.gguf. Cut off, the same command goes on
    where the download stopped. For gated models: HF_TOKEN, or `hf auth login`.
    """
    from localtopics.models import licence_notice, pull

    echo(harmless_line(licence_notice(name)), err=True)
    with reporting(quiet) as progress:
        path = pull(name, progress)
    echo(harmless_line(path))


@models.command("path")
@click.argument("name", required=False)
def models_path(name: str | None) -> None:
    """Print the path of a model on this machine; without NAME, of the one that names topics."""
    from localtopics.models import find_model

    path = find_model(name)
    if path is None:
        raise UserError(
            "No model is on this machine; fetch one with `localtopics models pull llama-2-13b-chat`."
        )
    echo(harmless_line(path))


@models.command("verify")
@click.argument("name", metavar="NAME|PATH")
@click.pass_obj
def models_verify(quiet: bool, /, name: str) -> None:
    """Check a model's header, and its SHA-256 where one is known."""
    from localtopics.models import verify

    with reporting(quiet) as progress:
        found = verify(name, progress)
    for file in found.files:
        echo(f"{file.sha256}  {harmless_line(file.path)}")
        if file.stated_by:
            echo(f"The SHA-256 is that of {file.stated_by}.", err=True)
        else:
            echo("Nobody states its SHA-256; the header is sound and the file whole.", err=True)
