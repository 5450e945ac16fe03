"""Everything that can be asked of a run, as a settings file or the command line says it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from localtopics.checked import Checked, check, setting
from localtopics.corpus.settings import CLEANINGS, PRIVATE_FORM, Reading, private_kinds
from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings
from localtopics.languages import ENGLISH, is_called_english
from localtopics.report.html.settings import PageSettings
from localtopics.topics.settings import TopicSettings

FAST_TOKENS = 96
"""What is read of a text where embedding is to be fast; docs/benchmarks.md has what more and fewer give."""

_KINDS = re.compile(r"({0})( *, *({0}))*".format("|".join(CLEANINGS)))


@dataclass(frozen=True)
class InputSettings(Reading):
    """Where the documents come from, how they are read and which columns hold what.

    Columns that are None are found by their usual names.
    """

    source: str | None = None
    text: str | None = None
    title: str | None = None
    time: str | None = None
    group: str | None = None
    id: str | None = None
    redact: str | None = setting(
        None,
        "take out private data before anything is kept: all, or some of email, phone, phone:DE, iban, card",
        form=PRIVATE_FORM,
        example='"all", or kinds such as "email,phone:DE,iban,card"',
    )
    clean: str | None = setting(
        None,
        "what is taken out of texts: email (replies and signatures), html, latex, urls, quotes, boilerplate "
        "(sentences that many documents have), or several with commas between",
        form=_KINDS,
        example="email, html, latex, urls, quotes or boilerplate, with commas between",
    )


@dataclass(frozen=True)
class EmbeddingSettings(Checked):
    """What embeds the documents, or the file that holds ready embeddings."""

    model: str | None = None
    embeddings: str | None = None
    speed: Literal["full", "fast"] = setting(
        "full",
        f"all that the embedding model can read of a text, or its first {FAST_TOKENS} tokens",
    )

    @property
    def tokens(self) -> int | None:
        """The most tokens that are read of a text; None: as many as the model takes."""
        return FAST_TOKENS if self.speed == "fast" else None


@dataclass(frozen=True)
class RunSettings(Checked):
    """Everything that can be asked of a run; what a ``--config`` file may hold."""

    input: InputSettings = field(default_factory=InputSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    topics: TopicSettings = field(default_factory=TopicSettings)
    labels: LabelSettings = field(default_factory=LabelSettings)
    page: PageSettings = field(default_factory=PageSettings)

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

    @classmethod
    def of(cls, **given: Any) -> RunSettings:
        """The defaults but for what is given, each setting by its own name.

        These are the names of the command line's options: those of `TopicSettings` and `LabelSettings`, and
        ``embedding_model`` and ``embedding`` (its speed). ``seed`` is that of the topics.

        Raises:
            UserError: there is no such setting, or a value is wrong.
        """
        return cls().with_given(given)

    def with_given(self, given: Mapping[str, Any], origin: str = "The call") -> RunSettings:
        """These settings with those in place that are given by their own names, as `of` takes them."""
        sections: dict[str, dict[str, Any]] = {}
        for name, value in given.items():
            if name not in ARGUMENTS:
                near = difflib.get_close_matches(name, ARGUMENTS, 1)
                raise UserError(
                    f"There is no setting {name!r}; "
                    + (f"is it {near[0]!r}?" if near else f"there are {', '.join(ARGUMENTS)}.")
                )
            section, field = ARGUMENTS[name]
            sections.setdefault(section, {})[field] = value
        return self.updated(sections, origin)

    def in_languages(self, found: Sequence[str]) -> RunSettings:
        """These settings with the languages that were found, where nobody said which.

        English alone is not noted, since it is what nothing said means in a run that was made.

        Args:
            found: codes, the main language's first.
        """
        topics, labels = self.topics, self.labels
        if topics.language is None and tuple(found) != (ENGLISH,):
            topics = replace(topics, language=",".join(found))
        if labels.label_language is None and topics.languages[0] != ENGLISH:
            labels = replace(labels, label_language=topics.languages[0])
        return replace(self, topics=topics, labels=labels)

    def asked(self) -> dict[str, dict[str, Any]]:
        """What determines the result.

        Not here: where documents, ready embeddings and given topics come from, since what they hold tells
        them from others, how the machine is used, and how the page is made. A path is the same however it is
        written.
        """
        asked = asdict(self.with_whole_paths())
        del asked["page"], asked["embedding"]["embeddings"], asked["topics"]["topics_file"]
        asked["input"] = {"redact": self.input.redact and private_kinds(self.input.redact)}
        for name in LabelSettings.NOT_IN_RESULT:
            del asked["labels"][name]
        if self.topics.languages == (ENGLISH,):  # what is said of it, and what runs before there was this say
            asked["topics"]["language"] = None
            if self.topics.stop_words == "auto":
                asked["topics"]["stop_words"] = "english"
        if is_called_english(self.labels.label_language) and self.topics.languages[0] == ENGLISH:
            asked["labels"]["label_language"] = None
        return asked

    def with_whole_paths(self) -> RunSettings:
        """The same settings, in which no path of a model or a prompt file depends on the current folder."""
        return replace(
            self,
            embedding=replace(self.embedding, model=_whole_path(self.embedding.model)),
            topics=replace(self.topics, topics_file=_whole_path(self.topics.topics_file)),
            labels=replace(
                self.labels, model=_whole_path(self.labels.model), prompt=_whole_path(self.labels.prompt)
            ),
        )


ARGUMENTS: dict[str, tuple[str, str]] = {
    "embedding_model": ("embedding", "model"),
    "embedding": ("embedding", "speed"),
    "redact": ("input", "redact"),
    "clean": ("input", "clean"),
    **{part.name: ("labels", part.name) for part in fields(LabelSettings)},
    **{part.name: ("topics", part.name) for part in fields(TopicSettings)},
}
"""The settings by the names that they have as arguments and options: section and field."""


def _whole_path(name: str | None) -> str | None:
    """The whole path of a file or folder that is here; what names something else stays as it is."""
    if name is None:
        return None
    try:
        return str(Path(name).expanduser().resolve(strict=True))
    except (OSError, RuntimeError, ValueError):  # RuntimeError: there is no such home, or links go round
        return name
