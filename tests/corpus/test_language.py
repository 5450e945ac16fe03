"""In which languages documents are, and which a model that was taught English alone can name."""

from pathlib import Path

import pytest

from localtopics.corpus import Corpus
from localtopics.corpus.language import find_languages, is_english, with_languages
from localtopics.languages import is_called_english, language_name
from tests.texts import texts
from tests.topics.samples import quick_demo_corpus

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


def test_docstrings_are_english(shared: Path) -> None:
    documents = quick_demo_corpus(400, shared).documents
    assert all(is_english(documents[start : start + 8]) for start in range(0, 400, 8))


@pytest.mark.parametrize("language", ["de", "fr", "zh", "ar"])
def test_a_corpus_in_one_language(language: str) -> None:
    found = find_languages(texts(language))
    assert found.codes == (language,)
    assert found.shares == {language: 1.0}


def test_a_corpus_in_several_languages_tells_each_document() -> None:
    english = ["The tram does not run on Sundays, and that is what you have to know for the way."] * 16
    documents = texts("de")[:32] + texts("zh")[:32] + english
    found = find_languages(documents)
    assert set(found.codes) == {"de", "zh", "en"}
    assert sum(found.shares.values()) == pytest.approx(1, abs=0.01)
    told = with_languages(Corpus.from_documents(documents), found.codes).columns["language"].tolist()
    assert told[32:] == ["zh"] * 32 + ["en"] * 16
    assert told[:32].count("de") > 28


def test_a_column_of_the_source_stays() -> None:
    corpus = Corpus.from_documents(texts("de"), columns={"language": ["mine"] * 48})
    assert with_languages(corpus, ("de", "en")) is corpus


@pytest.mark.parametrize("documents", [[], ["?"], ["12 34"] * 20, *ENGLISH])
def test_what_tells_no_language_is_english(documents: list[str]) -> None:
    assert find_languages(documents).codes == ("en",)


def test_names_of_languages() -> None:
    assert language_name("de") == language_name("German") == "German"
    assert is_called_english(None)
    assert is_called_english("EN")
    assert is_called_english("english")
    assert not is_called_english("fr")
