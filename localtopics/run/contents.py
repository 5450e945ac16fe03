"""What a run folder holds, as those who read it see it: tables, topics, levels, labels, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from localtopics.corpus import Corpus
from localtopics.corpus.cleaning import Cleaning
from localtopics.embedding import Embedder
from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings
from localtopics.progress import Progress
from localtopics.run.edits import EDITS
from localtopics.run.lock import RECORD
from localtopics.run.passages import PASSAGES, read_passages
from localtopics.run.record import read_record
from localtopics.run.results import check_together, read_documents, read_topics, to_corpus, to_topics
from localtopics.run.settings import RunSettings
from localtopics.run.state import GrownState, read_state
from localtopics.run.trust import trusted_embedding_model, trusted_labels
from localtopics.topics.hierarchy import Hierarchy
from localtopics.topics.neighbors import in_half_precision
from localtopics.topics.topic import OUTLIER, Topic

DOCUMENTS = "documents.parquet"
TOPICS = "topics.parquet"


class RunContents:
    """The results in a run folder, read when they are first asked for and checked as they are read."""

    def __init__(self, folder: Path, record: dict[str, Any], embedding_model: str | None = None) -> None:
        self.folder = folder
        self.record = record
        self.embedding_model = embedding_model
        """The embedding model that the user of this process named, if any: see `embedder`."""
        self._alone = False

    @property
    def settings(self) -> RunSettings:
        """What was asked."""
        return RunSettings().updated(self.record["settings"], str(self.folder / RECORD))

    @property
    def label_settings(self) -> LabelSettings:
        """How its topics were named, for who wants them named so again; see `trusted_labels`."""
        return trusted_labels(self.folder, self.settings.labels)

    def done(self, stage: str) -> bool:
        """Whether ``stage`` (one of `STAGES`) has finished."""
        return bool(self.record["stages"].get(stage, {}).get("done"))

    @property
    def model_folder(self) -> Path:
        """The saved BERTopic model; ``BERTopic.load`` opens it."""
        return self.folder / "model"

    @property
    def layouts_file(self) -> Path:
        """The layouts, from which topics can be found again: see `results`."""
        number = self.record.get("growth", {}).get("number")
        return self.folder / "stages" / "layouts.npz" if number is None else self.state_file(number)

    def state_file(self, number: int) -> Path:
        """What the run goes on from since it has grown so many times: see `state`."""
        return self.folder / "stages" / f"grown-{number}.npz"

    def grown_state(self) -> GrownState:
        """What the run goes on from since it has grown.

        Raises:
            UserError: that is damaged.
        """
        return read_state(self.layouts_file, self.record["corpus"]["source"])

    @property
    def labels_file(self) -> Path:
        """The labels with their candidates, one line a topic as it is finished: see `label_log`."""
        return self.folder / "labels.jsonl"

    @property
    def edits_file(self) -> Path:
        """What people changed about the topics: see `edits`."""
        return self.folder / EDITS

    @property
    def edited_names(self) -> dict[int, str]:
        """The names that people gave to topics, by the topics' numbers."""
        return {int(number): name for number, name in self.record.get("edits", {}).get("names", {}).items()}

    def topics_before(self) -> list[Topic]:
        """The topics of all levels as they were last described, whether that counts or not."""
        try:
            return to_topics(read_topics(self.folder / TOPICS))
        except UserError:
            return []

    @cached_property
    def documents(self) -> pd.DataFrame:
        """One row a document, see `documents_table`."""
        self._require("topics")
        table = read_documents(self.folder / DOCUMENTS)
        self._require_unchanged()
        return table

    @cached_property
    def passages(self) -> pd.DataFrame:
        """One row a passage, of whose topics those of the documents are made: see `read_passages`."""
        return read_passages(self.folder / PASSAGES, self.documents)

    @cached_property
    def topic_table(self) -> pd.DataFrame:
        """One row a topic: number, size, label, whether it is a fallback, aspects, documents, fidelity."""
        self._require("topics")
        table = read_topics(self.folder / TOPICS)
        self._require_unchanged()
        check_together(self.folder, self.documents, table, labelled=self.done("labels"))
        return table

    @cached_property
    def levels(self) -> list[list[Topic]]:
        """The topics of each level in order of their number, the finest level first: see `topics`.

        The topics of a level above hold those of the levels below; `Topic.parent` says which.
        """
        found = to_topics(self.topic_table)
        depth = max((topic.level for topic in found), default=0)
        return [[topic for topic in found if topic.level == level] for level in range(depth + 1)]

    @property
    def topics(self) -> list[Topic]:
        """The topics that documents have, by number; -1, the outliers, first if there are any."""
        return self.levels[0]

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Which topics hold which."""
        found = [topic for level in self.levels for topic in level]
        return Hierarchy(
            levels={topic.topic: topic.level for topic in found if topic.level},
            parents={topic.topic: topic.parent for topic in found if topic.parent is not None},
        )

    @property
    def model_numbers(self) -> dict[int, int]:
        """Each topic's number in the saved BERTopic model, which has no gaps and keeps their order."""
        numbers = [topic.topic for topic in self.topics if topic.topic != OUTLIER]
        return {OUTLIER: OUTLIER} | {number: rank for rank, number in enumerate(numbers)}

    def members(self, topic: Topic) -> pd.Series:
        """The texts of the passages of a topic of any level, near-duplicates left out, in their order."""
        passages = self.passages
        unlike = passages["original"] == passages.index
        found: pd.Series = passages["text"][(self._topic_of[topic.level] == topic.topic) & unlike]
        return found

    @cached_property
    def _topic_of(self) -> list[np.ndarray]:
        """The topic of each passage at each level, int64 [m]."""
        finest, hierarchy = self.passages["topic"].to_numpy(), self.hierarchy
        return [hierarchy.of(finest, level) for level in range(len(self.levels))]

    @property
    def labels(self) -> dict[int, str]:
        """Topic number to label, of all levels, once labelling is done."""
        self._require("labels")
        table = self.topic_table
        return dict(
            zip(table["topic"].astype(int).tolist(), table["label"].astype(str).tolist(), strict=True)
        )

    @property
    def fidelity(self) -> dict[int, float]:
        """Topic number to its label's fidelity, of all levels, from 0 to 1, where it has one."""
        self._require("labels")
        table = self.topic_table.dropna(subset="fidelity")
        return dict(
            zip(table["topic"].astype(int).tolist(), table["fidelity"].astype(float).tolist(), strict=True)
        )

    @property
    def corpus(self) -> Corpus:
        """The documents as they were read; they are there from the first time that topics were found."""
        if "growth" in self.record and not self.done("topics"):
            return self.grown_state().corpus
        found_before = not self.done("topics") and (self.folder / DOCUMENTS).exists()
        table = read_documents(self.folder / DOCUMENTS) if found_before else self.documents
        return to_corpus(table, self.record["corpus"]["source"])

    @property
    def cleaning(self) -> Cleaning:
        """What was taken out of its documents, and is out of those that come later."""
        sentences = self.record["corpus"].get("boilerplate", [])
        return Cleaning.of(self.settings.input.clean, [str(one) for one in sentences])

    @property
    def embeds_documents(self) -> bool:
        """Whether `embedder` gives vectors like the documents' own: not where these came ready-made."""
        ready = self.record["corpus"]["embeddings_digest"] is not None
        return not ready or self.settings.embedding.model is not None

    @cached_property
    def embedder(self) -> Embedder:
        """What embedded the documents, or the words and labels where these came with ready embeddings.

        Raises:
            UserError: as `trusted_embedding_model`.
        """
        return Embedder(trusted_embedding_model(self.folder, self.record["embedding"], self.embedding_model))

    def kept_vectors(self, passages: Sequence[str], progress: Progress) -> np.ndarray:
        """The passages' embeddings in half precision, as the saved model has them: float32 [m, d].

        Where a kill left no model, they are embedded again, from the cache as a rule.
        """
        from localtopics.topics.load import document_embeddings

        try:
            return document_embeddings(self.model_folder)
        except UserError:
            if self.record["corpus"]["embeddings_digest"] is not None:
                raise
            return in_half_precision(self.embedder.embed(passages, progress))

    def asked_labels(self, given: Mapping[str, Any]) -> LabelSettings:
        """How the topics were named, with what is given in place.

        Raises:
            UserError: a setting is not one of `LabelSettings`; or the model that named them is a file which
                only the run folder names, and no other is given.
        """
        given = {name: value for name, value in given.items() if value is not None}
        before = self.settings.labels if "model" in given else self.label_settings
        before = replace(before, allow_remote=False)  # to be said each time, by who is at work
        return replace(self.settings, labels=before).updated({"labels": given}, "The call").labels

    @property
    def title(self) -> str:
        """What the maps are called: the name of the file or dataset that was read."""
        source = self.record["corpus"]["source"]
        return Path(source).name or source

    @property
    def layout(self) -> np.ndarray:
        """Where each document lies on the map: float32 [n, 2]."""
        return self.documents[["x", "y"]].to_numpy(dtype="float32")

    def _require(self, stage: str) -> None:
        if not self.done(stage):
            raise UserError(
                f"The run in {self.folder} has no {stage} yet: give the same command again, it goes on."
            )

    def _require_unchanged(self) -> None:
        """Raise `UserError` where another process has changed the folder since it was opened."""
        if not self._alone and read_record(self.folder / RECORD) != self.record:
            raise UserError(f"Something is at work in {self.folder}: wait for it, then try again.")
