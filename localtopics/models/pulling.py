"""Makes a model be on this machine, whole."""

from __future__ import annotations

from pathlib import Path

from localtopics.errors import UserError
from localtopics.gguf import fault
from localtopics.models.checksum import forget_sha256, recorded_sha256, sha256
from localtopics.models.download import fetch, stated_bytes
from localtopics.models.registry import (
    display_name,
    downloaded_to,
    installed_models,
    known_model,
    wanted_files,
)
from localtopics.models.verification import verify
from localtopics.progress import Progress, silent


def licence_notice(name: str) -> str:
    """What a person should read before `pull` downloads a model.

    Raises:
        UserError: no model has that name.
    """
    if known := known_model(name):
        return (
            known.terms
            or f"{known.name} is under the {known.licence} licence; its page is {known.file.page}."
        )
    return f"The licence of {name} is at {wanted_files(name)[0].page}."


def download_bytes(name: str) -> int | None:
    """The size that the hub states for a model; None where it need not be asked, as the model is here.

    Raises:
        UserError: there is no such model, no way to the hub, or no access.
    """
    files = wanted_files(name)
    if any(model.name == display_name(files[0]) for model in installed_models()):
        return None
    return sum(stated_bytes(file) for file in files)


def pull(name: str, progress: Progress = silent) -> Path:
    """Make a model be on this machine, whole: verify the copy that is here, or download one.

    Args:
        name: a known model's name, or ``OWNER/REPO/FILE.gguf`` of the hub with or without ``hf:`` before it;
            of a split model, any part.
        progress: told of the checks and of the download.

    Returns:
        The model's file, of a split model its first part.

    Raises:
        UserError: there is no such model, no way to the hub, no access, no room, or what arrived is damaged.
    """
    files = wanted_files(name)
    destinations = [downloaded_to(file) for file in files]
    for model in installed_models():
        if model.name == display_name(files[0]) and model.path != destinations[0]:
            verify(model.path, progress)
            return model.path
    for file, destination in zip(files, destinations, strict=True):
        recorded = recorded_sha256(destination)
        if not recorded or not destination.is_file() or sha256(destination, progress) != recorded:
            fetch(file, destination, progress)
    if reason := fault(destinations[0]):
        for destination in destinations:
            destination.unlink()
            forget_sha256(destination)
        raise UserError(
            f"{name} arrived as the hub has it, but it {reason}, so it was removed; choose another file at "
            f"{files[0].page}/tree/main."
        )
    return destinations[0]
