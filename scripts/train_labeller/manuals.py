"""Before stage 1: manuals of software as running text, and as groups with headings that people wrote.

The packages in `manuals.txt` come from PyPI, as source archives. Only those whose own metadata name a licence
for any use are read, and none that the demo reads; no sentence of the demo's docstrings stays.

A group's documents stand in a section of a manual (its paragraphs, or the docstrings of the objects that it
lists), in a module whose docstring begins with a heading, or in a class (its methods' docstrings).
"""

import argparse
import ast
import email
import email.message
import json
import random
import re
import tarfile
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from archives import fetch
from data import GroupRow, TextRow, add, sentences
from headings import heading
from packaging.version import InvalidVersion, Version
from recipe import SEED, added

from localtopics.demo import demo_docstrings
from localtopics.demo.docstrings import PACKAGES
from localtopics.demo.prose import prose
from localtopics.machine import usable_cpus

LIST = Path(__file__).with_name("manuals.txt")
"""A line a package: the address and the SHA-256 of its source archive."""
INDEX = "https://pypi.org/simple"
LARGEST = 25_000_000
"""Bytes of an archive."""
FREE = re.compile(r"\b(MIT|[03]?-?BSD|Apache|ISC|PSF|Python Software Foundation|Unlicense|CC0|Zlib)\b", re.I)
BOUND = re.compile(r"GPL|General Public|MPL|Mozilla|CeCILL|EUPL|Proprietary|Commercial|\bNC\b", re.I)
FEWEST, MOST = 5, 24
"""Documents of a group."""
SHORTEST, LONGEST = 50, 400
"""Characters of a document."""
MOST_ALIKE = 3
"""Groups of a source under the same heading in one package."""
SKIPPED = re.compile(
    r"(^|[/_])(tests?|testing|benchmarks?|_?vendor(ed)?|third_?party|externals?|node_modules|locale|changelog|"
    r"changes|news|history|release[-_ ]?(notes)?|releases|whats_?new|authors|licenses?|contributing|"
    r"contributors|governance|code[-_]of[-_]conduct|security|maintain\w*|develop\w*)([/_.-]|$)",
    re.I,
)
_TITLE_MARK = re.compile(r"([=\-~^\"'#*+`.:_<>])\1{2,}\s*$")
_DIRECTIVE = re.compile(r"(\s*)\.\. +(auto[\w]+|(?:py:)?currentmodule|(?:py:)?module)::\s*(\S*)")
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


@dataclass(frozen=True)
class Group:
    """Documents under a heading."""

    label: str
    docs: list[str]
    source: str


@dataclass
class Section:
    """A part of a page: what stands under a title and its subtitles."""

    level: int
    title: str
    lines: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """The documented objects that it lists."""


# -- archives


def releases(name: str) -> list[dict[str, Any]]:
    """What the index knows of a package's files."""
    request = urllib.request.Request(
        f"{INDEX}/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        files: list[dict[str, Any]] = json.load(answer)["files"]
    return [file for file in files if file["filename"].endswith(".tar.gz") and not file.get("yanked")]


def newest(name: str) -> str | None:
    """Address and SHA-256 of a package's newest source archive; None: it has none, or a large one."""
    best = None
    for file in releases(name):
        match = re.match(r".*-(\d[^-]*)\.tar\.gz$", file["filename"])
        try:
            version = Version(match[1]) if match else None
        except InvalidVersion:
            continue
        if version and not version.is_prerelease and (best is None or version > best[0]):
            best = version, file
    if best is None or (best[1].get("size") or 0) > LARGEST:
        return None
    return f"{best[1]['url']} {best[1]['hashes']['sha256']}"


def is_free(metadata: email.message.Message) -> bool:
    """Whether the metadata names licences that allow any use, and no other."""
    stated = [metadata.get("License-Expression", ""), metadata.get("License", "").split("\n")[0]]
    stated += [line for line in metadata.get_all("Classifier", []) if line.startswith("License")]
    text = " ".join(map(str, stated))
    return bool(FREE.search(text)) and not BOUND.search(text)


# -- pages


def sections(page: str, markdown: bool) -> list[Section]:
    """The sections of a page of reStructuredText or Markdown in their order, each with its level."""
    found = [Section(0, "")]
    ranks: list[str] = []
    lines = page.expandtabs().split("\n")
    row, fenced, module = 0, False, ""
    while row < len(lines):
        line, following = lines[row], lines[row + 1] if row + 1 < len(lines) else ""
        row += 1
        if markdown:
            if line.lstrip().startswith("```"):
                fenced = not fenced
            elif not fenced:
                if title := re.match(r"(#{1,5}) +(.*?)[ #]*$", line):
                    found.append(Section(len(title[1]), title[2]))
                else:
                    found[-1].lines.append(re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", line))
            continue
        mark = _TITLE_MARK.match(following)
        if line.strip() and line[0] != " " and mark and len(following.strip()) >= len(line.strip()) - 2:
            rank = mark[1]
            if rank not in ranks:
                ranks.append(rank)
            found.append(Section(ranks.index(rank) + 1, line.strip()))
            row += 1
            continue
        if directive := _DIRECTIVE.match(line):
            kind, argument = directive[2], directive[3]
            if kind.endswith("module") and not kind.startswith("auto"):
                module = argument
            elif kind == "autosummary":
                while row < len(lines) and (not lines[row].strip() or lines[row][:1] == " "):
                    name = lines[row].strip().removeprefix("~").split("(")[0]
                    if re.fullmatch(r"[A-Za-z_][\w.]*", name):
                        found[-1].names.append(f"{module}.{name}".strip("."))
                    row += 1
                continue
            elif argument:
                found[-1].names.append(f"{module}.{argument.split('(')[0]}".strip("."))
        found[-1].lines.append(line)
    return found


def chunks(lines: Sequence[str]) -> list[str]:
    """Running text in pieces of whole sentences."""
    pieces, piece = [], ""
    for sentence in prose("\n".join(lines), most_words=100_000):
        if piece and (len(piece) > 150 or len(piece) + len(sentence) > LONGEST):
            pieces.append(piece)
            piece = ""
        piece = f"{piece} {sentence}".strip()
    return [text for text in (*pieces, piece) if len(text) >= SHORTEST]


# -- code


def docstrings(files: dict[str, str]) -> dict[str, str]:
    """Dotted name to docstring of public modules, classes and functions; the files are {path: source}."""
    found: dict[str, str] = {}
    for path, source in files.items():
        parts = [part for part in path.removesuffix(".py").split("/") if part not in ("src", "lib", "python")]
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue
        found[name] = ast.get_docstring(tree, clean=False) or ""
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                found[f"{name}.{node.name}"] = ast.get_docstring(node, clean=False) or ""
                for inner in node.body if isinstance(node, ast.ClassDef) else ():
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                        found[f"{name}.{node.name}.{inner.name}"] = (
                            ast.get_docstring(inner, clean=False) or ""
                        )
    return found


class Names:
    """Finds docstrings by the names under which a manual lists them."""

    def __init__(self, documents: dict[str, str]) -> None:
        self._documents = documents
        self._by_last: defaultdict[str, list[str]] = defaultdict(list)
        for name in documents:
            self._by_last[name.rpartition(".")[2]].append(name)

    def find(self, name: str) -> str | None:
        """The document of the name that shares most parts with ``name``, its last one first."""
        wanted = name.split(".")
        options = self._by_last.get(wanted[-1], [])
        best = max(options, key=lambda option: len(set(option.split(".")) & set(wanted)), default=None)
        return None if best is None else self._documents[best]


def shortened(text: str) -> str:
    """At most ``LONGEST`` characters, cut between words."""
    return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0]


# -- groups


@dataclass(frozen=True)
class Archive:
    """What a source archive holds for its readers."""

    metadata: email.message.Message | None
    code: dict[str, str]
    """Path to source."""
    pages: dict[str, str]
    """Path to a page of the manual."""


def unpacked(path: Path) -> Archive:
    """The metadata, modules and manual's pages of an archive, as far as they may teach something."""
    code: dict[str, str] = {}
    pages: dict[str, str] = {}
    metadata = None
    with tarfile.open(path) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            kind = name.rpartition(".")[2]
            wanted = name == "PKG-INFO" or (kind in ("py", "rst", "md", "txt") and not SKIPPED.search(name))
            if not member.isfile() or not wanted or member.size > 2_000_000:
                continue
            if kind == "txt" and not name.startswith("doc"):
                continue
            file = archive.extractfile(member)
            text = file.read().decode("utf-8", errors="replace") if file else ""
            if name == "PKG-INFO":
                metadata = email.message_from_string(text)
            else:
                (code if kind == "py" else pages)[name] = text
    return Archive(metadata, code, pages)


def read(path: Path) -> tuple[list[str], list[Group]] | None:
    """The running texts and the groups of an archive; None where its licence does not let them be used."""
    archive = unpacked(path)
    if archive.metadata is None or not is_free(archive.metadata):
        return None
    raw = docstrings(archive.code)
    documents = {name: " ".join(prose(text)) for name, text in raw.items() if text}
    documents = {name: text for name, text in documents.items() if len(text) >= SHORTEST}
    names = Names(documents)
    found: list[Group] = []
    texts: list[str] = []
    for name, page in archive.pages.items():
        parts = sections(page, name.endswith(".md"))
        pieces = [chunks(part.lines) for part in parts]
        found += page_groups(parts, pieces, names)
        texts.append("\n".join(" ".join(piece) for piece in pieces if piece))
    inside: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in documents.items():
        inside[name.rpartition(".")[0]].append(text)
    for owner, docs in inside.items():
        found += code_groups(owner, docs, raw.get(owner, ""))
    texts += ["\n".join(docs) for docs in inside.values()]
    return texts, tidy(found)


def page_groups(parts: Sequence[Section], pieces: Sequence[list[str]], names: Names) -> Iterator[Group]:
    """Each section's paragraphs, and the docstrings of what it lists, with those of its subsections."""
    listed = [[told for n in part.names if (told := names.find(n))] for part in parts]
    for number, part in enumerate(parts):
        end = number + 1
        while end < len(parts) and parts[end].level > part.level:
            end += 1
        if (label := heading(part.title)) is not None:
            for source, lists in (("software_manual", pieces), ("software_reference", listed)):
                yield Group(label, [text for texts in lists[number:end] for text in texts], source)


def code_groups(owner: str, docs: list[str], docstring: str) -> Iterator[Group]:
    """The docstrings in a class under its name, or in a module under its docstring's heading."""
    last = owner.rpartition(".")[2]
    if last[:1].isupper():
        label = heading(" ".join(_CAMEL.findall(last)))
        if label and len(label.split()) > 1 and not re.search(r"\b(base|mixin|abstract|\w)\b", label, re.I):
            yield Group(label, docs, "software_class")
    elif docstring:
        first = docstring.strip().split("\n\n")[0].replace("\n", " ").split(". ")[0]
        label = heading(re.sub(r"^(The |A |An |Module for |Functions for |Utilities for )", "", first))
        if label:
            yield Group(label, docs, "software_module")


def tidy(groups: Iterable[Group]) -> list[Group]:
    """Groups of enough different documents, at most a few under the same heading."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for group in groups:
        docs = list(dict.fromkeys(map(shortened, group.docs)))
        key = (group.source, group.label.casefold())
        if len(docs) < FEWEST or seen[key] == MOST_ALIKE:
            continue
        seen[key] += 1
        docs = random.Random(f"{SEED} {group.label}").sample(docs, min(MOST, len(docs)))
        kept.append(Group(group.label, docs, group.source))
    return kept


def held_out() -> set[str]:
    """All sentences that the demo may show."""
    with Pool(usable_cpus()) as pool:
        read = pool.imap_unordered(_sentences, demo_docstrings(), chunksize=500)
        return {sentence for found in read for sentence in found}


def _sentences(docstring: str) -> set[str]:
    return set(sentences(" ".join(prose(docstring, most_words=100_000))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--pin", nargs="+", metavar="NAME", help="write manuals.txt anew, with newest versions"
    )
    arguments = parser.parse_args()
    with ThreadPoolExecutor(8) as threads:
        if arguments.pin:
            names = sorted({*arguments.pin} - {*PACKAGES})
            LIST.write_text("".join(f"{line}\n" for line in threads.map(newest, names) if line))
        paths = list(threads.map(lambda line: fetch(*line.split()), LIST.read_text().splitlines()))
    with Pool(usable_cpus()) as pool:
        read_from = zip(paths, pool.imap(read, paths), strict=True)
        found = [(path.name, *content) for path, content in read_from if content is not None]
    told = held_out()
    lines: dict[str, None] = {}
    texts: list[TextRow] = []
    groups: list[GroupRow] = []
    openings: set[tuple[str, str]] = set()
    for package, here, made in found:
        for text in here:
            new = [
                line for line in text.split("\n") if line not in lines and told.isdisjoint(sentences(line))
            ]
            lines.update(dict.fromkeys(new))
            if sum(map(len, new)) >= 200:
                texts.append({"text": "\n".join(new), "source": "software"})
        for group in made:
            docs = [doc for doc in group.docs if told.isdisjoint(sentences(doc))]
            opening = (group.label, min(docs, default=""))
            if len(docs) >= FEWEST and opening not in openings:
                openings.add(opening)
                groups.append({"label": group.label, "docs": docs, "source": group.source, "unit": package})
    print(f"{len(found)} of {len(paths)} packages have a free licence")
    add(texts, groups, *added("manual"))


if __name__ == "__main__":
    main()
