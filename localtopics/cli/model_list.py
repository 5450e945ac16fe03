"""The models as a person sees them: what is here, what can be fetched, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from localtopics.cli import terminal
from localtopics.cli.terminal import echo_json, harmless_line
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
    bytes: int
    here: bool
    """Whether it is on this machine."""
    default: bool = False
    """Whether it names topics where no other is asked for."""
    needs: int | None = None
    """Bytes of memory; None where its file cannot be read, as in the context."""
    context: int | None = None
    licence: str = ""
    fit: str = ""


def print_models(free: FreeMemory) -> None:
    """The models on this machine and those that go by a name, with their sizes, licences and what fits."""
    from localtopics.llama.fit import CELLS

    rows = _rows(free)
    console = terminal.console()
    for title, here in (
        ("On this machine", True),
        ("By name from the Hugging Face hub, open licences first", False),
    ):
        if shown := [row for row in rows if row.here is here]:
            _print(console, title, shown)
    if any(row.default for row in rows):
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


def print_models_json(free: FreeMemory) -> None:
    """The same as JSON lines, sizes in bytes."""
    for row in _rows(free):
        echo_json(asdict(row))


def _rows(free: FreeMemory) -> list[_Row]:
    """The models on this machine, then those that go by a name and are not here."""
    from localtopics.models import KNOWN_MODELS, find_model, installed_models

    installed, default = installed_models(), find_model()
    here = {model.name for model in installed}
    return [
        *(_installed(model, free, default) for model in installed),
        *(_known(model, free) for model in KNOWN_MODELS if model.name not in here),
    ]


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
        bytes=model.bytes,
        here=False,
        licence=model.licence,
        **_needs(model, free),
    )


class _Needs(TypedDict, total=False):
    """What a model needs, and whether that is here."""

    needs: int
    context: int
    fit: str


def _installed(model: InstalledModel, free: FreeMemory, default: Path | None) -> _Row:
    from localtopics.gguf import read_info
    from localtopics.models import known_model

    known = known_model(model.name)
    try:
        info = read_info(model.path)
        facts, licence = _needs(info, free), info.metadata.get("general.license")
    except UserError:
        facts, licence = _Needs(fit="cannot be used"), None
    return _Row(
        name=model.name,
        where=str(model.path),
        bytes=model.bytes,
        here=True,
        licence=known.licence if known else _licence(str(licence or "")),
        default=model.path == default,
        **facts,
    )


def _needs(model: KnownModel | ModelInfo, free: FreeMemory) -> _Needs:
    from localtopics.llama.fit import fit, memory_needed

    needed = memory_needed(model)
    return _Needs(needs=needed, context=model.context_length, fit=fit(needed, free))


def _licence(identifier: str) -> str:
    """A licence as people write it, from the hub's identifier in a file's header."""
    return {"apache-2.0": "Apache 2.0", "mit": "MIT"}.get(identifier.lower(), identifier[:10])


def _print(console: Console, title: str, rows: Iterable[_Row]) -> None:
    console.print(title, style="bold")
    heading = _columns("  name", "GB", "needs", "context", "licence", "this machine")
    console.print(heading, style="dim")
    for row in rows:
        if len(row.name) > _NAME:
            console.print(f"{_mark(row)}{harmless_line(row.name)}", soft_wrap=True)
            console.print(_line(row, named=False), soft_wrap=True)
        else:
            console.print(_line(row), soft_wrap=True)
        console.print(f"    {harmless_line(row.where)}", style="dim", soft_wrap=True)
    console.print()


def _line(row: _Row, named: bool = True) -> str:
    name = f"{_mark(row)}{row.name}" if named else ""
    needs = "" if row.needs is None else _gb(row.needs)
    context = "" if row.context is None else f"{row.context:,}"
    return _columns(name, _gb(row.bytes), needs, context, row.licence, row.fit)


def _columns(name: str, size: str, needs: str, context: str, licence: str, fit: str) -> str:
    columns = f"{name:<{_NAME + 2}} {size:>5} {needs:>5}  {context:>7}  {licence:<10}  {fit}"
    return harmless_line(columns.rstrip())


def _mark(row: _Row) -> str:
    return "* " if row.default else "  "


def _free(free: FreeMemory) -> str:
    gpus = f" and {_gb(free.gpus)} on its GPUs" if free.gpus else ", and no GPU that llama.cpp can use"
    return f"This machine has {_gb(free.ram)} free{gpus}."


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f}" if size < 10e9 else f"{size / 1e9:.1f}"
