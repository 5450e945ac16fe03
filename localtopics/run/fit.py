"""From documents to a finished run: every stage that its folder does not hold yet."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from localtopics.corpus import Corpus, read_corpus
from localtopics.corpus.cleaning import tell_boilerplate
from localtopics.corpus.language import Languages, find_languages, with_languages
from localtopics.embedding import Embedder, choose_model
from localtopics.embedding.parts import embedded_by
from localtopics.errors import UserError
from localtopics.files import TEMPORARY
from localtopics.languages import ENGLISH, language_name
from localtopics.progress import Progress, silent
from localtopics.run import stages
from localtopics.run.estimate import LONG, Estimate, estimate
from localtopics.run.lock import RECORD
from localtopics.run.private import stripped
from localtopics.run.ready import ready_embeddings
from localtopics.run.run import Run
from localtopics.run.settings import FAST_TOKENS, RunSettings
from localtopics.text import size_in_words, time_in_words
from localtopics.topics.settings import check_size

log = logging.getLogger(__name__)

_SHORT = 100
"""Characters of a document that no model needs to split."""
_FEW = 1000
"""Documents that may be too few, unless they are split."""


def fit(
    documents: Iterable[str] | Corpus,
    *,
    titles: Iterable[str] | None = None,
    times: Iterable[str] | None = None,
    ids: Iterable[str] | None = None,
    embeddings: ArrayLike | str | os.PathLike[str] | None = None,
    groups: Iterable[str] | None = None,
    settings: RunSettings | None = None,
    out: Path | str | None = None,
    force: bool = False,
    progress: Progress = silent,
    **given: Any,
) -> Run:
    """Find and name the topics of documents, as ``localtopics run`` does.

    Args:
        documents: the texts, or a `Corpus`.
        titles: one for each document, if there are any.
        times: one for each document, if there are any.
        ids: one for each document, all different; without them the row numbers.
        embeddings: float [n, d], a row for each of ``documents``, where they are ready: an array, lists, a
            tensor, a table, a .npy file or a folder of `embed_parts`; otherwise the documents are embedded.
        groups: one for each document, if there are any.
        settings: what to do differently from the defaults.
        out: the run folder; None makes a new temporary one.
        force: replace what an earlier run with other settings left in ``out``.
        progress: told of each stage.
        given: settings by their own names, such as ``min_cluster_size=30, model="none"``: see
            `RunSettings.of`.

    Raises:
        UserError: the documents or the settings cannot give topics; the sentence says why.
    """
    corpus = (
        documents
        if isinstance(documents, Corpus)
        else Corpus.from_documents(documents, titles=titles, times=times, groups=groups, ids=ids)
    )
    asked = (settings or RunSettings()).with_given(given)
    corpus = stripped(corpus, asked, progress)
    ready, asked = _ready(embeddings, asked, corpus)
    return _run(corpus, asked, out, ready, force, progress)


def fit_source(settings: RunSettings, out: Path, *, force: bool = False, progress: Progress = silent) -> Run:
    """Read the documents that ``settings.input`` names and do the whole run.

    Raises:
        UserError: as `fit`; nothing is left behind when the input is at fault.
    """
    return fit(_read(settings, progress), settings=settings, out=out, force=force, progress=progress)


def estimate_source(settings: RunSettings, out: Path, progress: Progress = silent) -> Estimate:
    """Read the documents that ``settings.input`` names and tell what the run would take, which is not done.

    Raises:
        UserError: as `fit`, or this machine cannot hold the run.
    """
    corpus = stripped(_read(settings, progress), settings, progress)
    embeddings, settings = _ready(None, settings, corpus)
    from localtopics.labels.namer import Namer  # loads llama.cpp

    corpus, settings, _ = _in_languages(corpus, settings, progress)
    Namer(settings=settings.labels).check()
    model = choose_model(settings.embedding.model, settings.embedding.tokens, settings.topics.languages)
    found = estimate(corpus, settings, model, embeddings, progress)
    found.check(out)
    return found


def _read(settings: RunSettings, progress: Progress) -> Corpus:
    asked = settings.input
    if asked.source is None:
        raise UserError("No documents named: give a file, a folder or hf:OWNER/NAME.", command="demo")
    with progress("Reading documents") as advance:
        apart = ("source", "redact", "clean")
        columns = {name: value for name, value in asdict(asked).items() if name not in apart}
        corpus = read_corpus(asked.source, **columns, progress=progress)
        advance(1)
    return corpus


def _run(
    corpus: Corpus,
    settings: RunSettings,
    out: Path | str | None,
    embeddings: np.ndarray | None,
    force: bool,
    progress: Progress,
) -> Run:
    """Do every stage of a run that ``out`` does not hold yet."""
    from localtopics.labels.namer import Namer  # loads llama.cpp

    if corpus.dropped.total:
        log.warning("Dropped %s", _dropped(corpus))
    if not corpus.boilerplate:
        tell_boilerplate(corpus.documents)
    whole = embeddings is not None or settings.topics.long_documents == "cut"
    if whole or not any(len(text) > _SHORT for text in corpus.documents):
        check_size(len(corpus.documents), settings.topics)
    corpus, settings, found = _in_languages(corpus, settings, progress)
    namer = Namer(settings=settings.labels)
    namer.check()  # a wrong model or prompt shows now, not after an hour
    model = choose_model(settings.embedding.model, settings.embedding.tokens, settings.topics.languages)
    if not whole and len(corpus.documents) < _FEW:  # they may be long
        check_size(len(Embedder(model).split(corpus.documents, progress).texts), settings.topics)
    digest = None if embeddings is None else hashlib.sha256(np.ascontiguousarray(embeddings).data).hexdigest()
    if len(corpus) >= LONG and (out is None or force or not (Path(out) / RECORD).exists()):
        _tell(estimate(corpus, settings, model, embeddings, progress), Path(out or tempfile.gettempdir()))
    folder = out if out is not None else tempfile.mkdtemp(prefix=TEMPORARY)
    with Run.start(folder, settings, corpus, model, embeddings_digest=digest, force=force) as run:
        if found is not None and found.codes != (ENGLISH,):
            run.note("languages", found.shares)
        stages.find(run, corpus, embeddings, progress)
        del embeddings
        stages.name(run, namer, progress)
        stages.draw(run, progress)
    return run


def _in_languages(
    corpus: Corpus, settings: RunSettings, progress: Progress
) -> tuple[Corpus, RunSettings, Languages | None]:
    """The corpus and the settings with the languages that are found, where nobody said which there are.

    Where there are several, each document's own is a column.
    """
    found = None if settings.topics.language is not None else find_languages(corpus.documents)
    settings = settings.in_languages(settings.topics.languages if found is None else found.codes)
    codes = settings.topics.languages
    if found is not None and codes != (ENGLISH,):
        shares = [f"{language_name(code)} ({share:.0%})" for code, share in found.shares.items()]
        log.info("Documents are in %s", " and ".join(shares) if len(codes) > 1 else language_name(codes[0]))
    if len(codes) > 1:
        corpus = with_languages(corpus, codes, progress)
    return corpus, settings, found


def _ready(
    given: ArrayLike | str | os.PathLike[str] | None, settings: RunSettings, corpus: Corpus
) -> tuple[np.ndarray | None, RunSettings]:
    """The ready embeddings, if any, and the settings with the model that is known to have made them.

    Raises:
        UserError: they do not fit the documents, or something is asked that they do not go with.
    """
    named = settings.embedding.embeddings if given is None else given
    embeddings = ready_embeddings(named, corpus)
    if embeddings is None:
        return None, settings
    if settings.embedding.tokens is not None:
        raise UserError(
            "The embeddings are ready, so there is nothing to embed faster: leave one of the two away.",
            arguments=["embeddings", "embedding"],
        )
    if isinstance(named, str | os.PathLike) and (folder := Path(named).expanduser()).is_dir():
        model, tokens = embedded_by(folder, settings.embedding.model)
        speed: Any = "fast" if tokens == FAST_TOKENS else "full"
        settings = replace(settings, embedding=replace(settings.embedding, model=model, speed=speed))
    if settings.topics.topics_file and settings.embedding.model is None:
        raise UserError(
            "Given topics are embedded like the documents, and the embeddings of these are ready: name the "
            "model that made them.",
            arguments=["embedding_model"],
        )
    return embeddings, settings


def _tell(found: Estimate, out: Path) -> None:
    """Say what a long run takes, or that this machine cannot hold it."""
    found.check(out)
    log.info(
        "%s documents take about %s here, names apart, with %s of memory and %s on the disk",
        f"{found.documents:,}",
        time_in_words(found.seconds),
        size_in_words(found.memory),
        size_in_words(found.disk + found.cache),
    )


def _dropped(corpus: Corpus) -> str:
    """How many documents were left out, and why, as a part of a sentence."""
    counts = {
        "empty": corpus.dropped.empty,
        "missing": corpus.dropped.missing,
        "not text": corpus.dropped.not_text,
        "of which cleaning left nothing": corpus.dropped.cleaned,
    }
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    return f"{corpus.dropped.total:,} documents of {corpus.source} ({kinds})"
