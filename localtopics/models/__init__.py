"""Which GGUF: found on this machine, fetched from the hub, verified."""

from localtopics.models.catalog import DEFAULT_MODEL, KNOWN_MODELS, KnownModel
from localtopics.models.offers import OfferedModel, offered_models
from localtopics.models.pulling import download_bytes, licence_notice, pull
from localtopics.models.registry import (
    InstalledModel,
    bundled_model,
    find_model,
    installed_models,
    known_model,
    repository,
)
from localtopics.models.verification import Verification, VerifiedFile, verify

__all__ = [
    "DEFAULT_MODEL",
    "KNOWN_MODELS",
    "InstalledModel",
    "KnownModel",
    "OfferedModel",
    "Verification",
    "VerifiedFile",
    "bundled_model",
    "download_bytes",
    "find_model",
    "installed_models",
    "known_model",
    "licence_notice",
    "offered_models",
    "pull",
    "repository",
    "verify",
]
