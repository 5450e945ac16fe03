"""Documents that are on every machine."""

from localtopics.demo.docstrings import demo_corpus, demo_docstrings

__all__ = ["demo_corpus", "demo_docstrings"]
