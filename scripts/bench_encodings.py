"""How often is a file's encoding found out, and how often taken for another? Measured on translations.

    python scripts/bench_encodings.py --catalogs FOLDER

FOLDER holds translations as LANGUAGE/LC_MESSAGES/NAME.mo, at any depth, as the package Django does. Files of
1 to 200 messages are written in the encodings that a language was written in before UTF-8. Printed for each
length is how many are read right, refused and read wrong; and the same for what charset-normalizer takes them
for.
"""

from __future__ import annotations

import argparse
import gettext
import io
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import charset_normalizer

from localtopics.corpus.encodings import encoding_of

WRITTEN_IN = {
    **dict.fromkeys(("fr", "de", "es"), ("cp1252", "mac-roman", "cp850")),
    **dict.fromkeys(("it", "pt", "sv", "da", "nl", "fi", "nb", "is", "ca", "et"), ("cp1252",)),
    **dict.fromkeys(("pl", "cs"), ("cp1250", "iso8859-2")),
    **dict.fromkeys(("hu", "sk", "hr", "ro", "sl"), ("cp1250",)),
    "ru": ("cp1251", "koi8-r", "cp866", "mac-cyrillic"),
    **dict.fromkeys(("uk", "bg"), ("cp1251",)),
    "el": ("cp1253", "iso8859-7"),
    **{"tr": ("cp1254",), "he": ("cp1255",), "ar": ("cp1256",), "lt": ("cp1257",), "lv": ("cp1257",)},
    **{"ja": ("cp932", "euc-jp"), "zh_Hans": ("gb18030",), "zh_Hant": ("big5",), "ko": ("cp949",)},
}
LENGTHS = (1, 5, 40, 200)
SHORTEST = 15  # characters of a message


def messages(folder: Path) -> dict[str, list[str]]:
    """The messages of each language."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("LC_MESSAGES/*.mo")):
        with path.open("rb") as file:
            catalog = vars(gettext.GNUTranslations(file))["_catalog"]
        texts = (text for key, text in catalog.items() if key and isinstance(text, str))
        found[path.parts[-3]] += [" ".join(text.split()) for text in texts if len(text) > SHORTEST]
    return found


def fits(text: str, encoding: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False


def files(texts: dict[str, list[str]], length: int, each: int) -> Iterator[tuple[bytes, str]]:
    """Bytes of csv files, and the text that they are."""
    chance = random.Random(length)
    for language, encodings in WRITTEN_IN.items():
        for encoding in encodings:
            usable = [text for text in texts[language] if fits(text, encoding)]
            strange = [text for text in usable if not text.isascii()]
            for _ in range(each if strange else 0):
                chosen = [chance.choice(strange), *chance.choices(usable, k=length - 1)]
                written = "text,n\r\n" + "".join(f'"{text}",{row}\r\n' for row, text in enumerate(chosen))
                yield written.encode(encoding), written


def judged(name: str | None, data: bytes, text: str) -> str:
    if name is None:
        return "refused"
    return "right" if data.decode(name, "replace") == text else "wrong"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--catalogs", type=Path, required=True)
    parser.add_argument("--files", type=int, default=6, help="of each language, encoding and length")
    given = parser.parse_args()
    texts = messages(given.catalogs)
    for length in LENGTHS:
        ours: Counter[str] = Counter()
        other: Counter[str] = Counter()
        for data, text in files(texts, length, given.files):
            found = encoding_of(io.BytesIO(data))
            ours[judged(found.name if found else None, data, text)] += 1
            best = charset_normalizer.from_bytes(data).best()
            other[judged(best.encoding if best else None, data, text)] += 1
        for name, counts in (("here", ours), ("charset-normalizer", other)):
            said = ", ".join(f"{counts[kind]} {kind}" for kind in ("right", "refused", "wrong"))
            print(f"{length:>4} messages  {name:<20} {said}")


if __name__ == "__main__":
    main()
