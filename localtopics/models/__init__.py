"""Which GGUF: found on this machine, fetched from the hub, verified."""

from localtopics.models.registry import (
    DEFAULT_MODEL,
    KNOWN_MODELS,
    InstalledModel,
    KnownModel,
    Verification,
    bundled_model,
    find_model,
    installed_models,
    licence_notice,
    pull,
    verify,
)

__all__ = [
    "DEFAULT_MODEL",
    "KNOWN_MODELS",
    "InstalledModel",
    "KnownModel",
    "Verification",
    "bundled_model",
    "find_model",
    "installed_models",
    "licence_notice",
    "pull",
    "verify",
]
