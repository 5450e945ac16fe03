"""The command ``embed``: embeddings of any number of documents, for later runs."""

from __future__ import annotations

from pathlib import Path

import click

from localtopics.cli import options
from localtopics.cli.render import rate, reporting
from localtopics.cli.terminal import echo, echo_json


@click.command()
@click.argument("source")
@click.option("--text", metavar="COLUMN", help="Column of the text; found by its name if not given.")
@click.option("--id", metavar="COLUMN", help="Column of the identifier.")
@options.reading
@options.embedding_model
@options.embedding_speed
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder of the embeddings [default: SOURCE's name with the ending .embedded, in this folder].",
)
@options.limit
@options.ray
@options.as_json
@click.option("--force", is_flag=True, help="Replace embeddings of something else that are there.")
@click.pass_obj
def embed(
    quiet: bool,
    /,
    source: str,
    text: str | None,
    id: str | None,
    embedding_model: str | None,
    embedding: str | None,
    out: Path | None,
    limit: int | None,
    ray: str | None,
    as_json: bool,
    force: bool,
    **reading: str | None,
) -> None:
    """Embed the documents of SOURCE, and keep the embeddings in a folder of Parquet files.

    SOURCE may be of any length: it is read and embedded part by part in the same memory, and the same command
    goes on where it was stopped. `localtopics run SOURCE --embeddings FOLDER` takes them.
    """
    from localtopics.embedding import Embedder, choose_model
    from localtopics.embedding.parts import embed_parts

    tokens = options.run_settings(None, source, {"embedding": embedding}).embedding.tokens
    out = out or options.named_after(source, ".embedded")
    embedder = Embedder(choose_model(embedding_model, tokens))
    with reporting(quiet) as progress:
        done = embed_parts(
            source,
            out,
            embedder,
            limit=limit,
            force=force,
            ray=ray,
            progress=progress,
            text=text,
            id=id,
            **reading,
        )
    if as_json:
        echo_json({"folder": str(out), "documents": done.documents, "dropped": done.dropped})
        return
    dropped = f" ({done.dropped:,} rows hold none)" if done.dropped else ""
    speed = rate(done.made, done.seconds)
    echo(f"{done.documents:,} documents{dropped}, by {embedder.model.name}{speed}: {out}")
