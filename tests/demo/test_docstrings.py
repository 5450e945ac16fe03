"""The demo's corpus, from whatever scientific packages are installed here."""

import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from localtopics.corpus import Corpus
from localtopics.demo import demo_corpus
from localtopics.demo.docstrings import _Package
from localtopics.errors import UserError


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    start = time.process_time()
    corpus = demo_corpus()
    assert time.process_time() - start < 40  # about 10 s on an idle core
    return corpus


def test_five_thousand_docstrings(corpus: Corpus) -> None:
    assert len(corpus) == 5000
    assert corpus.titles == corpus.ids == sorted(corpus.ids)
    assert all(len(text.split()) >= 25 for text in corpus.documents)


def test_every_package_has_its_share(corpus: Corpus) -> None:
    counts = Counter(name.partition(".")[0] for name in corpus.ids)
    assert {"numpy", "scipy", "sklearn", "pandas", "matplotlib", "torch", "networkx"} <= set(counts)
    assert max(counts.values()) < 1000


def test_documents_read_as_prose(corpus: Corpus) -> None:
    for text in corpus.documents:
        assert not any(mark in text for mark in (">>>", "::", "\\", "`", "https:", " : ")), text
    ends = sum(text[-1] in ".!?)" for text in corpus.documents)
    assert ends == len(corpus)


def test_no_sentence_stands_twice(corpus: Corpus) -> None:
    """What all methods of a kind repeat would make topics of its own."""
    sentences = Counter(
        sentence.casefold()
        for text in corpus.documents
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z(])", text)
    )
    assert len(sentences) > 10_000
    assert sum(count - 1 for count in sentences.values()) < 0.002 * len(sentences)


def test_names_are_those_that_users_import(corpus: Corpus) -> None:
    """A good sample of names can be had by importing their package and following the dots."""
    names = [name for name in corpus.ids if name.startswith(("numpy.", "pandas.", "networkx."))]
    code = """
import sys, importlib
missing = 0
for name in sys.stdin.read().split():
    head, *rest = name.split(".")
    thing = importlib.import_module(head)
    for part in rest:
        try:
            thing = getattr(thing, part)
        except AttributeError:
            try:
                thing = importlib.import_module(f"{thing.__name__}.{part}")
            except (ImportError, AttributeError):
                missing += 1
                break
print(missing)
"""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(found.stdout) < 0.05 * len(names)
    assert not any("._" in name for name in corpus.ids)


def test_same_packages_same_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localtopics.demo.docstrings.PACKAGES", ("PIL", "networkx"))
    code = """
from localtopics.demo import docstrings
docstrings.PACKAGES = ("PIL", "networkx")
print(docstrings.demo_corpus(60).digest)
"""
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    corpus = demo_corpus(60)
    assert corpus.digest == other.stdout.strip()
    assert Counter(name.partition(".")[0] for name in corpus.ids) == {"PIL": 30, "networkx": 30}


def test_public_names(tmp_path: Path) -> None:
    files = {
        "__init__.py": '"""Tools."""\nfrom ._impl import *\nfrom tools.sub import g as h\n',
        "_impl.py": 'def f():\n    """F."""\n\nclass C:\n    """C."""\n    def m(self):\n        """M."""\n',
        "_hidden.py": 'def secret():\n    """S."""\n',
        "sub/__init__.py": 'from ._g import g\nfrom .plain import k\ndef _no():\n    """N."""\n',
        "sub/_g.py": 'def g():\n    """G."""\n',
        "sub/plain.py": 'def k():\n    """K."""\ndef own():\n    """O."""\n',
        "sub/tests/test_k.py": 'def t():\n    """T."""\n',
        "added.py": 'add_newdoc("tools._core.umath", "dot", "D.")\nx = _add_docstr(_C.x, "X" + ".")\n',
        "broken.py": "def (",
    }
    for name, text in files.items():
        path = tmp_path / "tools" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert _Package(tmp_path / "tools").docstrings == {
        "tools": "Tools.",
        "tools.f": "F.",
        "tools.C": "C.",
        "tools.C.m": "M.",
        "tools.dot": "D.",
        "tools.added.x": "X.",
        "tools.sub.g": "G.",
        "tools.sub.k": "K.",
        "tools.sub.plain.own": "O.",
    }


def test_no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localtopics.demo.docstrings.PACKAGES", ("no_such_package",))
    with pytest.raises(UserError, match="none is installed"):
        demo_corpus()
