"""The folder of a run: what each stage leaves, and which stages are done.

A run killed at any instant goes on from there.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from localtopics.corpus import Corpus
from localtopics.embedding import Embedder
from localtopics.embedding.model import EmbeddingModel
from localtopics.embedding.passages import Passages
from localtopics.errors import UserError
from localtopics.files import remove, replacing
from localtopics.labels.label import Label
from localtopics.run.contents import DOCUMENTS, TOPICS, RunContents
from localtopics.run.edits import digest, read_edits
from localtopics.run.lock import RECORD, RESULTS, TRENDS, alone, require_ours
from localtopics.run.passages import write_documents
from localtopics.run.record import STAGES, changes, new_record, other_versions, read_record, versions
from localtopics.run.results import (
    flat,
    topics_table,
    write_parquet,
)
from localtopics.run.settings import RunSettings
from localtopics.run.tables import write_table
from localtopics.topics.editing import Edit
from localtopics.topics.load import check_model
from localtopics.topics.topic import Topic
from localtopics.topics.umap import Layouts

if TYPE_CHECKING:
    from localtopics.topics.clustering import TopicModel

log = logging.getLogger(__name__)

_FILES = {"layouts": (), "topics": (), "labels": ("topics.csv",), "maps": ("map.png", "map.html")}
"""What a finished stage leaves that no other stage reads."""


class RunFolder(RunContents):
    """A run folder: `open` reads a finished or half-finished one, `start` begins one or goes on with it.

    The files are those that users read (see the README); ``run.json`` says which stages are done, and a
    stage counts only once it says so: a stage that was killed is done again. Whatever changes the folder
    does so in `start` or `locked`, alone.
    """

    @classmethod
    def open(cls, folder: Path | str, embedding_model: str | None = None) -> Self:
        """The run in ``folder``.

        Args:
            folder: a run folder, of this or any earlier release.
            embedding_model: what embedded its documents, where that does not come with localtopics.

        Raises:
            UserError: ``folder`` is not a run folder, or is damaged.
        """
        folder = Path(folder)
        if folder.is_file():
            raise UserError(
                f"{folder} is a file and not a run folder: make one of it.", command=f"run {folder}"
            )
        try:
            return cls(folder, read_record(folder / RECORD), embedding_model)
        except FileNotFoundError:
            raise UserError(
                f"{folder} is not a run folder: make one first.", command=f"run FILE --out {folder}"
            ) from None

    @classmethod
    @contextmanager
    def start(
        cls,
        folder: Path | str,
        settings: RunSettings,
        corpus: Corpus,
        model: EmbeddingModel,
        *,
        embeddings_digest: str | None = None,
        force: bool = False,
    ) -> Iterator[Self]:
        """Begin a run in ``folder``, or go on with the same run that was begun there, alone in it.

        Args:
            folder: a run folder, or one that is not there or is empty.
            settings: what is asked for.
            corpus: the documents.
            model: what embeds them, or where they have ready embeddings the words and labels.
            embeddings_digest: tells ready embeddings, where they were given, from others.
            force: replace a run of other documents or settings, or by other versions; the same run goes on.

        Raises:
            UserError: the folder holds something else, or another run and ``force`` is not given, or another
                process works in it.
        """
        folder = Path(folder)
        fresh = new_record(settings, corpus, model, embeddings_digest)
        run = cls(folder, fresh, settings.embedding.model)
        run.embedder = Embedder(model)
        require_ours(folder)
        with run._alone_in_folder():
            require_ours(folder)  # it may be another by now
            before = read_record(folder / RECORD) if (folder / RECORD).exists() else None
            if before is None or (force and (changes(before, fresh) or other_versions(before))):
                run._begin()
            else:
                run._go_on(before, settings)
            yield run

    def _begin(self) -> None:
        """Begin with the record, so that no old stage counts after a kill; then take away what is old."""
        self._write_record()
        for name in RESULTS:
            remove(self.folder / name)

    def _go_on(self, before: dict[str, Any], settings: RunSettings) -> None:
        """Take up the run on record, with each stage that is whole."""
        fresh, self.record = self.record, before
        if differences := changes(before, fresh):
            relabel = differences.keys() == {"labels"}
            raise UserError(
                f"{self.folder} holds a run with other settings ({'; '.join(differences.values())}): "
                f"choose another folder, or replace it{', or name its topics anew' if relabel else ''}.",
                arguments=["out", "force"],
                command=f"label {self.folder}" if relabel else "",
            )
        record = before | {"settings": fresh["settings"], "embedding": fresh["embedding"]}
        other_model = any(
            before["embedding"][key] != fresh["embedding"][key] for key in ("digest", "precision")
        )
        undone = STAGES if other_model else self._damaged_stages()
        page = fresh["settings"]["page"]
        page |= {name: was for name, was in asdict(self.settings.page).items() if page[name] is None}
        if not undone and page != asdict(self.settings.page):
            undone = ("maps",)
        if not undone and not self.edits_are_done():
            undone = STAGES[STAGES.index("topics") :]
        record["stages"] = {name: state for name, state in before["stages"].items() if name not in undone}
        others = other_versions(before)
        if others and len(record["stages"]) < len(STAGES):
            log.warning(
                "The run in %s was begun with other versions (%s) and goes on with these: replace it for one "
                "of a piece",
                self.folder,
                ", ".join(others),
                extra={"arguments": ["force"]},
            )
            record["continued"] = versions()
        if record != before:
            raw_cells, self.record = self.settings.labels.raw_cells, record
            if self.done("labels") and self.settings.labels.raw_cells != raw_cells:
                self._write_csv(self.topic_table)
            self._write_record()

    def _damaged_stages(self) -> Sequence[str]:
        """The stages from the first on whose results are not there as they were left."""
        for number, stage in enumerate(STAGES):
            try:
                if self.done(stage):
                    self._check_results(stage)
            except UserError as error:
                log.warning("%s", error)
                return STAGES[number:]
        return ()

    def _check_results(self, stage: str) -> None:
        trends = self.record.get("trends", {}).get("files", []) if stage == "maps" else []
        for name in (*_FILES[stage], *(name for name in TRENDS if name in trends)):
            if not (self.folder / name).is_file():
                raise UserError(f"{self.folder / name} is missing: it is made anew.")
        if stage == "topics":
            _ = self.documents, self.passages, self.topic_table
            check_model(self.model_folder)
        elif stage == "labels":
            _ = self.labels

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no second process work in this folder meanwhile, and see it as it is now.

        Raises:
            UserError: another process does, or the run is damaged.
        """
        with self._alone_in_folder():
            self.record = read_record(self.folder / RECORD)
            self._forget()
            yield

    @contextmanager
    def _alone_in_folder(self) -> Iterator[None]:
        with alone(self.folder):
            self._alone = True
            try:
                yield
            finally:
                self._alone = False

    def _write_record(self) -> None:
        with replacing(self.folder / RECORD) as path:
            text = json.dumps(self.record, indent=2, ensure_ascii=False) + "\n"
            path.write_text(text, encoding="utf-8", errors="backslashreplace")  # a path may be no UTF-8

    def note(self, key: str, value: Any) -> None:
        """Put one fact about the run into ``run.json``."""
        if self.record.get(key) != value:
            self.record[key] = value
            self._write_record()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Do a stage: it counts as done, and its seconds are noted, when the block ends well."""
        self.reopen(name)
        started = time.monotonic()
        yield
        self.record["stages"][name] = {"done": True, "seconds": round(time.monotonic() - started, 2)}
        self._write_record()

    def reopen(self, name: str, settings: RunSettings | None = None) -> None:
        """Mark a stage and all after it as not done, to be done with other settings where these are given."""
        later = STAGES[STAGES.index(name) :]
        stages = {stage: state for stage, state in self.record["stages"].items() if stage not in later}
        changed = {"stages": stages} | ({} if settings is None else {"settings": asdict(settings)})
        if any(self.record[key] != value for key, value in changed.items()):
            self.record |= changed
            self._write_record()

    def grow(self, growth: Mapping[str, Any], corpus: Corpus) -> None:
        """Go on from the state of this growth, whose documents are ``corpus``; the last one's goes."""
        last = self.record.get("growth", {}).get("number")
        self.record["growth"] = dict(growth)
        self.record["corpus"] |= {"documents": len(corpus), "digest": corpus.digest}
        self.record["stages"] = {"layouts": self.record["stages"]["layouts"]}
        self._write_record()
        self._forget()
        if last is not None:
            for ending in (".npz", ".parquet"):
                remove(self.state_file(last).with_suffix(ending))

    def note_edits(self, edits: Sequence[Edit], names: Mapping[int, str], notes: Mapping[int, str]) -> None:
        """Put into the record which changes were done, and the names and notes that they gave."""
        if edits or "edits" in self.record:
            self.record["edits"] = {
                "digest": digest(edits),
                "names": {str(number): name for number, name in names.items()},
                "notes": {str(number): note for number, note in notes.items()},
            }

    def edits_are_done(self) -> bool:
        """Whether the topics are those after the changes in `edits_file`."""
        done = self.record.get("edits", {}).get("digest", digest([]))
        return bool(done == digest(read_edits(self.edits_file)))

    def write_topics(
        self,
        corpus: Corpus,
        passages: Passages,
        layouts: Layouts,
        found: TopicModel,
        keep_labels: bool = False,
    ) -> None:
        """Write the documents, their passages, and the topics as they are before they have names.

        ``keep_labels``: labels of the topics before stay, for those that ask the model the same.
        """
        if not keep_labels:
            remove(self.labels_file)
        topics = write_documents(self.folder, DOCUMENTS, corpus, passages, layouts, found)
        self._write_topics(topics, {}, {})

    def write_labels(self, labels: Mapping[int, Label], fidelity: Mapping[int, float]) -> None:
        """Put the finished labels and their fidelity into ``topics.parquet`` and ``topics.csv``."""
        self._write_topics(self.levels, labels, fidelity)

    def _write_topics(
        self, levels: Iterable[Sequence[Topic]], labels: Mapping[int, Label], fidelity: Mapping[int, float]
    ) -> None:
        notes = self.record.get("edits", {}).get("notes", {})
        topics = [replace(topic, note=notes.get(str(topic.topic), "")) for topic in chain(*levels)]
        table = topics_table(topics, labels, fidelity)
        write_parquet(table, self.folder / TOPICS)
        self._write_csv(table)
        self._forget()

    def _write_csv(self, table: pd.DataFrame) -> None:
        write_table(flat(table), self.folder / "topics.csv", raw_cells=self.settings.labels.raw_cells)

    def _forget(self) -> None:
        """Read the tables again when they are next needed."""
        for name in ("documents", "passages", "topic_table", "levels", "hierarchy", "_topic_of"):
            self.__dict__.pop(name, None)
