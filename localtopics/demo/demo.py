"""The demo: a whole run on text that is on every machine, which says first how long it will take."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from localtopics.demo.docstrings import demo_corpus
from localtopics.embedding import Embedder, choose_model
from localtopics.progress import Progress, silent
from localtopics.run.fit import fit
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from localtopics.text import time_in_words

log = logging.getLogger(__name__)

_REST, _REST_EACH = 1.5, 0.0004
"""What comes after embedding takes about this many times as long as reading the packages, which is Python's
work like most of it, and this many times more for each docstring: seen on two machines with 2 cores."""


def run_demo(
    limit: int,
    settings: RunSettings,
    out: Path | str | None,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> Run:
    """Find and name the topics of docstrings; a line of the log tells beforehand how long it will take.

    Args:
        limit: how many docstrings at most.
        settings: what to do differently from the defaults.
        out: the run folder; None makes a new temporary one.
        force: replace what an earlier run with other settings left in ``out``.

    Raises:
        UserError: as `localtopics.fit` and `demo_corpus`.
    """
    begun = time.process_time()
    corpus = demo_corpus(limit, progress)
    reading = time.process_time() - begun
    with progress("Timing the embedding", 1) as advance:
        model = choose_model(settings.embedding.model, settings.embedding.tokens)
        embedding = Embedder(model).seconds_for(corpus.documents)
        advance(1)
    rest = reading * (_REST + _REST_EACH * len(corpus))
    if embedding:
        log.info(
            "%s docstrings; embedding them takes about %s here, the rest about %s; fewer take less time",
            f"{len(corpus):,}",
            time_in_words(embedding),
            time_in_words(rest),
            extra={"arguments": ["limit"]},
        )
    else:
        log.info(
            "%s docstrings, embedded before; the rest takes about %s", f"{len(corpus):,}", time_in_words(rest)
        )
    return fit(corpus, settings=settings, out=out, force=force, progress=progress)
