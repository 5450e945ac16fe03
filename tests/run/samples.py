"""A small run with levels: docstrings, with embeddings of which is known what belongs together."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import localtopics
from localtopics.corpus import Corpus
from tests.topics.samples import docstrings

THEMES = (
    ("asyncio", "logging", "unittest.mock", "inspect"),
    ("email.message", "smtplib", "http.cookiejar", "shutil"),
    ("xml.etree.ElementTree", "difflib", "statistics", "os"),
    ("threading",),
)
"""Modules, each a topic; those of a theme lie near to each other. The last comes later."""
LATER = "threading"
FIRST, MORE = 10, 2
"""Documents of a module, and those that come later."""
SETTINGS: dict[str, Any] = {"min_cluster_size": 6, "model": "none"}
_DIMENSIONS = 32


def old() -> tuple[Corpus, np.ndarray]:
    """The documents of a run, and their embeddings, float32 [n, d]."""
    return _documents({kind: slice(0, FIRST) for kind in _kinds() if kind != LATER})


@cache
def finished(base: Path) -> Path:
    """The folder of a finished run below ``base``, made once for all tests that ask for it."""
    documents, embeddings = old()
    out = base / "levels" / "docs.topics"
    return localtopics.fit(documents, embeddings=embeddings, out=out, **SETTINGS).folder


def later() -> tuple[Corpus, np.ndarray]:
    """Documents that come later: two of each of its modules, and a module of their own."""
    places = dict.fromkeys(_kinds(), slice(FIRST, FIRST + MORE))
    return _documents(places | {LATER: slice(0, FIRST + MORE)})


def module_of(document: str) -> str:
    """The module of a document, by its id."""
    return document.rpartition("-")[0]


def _kinds() -> list[str]:
    return [kind for theme in THEMES for kind in theme]


def _documents(places: dict[str, slice]) -> tuple[Corpus, np.ndarray]:
    texts, kinds = docstrings()
    middles: dict[str, np.ndarray] = {}
    draw = np.random.default_rng(1)
    for theme in THEMES:
        middle = 2 * draw.standard_normal(_DIMENSIONS)
        middles |= {kind: middle + draw.standard_normal(_DIMENSIONS) for kind in theme}
    ids: list[str] = []
    chosen: list[str] = []
    vectors: list[np.ndarray] = []
    for kind, place in places.items():
        own = [text for text, other in zip(texts, kinds, strict=True) if other == kind]
        for row in range(len(own))[place]:
            draw = np.random.default_rng([row, len(ids), place.start])
            ids.append(f"{kind}-{row}")
            chosen.append(own[row])
            vectors.append(middles[kind] + 0.2 * draw.standard_normal(_DIMENSIONS))
    corpus = Corpus.from_documents(
        chosen, ids=ids, titles=[text[:30] for text in chosen], groups=[module_of(one) for one in ids]
    )
    return corpus, np.array(vectors, np.float32)
