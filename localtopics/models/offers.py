"""Which models a repository of the hub offers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from json import JSONDecodeError

from localtopics.errors import UserError
from localtopics.gguf import split_parts
from localtopics.models.download import HubFile, explained, not_the_hub

_BESIDE = ("mmproj", "imatrix")
"""What names of GGUF files say that are no language models: encoders of images, statistics of weights."""


@dataclass(frozen=True)
class OfferedModel:
    """A GGUF model in a repository of the hub."""

    file: HubFile
    """Of a split model the first part."""
    bytes: int
    """Of all parts, as the hub states it."""

    @property
    def name(self) -> str:
        """What `pull` takes."""
        return f"hf:{self.file.repo}/{self.file.path}"


def offered_models(repo: str) -> list[OfferedModel]:
    """The GGUF models of a repository of the hub, the smallest first.

    Args:
        repo: OWNER/NAME.

    Raises:
        UserError: there is no such repository, no way to the hub, no access, or no GGUF model in it.
    """
    from huggingface_hub import HfApi

    page = HubFile(repo, "")
    with explained(page):
        try:
            files = HfApi().model_info(repo, files_metadata=True).siblings or []
        except (JSONDecodeError, KeyError):
            raise UserError(not_the_hub(page)) from None
    sizes: dict[str, int] = defaultdict(int)
    for file in files:
        folder, slash, name = file.rfilename.rpartition("/")
        if name.endswith(".gguf") and not any(word in name.lower() for word in _BESIDE):
            sizes[folder + slash + split_parts(name)[0]] += file.size or 0
    if not sizes:
        raise UserError(f"{repo} has no GGUF model; look for one with GGUF in its name at {page.page}.")
    models = [OfferedModel(HubFile(repo, path), size) for path, size in sizes.items()]
    return sorted(models, key=lambda model: (model.bytes, model.file.path))
