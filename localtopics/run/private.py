"""What a run's settings take out of documents, whenever these come to it."""

from __future__ import annotations

import logging

from localtopics.corpus import Corpus
from localtopics.corpus.redaction import Redaction
from localtopics.progress import Progress, silent
from localtopics.run.settings import RunSettings

log = logging.getLogger(__name__)

_NAMES = {"email": "e-mail addresses", "iban": "IBANs", "card": "card numbers", "phone": "phone numbers"}


def redacted(corpus: Corpus, settings: RunSettings, progress: Progress = silent) -> Corpus:
    """The documents without what the run's settings take out of them, which is counted and said.

    Raises:
        UserError: as `Redaction`.
    """
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
