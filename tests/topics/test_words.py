"""Which words count in languages other than English."""

import pickle
import re

import numpy as np
import pytest

from localtopics.errors import UserError
from localtopics.topics import segmentation
from localtopics.topics.keywords import stop_words_of, vectorizer, word_pattern
from localtopics.topics.segmentation import Segmenter, segmenter
from localtopics.topics.settings import TopicSettings
from tests.texts import texts


def words(documents: list[str], language: str) -> set[str]:
    counter = vectorizer(documents, np.arange(len(documents)) // 16, TopicSettings(language=language))
    return set(counter.get_feature_names_out())


@pytest.mark.parametrize(
    ("language", "there", "away"),
    [
        ("de", {"straßenbahn", "sauerteig", "krankenhaus"}, {"die", "der", "nicht", "mit"}),
        ("fr", {"tramway", "levain", "médecin"}, {"le", "que", "qu", "aujourd", "hui", "avec"}),
        ("zh", {"医院", "面包", "地铁"}, {"一个", "还要", "的"}),
        ("ar", {"المترو", "الخبز", "الطبيب"}, {"هو", "الذي", "من", "في"}),
    ],
)
def test_small_words_are_no_keywords(language: str, there: set[str], away: set[str]) -> None:
    found = words(texts(language), language)
    assert there <= found
    assert not away & found
    assert not found & stop_words_of(TopicSettings(language=language))


def test_marks_belong_to_their_letters() -> None:
    pattern = word_pattern(("hi",))
    assert re.findall(pattern, "हिन्दी में भाषा") == ["हिन्दी", "में", "भाषा"]
    assert re.findall(pattern, "كَتَبَ می\u200cروم 42") == ["كَتَبَ", "می\u200cروم"]
    assert word_pattern(("en",)) == word_pattern(TopicSettings().languages)


def test_several_languages_have_the_small_words_of_all() -> None:
    stop_words = stop_words_of(TopicSettings(language="de,en"))
    assert {"und", "and"} <= stop_words
    assert "und" not in stop_words_of(TopicSettings(language="de", stop_words="english"))
    assert stop_words_of(TopicSettings(language="de", stop_words="none")) == set()


def test_japanese_and_thai_are_cut_into_words() -> None:
    assert {"東京", "電車", "時間"} <= set(Segmenter(("ja",))("東京の電車は時間通りに走っている。").split())
    assert len(Segmenter(("th",))("รถไฟฟ้าในกรุงเทพมีผู้โดยสาร").split()) > 3
    assert Segmenter(("zh",))("支持 Linux 的软件包").split() == ["支持", "linux", "的", "软件包"]


def test_languages_with_spaces_need_no_segmenter() -> None:
    assert segmenter(("de", "en")) is None
    assert segmenter(("zh", "en")) == pickle.loads(pickle.dumps(Segmenter(("zh",))))
    assert segmenter(("ja", "zh")) == Segmenter(("ja",))


def test_pairs_of_characters_stand_in(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> segmentation.Segment:
        raise ImportError

    monkeypatch.setitem(segmentation._CUTTERS, "zh", missing)
    segmentation._segment.cache_clear()
    try:
        assert Segmenter(("zh",))("共享文件 ok").split() == ["共享", "享文", "文件", "ok"]
    finally:
        segmentation._segment.cache_clear()
    assert "pip install rjieba" in caplog.text


@pytest.mark.parametrize("language", ["klingon", "xx", "", "de,", "de;en"])
def test_an_unknown_language_is_refused(language: str) -> None:
    with pytest.raises(UserError, match="language"):
        TopicSettings(language=language)
