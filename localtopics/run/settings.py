"""Everything that can be asked of a run, as a settings file or the command line says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from localtopics.checked import Checked, check
from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings
from localtopics.topics.settings import TopicSettings


@dataclass(frozen=True)
class InputSettings(Checked):
    """Where the documents come from and which columns hold what; None: found by the usual names."""

    source: str | None = None
    text: str | None = None
    title: str | None = None
    time: str | None = None
    id: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class EmbeddingSettings(Checked):
    """What embeds the documents, or the file that holds ready embeddings."""

    model: str | None = None
    embeddings: str | None = None


@dataclass(frozen=True)
class RunSettings(Checked):
    """Everything that can be asked of a run; what a ``--config`` file may hold."""

    input: InputSettings = field(default_factory=InputSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    topics: TopicSettings = field(default_factory=TopicSettings)
    labels: LabelSettings = field(default_factory=LabelSettings)

    @classmethod
    def read(cls, path: Path) -> RunSettings:
        """Settings from a TOML file, or from the ``run.json`` of an earlier run.

        Raises:
            UserError: the file is missing or malformed, or names a setting that does not exist.
        """
        import tomllib

        try:
            if path.suffix == ".json":
                content = json.loads(path.read_text(encoding="utf-8-sig"))["settings"]
            else:
                content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise UserError(f"Cannot read the settings file {path}: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path} is neither a TOML file of settings nor a run's run.json: {error}."
            ) from None
        return cls().updated(content, str(path))

    def updated(self, sections: Mapping[str, Mapping[str, Any]], origin: str) -> RunSettings:
        """These settings with those of ``sections`` ({section: {name: value}}) in place.

        Raises:
            UserError: a section, a name or a value is wrong; the sentence names ``origin``.
        """
        changed: dict[str, Any] = {}
        for section, values in sections.items():
            known = [part.name for part in fields(self)]
            if section not in known or not isinstance(values, Mapping):
                raise UserError(
                    f"{origin} has no settings section [{section}]; the sections are {', '.join(known)}."
                )
            current = getattr(self, section)
            names = [part.name for part in fields(current)]
            for name in values:
                if name not in names:
                    raise UserError(
                        f"{origin} cannot set {name!r} in [{section}]; it knows {', '.join(names)}."
                    )
            check(type(current), values, origin, f" in [{section}]")
            changed[section] = replace(current, **values)
        return replace(self, **changed)

    def asked(self) -> dict[str, dict[str, Any]]:
        """What determines the result.

        Not here: where documents and ready embeddings come from, since what they hold tells them from others,
        and how the machine is used. A path is the same however it is written.
        """
        asked = asdict(self)
        del asked["input"], asked["embedding"]["embeddings"]
        for name in LabelSettings.MACHINE:
            del asked["labels"][name]
        for section, name in (("embedding", "model"), ("labels", "model"), ("labels", "prompt")):
            asked[section][name] = _whole_path(asked[section][name])
        return asked


def _whole_path(name: str | None) -> str | None:
    """The whole path of a file or folder that is here; what names something else stays as it is."""
    if name is None:
        return None
    try:
        return str(Path(name).expanduser().resolve(strict=True))
    except (OSError, RuntimeError, ValueError):  # RuntimeError: there is no such home, or links go round
        return name
