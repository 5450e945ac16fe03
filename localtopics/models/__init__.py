"""Which GGUF: found on this machine, fetched from the hub, verified."""

from localtopics.models.registry import (
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
