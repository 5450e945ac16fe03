"""The command ``localtopics doctor``: what this machine can run, and how."""

from __future__ import annotations

from dataclasses import asdict
from time import perf_counter
from typing import Any

import click

from localtopics.cli import options
from localtopics.cli.render import print_plan, print_server, print_system, reporting
from localtopics.cli.terminal import echo, echo_json
from localtopics.labels.settings import LabelSettings


@click.command()
@options.model_argument
@options.hardware
@options.as_json
@click.pass_obj
def doctor(quiet: bool, /, model: str | None, as_json: bool, **given: Any) -> None:
    """Show what this machine can run, and how: processor, GPUs, llama.cpp, models, and the plan for MODEL.

    A model that is here is loaded and timed for about ten seconds; a server is asked one question.
    """
    from localtopics.labels.namer import Namer
    from localtopics.llama.engine import Engine
    from localtopics.llama.probe import inspect_system, probe
    from localtopics.models import installed_models

    namer = Namer(model, LabelSettings(**options.label_settings(given)))
    system, installed = inspect_system(), installed_models()
    if not as_json:
        print_system(system, installed)
    facts: dict[str, Any] = {
        "system": asdict(system),
        "models": [asdict(found) | {"path": str(found.path)} for found in installed],
    }
    if namer.model_record is None:
        echo("\nNo model is here; `localtopics models pull llama-2-13b-chat` fetches one.", err=True)
    else:
        with namer, reporting(quiet) as progress:
            namer.check()
            engine = namer.loaded()
            if isinstance(engine, Engine):
                speed = probe(engine, progress=progress)
                if not as_json:
                    print_plan(engine.info, engine.plan, speed)
                facts |= {"model": engine.info.name, "plan": asdict(engine.plan), "speed": asdict(speed)}
            else:
                since = perf_counter()
                answer = "".join(namer.ask("What do trams run on? One word.", 32))
                found = namer.model_record | {"answer": answer, "seconds": perf_counter() - since}
                if not as_json:
                    print_server(found)
                facts |= {"model": found["name"], "server": found}
    if as_json:
        echo_json(facts)
