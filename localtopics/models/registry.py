"""Which GGUF models there are: known by a short name, on the hub, on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from localtopics.errors import UserError
from localtopics.gguf import split_parts, unsplit_stem
from localtopics.models.catalog import DEFAULT_MODEL, KNOWN_MODELS, KnownModel
from localtopics.models.download import HubFile


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


_BUNDLED = "localtopics-labeller*.gguf"
_HUB = "hf:"


def data_folder() -> Path:
    """Where localtopics keeps what it downloads; LOCALTOPICS_HOME says where else."""
    home = os.environ.get("LOCALTOPICS_HOME")
    return Path(home).expanduser() if home else user_data_path("localtopics", appauthor=False)


def find_model(name: str | Path | None = None) -> Path | None:
    """The file of a model on this machine.

    Args:
        name: a path, a name that ``installed_models`` shows, the name of a model's file, or
            ``OWNER/REPO/FILE.gguf`` of the hub with or without ``hf:`` before it. None is Llama-2-13b-chat
            where it is here, else the labeller that comes with localtopics, else no model.

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
    hub_files = _hub_files(str(name))
    wanted = display_name(hub_files[0]) if hub_files else str(name)
    for model in installed:
        if model.name.lower() == wanted.lower():
            return model.path
    if path.is_dir():
        return _only_model(path)
    if hub_files:
        raise UserError(
            f"The model {name} ({hub_files[0].repo}) is not on this machine: fetch it.",
            command=f"models pull {name}",
        )
    if found := _by_file_name(str(name), installed):
        return found
    if path.suffix == ".gguf" or isinstance(name, Path):
        raise UserError(f"There is no model file {path}.", command="models list")
    raise UserError(_unknown(str(name)))


def _by_file_name(name: str, installed: list[InstalledModel]) -> Path | None:
    """The model whose file has that name, with or without its suffix and the number of its part."""
    names = {name.lower(), f"{name.lower()}.gguf"}
    found = [
        model
        for model in installed
        if names & {model.path.name.lower(), f"{unsplit_stem(model.path.name).lower()}.gguf"}
    ]
    if len({model.name for model in found}) > 1:
        raise UserError(
            f"Several models here have a file called {name}; give one of "
            f"{', '.join(model.name for model in found)}."
        )
    return found[0].path if found else None


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
        if _address(name).lower() in (known.name, f"{known.file.repo}/{known.file.path}".lower()):
            return known
    return None


def repository(name: str) -> str | None:
    """OWNER/REPO where a name is ``hf:OWNER/REPO``, a repository of the hub without a file; else None."""
    address = _address(name)
    return address if address != name and address.count("/") == 1 and _is_clean(address) else None


def _address(name: str) -> str:
    """A name without the ``hf:`` that says that it is the hub's."""
    return name[len(_HUB) :] if name.lower().startswith(_HUB) else name


def _is_clean(address: str) -> bool:
    return not {"", ".", ".."} & set(address.split("/"))


def _hub_files(name: str) -> list[HubFile]:
    """The files of a model on the hub; none where the name is neither known nor OWNER/REPO/FILE.gguf."""
    if known := known_model(name):
        return [known.file]
    owner, _, rest = _address(name).partition("/")
    repo, _, path = rest.partition("/")
    if not path.endswith(".gguf") or not _is_clean(_address(name)):
        return []
    folder, slash, file = path.rpartition("/")
    return [HubFile(f"{owner}/{repo}", folder + slash + part) for part in split_parts(file)]


def known_file(path: Path) -> KnownModel | None:
    """The known model, of a known SHA-256, that a file here must be, whatever folder it lies in."""
    for known in KNOWN_MODELS:
        # Other people's quantizations have the same file name, but not the same length.
        same = known.sha256 and _plain(path.name) == _plain(known.file.path)
        if same and path.stat().st_size == known.bytes:
            return known
    return None


def wanted_files(name: str) -> list[HubFile]:
    """The files on the hub of a model, by its short name or ``OWNER/REPO/FILE.gguf``, also after ``hf:``.

    Raises:
        UserError: no model has that name.
    """
    files = _hub_files(name)
    if files:
        return files
    address = _address(name)
    if address == name:
        raise UserError(_unknown(name))
    if repository(name):
        raise UserError(f"{name} is a repository; say which of its files.", command=f"models pull {name}")
    if address.count("/") > 1 and _is_clean(address):
        owner, repo, path = address.split("/", 2)
        raise UserError(
            f"{path} in {owner}/{repo} is no GGUF file by its name: name one that ends in .gguf.",
            command=f"models pull hf:{owner}/{repo}",
        )
    raise UserError(f"{name} is not spelled as a file of the hub is: hf:OWNER/REPO/FILE.gguf.")


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
        "hf:OWNER/REPO/FILE.gguf of the Hugging Face hub."
    )
