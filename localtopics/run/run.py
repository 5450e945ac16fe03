"""A run as people use it from Python: find and name topics, look at them, go on with them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from html import escape
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from numpy.typing import ArrayLike

from localtopics.corpus import Corpus
from localtopics.corpus.columns import listed
from localtopics.errors import UserError
from localtopics.labels.settings import NO_MODEL, LabelSettings
from localtopics.progress import Progress, silent
from localtopics.run import stages
from localtopics.run.assigning import assign
from localtopics.run.editor import Editor
from localtopics.run.evaluate import Evaluation, evaluate
from localtopics.run.folder import RunFolder
from localtopics.run.held_out import named_topics
from localtopics.run.private import stripped
from localtopics.run.ready import ready_embeddings
from localtopics.run.record import STAGES
from localtopics.run.results import flat
from localtopics.run.trends import asked_trends, compute_trends, log_notes, trend_settings, trends_written
from localtopics.topics.topic import Topic
from localtopics.trends.trends import Trends

if TYPE_CHECKING:
    from bertopic import BERTopic

    from localtopics.run.compare import Comparison
    from localtopics.run.growth import Growth
    from localtopics.run.parts import AssignedParts

log = logging.getLogger(__name__)

_SHOWN = 30
"""Topics in the table of a notebook."""


class Run(RunFolder):
    """A run: topics with their names, and the folder in which they are kept.

    `fit` makes one, ``Run.open(folder)`` opens one. ``run[7]`` is topic 7, ``run[-1]`` the outliers, and a
    loop over the run goes through the topics of documents; ``run.levels`` has those that hold them, too.
    """

    def __getitem__(self, topic: int) -> Topic:
        for found in chain(*self.levels):
            if found.topic == topic:
                return found
        numbers = [found.topic for found in self.topics]
        raise KeyError(f"{self.folder} has no topic {topic}; its topics are {numbers[0]} to {numbers[-1]}.")

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.topics)

    def __len__(self) -> int:
        """How many topics there are, the outliers counted where there are any."""
        return len(self.topics)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Run {self.folder}: {self._summary()}>"

    def _repr_html_(self) -> str:
        """The largest topics as notebooks show them; what documents hold is text there."""
        title = f"<b><bdi>{escape(str(self.folder))}</bdi></b>: {escape(self._summary())}"
        if not self.done("labels"):
            return title
        shown = named_topics(self)[:_SHOWN]
        table = pd.DataFrame(
            {
                "size": [topic.size for topic in shown],
                "label": [topic.label for topic in shown],
                "keywords": [", ".join(topic.keywords) for topic in shown],
            },
            index=pd.Index([topic.topic for topic in shown], name="topic"),
        )
        return title + table.to_html(escape=True)

    def _summary(self) -> str:
        """How large the run is, and how far."""
        documents = f"{self.record['corpus']['documents']:,} documents"
        missing = next((stage for stage in STAGES if not self.done(stage)), None)
        if missing is not None:
            return f"{documents}, no {missing} yet"
        found = len(named_topics(self))
        return f"{documents}, {found:,} topic{'s' * (found != 1)}"

    def assign(
        self,
        documents: Iterable[str] | Corpus,
        *,
        titles: Iterable[str] | None = None,
        ids: Iterable[str] | None = None,
        embeddings: ArrayLike | str | os.PathLike[str] | None = None,
        progress: Progress = silent,
    ) -> pd.DataFrame:
        """Give documents that came later the topics of this run, as ``localtopics assign`` does.

        Args:
            documents: the texts, or a `Corpus`; empty and missing ones are left out.
            titles: one for each document, if there are any.
            ids: one for each document, all different; without them the row numbers.
            embeddings: float [m, d], a row for each document, or the .npy file or the folder of `embed_parts`
                that holds them. They are needed where the run itself was made from ready embeddings.
            progress: told of the embedding.

        Returns:
            One row a document: id, title, time and group (if any), topic (-1: none), label, and probability,
            which is the share of votes that the topic got among the nearest documents of the run; and where a
            long one was split, the shares of its topics.

        Raises:
            UserError: the run has no labels yet, or the embeddings are missing or do not fit.
        """
        corpus = (
            documents
            if isinstance(documents, Corpus)
            else Corpus.from_documents(documents, titles=titles, ids=ids)
        )
        return assign(self, corpus, ready_embeddings(embeddings, corpus), progress)

    def assign_parts(
        self,
        source: str | os.PathLike[str],
        out: str | os.PathLike[str],
        *,
        limit: int | None = None,
        force: bool = False,
        ray: str | None = None,
        progress: Progress = silent,
        **columns: str | None,
    ) -> AssignedParts:
        """Give any number of documents the topics of this run, in constant memory, as Parquet files.

        ``localtopics assign RUN SOURCE --out FOLDER`` does the same. Stopped, the same call goes on.

        Args:
            source: as in `localtopics.corpus.read_corpus`, or a folder of Parquet files.
            out: the folder of the parts.
            limit: how many rows of the source are read.
            force: take away parts of something else that lie there.
            ray: "auto" or the address of a Ray cluster that does it; docs/scale.md says how.
            progress: told of the rows.
            columns: text, title, time, id, group and split as in `localtopics.corpus.read_corpus`.

        Raises:
            UserError: as `localtopics.run.parts.assign_parts`.
        """
        from localtopics.run.parts import assign_parts

        return assign_parts(
            self,
            os.fspath(source),
            Path(out),
            columns=columns,
            limit=limit,
            force=force,
            ray=ray,
            progress=progress,
        )

    def relabel(self, *, progress: Progress = silent, **settings: Any) -> Run:
        """Name the topics anew and redraw the maps, as ``localtopics label`` does, and nothing else.

        Args:
            progress: told of each topic.
            settings: those of `LabelSettings` that are to change, such as ``model="none"``. The others stay
                as they were; only keywords give way to the best model on this machine.

        Raises:
            UserError: the run has no topics yet, or a setting, the model or the prompt file cannot be used.
        """
        from localtopics.labels.namer import Namer  # loads llama.cpp

        asked = self.asked_labels(settings)
        if asked.model == NO_MODEL and settings.get("model") is None:
            asked = replace(asked, model=None)  # who had keywords and asks again wants a model
        namer = Namer(settings=asked)
        namer.check()
        with self.locked():
            named = len(named_topics(self))
            self.reopen("labels", replace(self.settings, labels=asked))
            log.info("Naming %d topics anew", named)
            stages.name(self, namer, progress)
            stages.draw(self, progress)
        return self

    def reduce_outliers(self, share: str, *, progress: Progress = silent, **settings: Any) -> Run:
        """Let outliers join their nearest topics until so few are left, as ``localtopics reduce`` does.

        Words, names and maps follow; names are asked for anew only where what the model is shown has changed.

        Args:
            share: of the documents, which may stay outliers, such as "5%"; "100%" takes back what joined.
            progress: told of each stage.
            settings: those of `LabelSettings` that are to change, as for `relabel`.

        Raises:
            UserError: the run has no topics yet, the share is none, or a model that it takes is missing.
        """
        from localtopics.labels.namer import Namer  # loads llama.cpp

        asked = replace(self.settings, labels=self.asked_labels(settings))
        asked = asked.updated({"topics": {"outliers": share}}, "The call")
        namer = Namer(settings=asked.labels)
        namer.check()
        with self.locked():
            stages.find_again(self, asked, progress)
            stages.name(self, namer, progress)
            stages.draw(self, progress)
        return self

    def update(
        self,
        documents: Iterable[str] | Corpus,
        *,
        titles: Iterable[str] | None = None,
        times: Iterable[str] | None = None,
        groups: Iterable[str] | None = None,
        ids: Iterable[str] | None = None,
        embeddings: ArrayLike | str | os.PathLike[str] | None = None,
        refit: bool = False,
        progress: Progress = silent,
        **settings: Any,
    ) -> Growth:
        """Take documents into the run that came later, as ``localtopics update`` does.

        Old documents keep their topics and places, topics their numbers, colours and, unless they grow by
        more than half, their names. What fits nowhere makes new topics.

        Args:
            documents: the texts, or a `Corpus`; those that are in the run already are left out.
            titles, times, groups: one for each document, if there are any.
            ids: one for each document, all different; without them those that follow the run's own.
            embeddings: as for `assign`.
            refit: lay out and cluster all anew; topics keep the numbers of those that they match.
            progress: told of each stage.
            settings: those of `LabelSettings` that are to change; another model names all topics anew.

        Raises:
            UserError: the run has no labels yet, nothing is new, or embeddings are missing or do not fit.
        """
        from localtopics.run.growth import update

        corpus = (
            documents
            if isinstance(documents, Corpus)
            else Corpus.from_documents(documents, titles=titles, times=times, groups=groups, ids=ids)
        )
        corpus = stripped(corpus, self.settings, progress, self.cleaning)
        ready = ready_embeddings(embeddings, corpus)
        return update(self, corpus, ready, refit=refit, progress=progress, labels=settings)

    @property
    def edit(self) -> Editor:
        """Changes to topics that last, as by ``localtopics edit``: ``run.edit.rename(7, "Graph theory")``."""
        return Editor(self)

    def redraw(self, progress: Progress = silent, *, titles: str | None = None) -> Run:
        """Draw ``map.png`` and ``map.html`` anew, as ``localtopics map`` does.

        Args:
            progress: told of the drawing.
            titles: "fitting" or "all", as `PageSettings` has it; None: as was asked last.

        Raises:
            UserError: the run has no labels yet, or ``titles`` is something else.
        """
        page = {} if titles is None else {"titles": titles}
        with self.locked():
            _ = self.labels  # what cannot be drawn is not undone
            self.reopen("maps", self.settings.updated({"page": page}, "The call"))
            stages.draw(self, progress)
        return self

    def trends(
        self,
        *,
        bins: str | None = None,
        time: str | None = None,
        group: str | None = None,
        progress: Progress = silent,
    ) -> Trends:
        """Topics over time and by group, as ``localtopics trends`` gives them.

        What is not given stays as it was asked last. Where that changes something, the files of the run
        folder are written anew, and the maps with them.

        Args:
            bins: how long a bin is: "auto", "decade", "year", "quarter", "month", "week" or "day".
            time: the column of the documents that holds the times; at first that which the run was given.
            group: likewise, of the groups.
            progress: told of the drawing.

        Raises:
            UserError: the run has no labels yet, there is no such column or nothing in it, or the bins are
                too many.
        """
        asked = asked_trends(self, {"bins": bins, "time": time, "group": group})
        found = compute_trends(self, asked)
        if not found:
            log_notes(found)
            raise UserError(
                f"The documents of {self.folder} have no times and no groups: name a column that holds some, "
                f"of {listed(list(map(str, self.documents.columns)), len(self.documents.columns))}.",
                arguments=["time", "group"],
            )
        if asked != trend_settings(self) or not trends_written(self, found):
            with self.locked():
                self.note("trends", {"settings": asdict(asked), "files": []})
                self.reopen("maps")
                stages.draw(self, progress)
        else:
            log_notes(found)
        return found

    def evaluate(
        self,
        headings: Mapping[int, str] | None = None,
        progress: Progress = silent,
        *,
        gold: Mapping[str, str] | None = None,
        seeds: int = 0,
    ) -> Evaluation:
        """Measure the labels and the topics, as ``localtopics evaluate`` does.

        Args:
            headings: names that people gave to some or all topics, by number.
            progress: told of each step.
            gold: classes that people gave to some or all documents, by id.
            seeds: with how many other seeds topics are found again, to see how far they agree.

        Raises:
            UserError: the run has no labels yet or fewer than two topics, a heading is of no topic, or no
                document has a class.
        """
        return evaluate(self, headings, progress, gold=gold, seeds=seeds)

    def sheets(self) -> dict[str, pd.DataFrame]:
        """Topics and documents as ``localtopics show --xlsx`` writes them, each with its topic's name.

        Raises:
            UserError: the run has no labels yet.
        """
        documents, labels = self.documents.copy(), self.labels
        after = documents.columns.tolist().index("topic") + 1
        documents.insert(after, "label", documents["topic"].map(labels))
        return {"topics": flat(self.topic_table), "documents": documents}

    def compare(self, other: RunFolder, progress: Progress = silent) -> Comparison:
        """See which topics match, split, merged or vanished in another run, as ``localtopics compare`` does.

        Args:
            other: a labelled run.
            progress: told of the two steps.

        Raises:
            UserError: a run has no labels yet; or they share few documents and were not embedded by one
                model.
        """
        from localtopics.run.compare import compare

        return compare(self, other, progress)

    def bertopic(self, labels: LabelSettings | None = None) -> BERTopic:
        """The run as a BERTopic model on which BERTopic's methods go on; docs/python.md says which do what.

        Args:
            labels: how topics that change are named anew; None: as in the run.

        Raises:
            UserError: the run has no labels yet, its model is damaged, or a model that it takes is missing.
        """
        from localtopics.labels.representation import LlamaLabels
        from localtopics.topics.load import open_model

        naming = LlamaLabels(settings=labels or self.label_settings)
        embed = self.embedder.embed if self.embeds_documents else None
        numbers, names = self.model_numbers, self.labels
        topics = [replace(topic, topic=numbers[topic.topic]) for topic in self.topics]
        names = {numbers[topic.topic]: names[topic.topic] for topic in self.topics}
        return open_model(self.model_folder, topics, names, self.settings.topics, naming, embed)
