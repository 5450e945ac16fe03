"""Takes the label out of what a chat model says around it, and refuses what is none."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

MAX_WORDS = 8
"""The longest label."""
_MAX_CHARACTERS = 80
_LONGEST_PART = MAX_WORDS + 4
"""Words of a label in a list, with some talk before it; what is longer is a sentence."""
_MAX_ANSWER = 2000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Talk about the label: a run of nothing but such words, up to a colon or a linking word, is not the label.
_GREETING = _words("absolutely alright certainly great of ok okay sure thank thanks understood yes")
_NAMING = _words(
    """answer caption category document documents heading headings label labels name names output phrase
    response result subject suggestion summary text texts theme title titles topic topics"""
)
_LINKING = _words(
    """about are as be called concern concerns cover covers describe describes discuss discusses is labeled
    labelled named on titled with"""
)
_OPENING = _words("a based given here here's i i'd i'll it it's my our so sure that the these this")
_TALK = (
    _GREETING
    | _NAMING
    | _LINKING
    | _OPENING
    | _words(
        """above accurate all an and appropriate assistant be best brief broad broadest by can central clear
    common concise could course descriptive different final fits five focus following for four from glad
    good happy help in its keyword keywords likely main may me might model most narrow narrowest no one
    option overall possible potential problem proposed provided question says set short shorter simple
    single specific succinct suggest suggested suitable summarizes that's them they three to under using
    well what which will word words would you your"""
    )
)

# What stands at a label's edge only in sentences and in what was cut short.
_NEVER_FIRST = _words(
    """and apologies as based here here's i i'd i'll i'm it it's let let's or please sorry sure that that's
    there these this unfortunately we you your"""
)
_NEVER_LAST = _words(
    """a about an and are as at between but by for from in into is its of on or over than that the their this
    to under using versus via vs which with & +"""
)
_SIGNS = _words("& + - – — /")
_NEVER = _words("apologize apologise can't cannot couldn't i'm i've n/a sorry unable")
_NOTHING = _words("nan nil none null outlier outliers unknown unnamed untitled undefined tbd")
_MAY_REPEAT = _NEVER_LAST | {"new"}

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)|\A.*</think>", re.DOTALL)
_MARK = re.compile(r"</?s>|\[/?INST\]|<</?SYS>>|<[|｜][^<>\n]*[|｜]>|</?(?:start|end)_of_turn>|<(?:eos|bos)>")
_TAG = re.compile(r"</?[A-Za-z]{1,10}\s*/?>")
_FENCE = re.compile(r"\s*(?:```|~~~)\s*\w*\s*")
_JSON = re.compile(r'\s*[\[{]\s*(?:["\[{]|$)')
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"\s*(:?)')
_LISTED = re.compile(r"[;；](?:\s|$)")
_NUMBERED = re.compile(r"[;；](?:\s|$)|(?<=\S)\s+(?=\(?\d{1,2}[.)]\s)")
_LINK = re.compile(r"\[([^][]+)\]\([^()]*\)")
_ITEM = re.compile(r"(?:\(?\d{1,2}[.)]|[-*•·–—>#]+)\s+")
_QUOTED = re.compile(
    r"""["“«„`']([^"“”«»„`]+)["”»“`']\s*(?:$|[.,;:(–—-]|(?:as|based|because|for|is|since|this|which|would)\b)"""
)
_QUOTES = re.compile('["“”„‟«»‹›「」『』＂`]|\\*\\*')
_ANNOUNCED = re.compile(
    r"(?:based|certainly|considering|given|here|here's|i|sure)\b[^:]*"
    r"\b(?:category|heading|label|name|phrase|theme|title|topic)s?\b[^:]*:",
    re.IGNORECASE,
)
_EXPLAINED = re.compile(
    r"(?<=\w{5})[.!?;]\s.*|[.!?;]\s(?:This|These|The|It|I|Here|Note|Based|Please|Let)\b.*"
    r"|,?\s\(?(?:because|since (?:it|the|these|they|this)|as (?:it|these|they|this))\b.*"
)
_REMARK = re.compile(
    r"(?:description|explanation|justification|note|rationale|reason|reasoning)s?:", re.IGNORECASE
)
_FOREIGN_TALK = re.compile(
    r"\s*(?:thema|titel|nom|titre|sujet|thème|tema|título|nombre|nome|titolo|主题|標題|标题|名称|名稱|トピック名?"
    r"|الموضوع|العنوان|اسم الموضوع|тема|название)\s*[:：]\s*",
    re.IGNORECASE,
)
"""What stands before a label in other languages."""
_ASIDE = re.compile(r"\s+(?:\([^()]*\)|[-–—]{1,2}\s.*)$")
_ABBREVIATION = re.compile(r"(?:\b[A-Za-z]\.){2,}$")
_BEFORE = " '‘’‚‛´*~|•·–—-=:;,!?…\\"
_AFTER = " '‘’‚‛´*~|•·–—-=:;,!\\(。，：；！、،؛"


def clean(text: str) -> str | None:
    """The label in a chat model's answer, or None if there is none fit to use.

    The result is one line of at most 8 words without quotation marks, markdown, talk ("Sure, here is…",
    "Label:") or a closing full stop. Of several the first usable one is taken. Refused are answers that say
    something else, are too long, cut in the middle, or repeat a word. Cleaning a label gives the same label.
    """
    for parts in _offers(text):
        labels = [_label(part) for part in parts]
        usable = next(filter(_well_formed, labels), None)
        if usable is not None or (any(labels) and not _only_talks(parts[0])):
            return usable
    return None


def stems(text: str) -> set[str]:
    """A text's words, without their case, plural and punctuation."""
    return {found for word in re.split(r"[\s/,]+", text) if (found := stem(word))}


def folded(label: str) -> str:
    """A label as it is compared with others: without capital letters and surplus white space."""
    return " ".join(label.casefold().split())


def _offers(text: str) -> Iterator[list[str]]:
    """What may hold the label: the parts of each line, or the texts of the JSON that begins there."""
    lines = _MARK.sub("\n", _THOUGHT.sub("\n", text)[:_MAX_ANSWER]).splitlines()
    for number, line in enumerate(lines):
        if _FENCE.fullmatch(line):
            continue
        if _JSON.match(line) and (values := _values("\n".join(lines[number:]))) is not None:
            yield values
            return
        parts = (_NUMBERED if line.lstrip(" (")[:1].isdigit() else _LISTED).split(line)
        is_list = all(len(part.split()) <= _LONGEST_PART for part in parts)
        yield [part for part in (parts if is_list else [line]) if part.strip()]


def _values(text: str) -> list[str] | None:
    """The texts in JSON that may be cut short: those that a key calls a name, if any; None without texts."""
    named: list[str] = []
    others: list[str] = []
    key = ""
    for string, colon in _STRING.findall(text):
        if colon:
            key = string
            continue
        try:
            value = str(json.loads(f'"{string}"', strict=False))
        except ValueError:
            value = string
        is_name = not key or not _NAMING.isdisjoint(re.split(r"[\W_]+", key.lower()))
        (named if is_name else others).append(value)
    return named or others or ([] if key else None)


def _label(part: str) -> str:
    """``part`` without anything around its label."""
    label, before = part, None
    while label != before:
        before, label = label, _strip(label)
    return label


def _strip(line: str) -> str:
    """``line`` with less around its label; each step makes it shorter or leaves it."""
    line = "".join(
        c for c in unicodedata.normalize("NFC", line) if unicodedata.category(c)[0] != "C" or c == "\t"
    )
    line = " ".join(_LINK.sub(r"\1", _TAG.sub(" ", line)).replace("_", " ").split())
    if talk := _FOREIGN_TALK.match(line):
        line = line[talk.end() :]
    line = _ITEM.sub("", _trim(line), count=1) if _ITEM.match(line) else _trim(line)
    rest = line[_talk_length(line) :]
    if rest != line:
        return rest
    if quoted := _QUOTED.match(line):
        return quoted[1]
    line = _EXPLAINED.sub("", _QUOTES.sub("", line))
    return _ASIDE.sub("", line) if len(line.split()) > MAX_WORDS else line


def _trim(line: str) -> str:
    """Take off what encloses the line or hangs at its ends."""
    while line and unicodedata.category(line[0]) in ("So", "Sk", "Mn"):
        line = line[1:]
    while line and (unicodedata.category(line[-1]) in ("So", "Sk") or line[-1] in "\ufe0e\ufe0f"):
        line = line[:-1]
    if line[:1] + line[-1:] in ("()", "[]", "{}") and not set(line[1:-1]) & set("()[]{}"):
        line = line[1:-1]
    line = line.lstrip(_BEFORE).rstrip(_AFTER)
    return line if _ABBREVIATION.search(line) else line.rstrip(_AFTER + ".")


def _talk_length(line: str) -> int:
    """How many characters at the start of ``line`` only announce the label."""
    if announced := _ANNOUNCED.match(line):
        return announced.end()
    end, named, first = 0, False, ""
    for match in re.finditer(r"[^\s:]+|:", line):
        word = _plain(match[0])
        if match[0] == ":":
            return match.end()
        if word not in _TALK and not (word.isdigit() and named):
            break
        first = first or word
        named = named or word in _NAMING
        if word in _LINKING and named and first in _OPENING:
            end = match.end()
        if first in _GREETING and match[0][-1] in ",.!":
            return match.end()
    return end


def _only_talks(line: str) -> bool:
    """Whether the label may still come in the next line."""
    words = [_plain(word) for word in line.split()]
    return line.rstrip(" *_").endswith(":") or words[0] in _GREETING | _OPENING or set(words) <= _TALK


def _well_formed(label: str) -> bool:
    words = [_plain(word) for word in label.split()]
    return (
        0 < len(words) <= MAX_WORDS
        and len(label) <= _MAX_CHARACTERS
        and (len(label) > 1 or not label.isascii())
        and _letters(label) * 2 >= len(label.replace(" ", ""))
        and not set(label) & set("<>[]{}|\\")
        and all(word or sign in _SIGNS for word, sign in zip(words, label.split(), strict=True))
        and label.count("(") == label.count(")")
        and label.count("/") <= 1
        and "http" not in label.lower()
        and (words[0] not in _NEVER_FIRST or (len(words[0]) > 1 and label.split()[0].isupper()))
        and words[-1] not in _NEVER_LAST
        and not label.endswith("…")  # it was cut
        and not _NEVER & set(words)
        and not _REMARK.match(label)
        and label.casefold() not in _NOTHING
        and not all(word in _TALK or word.isdigit() for word in words)
        and not _repeats(label)
    )


def _letters(label: str) -> int:
    """How many of a label's characters are letters, or marks of such."""
    return sum(unicodedata.category(character)[0] in "LM" for character in label)


def _repeats(label: str) -> bool:
    found = [stem(word) for word in re.split(r"[\s/,]+", label)]
    telling = [word for word in found if len(word) > 2 and word not in _MAY_REPEAT]
    return len(set(telling)) < len(telling) or any(a == b != "" for a, b in pairwise(found))


def _plain(word: str) -> str:
    """A word in lower case without the punctuation around it."""
    return word.lower().replace("’", "'").strip("\"'`“”„‘’*_()[].,;:!?")


def stem(word: str) -> str:
    """A word without its case, plural and punctuation."""
    plain = _plain(word)
    return plain[:-1] if len(plain) > 3 and plain.endswith("s") and not plain.endswith("ss") else plain
