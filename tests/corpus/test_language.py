"""Which documents a model that was taught English alone can name."""

import pytest

from localtopics.corpus.language import is_english
from localtopics.demo import demo_corpus

ENGLISH = [
    ["We study error correcting codes for noisy quantum computers and bound their threshold."] * 3,
    ["Rye bread", "How to proof sourdough in the fridge", "Which flour for baguettes?", "My starter is dead"],
    ["LSTM networks for the NLP of EHR data", "BERT on GPUs: CUDA kernels for attention, in FP8"],
    ["def f(x): return x ** 2  # the square of x, which is what the caller wants to be given back"],
    ["Fc Bayern", "Steven Gerrard", "Frank Lampard", "Real Madrid"],
    [],
]
FOREIGN = [
    ["市议会要求有轨电车在星期天也每十分钟一班，票价也应当下降。", "居民希望公共汽车晚上多开几班。"],
    ["Die Ratsfraktion fordert, dass die Straßenbahn auch am Sonntag öfter fährt und die Preise sinken."],
    ["El ayuntamiento quiere que los autobuses de la ciudad pasen cada diez minutos también los domingos."],
    ["Le conseil municipal demande que le tramway circule aussi le dimanche et que les prix baissent enfin."],
    ["De gemeenteraad wil dat de tram ook op zondag om de tien minuten rijdt en dat de prijzen gaan dalen."],
    ["Городской совет требует, чтобы трамвай ходил каждые десять минут и по воскресеньям."],
    ["Miasto chce, aby tramwaje kursowały także w niedziele, a ceny biletów w końcu spadły."],
]


@pytest.mark.parametrize("documents", ENGLISH)
def test_english_is_known_by_its_small_words_or_as_a_whole(documents: list[str]) -> None:
    assert is_english(documents)


@pytest.mark.parametrize("documents", FOREIGN)
def test_other_languages_are_none(documents: list[str]) -> None:
    assert not is_english(documents * 5)


def test_docstrings_are_english() -> None:
    documents = demo_corpus(400).documents
    assert all(is_english(documents[start : start + 8]) for start in range(0, 400, 8))
