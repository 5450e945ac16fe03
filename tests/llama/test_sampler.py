"""Drawing tokens: the same tokens as the definition, the same frequencies as the probabilities."""

import random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localtopics.llama import sampler as sampler_module
from localtopics.llama.sampler import Sampler, Sampling, greedy


@pytest.fixture(params=[sampler_module.FEW, 0], ids=["sorted", "columns"])
def manner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How tokens are drawn: where few are likely these are sorted, else columns are drawn first."""
    monkeypatch.setattr(sampler_module, "FEW", request.param)


def probabilities(
    logits: npt.NDArray[np.float32], temperature: float, top_p: float
) -> npt.NDArray[np.float64]:
    """The nucleus by its definition: sort, add up, cut, normalise."""
    p = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(p[order]), top_p)) + 1]
    nucleus: npt.NDArray[np.float64] = np.zeros(len(p))
    nucleus[kept] = p[kept] / p[kept].sum()
    return nucleus


@pytest.mark.usefixtures("manner")
@pytest.mark.parametrize(("temperature", "top_p"), [(0.8, 0.95), (1.5, 0.5), (0.3, 1.0)])
def test_tokens_come_as_often_as_their_probability_says(temperature: float, top_p: float) -> None:
    logits = np.random.default_rng(0).normal(size=600).astype(np.float32) * 2
    generator, draws, sampler = random.Random(1), 20000, Sampler(Sampling(temperature, top_p))
    together = [(0, generator)] * 100
    tokens = [token for _ in range(draws // 100) for token in sampler.draw(logits[None], together)]
    counts = np.bincount(tokens, minlength=600)
    expected = probabilities(logits, temperature, top_p)
    assert not counts[expected == 0].any()
    often = expected * draws > 20
    error = (counts[often] - expected[often] * draws) / np.sqrt(expected[often] * draws)
    assert np.abs(error).max() < 5


@pytest.mark.usefixtures("manner")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # one for all examples is right
@given(
    st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=700),
    st.floats(0.05, 3),
    st.floats(0.01, 1),
    st.integers(0, 9),
)
def test_a_token_from_the_nucleus_whatever_the_logits(
    values: list[float], temperature: float, top_p: float, seed: int
) -> None:
    logits = np.array(values, np.float32)
    (token,) = Sampler(Sampling(temperature, top_p)).draw(logits[None], [(0, random.Random(seed))])
    p = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    assert p[p > p[token] * (1 + 1e-5)].sum() <= top_p * p.sum() * (1 + 1e-4)


@pytest.mark.usefixtures("manner")
@pytest.mark.parametrize(("temperature", "min_p"), [(1.3, 0.1), (3.0, 0.02), (0.5, 1e-5)])
def test_with_min_p_only_what_is_likely_beside_the_likeliest_is_drawn(
    temperature: float, min_p: float
) -> None:
    logits = np.random.default_rng(0).normal(size=600).astype(np.float32) * 2
    p = np.exp(logits.astype(np.float64) - logits.max())
    expected = np.where(p >= min_p, p ** (1 / temperature), 0)
    expected /= expected.sum()
    generator, draws = random.Random(1), 20000
    sampler = Sampler(Sampling(temperature, top_p=0.5, min_p=min_p))  # it stands in for the nucleus
    counts = np.bincount(sampler.draw(logits[None], [(0, generator)] * draws), minlength=600)
    assert not counts[expected == 0].any()
    often = expected * draws > 20
    error = (counts[often] - expected[often] * draws) / np.sqrt(expected[often] * draws)
    assert np.abs(error).max() < 5


def test_no_temperature_or_no_nucleus_is_greedy() -> None:
    logits = np.array([[0.0, 3.0, 1.0]], np.float32)
    for certain in (Sampling(temperature=0.0), Sampling(top_p=0.0)):
        assert Sampler(certain).draw(logits, [(0, random.Random(0))]) == [greedy(logits[0])] == [1]


def test_random_numbers_belong_to_prompt_candidate_and_seed() -> None:
    def first(seed: int, prompt: tuple[int, ...], count: int) -> list[float]:
        return [generator.random() for generator in Sampling(seed=seed).generators(prompt, count)]

    assert first(1, (1, 2), 2) == first(1, (1, 2), 3)[:2]
    assert len({*first(1, (1, 2), 2), *first(2, (1, 2), 2), *first(1, (1, 3), 2)}) == 6


def test_rows_of_many_and_of_few_likely_tokens_go_together() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 5000)).astype(np.float32)
    logits[1] *= 9
    together = Sampler(Sampling()).draw(logits, [(row, random.Random(row)) for row in range(3)])
    alone = [Sampler(Sampling()).draw(logits, [(row, random.Random(row))])[0] for row in range(3)]
    assert together == alone


@pytest.mark.usefixtures("manner")
@pytest.mark.parametrize("vocabulary", [1000, 1024])
def test_many_draws_are_the_single_ones(vocabulary: int) -> None:
    logits = np.random.default_rng(0).normal(size=(40, vocabulary)).astype(np.float32)
    rows = [*range(40), 39, 7, 7, 0]  # candidates of one prompt begin with draws from one row

    def by(place: int) -> random.Random | None:
        return random.Random(place) if rows[place] % 3 else None

    expected = [Sampler(Sampling()).draw(logits, [(row, by(place))])[0] for place, row in enumerate(rows)]
    sampler = Sampler(Sampling())
    for count in (3, len(rows), 5):  # memory that was written over before changes nothing
        draws = [(row, by(place)) for place, row in enumerate(rows[:count])]
        assert sampler.draw(logits, draws) == expected[:count]
    assert all(expected[place] == greedy(logits[row]) for place, row in enumerate(rows) if row % 3 == 0)
    assert sampler.draw(logits, []) == []
