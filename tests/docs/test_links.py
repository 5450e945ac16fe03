"""Every link between the pages leads somewhere, and every file that they name is there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks, name, spans, without_blocks

_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_FILE = re.compile(r"(?<![\w./~*-])(?:docs|localtopics|models|scripts|tests|\.ci|\.github)/[\w./-]*")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page in its addresses."""
    headings = _HEADING.findall(without_blocks(page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Links to files or headings that are not there."""
    found = []
    for link in _LINK.findall(without_blocks(page.read_text(encoding="utf-8"))):
        file, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link) or link.startswith("../../"):  # a page of GitHub's own, such as issues
            continue
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


def absent_files(page: Path) -> list[str]:
    """Files of the repository that code on the page names and that are not there."""
    text = page.read_text(encoding="utf-8")
    code = [*spans(text), *(block for _, block in blocks(text))]
    named = {file.rstrip(".") for piece in code for file in _FILE.findall(piece)}
    return sorted(file for file in named if not (ROOT / file).exists())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = broken_links(page)
    assert not broken, f"not there: {', '.join(broken)}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_are_there(page: Path) -> None:
    absent = absent_files(page)
    assert not absent, f"not there: {', '.join(absent)}"


def test_what_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n\n[good](#a-heading), [bad](#another), [gone](gone.md), [far](https://example.org/x)\n"
        "`scripts/test` and `scripts/no-such`; `papers.topics/models/x` is no file of ours\n\n"
        "    python docs/no-such.py\n\n```bash\nscripts/no-such-either\n```\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["#another", "gone.md"]
    assert absent_files(page) == ["docs/no-such.py", "scripts/no-such", "scripts/no-such-either"]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 250


def test_every_page_in_docs_is_in_its_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages == set(_LINK.findall(index)) & pages


def test_files_that_the_workflow_names_are_there() -> None:
    named = _FILE.findall((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [file for file in named if not (ROOT / file).exists()] == []
