"""localtopics: from a pile of documents to a map of named topics, on one computer, offline.

``fit(documents)`` does the whole job and returns a `Run`; `LlamaLabels` is a BERTopic representation
model for someone with BERTopic code of their own. Names are imported when first used, so that importing
the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localtopics.corpus import Corpus, read_corpus
    from localtopics.errors import UserError
    from localtopics.labels.representation import LlamaLabels
    from localtopics.labels.settings import LabelSettings
    from localtopics.run.fit import fit
    from localtopics.run.run import Run
    from localtopics.run.settings import RunSettings
    from localtopics.topics.settings import TopicSettings
    from localtopics.topics.topic import Topic

__version__ = "0.1.0"

__all__ = [
    "Corpus",
    "LabelSettings",
    "LlamaLabels",
    "Run",
    "RunSettings",
    "Topic",
    "TopicSettings",
    "UserError",
    "fit",
    "read_corpus",
]

_HOME = {
    "Corpus": "corpus",
    "LabelSettings": "labels.settings",
    "LlamaLabels": "labels.representation",
    "Run": "run.run",
    "RunSettings": "run.settings",
    "Topic": "topics.topic",
    "TopicSettings": "topics.settings",
    "UserError": "errors",
    "fit": "run.fit",
    "read_corpus": "corpus",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
