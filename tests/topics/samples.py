"""Documents of known kinds and the topics found in them: docstrings, which every machine has."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from localtopics.corpus import Corpus
from localtopics.demo import demo_corpus
from localtopics.embedding import Embedder
from localtopics.topics.bertopic import find_topics
from localtopics.topics.clustering import TopicModel
from localtopics.topics.duplicates import first_copies
from localtopics.topics.settings import TopicSettings
from localtopics.topics.umap import Layouts, lay_out

MODULES = """
    argparse asyncio configparser csv ctypes datetime decimal difflib email.message fractions http.cookiejar
    inspect logging mailbox multiprocessing.pool optparse os pathlib pickle random shutil smtplib socket
    sqlite3 ssl statistics string subprocess tarfile threading unicodedata unittest.mock urllib.request
    xml.etree.ElementTree xml.sax.handler zipfile
"""


QUICK_PACKAGES = ("numpy", "scipy", "sklearn", "pandas", "matplotlib", "networkx", "PIL")
"""The demo's packages but the largest two, torch and sympy, which take more than half of the time."""


@dataclass(frozen=True)
class Sample:
    """Documents of known kinds, and the topics found in them."""

    documents: list[str]
    kinds: list[str]
    embeddings: np.ndarray
    layouts: Layouts
    found: TopicModel


def docstrings() -> tuple[list[str], list[str]]:
    """400 docstrings of the standard library, and the modules that they come from."""
    kinds: dict[str, str] = {}
    for name in MODULES.split():
        module = importlib.import_module(name)
        for owner in (module, *(value for _, value in inspect.getmembers(module, inspect.isclass))):
            for _, member in inspect.getmembers(owner):
                text = inspect.getdoc(member) if callable(member) else None
                if text and len(text) > 120 and str(getattr(member, "__module__", "")).startswith(name[:4]):
                    kinds.setdefault(" ".join(text.split())[:500], name)
    chosen = sorted(kinds, key=hash_of)[:400]
    return chosen, [kinds[text] for text in chosen]


def quick_demo_corpus(documents: int, shared: Path) -> Corpus:
    """The demo's documents, of the packages that are read in seconds; a tenth of them as long as they are.

    All processes of the tests read the packages once; ``shared`` is a folder of theirs.
    """
    kept = shared / f"demo-{documents}.pickle"
    with FileLock(kept.with_suffix(".lock")):
        if not kept.exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("localtopics.demo.docstrings.PACKAGES", QUICK_PACKAGES)
                kept.write_bytes(pickle.dumps(demo_corpus(documents)))
        corpus: Corpus = pickle.loads(kept.read_bytes())
    short = [text if row % 10 == 0 else text[:400] for row, text in enumerate(corpus.documents)]
    return Corpus.from_documents(short, ids=corpus.ids, titles=corpus.titles)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sample_of(documents: list[str], kinds: list[str], embedder: Embedder) -> Sample:
    embeddings = embedder.embed(documents)
    settings = TopicSettings()
    layouts = lay_out(documents, embeddings, settings)
    found = find_topics(documents, embeddings, layouts, settings, embedder.embed)
    return Sample(documents, kinds, embeddings, layouts, found)


def layouts_of(reduced: np.ndarray, documents: list[str] | None = None) -> Layouts:
    """Layouts at these places, of documents that are all unlike or share a place with copies."""
    originals = np.arange(len(reduced)) if documents is None else first_copies(documents)
    return Layouts(reduced.astype(np.float32), reduced[:, :2].astype(np.float32), originals)
