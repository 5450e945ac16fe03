"""What documents are, and where they come from."""

from localtopics.corpus.corpus import Corpus, Dropped, read_corpus

__all__ = ["Corpus", "Dropped", "read_corpus"]
