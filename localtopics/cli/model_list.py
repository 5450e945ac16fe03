"""The models as a person sees them: what is here, what can be fetched, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from localtopics.cli import terminal
from localtopics.cli.terminal import harmless_line
from localtopics.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from localtopics.gguf import ModelInfo
    from localtopics.llama.fit import FreeMemory
    from localtopics.models import InstalledModel, KnownModel, OfferedModel

_NAME = 24
"""Letters of a name; a longer one has a line of its own, so that all else fits into 80."""


@dataclass(frozen=True)
class _Row:
    """A model in the list."""

    name: str
    where: str
    """Its path, or its file on the hub."""
    size: str
    needs: str = ""
    context: str = ""
    licence: str = ""
    fit: str = ""
    mark: str = ""


def print_models(free: FreeMemory) -> None:
    """The models on this machine and those that go by a name, with their sizes, licences and what fits."""
    from localtopics.llama.fit import CELLS
    from localtopics.models import KNOWN_MODELS, find_model, installed_models

    installed, default = installed_models(), find_model()
    here = {model.name for model in installed}
    console = terminal.console()
    if installed:
        _print(console, "On this machine", (_installed(model, free, default) for model in installed))
    rest = [_known(model, free) for model in KNOWN_MODELS if model.name not in here]
    if rest:
        _print(console, "By name from the Hugging Face hub, open licences first", rest)
    if default is not None:
        console.print("* names topics where no --model is given.", soft_wrap=True)
    console.print(
        f"GB: the file, and what it needs of memory with {CELLS:,} tokens in its cache. {_free(free)}",
        soft_wrap=True,
    )
    console.print(
        "`localtopics models pull` suggests one, with NAME it fetches that one, with hf:OWNER/REPO it shows "
        "what else the hub has.",
        soft_wrap=True,
    )


def print_offers(offers: Iterable[OfferedModel], free: FreeMemory) -> None:
    """The GGUF models of a repository, by size."""
    table = terminal.table()
    table.add_column("GB", justify="right")
    table.add_column("file", overflow="fold")
    table.add_column("")
    for offer in offers:
        note = "too large" if offer.bytes > free.ram + free.gpus else ""
        table.add_row(_gb(offer.bytes), offer.file.path, note)
    terminal.console().print(table)


def _known(model: KnownModel, free: FreeMemory) -> _Row:
    return _Row(
        name=model.name,
        where=f"{model.file.repo}/{model.file.path}",
        size=_gb(model.bytes),
        licence=model.licence,
        **_needs(model, free),
    )


def _installed(model: InstalledModel, free: FreeMemory, default: Path | None) -> _Row:
    from localtopics.gguf import read_info
    from localtopics.models import known_model

    known = known_model(model.name)
    try:
        info = read_info(model.path)
        facts, licence = _needs(info, free), info.metadata.get("general.license")
    except UserError:
        facts, licence = {"fit": "cannot be used"}, None
    return _Row(
        name=model.name,
        where=str(model.path),
        size=_gb(model.bytes),
        licence=known.licence if known else _licence(str(licence or "")),
        mark="*" if model.path == default else "",
        **facts,
    )


def _needs(model: KnownModel | ModelInfo, free: FreeMemory) -> dict[str, str]:
    from localtopics.llama.fit import fit, memory_needed

    needed = memory_needed(model)
    return {"needs": _gb(needed), "context": f"{model.context_length:,}", "fit": fit(needed, free)}


def _licence(identifier: str) -> str:
    """A licence as people write it, from the hub's identifier in a file's header."""
    return {"apache-2.0": "Apache 2.0", "mit": "MIT"}.get(identifier.lower(), identifier[:10])


def _print(console: Console, title: str, rows: Iterable[_Row]) -> None:
    console.print(title, style="bold")
    console.print(_line(_Row("name", "", "GB", "needs", "context", "licence", "this machine")), style="dim")
    for row in rows:
        if len(row.name) > _NAME:
            console.print(f"{row.mark:2}{harmless_line(row.name)}", soft_wrap=True)
            console.print(_line(row, named=False), soft_wrap=True)
        else:
            console.print(_line(row), soft_wrap=True)
        console.print(f"    {harmless_line(row.where)}", style="dim", soft_wrap=True)
    console.print()


def _line(row: _Row, named: bool = True) -> str:
    name = f"{row.mark:2}{row.name}" if named else ""
    columns = (
        f"{name:<{_NAME + 2}} {row.size:>5} {row.needs:>5}  {row.context:>7}  {row.licence:<10}  {row.fit}"
    )
    return harmless_line(columns.rstrip())


def _free(free: FreeMemory) -> str:
    gpus = f" and {_gb(free.gpus)} on its GPUs" if free.gpus else ", and no GPU that llama.cpp can use"
    return f"This machine has {_gb(free.ram)} free{gpus}."


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f}" if size < 10e9 else f"{size / 1e9:.1f}"
