"""What a run's settings take out of documents, whenever these come to it."""

from __future__ import annotations

import logging

from localtopics.corpus import Corpus
from localtopics.corpus.cleaning import Cleaning, cleaned
from localtopics.corpus.redaction import Redaction
from localtopics.progress import Progress, silent
from localtopics.run.settings import RunSettings

log = logging.getLogger(__name__)

_NAMES = {"email": "e-mail addresses", "iban": "IBANs", "card": "card numbers", "phone": "phone numbers"}


def stripped(
    corpus: Corpus, settings: RunSettings, progress: Progress = silent, cleaning: Cleaning | None = None
) -> Corpus:
    """The documents without what the run's settings take out of them, which is counted and said.

    What is private goes first, since the texts before cleaning are kept.

    Args:
        corpus: documents that came to the run.
        settings: the run's.
        progress: told of the documents.
        cleaning: what cleaning takes out; None: what the settings say.

    Raises:
        UserError: as `Redaction`.
    """
    cleaning = Cleaning.of(settings.input.clean) if cleaning is None else cleaning
    return cleaned(_redacted(corpus, settings, progress), cleaning, progress)


def _redacted(corpus: Corpus, settings: RunSettings, progress: Progress) -> Corpus:
    redaction = Redaction.of(settings.input.redact)
    if redaction is None:
        return corpus
    found = redaction.corpus(corpus, progress)
    log.info(
        "Taken out of %s: %s",
        found.source,
        ", ".join(f"{count:,} {_NAMES[kind]}" for kind, count in found.redacted.items()),
    )
    return found
