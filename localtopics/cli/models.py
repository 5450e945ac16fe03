"""The commands ``localtopics models``: which language models are here, fetch one, check one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from localtopics.cli import options
from localtopics.cli.group import Commands
from localtopics.cli.render import reporting
from localtopics.cli.terminal import at_a_terminal, echo, harmless_line
from localtopics.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from localtopics.llama.fit import FreeMemory


@click.group(cls=Commands)
def models() -> None:
    """The language models on this machine: list, fetch, check."""


@models.command("list")
@options.as_json_lines
def models_list(as_json: bool) -> None:
    """Show the models on this machine and those that can be fetched by name, and which of them fit it."""
    from localtopics.cli.model_list import print_models, print_models_json
    from localtopics.llama.fit import free_memory

    (print_models_json if as_json else print_models)(free_memory())


@models.command("pull")
@click.argument("name", required=False)
@click.pass_obj
def models_pull(quiet: bool, /, name: str | None) -> None:
    """Fetch a model from the Hugging Face hub and check its SHA-256; without NAME, suggest one that fits.

    NAME is one of those that `localtopics models list` shows, or hf:OWNER/REPO/FILE.gguf, any GGUF file of
    the hub; hf:OWNER/REPO shows the files of a repository. Cut off, the same command goes on where the
    download stopped. For gated models: HF_TOKEN, or `hf auth login`.
    """
    from localtopics.llama.fit import free_memory
    from localtopics.models import find_model, licence_notice, pull

    free = free_memory()
    name = _only_file(name, free) if name else _suggested(free)
    if name is None:
        return
    echo(harmless_line(licence_notice(name)), err=True)
    _warn_if_too_large(name, free)
    with reporting(quiet) as progress:
        path = pull(name, progress)
    echo(harmless_line(path))
    if path != find_model():
        echo(harmless_line(f"--model {_short(name, path)} names topics with it."), err=True)


def _suggested(free: FreeMemory) -> str | None:
    """The best model for this machine, where a person at the terminal wants it fetched now."""
    from localtopics.llama.fit import best_that_fits
    from localtopics.models import installed_models

    best = best_that_fits(free)
    if best is None:
        raise UserError("None of the listed models fits the memory that is free here.", command="models list")
    what = f"{best.name} ({best.licence}, {best.bytes / 1e9:.1f} GB)"
    if best.name in {model.name for model in installed_models()}:
        echo(f"{what} is what fits this machine best, and it is here already.")
        return None
    echo(f"{what} is what fits this machine best: `localtopics models pull {best.name}`.")
    return best.name if at_a_terminal() and click.confirm("Fetch it now?", default=False) else None


def _only_file(name: str, free: FreeMemory) -> str:
    """The name itself; of a repository that has one model the name of that."""
    from localtopics.cli.model_list import print_offers
    from localtopics.models import offered_models, repository

    repo = repository(name)
    if repo is None:
        return name
    offers = offered_models(repo)
    if len(offers) == 1:
        return offers[0].name
    print_offers(offers, free)
    raise UserError(
        f"{repo} has {len(offers)} models: say which.", command=f"models pull hf:{repo}/FILE.gguf"
    )


def _warn_if_too_large(name: str, free: FreeMemory) -> None:
    from localtopics.llama.fit import fit, memory_needed
    from localtopics.models import download_bytes, known_model

    known = known_model(name)
    needed = memory_needed(known) if known else download_bytes(name)
    if needed and fit(needed, free) == "too large":
        echo(
            f"It does not fit this machine: it needs at least {needed / 1e9:.1f} GB of memory, and "
            f"{(free.ram + free.gpus) / 1e9:.1f} GB are free.",
            err=True,
        )


def _short(name: str, path: Path) -> str:
    """A name that `--model` takes: that of the model's file, where no other here is called so."""
    from localtopics.models import find_model

    file = name.rpartition("/")[2]
    try:
        return file if find_model(file) == path else name
    except UserError:
        return name


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
