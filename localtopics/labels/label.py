"""A topic's label and the candidates that it was chosen from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from localtopics.labels.cleaning import clean


@dataclass(frozen=True)
class Candidate:
    """One text that might have become a topic's label."""

    text: str
    """As the model wrote it, or a phrase of the documents."""
    score: float | None = None
    """As `localtopics.labels.scoring` scores the label in it, higher is better; None where there is no usable
    label in it."""


@dataclass(frozen=True)
class Label:
    """A topic's name and how it came about."""

    topic: int
    """The topic's number."""
    text: str
    """The name."""
    fallback: bool
    """Whether the text is the topic's keywords, because no usable one came from a model."""
    candidates: tuple[Candidate, ...]
    """What the model answered, the greedy answer first, then the phrases that competed with its answers."""
    prompt_sha256: str
    """A hash of all that decides the model's answers: the prompt's tokens, the model, and how candidates are
    sampled. It is empty where no model was asked."""
    seconds: float
    """The topic's share of the computing time."""
    again: tuple[Candidate, ...] = ()
    """The candidates, those of a second question among them, as they were scored when the topic was told
    apart from others of like names; none where no name was like it."""
    again_sha256: str = ""
    """As ``prompt_sha256``, of that question."""

    @property
    def first(self) -> Label:
        """The label as it was before the topic was told apart from others.

        Raises:
            ValueError: none of the candidates is a label, as in no label of ours.
        """
        if not self.again_sha256:
            return self
        scored = [(one.score, one.text) for one in self.candidates if one.score is not None]
        text = clean(max(scored, key=lambda one: one[0])[1]) if scored else None
        if text is None:
            raise ValueError("the topic was told apart, and had no label before")
        return replace(self, text=text, again=(), again_sha256="")
