"""A run: a folder that holds every stage's result, so that a run killed at any instant goes on from there."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localtopics import __version__
from localtopics.errors import UserError
from localtopics.files import replacing
from localtopics.labels.selection import Candidate, Label
from localtopics.settings import RunSettings
from localtopics.topics import Layouts, Topic, TopicModel

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from localtopics.corpus import Corpus
    from localtopics.embedding import Embedder

STAGES = ("layouts", "topics", "labels", "maps")
_PACKAGES = (
    "bertopic",
    "hdbscan",
    "llama-cpp-python",
    "numpy",
    "sentence-transformers",
    "torch",
    "umap-learn",
)


class Run:
    """A run folder. ``Run.open`` reads a finished or half-finished one; ``Run.start`` begins or resumes one.

    The files are those that users read (see the README); ``run.json`` says which stages are done, and a
    stage counts only once it says so: a stage that was killed is done again.
    """

    def __init__(self, folder: Path, record: dict[str, Any]) -> None:
        self.folder = folder
        self.record = record

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """The run in ``folder``.

        Raises:
            UserError: ``folder`` is not a run folder.
        """
        folder = Path(folder)
        try:
            record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            if not isinstance(record["stages"], dict) or not isinstance(record["settings"], dict):
                raise TypeError("it lacks its sections")
        except FileNotFoundError:
            raise UserError(
                f"{folder} is not a run folder; make one with `localtopics run FILE --out {folder}`."
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{folder / 'run.json'} cannot be read ({error}); make the run again with --force."
            ) from None
        return cls(folder, record)

    @classmethod
    def start(
        cls,
        folder: Path | str,
        settings: RunSettings,
        corpus: Corpus,
        *,
        embeddings_digest: str | None = None,
        force: bool = False,
    ) -> Run:
        """Begin a run in ``folder``, or go on with the same run that was begun there.

        ``embeddings_digest`` tells ready embeddings, where they were given, from others.

        Raises:
            UserError: the folder holds something else, or a run of other documents or settings.
        """
        folder = Path(folder)
        fresh: dict[str, Any] = {
            "localtopics": __version__,
            "settings": asdict(settings),
            "corpus": {
                "source": corpus.source,
                "documents": len(corpus.documents),
                "dropped": asdict(corpus.dropped),
                "digest": corpus.digest,
                "embeddings_digest": embeddings_digest,
            },
            "versions": {"python": platform.python_version()}
            | {name: metadata.version(name) for name in _PACKAGES},
            "stages": {},
        }
        if (folder / "run.json").is_file():
            if not force:
                run = cls.open(folder)
                run._check_same(settings, fresh["corpus"])
                run.record["settings"] = fresh["settings"]
                return run
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"{folder} exists and is not a run folder; name another with --out.")
        run = cls(folder, fresh)
        run._clear()
        run._write_record()
        return run

    def _check_same(self, settings: RunSettings, corpus: dict[str, Any]) -> None:
        before = RunSettings().updated(self.record["settings"], str(self.folder / "run.json")).asked()
        changes = {
            (section, name): f"{name} was {before[section][name]!r} and is now {value!r}"
            for section, values in settings.asked().items()
            for name, value in values.items()
            if value != before[section][name]
        }
        for name, meaning in (("digest", "documents"), ("embeddings_digest", "embeddings")):
            if self.record["corpus"][name] != corpus[name]:
                changes["input", name] = f"the {meaning} are not the same"
        if changes:
            relabel = all(section == "labels" for section, _ in changes)
            hint = f", or name its topics anew with `localtopics label {self.folder}`" if relabel else ""
            raise UserError(
                f"{self.folder} holds a run with other settings ({'; '.join(changes.values())}): "
                f"choose another --out, or add --force to replace it{hint}."
            )

    def _clear(self) -> None:
        """Take away what an earlier run left here, and nothing else."""
        import shutil

        for name in (
            "documents.parquet",
            "topics.parquet",
            "topics.csv",
            "labels.jsonl",
            "map.png",
            "map.html",
        ):
            (self.folder / name).unlink(missing_ok=True)
        for name in ("model", "stages"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _write_record(self) -> None:
        with replacing(self.folder / "run.json") as path:
            text = json.dumps(self.record, indent=2, ensure_ascii=False) + "\n"
            path.write_text(text, encoding="utf-8", errors="backslashreplace")  # a path may be no UTF-8

    def note(self, key: str, value: Any) -> None:
        """Put one fact about the run into ``run.json``."""
        if self.record.get(key) != value:
            self.record[key] = value
            self._write_record()

    def change(self, settings: RunSettings) -> None:
        """Note other settings than those that the run was begun with."""
        self.note("settings", asdict(settings))

    @property
    def settings(self) -> RunSettings:
        """What was asked."""
        return RunSettings().updated(self.record["settings"], str(self.folder / "run.json"))

    def done(self, stage: str) -> bool:
        """Whether ``stage`` (one of `STAGES`) has finished."""
        return bool(self.record["stages"].get(stage, {}).get("done"))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Do a stage: it counts as done, and its seconds are noted, when the block ends well."""
        self.reopen(name)
        started = time.monotonic()
        yield
        self.record["stages"][name] = {"done": True, "seconds": round(time.monotonic() - started, 2)}
        self._write_record()

    def reopen(self, name: str) -> None:
        """Mark a stage and all after it as not done."""
        later = STAGES[STAGES.index(name) :]
        if any(stage in self.record["stages"] for stage in later):
            for stage in later:
                self.record["stages"].pop(stage, None)
            self._write_record()

    # -- what each stage leaves ----------------------------------------------------------------------

    @property
    def model_folder(self) -> Path:
        """The saved BERTopic model; ``BERTopic.load`` opens it."""
        return self.folder / "model"

    def write_layouts(self, layouts: Layouts) -> None:
        """Keep the two layouts until the topics are found."""
        import numpy as np

        with replacing(self.folder / "stages" / "layouts.npz") as path, path.open("wb") as file:
            np.savez(file, reduced=layouts.reduced, map=layouts.map)

    def read_layouts(self) -> Layouts:
        """The layouts that `write_layouts` kept."""
        import numpy as np

        with np.load(self.folder / "stages" / "layouts.npz") as content:
            return Layouts(reduced=content["reduced"], map=content["map"])

    def write_topics(self, corpus: Corpus, layouts: Layouts, found: TopicModel) -> None:
        """Write ``documents.parquet`` and the topics as they are before they have names."""
        import pandas as pd

        columns: dict[str, Any] = {"id": corpus.ids}
        if corpus.titles is not None:
            columns["title"] = corpus.titles
        columns["text"] = corpus.documents
        if corpus.times is not None:
            columns["time"] = corpus.times
        columns |= {
            "topic": found.assignments,
            "probability": found.probabilities,
            "x": layouts.map[:, 0],
            "y": layouts.map[:, 1],
        }
        with replacing(self.folder / "documents.parquet") as path:
            pd.DataFrame(columns).to_parquet(path, compression="zstd", index=False)
        self._write_topic_table(found.topics, {}, {})

    def write_labels(self, labels: Mapping[int, Label], fidelity: Mapping[int, float]) -> None:
        """Put the finished labels and their fidelity into ``topics.parquet`` and ``topics.csv``."""
        self._write_topic_table(self.topics, labels, fidelity)

    def _write_topic_table(
        self, topics: Sequence[Topic], labels: Mapping[int, Label], fidelity: Mapping[int, float]
    ) -> None:
        import pandas as pd

        table = pd.DataFrame(
            {
                "topic": [topic.topic for topic in topics],
                "size": [topic.size for topic in topics],
                "label": pd.array([_text_of(labels.get(topic.topic)) for topic in topics], dtype="string"),
                "fallback": [
                    bool(labels[topic.topic].fallback) if topic.topic in labels else False for topic in topics
                ],
                "keywords": [list(topic.keywords) for topic in topics],
                "keybert": [list(topic.keybert) for topic in topics],
                "mmr": [list(topic.mmr) for topic in topics],
                "representative_documents": [list(topic.representative) for topic in topics],
                "fidelity": pd.array([fidelity.get(topic.topic) for topic in topics], dtype="Float64"),
            }
        )
        with replacing(self.folder / "topics.parquet") as path:
            table.to_parquet(path, compression="zstd", index=False)
        flat = table.drop(columns="representative_documents")
        for name in ("keywords", "keybert", "mmr"):
            flat[name] = flat[name].map(", ".join)
        flat["representative_documents"] = table["representative_documents"].map(
            lambda documents: " | ".join(" ".join(document.split())[:300] for document in documents[:3])
        )
        with replacing(self.folder / "topics.csv") as path:
            flat.to_csv(path, index=False)
        self.__dict__.pop("topic_table", None)
        self.__dict__.pop("topics", None)

    @cached_property
    def documents(self) -> pd.DataFrame:
        """One row a document: id, title (if any), text, time (if any), topic, probability, x, y."""
        return self._read_table("documents.parquet")

    @cached_property
    def topic_table(self) -> pd.DataFrame:
        """One row a topic: number, size, label, whether it is a fallback, aspects, documents, fidelity."""
        return self._read_table("topics.parquet")

    @cached_property
    def topics(self) -> list[Topic]:
        """The topics in order of their number; -1, the outliers, first if there are any."""
        return [
            Topic(
                topic=int(row["topic"]),
                size=int(row["size"]),
                keywords=tuple(row["keywords"]),
                keybert=tuple(row["keybert"]),
                mmr=tuple(row["mmr"]),
                representative=tuple(row["representative_documents"]),
            )
            for row in self.topic_table.to_dict("records")
        ]

    @property
    def labels(self) -> dict[int, str]:
        """Topic number to label, once labelling is done."""
        self._require("labels")
        table = self.topic_table
        return dict(
            zip(table["topic"].astype(int).tolist(), table["label"].astype(str).tolist(), strict=True)
        )

    @property
    def fidelity(self) -> dict[int, float]:
        """Topic number to its label's fidelity, from 0 to 1, where it has one."""
        self._require("labels")
        table = self.topic_table.dropna(subset="fidelity")
        return dict(
            zip(table["topic"].astype(int).tolist(), table["fidelity"].astype(float).tolist(), strict=True)
        )

    @property
    def corpus(self) -> Corpus:
        """The documents as they were read."""
        from localtopics.corpus import Corpus

        table = self.documents
        return Corpus.from_documents(
            table["text"].tolist(),
            titles=table["title"].tolist() if "title" in table else None,
            times=table["time"].tolist() if "time" in table else None,
            ids=table["id"].tolist(),
            source=self.record["corpus"]["source"],
        )

    @cached_property
    def embedder(self) -> Embedder:
        """What embeds texts as the documents were, where these did not come with ready embeddings."""
        from localtopics.embedding import Embedder, choose_model

        return Embedder(choose_model(self.record["embedding"]["location"]))

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

    def _read_table(self, name: str) -> pd.DataFrame:
        """One of the tables that the topics leave."""
        import pandas as pd

        self._require("topics")
        try:
            return pd.read_parquet(self.folder / name)
        except (OSError, ValueError):  # pyarrow's errors are such
            raise UserError(
                f"{self.folder / name} is missing or damaged: make the run anew, with the same command and "
                "--force."
            ) from None

    # -- labels, one line a topic as it is finished ---------------------------------------------------

    def append_label(self, label: Label) -> None:
        """Add one finished label to ``labels.jsonl``."""
        with (self.folder / "labels.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(label), ensure_ascii=False) + "\n")

    def read_labels(self) -> dict[int, Label]:
        """The labels finished so far; a line that a kill cut short does not count and is taken away."""
        path = self.folder / "labels.jsonl"
        if not path.is_file():
            return {}
        content = path.read_text(encoding="utf-8", errors="replace")
        whole, _, cut = content.rpartition("\n")
        if cut:
            self.keep_labels(whole.splitlines())
        labels = [_parse_label(line) for line in whole.splitlines() if line]
        return {label.topic: label for label in labels}

    def keep_labels(self, lines: Sequence[str] = ()) -> None:
        """Write ``labels.jsonl`` anew with these lines."""
        with replacing(self.folder / "labels.jsonl") as path:
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no second process work in this folder meanwhile.

        Raises:
            UserError: another process does.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"Another localtopics is at work in {self.folder}; wait for it or name another --out."
            ) from None
        try:
            yield
        finally:
            lock.release()


def _text_of(label: Label | None) -> str | None:
    return None if label is None else label.text


def _parse_label(line: str) -> Label:
    content = json.loads(line)
    content["candidates"] = tuple(Candidate(**candidate) for candidate in content["candidates"])
    return Label(**content)
