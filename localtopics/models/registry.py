"""Which GGUF models there are: known by a short name, on the hub, on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from localtopics.errors import UserError
from localtopics.gguf import split_parts
from localtopics.models.download import HubFile


@dataclass(frozen=True)
class KnownModel:
    """A model that goes by a short name."""

    name: str
    file: HubFile
    """Where the hub has it."""
    bytes: int
    sha256: str
    """In hexadecimal digits."""
    licence: str
    """What a person should read before the download."""


@dataclass(frozen=True)
class InstalledModel:
    """A model on this machine."""

    name: str
    """What `find_model` takes."""
    path: Path
    """Its file, of a split model the first part."""
    bytes: int
    """Of all parts."""
    origin: str
    """Where it was found: "models folder", "data folder", "hub cache" or "bundled"."""


_LLAMA_2 = (
    "Llama 2 is licensed under the LLAMA 2 Community License, Copyright (c) Meta Platforms, Inc. All Rights "
    "Reserved. Who downloads it accepts https://ai.meta.com/llama/license and the use policy at "
    "https://ai.meta.com/llama/use-policy."
)

KNOWN_MODELS = (
    KnownModel(
        name="llama-2-13b-chat",
        file=HubFile("TheBloke/Llama-2-13B-chat-GGUF", "llama-2-13b-chat.Q4_K_M.gguf"),
        bytes=7_865_956_224,
        sha256="7ddfe27f61bf994542c22aca213c46ecbd8a624cca74abff02a7b5a8c18f787f",
        licence=_LLAMA_2,
    ),
    KnownModel(
        name="llama-2-7b-chat",
        file=HubFile("TheBloke/Llama-2-7B-Chat-GGUF", "llama-2-7b-chat.Q4_K_M.gguf"),
        bytes=4_081_004_224,
        sha256="08a5566d61d7cb6b420c3e4387a39e0078e1f2fe5f055f3a03887385304d4bfa",
        licence=_LLAMA_2,
    ),
)
DEFAULT_MODEL = "llama-2-13b-chat"
_BUNDLED = "localtopics-labeller*.gguf"


def data_folder() -> Path:
    """Where localtopics keeps what it downloads; LOCALTOPICS_HOME says where else."""
    home = os.environ.get("LOCALTOPICS_HOME")
    return Path(home).expanduser() if home else user_data_path("localtopics", appauthor=False)


def find_model(name: str | Path | None = None) -> Path | None:
    """The file of a model on this machine.

    Args:
        name: a path, a name that ``installed_models`` shows, or ``OWNER/REPO/FILE.gguf``. None is
            Llama-2-13b-chat where it is here, else the labeller that comes with localtopics, else no model.

    Raises:
        UserError: the model that was asked for is not here.
    """
    installed = installed_models()
    if name is None:
        preferred = [model for model in installed if model.name == DEFAULT_MODEL]
        preferred += [model for model in installed if model.origin == "bundled"]
        return preferred[0].path if preferred else None
    path = Path(name).expanduser()
    if path.is_file():
        return path
    for model in installed:
        if model.name.lower() == str(name).lower():
            return model.path
    if path.is_dir():
        return _only_model(path)
    if hub_files := _hub_files(str(name)):
        raise UserError(
            f"The model {name} ({hub_files[0].repo}) is not on this machine: fetch it.",
            command=f"models pull {name}",
        )
    if path.suffix == ".gguf" or isinstance(name, Path):
        raise UserError(f"There is no model file {path}.", command="models list")
    raise UserError(_unknown(str(name)))


def bundled_model() -> Path | None:
    """The labeller that comes with localtopics."""
    return next(_bundled(), None)


def installed_models() -> list[InstalledModel]:
    """All models on this machine, in the order in which they are preferred."""
    models: dict[Path, InstalledModel] = {}
    for name, path, origin in _candidates():
        if path.resolve() not in models:
            parts = [path.with_name(part) for part in split_parts(path.name)]
            size = sum(part.stat().st_size for part in parts if part.is_file())
            models[path.resolve()] = InstalledModel(name, path, size, origin)
    return list(models.values())


def _candidates() -> Iterator[tuple[str, Path, str]]:
    """Name, path and place of every model, each place after those that are preferred to it."""
    checkout = Path(__file__).resolve().parents[2]
    folders = [(Path.cwd() / "models", "models folder")]
    if (checkout / "pyproject.toml").is_file():
        folders.append((checkout / "models", "models folder"))
    for folder, origin in folders:
        for path in _models_in(folder, "*.gguf"):
            if not path.match(_BUNDLED):
                yield display_name(HubFile("", path.name)), path, origin
    home = data_folder() / "models"
    for path in _models_in(home, "**/*.gguf"):
        owner, _, rest = path.relative_to(home).as_posix().partition("/")
        repo, _, file = rest.partition("/")
        source = HubFile(f"{owner}/{repo}", file) if file else HubFile("", path.name)
        yield display_name(source), path, "data folder"
    for cached, path in _cached():
        yield display_name(cached), path, "hub cache"
    for path in _bundled():
        yield path.stem, path, "bundled"


def _bundled() -> Iterator[Path]:
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "models", package / "bundled"):
        yield from reversed(list(_models_in(folder, _BUNDLED)))


def _cached() -> Iterator[tuple[HubFile, Path]]:
    """The models in the hub's own cache."""
    from huggingface_hub import constants

    for path in _models_in(Path(constants.HF_HUB_CACHE), "models--*/snapshots/*/**/*.gguf"):
        folder, _snapshots, _commit, *rest = path.relative_to(constants.HF_HUB_CACHE).parts
        yield HubFile(folder.removeprefix("models--").replace("--", "/"), "/".join(rest)), path


def _models_in(folder: Path, pattern: str) -> Iterator[Path]:
    """The model files in a folder, by name; of a split model the first part."""
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and not path.name.startswith(".") and path.name == split_parts(path.name)[0]:
            yield path


def _only_model(folder: Path) -> Path:
    models = list(_models_in(folder, "*.gguf"))
    if len(models) != 1:
        found = ", ".join(model.name for model in models) or "none"
        raise UserError(
            f"{folder} does not hold exactly one GGUF model ({found}); give the path of one file."
        )
    return models[0]


def downloaded_to(file: HubFile) -> Path:
    """Where a file of the hub is kept."""
    return data_folder().joinpath("models", *file.repo.split("/"), *file.path.split("/"))


def known_model(name: str) -> KnownModel | None:
    """The model of a short name, or of ``OWNER/REPO/FILE.gguf``; None where it is not a known one."""
    for known in KNOWN_MODELS:
        if name.lower() in (known.name, f"{known.file.repo}/{known.file.path}".lower()):
            return known
    return None


def _hub_files(name: str) -> list[HubFile]:
    """The files of a model on the hub; none where the name is neither known nor OWNER/REPO/FILE.gguf."""
    if known := known_model(name):
        return [known.file]
    owner, _, rest = name.partition("/")
    repo, _, path = rest.partition("/")
    if not path.endswith(".gguf") or {"", ".", ".."} & set(name.split("/")):
        return []
    folder, slash, file = path.rpartition("/")
    return [HubFile(f"{owner}/{repo}", folder + slash + part) for part in split_parts(file)]


def known_file(path: Path) -> KnownModel | None:
    """The known model that a file on this machine must be, whatever folder it lies in."""
    for known in KNOWN_MODELS:
        # Other people's quantizations have the same file name, but not the same length.
        if _plain(path.name) == _plain(known.file.path) and path.stat().st_size == known.bytes:
            return known
    return None


def wanted_files(name: str) -> list[HubFile]:
    """The files on the hub of a model, by its short name or ``OWNER/REPO/FILE.gguf``.

    Raises:
        UserError: no model has that name.
    """
    files = _hub_files(name)
    if not files:
        raise UserError(_unknown(name))
    return files


def display_name(file: HubFile) -> str:
    """What a model is called: its short name, the hub's, or its file's without the suffix."""
    for known in KNOWN_MODELS:
        if _plain(file.path) == _plain(known.file.path) and file.repo in ("", known.file.repo):
            return known.name
    return f"{file.repo}/{file.path}" if file.repo else Path(file.path).stem


def _plain(name: str) -> str:
    """A file name as people vary it: Llama-2-13B-chat-Q4_K_M.gguf is llama-2-13b-chat.Q4_K_M.gguf."""
    return re.sub("[._-]+", "-", name.lower())


def _unknown(name: str) -> str:
    names = [known.name for known in KNOWN_MODELS]
    names += [model.name for model in installed_models() if model.name not in names]
    return (
        f"There is no model called {name}; give one of {', '.join(names)}, the path of a GGUF file, or "
        "OWNER/REPO/FILE.gguf of the Hugging Face hub."
    )
