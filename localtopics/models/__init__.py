"""Which GGUF: found on this machine, fetched from the hub, verified."""

from localtopics.models.pulling import licence_notice, pull
from localtopics.models.registry import (
    DEFAULT_MODEL,
    KNOWN_MODELS,
    InstalledModel,
    KnownModel,
    bundled_model,
    find_model,
    installed_models,
)
from localtopics.models.verification import Verification, VerifiedFile, verify

__all__ = [
    "DEFAULT_MODEL",
    "KNOWN_MODELS",
    "InstalledModel",
    "KnownModel",
    "Verification",
    "VerifiedFile",
    "bundled_model",
    "find_model",
    "installed_models",
    "licence_notice",
    "pull",
    "verify",
]
