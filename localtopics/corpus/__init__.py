"""What documents are, and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localtopics.corpus.corpus import Corpus, Dropped, read_corpus

__all__ = ["Corpus", "Dropped", "read_corpus"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: pandas takes its time, and settings need none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from localtopics.corpus import corpus

    return getattr(corpus, name)
