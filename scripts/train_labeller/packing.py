"""Token lists in the rows of batches."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from ragged import Ragged
from recipe import SEED
from training import Batch


def whole(
    examples: Ragged, order: np.ndarray, rows: int, context: int, prompt_weight: float
) -> Iterator[Batch]:
    """Whole examples, one after the other, in rows of context + 1 tokens; a longer example is left out.

    Answers weigh 1, what is before them `prompt_weight`.
    """
    batch, row, column = Batch.empty(rows, context), 0, 0
    for index in order:
        tokens, answer = examples[index], examples.answers[index]
        if len(tokens) > context + 1:
            continue
        if column + len(tokens) > context + 1:
            row, column = row + 1, 0
        if row == rows:
            yield batch
            batch, row = Batch.empty(rows, context), 0
        place = slice(column, column + len(tokens))
        batch.tokens[row, place] = tokens
        batch.segments[row, place] = index + 1
        batch.weights[row, place] = prompt_weight
        batch.weights[row, place.stop - answer : place.stop] = 1
        column += len(tokens)
    yield batch


def running(
    parts: list[Ragged], start: int, rows: int, context: int, going: Callable[[int], bool]
) -> Iterator[Batch]:
    """All lists in random order, again and again, cut wherever a row ends, each blind to those before it.

    Args:
        parts: the lists.
        start: the step of the first batch; a step's batch does not depend on it.
        rows: of a batch.
        context: tokens of a row; one more is its last target.
        going: whether a step is still wanted.
    """
    size, step, number = rows * context, 0, 0
    left, owners = np.empty(0, np.uint16), np.empty(0, np.int64)
    starts = np.cumsum([0, *(len(part) for part in parts)])
    while going(step):
        order = np.random.default_rng((SEED, number)).permutation(starts[-1])
        which = np.searchsorted(starts, order, side="right") - 1
        pieces = [parts[w][i - starts[w]] for w, i in zip(which, order, strict=True)]
        left = np.concatenate([left, *pieces])
        owners = np.concatenate([owners, np.repeat(order, [len(piece) for piece in pieces])])
        number += 1
        place = 0
        while len(left) - place > size and going(step):
            if step >= start:
                index = place + np.arange(rows)[:, None] * context + np.arange(context + 1)
                batch = Batch.empty(rows, context)
                batch.tokens[:], batch.segments[:], batch.weights[:] = left[index], owners[index], 1
                yield batch
            place, step = place + size, step + 1
        left, owners = left[place:], owners[place:]


def branched(
    prompts: Sequence[np.ndarray],
    answers: np.ndarray,
    weights: np.ndarray,
    headings: Sequence[np.ndarray],
    heading_weight: float,
    end: int,
    multiple: int,
    context: int,
) -> Batch:
    """Each prompt once, and behind it as branches its labels, which do not see each other, and the heading.

    A branch repeats the prompt's last token, which its first one follows.
    """
    segments: list[np.ndarray] = []
    for prompt, drawn, own, heading in zip(prompts, answers, weights, headings, strict=True):
        branches = [(heading, heading_weight)]
        for row, weight in zip(drawn, own, strict=True):
            branches.append((row[: (row != end).sum() + 1], float(weight)))
        trunk = np.arange(len(prompt) - 1)
        parts = [np.stack([prompt[:-1], trunk, 0 * trunk, 0 * trunk]).astype(np.float64)]
        for number, (tokens, weight) in enumerate(branches, start=1):
            positions = len(trunk) + np.arange(len(tokens) + 1)
            tokens = np.array([prompt[-1], *tokens])
            counted = np.full(len(tokens), weight)
            counted[0] = 0
            parts.append(np.stack([tokens, positions, np.full(len(tokens), number), counted]))
        segments.append(np.concatenate(parts, axis=1))
    rows: list[list[np.ndarray]] = [[]]
    for segment in segments:
        if sum(part.shape[1] for part in rows[-1]) + segment.shape[1] > context + 1:
            rows.append([])
        rows[-1].append(segment)
    batch = Batch.empty(-(-len(rows) // multiple) * multiple, context)
    for number, parts in enumerate(rows):
        column = 0
        for place, part in enumerate(parts, start=1):
            span = slice(column, column + part.shape[1])
            batch.tokens[number, span], batch.positions[number, span], batch.branches[number, span] = part[:3]
            batch.weights[number, span] = part[3]
            batch.segments[number, span] = place
            column = span.stop
    return batch
