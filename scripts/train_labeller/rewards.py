"""What a label of the model's own is worth."""

import re
from collections.abc import Sequence

import numpy as np

from localtopics.embedding.embedder import Embed

RANK = 0.5
"""What the reciprocal rank counts beside the cosine to the human heading."""
REFUSED = 0.0
"""The reward of what is no label."""
NARROW = 0.25
"""What a label loses that is named after one of the documents' people, firms or places."""
FEW = 0.4
"""A name in fewer of the documents than this is no name of what they share."""

_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'’-]+")
_WORD = re.compile(r"\b[a-z][\w'’-]+")


class Names:
    """The proper names of a group's documents: words that have a capital within sentences, and always."""

    def __init__(self, documents: Sequence[str], heading: str) -> None:
        named = [{name.lower() for name in _NAME.findall(document)} for document in documents]
        common = {word for document in documents for word in _WORD.findall(document)}
        common |= set(_words(heading))
        holding = {name: sum(name in names for names in named) for name in set().union(*named) - common}
        self._few = {name for name, count in holding.items() if count < FEW * len(documents)}

    def narrow(self, label: str) -> bool:
        """Whether a label holds a name that few of the documents hold."""
        return not self._few.isdisjoint(_words(label))


def _words(text: str) -> list[str]:
    return [word.lower().removesuffix("'s") for word in re.findall(r"\w[\w'’-]*", text)]


def rewards(
    labels: list[str | None],
    headings: np.ndarray,
    found: np.ndarray,
    names: Sequence[Names],
    embed: Embed,
) -> np.ndarray:
    """Each label's reward, float32 [groups, labels of each].

    Args:
        labels: The labels of all groups; None is no label.
        headings: float32 [groups, d].
        found: float32 [groups, d], the centres of what labels should find.
        names: Those of each group.
        embed: The embedding of all these.
    """
    each = len(labels) // len(headings)
    vectors = embed([label or "" for label in labels]).reshape(len(headings), each, -1)
    cosines = np.einsum("gld,gd->gl", vectors, headings)
    near = np.einsum("gld,hd->glh", vectors, found, optimize=True)
    own = np.einsum("gld,gd->gl", vectors, found)[:, :, None]
    rivals = (near > own).mean(axis=2) * 99
    refused = np.array([label is None for label in labels]).reshape(cosines.shape)
    narrow = np.array(
        [label is not None and names[i // each].narrow(label) for i, label in enumerate(labels)]
    )
    values = cosines + RANK / (1 + rivals) - NARROW * narrow.reshape(cosines.shape)
    return np.where(refused, REFUSED, values).astype(np.float32)


def advantages(values: np.ndarray) -> np.ndarray:
    """How much each reward [groups, labels] exceeds its group's mean, in standard deviations of the batch."""
    centred = values - values.mean(axis=1, keepdims=True)
    scaled: np.ndarray = centred / max(float(centred.std()), 1e-6)
    return scaled
