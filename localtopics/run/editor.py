"""Changes to the topics of a run that last: merged, split, dropped, moved, named by hand, noted."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.run import stages
from localtopics.run.edits import LONGEST_NAME, check, read_edits, write_edits
from localtopics.run.folder import RunFolder
from localtopics.run.results import read_layouts
from localtopics.text import one_line
from localtopics.topics.clustering import Clustering
from localtopics.topics.editing import Edit, Kind, Places, Reference, find, parts_of, reference
from localtopics.topics.topic import OUTLIER

log = logging.getLogger(__name__)

_NAMING = ("rename", "note")
"""What leaves the documents where they are."""


class Editor:
    """Changes the topics of a labelled run; a loop over it goes through the changes that were made.

    Each change is kept in ``edits.jsonl`` by what its topic holds, so it is done again after ``label``, after
    ``update``, and after ``run --force`` on the same documents. Topics that it does not touch keep number,
    words and name. Every method raises `UserError` where there is no such topic, or the run has no labels.

    Args:
        run: the run.
        progress: told of what a change entails.
        labels: settings of `LabelSettings` that are to change; with another model all topics are named anew.
    """

    def __init__(self, run: RunFolder, progress: Progress = silent, **labels: Any) -> None:
        self._run = run
        self._progress = progress
        self._labels = labels

    def __iter__(self) -> Iterator[Edit]:
        return iter(read_edits(self._run.edits_file))

    def __len__(self) -> int:
        return len(read_edits(self._run.edits_file))

    def rename(self, topic: int, name: str) -> None:
        """Call a topic of any level so, whatever a model says."""
        self._change("rename", [topic], text=name)

    def note(self, topic: int, text: str) -> None:
        """Note something of a topic; "" takes the note away."""
        self._change("note", [topic], text=text)

    def merge(self, topics: Sequence[int]) -> None:
        """Make one topic of several; it has the number of the first."""
        self._change("merge", topics)

    def split(self, topic: int, parts: int | None = None) -> None:
        """Cluster a topic anew; its largest part keeps the number.

        Args:
            topic: its number.
            parts: how many there are to be, from 2 to 100; None: as many as are found in it.
        """
        self._change("split", [topic], parts=parts)

    def drop(self, topic: int) -> None:
        """Make all documents of a topic outliers."""
        self._change("drop", [topic])

    def move(self, documents: Iterable[str], topic: int) -> None:
        """Give documents another topic, or none.

        Args:
            documents: their ids.
            topic: its number, -1 for the outliers.
        """
        self._change("move", [topic], documents=tuple(documents))

    def finish(self) -> None:
        """Do what is left of changes that were stopped; nothing where nothing is."""
        if self._unfinished:
            self._do(list(self))

    def undo(self, count: int = 1) -> None:
        """Take back the last changes.

        Raises:
            UserError: there are not so many.
        """
        edits = list(self)
        if not 1 <= count <= len(edits):
            raise UserError(f"{len(edits):,} changes were made to {self._run.folder}: no {count:,} can go.")
        self._do(edits[:-count])

    def apply(self, path: Path | str) -> None:
        """Do the changes in a file of the same form, such as the page writes, after those that were made.

        Raises:
            UserError: the file cannot be read, or holds none.
        """
        edits = read_edits(Path(path))
        if not edits:
            raise UserError(f"{path} holds no changes, or is not there.")
        self._do([*self, *edits])

    def _parts(self, topic: int, parts: int | None) -> tuple[Reference, ...]:
        """The parts of a topic of documents."""
        run = self._run
        clustering, documents, settings = _clustering(run), _documents(run), run.settings.topics
        vectors = run.kept_vectors(run.passages["text"].tolist(), self._progress)
        layouts = read_layouts(run.layouts_file, run.passages["text"].tolist(), settings.components)
        if layouts is None:
            raise UserError(
                f"{run.layouts_file} is missing or damaged: do the run again, which makes it anew."
            )
        found = parts_of(topic, clustering, Places(documents, vectors, layouts.reduced), parts, settings)
        if not found:
            raise UserError(f"Topic {topic} is too small to be split.")
        return found

    def _change(self, kind: Kind, topics: Sequence[int], **more: Any) -> None:
        run = self._run
        text = one_line(more.pop("text", ""))[:LONGEST_NAME]
        if self._repeats(kind, topics, text):
            self.finish()
            return
        if self._unfinished:
            raise UserError(
                f"Changes to {run.folder} were stopped: finish them first.", command=f"edit {run.folder}"
            )
        names, clustering, documents = run.labels, _clustering(run), _documents(run)
        for topic in topics:
            if topic not in names and topic != OUTLIER:
                numbers = ", ".join(str(number) for number in sorted(names)[:10])
                raise UserError(f"{run.folder} has no topic {topic}; its topics are {numbers} and so on.")
            if topic == OUTLIER and kind != "move":
                raise UserError("Topic -1 holds the outliers, which are no topic.")
        known = tuple(reference(topic, clustering, documents, names.get(topic, "")) for topic in topics)
        if strange := sorted(set(more.get("documents", ())) - set(documents.tolist())):
            raise UserError(f"{run.folder} has no document {strange[0]!r}: name documents by their ids.")
        edit = Edit(kind, known, text=text, **more)
        try:
            check(edit)
        except ValueError as error:
            raise UserError(f"This changes no topic: {error}.") from None
        if kind == "split":
            edit = replace(edit, into=self._parts(topics[0], edit.parts))
        self._do([*self, edit])

    @property
    def _unfinished(self) -> bool:
        return not (self._run.edits_are_done() and self._run.done("maps"))

    def _repeats(self, kind: Kind, topics: Sequence[int], text: str) -> bool:
        """Whether the last change was this one: a command that was stopped is given again."""
        last = list(self)[-1:]
        same = [(edit.edit, [topic.number for topic in edit.topics], edit.text) for edit in last]
        return same == [(kind, list(topics), text)] and (self._unfinished or kind not in ("split", "move"))

    def _do(self, edits: list[Edit]) -> None:
        """Make the topics those after these changes, from the first stage that this touches."""
        from localtopics.labels.namer import Namer  # loads llama.cpp

        run = self._run
        asked = replace(run.settings, labels=run.asked_labels(self._labels))
        namer = Namer(settings=asked.labels)
        namer.check()
        with run.locked():
            before = list(self)
            new = edits[len(before) :]
            named = edits[: len(before)] == before and all(edit.edit in _NAMING for edit in new)
            named = named and run.edits_are_done() and run.done("topics")
            write_edits(edits, run.edits_file)
            if named:
                self._name(edits, new, asked)
            else:
                stages.find_again(run, asked, self._progress)
            stages.name(run, namer, self._progress)
            stages.draw(run, self._progress)

    def _name(self, edits: list[Edit], new: Sequence[Edit], asked: Any) -> None:
        """Note new names and notes, which move no document."""
        run = self._run
        clustering, documents = _clustering(run), _documents(run)
        done = run.record.get("edits", {"names": {}, "notes": {}})
        names = {int(number): name for number, name in done["names"].items()}
        notes = {int(number): note for number, note in done["notes"].items()}
        for edit in new:
            topic = find(edit.topics[0], clustering, documents)
            if topic is None or topic == OUTLIER:
                log.warning("A %s of %s is left out: its topic is not there", edit.edit, edit.topics[0].label)
            else:
                (names if edit.edit == "rename" else notes)[topic] = edit.text
        run.note_edits(edits, names, notes)
        run.reopen("labels", asked)


def _clustering(run: RunFolder) -> Clustering:
    """The topics of the run's passages as they are."""
    passages = run.passages
    topics = passages["topic"].to_numpy(np.int64)
    return Clustering(topics, np.ones(len(topics), np.float32), np.arange(len(topics)), run.hierarchy)


def _documents(run: RunFolder) -> np.ndarray:
    """The id of the document of each passage, object [n]."""
    return run.passages["document"].to_numpy(object)
