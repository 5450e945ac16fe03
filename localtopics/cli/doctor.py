"""The command ``localtopics doctor``: what this machine can run, and how."""

from __future__ import annotations

from typing import Any

import click

from localtopics.cli import options
from localtopics.cli.render import print_plan, print_system, reporting
from localtopics.cli.terminal import echo
from localtopics.labels.settings import LabelSettings


@click.command()
@options.model_argument
@options.hardware
@click.pass_obj
def doctor(quiet: bool, /, model: str | None, **given: Any) -> None:
    """Show what this machine can run, and how: processor, GPUs, llama.cpp, models, and the plan for MODEL.

    A model that is here is loaded and timed for about ten seconds.
    """
    from localtopics.labels.namer import Namer
    from localtopics.llama.probe import inspect_system, probe
    from localtopics.models import installed_models

    namer = Namer(model, LabelSettings(**options.label_settings(given)))
    print_system(inspect_system(), installed_models())
    if namer.model_record is None:
        echo("\nNo model is here; `localtopics models pull llama-2-13b-chat` fetches one.", err=True)
        return
    with namer, reporting(quiet) as progress:
        engine = namer.loaded()
        print_plan(engine.info, engine.plan, probe(engine, progress=progress))
