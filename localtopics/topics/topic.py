"""A topic: what its documents are about, in words."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

OUTLIER = -1
"""The number that stands for no topic, in documents and in tables of topics."""
OUTLIER_LABEL = "Outliers"
"""What the documents of no topic are called together."""
KEYWORDS = "Keywords"
"""The aspect of a BERTopic model that holds `Topic.keywords`."""


@dataclass(frozen=True, repr=False)
class Topic:
    """What the documents of one topic are about; `OUTLIER` is the number of those that belong to none."""

    topic: int
    """Its number. Topics are numbered by size when they are found; afterwards each keeps its number."""
    size: int
    """How many documents it has."""
    keywords: tuple[str, ...]
    """The words of the highest c-TF-IDF, highest first."""
    keybert: tuple[str, ...]
    """Keywords by KeyBERT."""
    mmr: tuple[str, ...]
    """Keywords by maximal marginal relevance."""
    representative: tuple[str, ...]
    """Typical documents that differ from each other: the most typical first, then what is most unlike those
    before it."""
    label: str | None = None
    """Its name; None before it has one."""
    fidelity: float | None = None
    """How surely the name finds this topic among the others of its level, from 0 to 1; None where nobody
    measured it."""
    given: bool = False
    """Whether somebody gave it, with its name, instead of its being found."""
    level: int = 0
    """0 for the topics that documents have, the finest; above it those that hold them together."""
    parent: int | None = None
    """The topic of a higher level that holds it; None for one that stands at the top."""
    note: str = ""
    """What somebody noted of it."""
    members: str = ""
    """How many documents or passages it has, and a hash of which: with the same ones it keeps its words."""

    def __repr__(self) -> str:
        name = ", ".join(self.keywords[:3]) if self.label is None else self.label
        return f"<Topic {self.topic}: {name}, {self.size:,} document{'s' * (self.size != 1)}>"

    def _repr_html_(self) -> str:
        """The topic as notebooks show it; what its documents hold is text there, whatever it looks like."""
        words = [("keywords", self.keywords), ("KeyBERT", self.keybert), ("MMR", self.mmr)]
        rows = "".join(
            f"<tr><th>{name}</th><td style='text-align:left'><bdi>{escape(', '.join(found))}</bdi></td></tr>"
            for name, found in words
            if found
        )
        documents = "".join(f"<li><bdi>{escape(_start(text))}</bdi></li>" for text in self.representative[:3])
        return f"<b><bdi>{escape(repr(self)[1:-1])}</bdi></b><table>{rows}</table><ol>{documents}</ol>"


def _start(text: str, characters: int = 300) -> str:
    """The beginning of a long text."""
    return text if len(text) <= characters else text[:characters].rstrip() + " …"
