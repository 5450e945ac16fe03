"""``run.json``: what a run folder says of itself, checked where it is read, whichever release wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localtopics import __version__
from localtopics.checked import rule_of, types_of
from localtopics.errors import UserError
from localtopics.run.settings import RunSettings
from localtopics.topics import gpu
from localtopics.topics.given import GivenTopic, as_fields, read_given_topics

if TYPE_CHECKING:
    from localtopics.corpus import Corpus
    from localtopics.embedding import EmbeddingModel

FORMAT = 1
"""Of the run folder. It grows when a release writes what an older one would misread; `_upgraded` then learns
how to read what was before."""
STAGES = ("layouts", "topics", "labels", "maps")
_PACKAGES = (
    "bertopic",
    "fast-hdbscan",
    "hdbscan",
    "llama-cpp-python",
    "numpy",
    "sentence-transformers",
    "torch",
    "umap-learn",
)
_OLDEST_SECTIONS = ("input", "embedding", "topics", "labels")
"""Sections of the settings that a record of format 0 has."""
_SHAPE: Mapping[str, Any] = {
    "format": int,
    "localtopics": str,
    "settings": dict,
    "corpus": {
        "source": str,
        "documents": int,
        "dropped": dict,
        "digest": str,
        "embeddings_digest": (str, type(None)),
    },
    "embedding": {"name": str, "precision": str, "digest": str, "tokens": (int, type(None))},
    "min_cluster_size": int,
    "versions": dict,
    "stages": dict,
}


def versions() -> dict[str, str]:
    """The versions here of what decides a run's results."""
    import platform

    installed = {name: metadata.version(name) for name in _PACKAGES}
    if gpu.available():
        installed["cuml"] = next(
            package.version for package in metadata.distributions() if package.name.startswith("cuml")
        )
    return {"localtopics": __version__, "python": platform.python_version()} | installed


def new_record(
    settings: RunSettings, corpus: Corpus, model: EmbeddingModel, embeddings_digest: str | None
) -> dict[str, Any]:
    """The record of a run that is begun now; see `Run.start`."""
    file = settings.topics.topics_file
    given = [] if file is None else as_fields(read_given_topics(Path(file).expanduser()))
    return {
        "format": FORMAT,
        "localtopics": __version__,
        "settings": asdict(settings.with_whole_paths()),
        "corpus": {
            "source": corpus.source,
            "documents": len(corpus.documents),
            "dropped": asdict(corpus.dropped),
            "digest": corpus.digest,
            "embeddings_digest": embeddings_digest,
        }
        | ({"redacted": corpus.redacted} if corpus.redacted else {})
        | ({"read_as": corpus.read_as} if corpus.read_as else {})
        | ({"boilerplate": list(corpus.boilerplate)} if corpus.boilerplate else {}),
        "embedding": {
            "name": model.name,
            "precision": model.precision,
            "digest": model.digest,
            "tokens": model.tokens,
        },
        "min_cluster_size": settings.topics.cluster_size(len(set(corpus.documents))),
        "versions": versions(),
        "stages": {},
    } | ({"given_topics": given} if given else {})


def read_record(path: Path) -> dict[str, Any]:
    """The record in a ``run.json``, as a release of today would have written it.

    Raises:
        FileNotFoundError: there is none.
        UserError: it is damaged, or a newer localtopics wrote it.
    """
    try:
        record = _upgraded(json.loads(path.read_text(encoding="utf-8")), path)
        _check(record, _SHAPE, "it")
        for stage, state in record["stages"].items():
            _check(state, {"done": bool, "seconds": (int, float)}, f"its stage {stage}")
            if stage not in STAGES:
                raise ValueError(f"it has no stage {stage}")
        RunSettings().updated(record["settings"], str(path))
        if "trends" in record:
            _check(record["trends"], {"settings": dict, "files": list}, "its trends")
        if (tokens := record["embedding"]["tokens"]) is not None and tokens < 1:
            raise ValueError(f"its embedding model reads {tokens} tokens")
        given_topics(record)
        for one in record.get("given_thresholds", []):
            _check(one, {"name": str, "cosine": float}, "a given topic's threshold")
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"{path} cannot be read ({reason}): it is damaged, or not of localtopics. Make the run anew in "
            "another folder, or remove this one first.",
            arguments=["out"],
        ) from None
    return record


def embedded_with(recorded: Mapping[str, Any]) -> str:
    """What a record says of the embedding model, for people."""
    name, tokens = str(recorded["name"]), recorded["tokens"]
    return name if tokens is None else f"the first {tokens} tokens by {name}"


def given_topics(record: Mapping[str, Any]) -> list[GivenTopic]:
    """The topics that were given to a run.

    Raises:
        ValueError, TypeError: the record holds something else.
    """
    found = record.get("given_topics", [])
    _check(found, list, "its given topics")
    for fields in found:
        _check(fields, dict, "a given topic")
    return [GivenTopic.of(fields) for fields in found]


def _upgraded(content: Any, path: Path) -> dict[str, Any]:
    """A record of any earlier format in today's."""
    if not isinstance(content, dict):
        raise TypeError("it is no JSON object")
    record: dict[str, Any] = content
    found = record.get("format", 0)
    if type(found) is not int or found > FORMAT:
        raise UserError(
            f"{path} was written by a newer localtopics (format {found!r}; this, {__version__}, knows "
            f"up to {FORMAT}): `pip install --upgrade localtopics`."
        )
    if found == 0:  # 0.1.0
        embedding = {"name": "", "precision": "", "digest": ""} | record.get("embedding", {})
        embedding.pop("location", None)
        _check(record.get("settings"), dict.fromkeys(_OLDEST_SECTIONS, dict), "its settings")
        settings = _within_ranges(record["settings"])
        record = (
            {"min_cluster_size": 0} | record | {"embedding": embedding, "settings": settings, "format": 1}
        )
    if isinstance(embedding := record.get("embedding"), dict):
        # before there was this, all that a model takes was read
        record["embedding"] = embedding | {"tokens": embedding.get("tokens")}
    return record


def _within_ranges(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Settings as 0.1.0 took them, each number that is out of its range today at the range's end."""

    kinds = {section: type(part) for section, part in vars(RunSettings()).items()}

    def within(section: str, name: str, value: Any) -> Any:
        if section == "labels" and name == "gpu_layers" and str(value).isdecimal():
            return int(value)
        if type(value) not in (int, float) or section not in kinds or name not in types_of(kinds[section]):
            return value
        return rule_of(kinds[section], name).nearest(value)

    return {
        section: {name: within(section, name, value) for name, value in values.items()}
        for section, values in settings.items()
    }


def _check(value: Any, shape: Any, name: str) -> None:
    """Raise TypeError where a value is not of a type, of one of several, or has not these fields."""
    if isinstance(shape, Mapping):
        _check(value, dict, name)
        for field, inner in shape.items():
            _check(value.get(field), inner, f"{name}'s {field}" if name != "it" else f"its {field}")
        return
    allowed = shape if isinstance(shape, tuple) else (shape,)
    if type(value) not in allowed:
        raise TypeError(f"{name} is {type(value).__name__}, not {allowed[0].__name__}")


def changes(before: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, str]:
    """What a run that is asked for now has otherwise than the one on record.

    Args:
        before: the record.
        fresh: what the record of a run begun now would say.

    Returns:
        For each section of the settings that differs, a part of a sentence that says how.
    """
    old, new = (RunSettings().updated(record["settings"], "run.json").asked() for record in (before, fresh))
    found: dict[str, list[str]] = {}
    for section, values in new.items():
        for name, value in values.items():
            was = old[section][name]
            if value != was:
                found.setdefault(section, []).append(f"{name} was {was!r} and is now {value!r}")
    for name, meaning in (("digest", "documents"), ("embeddings_digest", "embeddings")):
        if before["corpus"][name] != fresh["corpus"][name]:
            found.setdefault("input", []).append(f"the {meaning} are not the same")
    if before.get("given_topics", []) != fresh.get("given_topics", []):
        found.setdefault("topics", []).append("the given topics are not the same")
    return {section: "; ".join(differences) for section, differences in found.items()}


def other_versions(record: Mapping[str, Any]) -> list[str]:
    """Parts of a sentence: what is installed in another version than when the run was begun.

    What an older localtopics did not note says nothing; cuML is noted where it is at work.
    """
    begun = {"localtopics": record["localtopics"], "cuml": None} | record["versions"]
    return [
        f"{name} {begun[name]} then, {version} now"
        for name, version in versions().items()
        if name in begun and begun[name] != version
    ]
