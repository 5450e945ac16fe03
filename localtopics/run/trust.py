"""Which of the models that a run folder names may be opened: the folder may be anybody's.

A model is code and weights from somewhere. One that does not come with localtopics is opened only where the
person at work names it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localtopics.embedding.model import KNOWN_MODELS, EmbeddingModel, choose_model
from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings
from localtopics.server.address import is_address


def trusted_labels(folder: Path, settings: LabelSettings) -> LabelSettings:
    """The label settings of a run, to name topics so again.

    Raises:
        UserError: they name a model file, or a server.
    """
    if is_address(settings.model):
        raise UserError(
            f"{folder} names the server {settings.model}, which need not be yours, and texts would go there: "
            "if you trust it, name it again.",
            arguments=["model"],
        )
    if settings.model is not None and Path(settings.model).expanduser().exists():
        raise UserError(
            f"{folder} names the model file {settings.model}, which need not be yours: if you trust it, name "
            "it again.",
            arguments=["model"],
        )
    return settings


def trusted_embedding_model(folder: Path, recorded: Mapping[str, Any], named: str | None) -> EmbeddingModel:
    """The embedding model of a run.

    Args:
        folder: the run folder.
        recorded: what its record says of the model: name, digest and tokens.
        named: the model that the person at work names, if any.

    Raises:
        UserError: the model must be named, or another one is than embedded the run.
    """
    name = named or recorded["name"]
    if named is None and name not in KNOWN_MODELS:
        raise UserError(
            f"{folder} names the embedding model {name!r}, which does not come with localtopics: if you "
            "trust it, name it again.",
            arguments=["embedding_model"],
        )
    model = choose_model(name, recorded["tokens"])
    if model.digest != recorded["digest"]:
        raise UserError(
            f"{folder} was embedded with another model {recorded['name']!r} than {name!r} is here: name the "
            "right one.",
            arguments=["embedding_model"],
        )
    return model
