"""The whole job on documents that are on every machine."""

from localtopics.demo.demo import run_demo
from localtopics.demo.docstrings import demo_corpus, demo_docstrings

__all__ = ["demo_corpus", "demo_docstrings", "run_demo"]
