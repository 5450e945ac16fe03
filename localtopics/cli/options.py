"""The options that several commands share, and the settings that they make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

import click

from localtopics.checked import Checked, rule_of, types_of
from localtopics.corpus.settings import Reading
from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings
from localtopics.report.html.settings import PageSettings
from localtopics.run.settings import EmbeddingSettings, InputSettings
from localtopics.topics.settings import TopicSettings
from localtopics.trends.settings import TrendSettings

if TYPE_CHECKING:
    from localtopics.run.settings import RunSettings


def options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _option(
    kind: type[Checked], name: str, metavar: str | None = None, command: str = "", called: str = ""
) -> Callable[[Any], Any]:
    """The option that sets a field: its range, choices, default and words are the field's own.

    ``command`` shows what the option may be given; ``called`` is its name where it is not the field's.
    """
    rule = rule_of(kind, name)
    declared, *others = (one for one in types_of(kind)[name] if one is not NoneType)
    given: dict[str, Any] = {"metavar": metavar}
    if others:
        given["callback"] = _number_or_word
    elif declared is bool:
        given |= {"is_flag": True, "default": None}
    elif declared is int:
        given |= {"type": click.IntRange(rule.low, rule.high), "metavar": "N"}
    elif declared is float:
        given |= {"type": click.FloatRange(rule.low, rule.high), "metavar": "X"}
    elif declared is not str:
        given["type"] = click.Choice(get_args(declared))
    default = f" [default: {rule.usual}]" if rule.usual else ""
    more = f"; see `localtopics {command}`" if command else ""
    words = f"{rule.meaning[0].upper()}{rule.meaning[1:]}{more}{default}."
    return click.option(f"--{(called or name).replace('_', '-')}", help=words, **given)


def _number_or_word(context: click.Context, option: click.Parameter, value: str | None) -> int | str | None:
    """A whole number where it is one, and otherwise a word for the settings to judge."""
    return int(value) if value is not None and value.isdecimal() else value


reading = options(
    _option(Reading, "split", "NAME"),
    _option(Reading, "sheet", "NAME|N"),
    _option(Reading, "table", "NAME"),
    _option(Reading, "query", "SQL"),
    _option(Reading, "encoding", "NAME"),
    _option(Reading, "delimiter", "SIGN"),
    _option(Reading, "on_bad_row"),
)

clean = _option(InputSettings, "clean", "KINDS")

columns = options(
    click.option("--text", metavar="COLUMN", help="Column of the text; found by its name if not given."),
    click.option("--title", metavar="COLUMN", help="Column of the title."),
    click.option("--time", metavar="COLUMN", help="Column of the time."),
    click.option("--group", metavar="COLUMN", help="Column of the group, such as a source or a field."),
    click.option("--id", metavar="COLUMN", help="Column of the identifier."),
    reading,
)

embedding_model = click.option(
    "--embedding-model", metavar="NAME|PATH", help="A sentence-transformers model."
)

embedding_speed = _option(EmbeddingSettings, "speed", called="embedding")

embedding = options(
    embedding_model,
    embedding_speed,
    click.option(
        "--embeddings",
        metavar="FILE.npy|FOLDER",
        help="Ready embeddings, one row a document, or a folder that `localtopics embed` made.",
    ),
)

embedding_model_again = click.option(
    "--embedding-model",
    metavar="NAME|PATH",
    help="The model that embedded RUN; to be named again where it does not come with localtopics.",
)

redact = _option(InputSettings, "redact", "KINDS")

outliers = _option(TopicSettings, "outliers", "SHARE")

topics = options(
    _option(TopicSettings, "topics_file", "FILE"),
    outliers,
    *(
        _option(TopicSettings, name)
        for name in (
            *("topics", "levels", "long_documents", "duplicates", "min_cluster_size", "min_samples"),
            *("neighbors", "components", "min_dist"),
            *("language", "top_n_words", "ngrams", "stop_words", "diversity", "seed"),
        )
    ),
)

hardware = options(
    _option(LabelSettings, "gpu_layers", "N|auto|all"),
    _option(LabelSettings, "threads"),
    _option(LabelSettings, "context"),
    _option(LabelSettings, "vram", "SIZE"),
)

model = options(
    _option(LabelSettings, "model", "PATH|NAME|URL", "models list"),
    _option(LabelSettings, "allow_remote"),
    _option(LabelSettings, "chat_format"),
)

model_argument = click.argument("model", metavar="[MODEL]", required=False)

labels = options(
    model,
    _option(LabelSettings, "prompt", "FILE", "prompt"),
    *(
        _option(LabelSettings, name)
        for name in ("documents", "document_tokens", "candidates", "thinking", "label_case", "label_language")
    ),
    hardware,
)

trends = options(
    *(
        _option(TrendSettings, name, metavar)
        for name, metavar in (("bins", None), ("time", "COLUMN"), ("group", "COLUMN"))
    )
)

page_titles = _option(PageSettings, "titles")

later_embeddings = click.option(
    "--embeddings",
    metavar="FILE.npy|FOLDER",
    type=click.Path(path_type=Path),
    help="Ready embeddings of the new documents, or a folder that `localtopics embed` made.",
)

limit = click.option("--limit", type=click.IntRange(1), help="Read so many rows of SOURCE, to try it.")

ray = click.option(
    "--ray",
    metavar="auto|ADDRESS",
    help="Have a Ray cluster write the folder. auto: the Ray that runs on this machine, or else one that is "
    "started for it.",
)

run_folder = click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))

force = click.option(
    "--force",
    is_flag=True,
    help="Replace a run of other documents, settings or versions; the same run goes on.",
)

raw_cells = _option(LabelSettings, "raw_cells")

as_json = click.option("--json", "as_json", is_flag=True, help="What is printed as JSON.")

as_json_lines = click.option("--json", "as_json", is_flag=True, help="What is printed as JSON lines.")


def require_free(path: Path, force: bool, option: str) -> None:
    """Raise `UserError` where a file is in the way that nobody said to replace.

    Args:
        path: where a result is to go.
        force: whether what is there may go.
        option: the one that names another path.
    """
    if path.exists() and not force:
        raise UserError(
            f"{path} exists already: name another file, or replace it.", arguments=[option, "force"]
        )


def named_after(source: str, ending: str) -> Path:
    """Where a result goes that nobody gave a name: into this folder, by the source's own name."""
    name = source.removeprefix("hf:").rstrip("/").rsplit("/", 1)[-1]
    name = name.encode(errors="backslashreplace").decode()  # whatever bytes it has, the result's can be shown
    return Path(name.split(".", 1)[0] + ending)


def _given(kind: type[Checked], options: dict[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in types_of(kind) if options.get(name) is not None}


_EMBEDDING = {"model": "embedding_model", "embeddings": "embeddings", "speed": "embedding"}
"""The fields of `EmbeddingSettings` and their options."""


def run_settings(config: Path | None, source: str | None, options: dict[str, Any]) -> RunSettings:
    """The defaults, then the file given with --config, then what the command line says."""
    from localtopics.run.settings import RunSettings

    settings = RunSettings() if config is None else RunSettings.read(config)
    embedding = {name: options.get(called) for name, called in _EMBEDDING.items()}
    return settings.updated(
        {
            "input": _given(InputSettings, {**options, "source": source}),
            "embedding": {name: value for name, value in embedding.items() if value is not None},
            "topics": _given(TopicSettings, options),
            "labels": label_settings(options),
            "page": _given(PageSettings, options),
        },
        "The command line",
    )


def label_settings(options: dict[str, Any]) -> dict[str, Any]:
    """What the command line says of the labels."""
    return _given(LabelSettings, {**options, "seed": None})  # --seed is that of the topics
