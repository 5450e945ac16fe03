"""Drawing tokens: the same tokens as the definition, the same frequencies as the probabilities."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.labels.sampling import Drawer, Sampling, greedy, nucleus


def probabilities(logits: np.ndarray, temperature: float, top_p: float) -> np.ndarray:
    """The nucleus by its definition: sort, add up, cut, normalise."""
    p = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(p[order]), top_p)) + 1]
    nucleus_only = np.zeros_like(p)
    nucleus_only[kept] = p[kept]
    return nucleus_only / nucleus_only.sum()


@pytest.mark.parametrize(("temperature", "top_p"), [(0.8, 0.95), (1.5, 0.5), (0.3, 1.0)])
def test_tokens_come_as_often_as_their_probability_says(temperature, top_p):
    logits = np.random.default_rng(0).normal(size=600).astype(np.float32) * 2
    sampling, generator, draws = Sampling(temperature, top_p), random.Random(1), 20000
    counts = np.bincount([nucleus(logits, sampling, generator) for _ in range(draws)], minlength=600)
    expected = probabilities(logits, temperature, top_p)
    assert not counts[expected == 0].any()
    often = expected * draws > 20
    error = (counts[often] - expected[often] * draws) / np.sqrt(expected[often] * draws)
    assert np.abs(error).max() < 5


@given(
    st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=700),
    st.floats(0.05, 3),
    st.floats(0.01, 1),
    st.integers(0, 9),
)
def test_a_token_from_the_nucleus_whatever_the_logits(values, temperature, top_p, seed):
    logits = np.array(values, np.float32)
    token = nucleus(logits, Sampling(temperature, top_p), random.Random(seed))
    p = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    assert p[p > p[token] * (1 + 1e-5)].sum() <= top_p * p.sum() * (1 + 1e-4)


def test_no_temperature_or_no_nucleus_is_greedy():
    logits = np.array([0.0, 3.0, 1.0], np.float32)
    for sampling in (Sampling(temperature=0.0), Sampling(top_p=0.0)):
        assert nucleus(logits, sampling, random.Random(0)) == greedy(logits) == 1


def test_random_numbers_belong_to_prompt_candidate_and_seed():
    def first(seed: int, prompt: tuple[int, ...], candidate: int) -> float:
        return Sampling(seed=seed).generator(prompt, candidate).random()

    assert first(1, (1, 2), 1) == first(1, (1, 2), 1)
    assert len({first(*key) for key in [(1, (1, 2), 1), (2, (1, 2), 1), (1, (1, 3), 1), (1, (1, 2), 2)]}) == 4


@pytest.mark.parametrize("threads", [1, 3])
def test_many_draws_are_the_single_ones(threads):
    logits = np.random.default_rng(0).normal(size=(40, 1000)).astype(np.float32)
    sampling = Sampling()
    drawer = Drawer(threads)
    draws = [(row, random.Random(row) if row % 3 else None) for row in range(40)]
    expected = [
        nucleus(logits[row], sampling, random.Random(row)) if row % 3 else greedy(logits[row])
        for row in range(40)
    ]
    assert drawer.draw(logits, draws, sampling) == expected
    assert drawer.draw(logits, [], sampling) == []
    drawer.close()
