"""The options that several commands share, and the settings that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings

if TYPE_CHECKING:
    from localtopics.settings import RunSettings


def options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


columns = options(
    click.option("--text", metavar="COLUMN", help="Column of the text; found by its name if not given."),
    click.option("--title", metavar="COLUMN", help="Column of the title."),
    click.option("--time", metavar="COLUMN", help="Column of the time."),
    click.option("--id", metavar="COLUMN", help="Column of the identifier."),
    click.option("--split", metavar="NAME", help="Split of a Hub dataset, such as train."),
)

embedding = options(
    click.option("--embedding-model", metavar="NAME|PATH", help="A sentence-transformers model."),
    click.option("--embeddings", metavar="FILE.npy", help="Ready embeddings, one row a document."),
)

topics = options(
    click.option(
        "--min-cluster-size",
        metavar="N",
        type=click.IntRange(2),
        help="Fewest documents of a topic [default: by the corpus' size].",
    ),
    click.option(
        "--min-samples",
        metavar="N",
        type=click.IntRange(1),
        help="HDBSCAN: higher leaves more outliers [default: 2].",
    ),
    click.option("--neighbors", metavar="N", type=click.IntRange(2), help="UMAP neighbours [default: 15]."),
    click.option(
        "--components",
        metavar="N",
        type=click.IntRange(2),
        help="UMAP dimensions for clustering [default: 5].",
    ),
    click.option(
        "--min-dist", metavar="X", type=click.FloatRange(0, 1), help="UMAP min_dist [default: 0.0]."
    ),
    click.option(
        "--top-n-words", metavar="N", type=click.IntRange(1, 50), help="Keywords a topic [default: 10]."
    ),
    click.option(
        "--ngrams", metavar="N", type=click.IntRange(1, 5), help="Most words in a keyword [default: 1]."
    ),
    click.option(
        "--stop-words",
        type=click.Choice(["english", "none"]),
        help="Words that are no keywords [default: english].",
    ),
    click.option(
        "--diversity",
        metavar="X",
        type=click.FloatRange(0, 1),
        help="Diversity of the MMR keywords [default: 0.3].",
    ),
    click.option(
        "--seed",
        metavar="N",
        type=int,
        help="Same input, same seed, same machine: same topics [default: 42].",
    ),
)

machine = options(
    click.option(
        "--gpu-layers", metavar="N|auto|all", help="Layers of the model on the GPU [default: auto]."
    ),
    click.option(
        "--threads",
        metavar="N",
        type=click.IntRange(1),
        help="CPU threads of the model [default: all cores].",
    ),
    click.option(
        "--context", metavar="N", type=click.IntRange(256), help="Longest prompt with its answer, in tokens."
    ),
    click.option("--vram", metavar="SIZE", help="Use no more GPU memory than this, such as 6GiB."),
)

model = click.option(
    "--model", metavar="PATH|NAME", help="A GGUF file, a name from `localtopics models list`, or none."
)

model_argument = click.argument("model", metavar="[MODEL]", required=False)

labels = options(
    model,
    click.option(
        "--prompt",
        metavar="FILE",
        help="A prompt file with [DOCUMENTS] and [KEYWORDS]; see `localtopics prompt`.",
    ),
    click.option(
        "--documents", metavar="N", type=click.IntRange(1, 50), help="Documents shown to the model, a topic."
    ),
    click.option(
        "--document-tokens",
        metavar="N",
        type=click.IntRange(8),
        help="Most tokens of one document [default: 100].",
    ),
    click.option(
        "--candidates",
        metavar="N",
        type=click.IntRange(1, 32),
        help="Labels drawn a topic, the best is kept; 1 switches this off.",
    ),
    machine,
)

raw_cells = click.option(
    "--raw-cells",
    is_flag=True,
    default=None,
    help="Leave cells of the CSV that begin like a formula (=, +, -, @) without an apostrophe.",
)

_TOPIC_OPTIONS = (
    *("min_cluster_size", "min_samples", "neighbors", "components", "min_dist", "seed"),
    *("top_n_words", "ngrams", "stop_words", "diversity"),
)
_LABEL_OPTIONS = ("model", "prompt", "documents", "document_tokens", "candidates", *LabelSettings.MACHINE)


def _given(options: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    given = {name: options[name] for name in names if options.get(name) is not None}
    if "gpu_layers" in given:
        given["gpu_layers"] = _gpu_layers(given["gpu_layers"])
    return given


def _gpu_layers(value: str) -> int | str:
    if value in ("auto", "all"):
        return value
    if value.isdecimal():
        return int(value)
    raise UserError(f"--gpu-layers takes a number, auto or all, not {value!r}.")


def run_settings(config: Path | None, source: str | None, options: dict[str, Any]) -> RunSettings:
    """The defaults, then the file given with --config, then what the command line says."""
    from localtopics.settings import RunSettings

    settings = RunSettings() if config is None else RunSettings.read(config)
    columns = _given(options, ("text", "title", "time", "id", "split"))
    if source is not None:
        columns["source"] = source
    embedding = {"model": options.get("embedding_model"), "embeddings": options.get("embeddings")}
    return settings.updated(
        {
            "input": columns,
            "embedding": {name: value for name, value in embedding.items() if value is not None},
            "topics": _given(options, _TOPIC_OPTIONS),
            "labels": _given(options, _LABEL_OPTIONS),
        },
        "The command line",
    )


def label_settings(settings: LabelSettings, options: dict[str, Any]) -> LabelSettings:
    return replace(settings, **_given(options, _LABEL_OPTIONS))
