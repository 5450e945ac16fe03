"""The names of languages, by their ISO 639 codes."""

from __future__ import annotations

_NAMES = """
af Afrikaans, am Amharic, ar Arabic, as Assamese, az Azerbaijani, be Belarusian, bg Bulgarian, bn Bengali, br
Breton, bs Bosnian, ca Catalan, cs Czech, cy Welsh, da Danish, de German, dz Dzongkha, el Greek, en English,
eo Esperanto, es Spanish, et Estonian, eu Basque, fa Persian, fi Finnish, fo Faroese, fr French, ga Irish, gl
Galician, gu Gujarati, ha Hausa, he Hebrew, hi Hindi, hr Croatian, ht Haitian, hu Hungarian, hy Armenian, id
Indonesian, is Icelandic, it Italian, ja Japanese, jv Javanese, ka Georgian, kk Kazakh, km Khmer, kn Kannada,
ko Korean, ku Kurdish, ky Kyrgyz, la Latin, lb Luxembourgish, lo Lao, lt Lithuanian, lv Latvian, mg Malagasy,
mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, ms Malay, mt Maltese, my Burmese, ne Nepali, nl Dutch,
nn Norwegian, no Norwegian, oc Occitan, or Odia, pa Punjabi, pl Polish, ps Pashto, pt Portuguese, qu Quechua,
ro Romanian, ru Russian, rw Kinyarwanda, se Sami, si Sinhala, sk Slovak, sl Slovenian, so Somali, sq
Albanian, sr Serbian, st Sotho, sv Swedish, sw Swahili, ta Tamil, te Telugu, tg Tajik, th Thai, tl Tagalog,
tr Turkish, ug Uyghur, uk Ukrainian, ur Urdu, uz Uzbek, vi Vietnamese, xh Xhosa, yo Yoruba, zh Chinese, zu
Zulu
"""
NAMES: dict[str, str] = dict(entry.split() for entry in _NAMES.split(","))
"""ISO 639-1 code to English name."""
ENGLISH = "en"


def language_name(language: str) -> str:
    """The English name of a language that is given by its code; a name stays as it is."""
    return NAMES.get(language.strip().lower(), " ".join(language.split()))


def is_called_english(language: str | None) -> bool:
    """Whether a code or a name is that of English; None, nothing said, is."""
    return language is None or language_name(language).lower() == "english"
