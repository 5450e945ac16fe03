"""Bibliographies: TeX as text, dates, ids and what has no abstract."""

import gzip
import shutil
from pathlib import Path

import pytest

from localtopics.corpus import read_corpus
from localtopics.corpus.bibtex import plain
from localtopics.corpus.blocks import read_blocks
from tests.corpus.tables import refusal
from tests.corpus.test_samples import PUBMED, SAMPLES


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"M{\"u}ller, \O re, \ss{}, {\'\i}, \'{\i}, \v{c}, \c c", "Müller, Øre, ß, í, í, č, ç"),
        (r"Erd{\H o}s and \L{}\'od\'z", "Erdős and Łódź"),
        (r"na\"\i ve stra\ss e {\aa}ngstr\"om", "naïve straße ångström"),
        (r"5% of 100\% \& \$3 \{set\} a\_b \#1", "5% of 100% & $3 {set} a_b #1"),
        (r"{A} {{Title} of} \emph{it} {\textbf{all}}", "A Title of it all"),
        ("x -- y --- ``q'' a~b", "x – y — “q” a b"),
        (r"where $\alpha_{1} > \frac{1}{2}$ holds", r"where $\alpha_{1} > \frac{1}{2}$ holds"),
        (r"as \citep[p.~1]{doe2019} said~\cite{roe}.", "as said."),
        ("two\n   lines", "two lines"),
        ("\\unknown \\", "\\unknown \\"),
        ("{unclosed", "unclosed"),
        ("plain", "plain"),
    ],
)
def test_tex_is_text(tex: str, text: str) -> None:
    assert plain(tex) == text


@pytest.mark.parametrize(
    ("fields", "date", "year"),
    [
        ("year = 2019, month = may", "2019-05", "2019"),
        ("year = {2019}, month = {5}", "2019-05", "2019"),
        ("year = {2019}, month = {13}", "2019", "2019"),
        ("date = {2019-05-03/2019-06}", "2019-05-03", "2019"),
        ("date = {3 May}, year = {2019}", "2019", "2019"),
        ("year = {in press}", "in press", "in press"),
    ],
)
def test_dates(tmp_path: Path, fields: str, date: str, year: str) -> None:
    (tmp_path / "a.bib").write_text(f"@misc{{a, abstract = {{text}}, {fields}}}")
    corpus = read_corpus(tmp_path / "a.bib", group="year")
    assert (corpus.times, corpus.groups) == ([date], [year])


def test_titles_stand_in_where_nothing_has_an_abstract(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (tmp_path / "a.bib").write_text("@misc{a, title = {One}}\n@misc{b, title = {Two}}\n")
    corpus = read_corpus(tmp_path / "a.bib")
    assert (corpus.documents, corpus.titles, corpus.ids) == (["One", "Two"], None, ["a", "b"])
    assert "has an abstract: their titles are the texts" in caplog.text


def test_keys_that_occur_twice_are_no_ids(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (tmp_path / "a.bib").write_text("@misc{a, abstract = {One}}\n@misc{a, abstract = {Two}}\n")
    corpus = read_corpus(tmp_path / "a.bib")
    assert (corpus.documents, corpus.ids) == (["One", "Two"], ["0", "1"])
    assert "are numbered" in caplog.text
    assert "occurs twice" in refusal(tmp_path / "a.bib", id="id")


def test_an_entry_at_fault_costs_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.bib").write_text(
        "@misc{a, abstract = {One}}\n@misc{b, abstract = }\n"
        "@misc{c, abstract = {Three}, abstract = {Again}}\n"
    )
    assert read_corpus(tmp_path / "a.bib").documents == ["One", "Three"]
    assert "is not sound BibTeX in 1 place" in caplog.text


def test_pubmed_is_known_by_its_first_line(tmp_path: Path) -> None:
    assert read_corpus(shutil.copy(SAMPLES / "pubmed.nbib", tmp_path / "a.txt")).documents == PUBMED.documents
    with gzip.open(tmp_path / "b.nbib.gz", "wb") as file:
        file.write((SAMPLES / "pubmed.nbib").read_bytes())
    assert read_corpus(tmp_path / "b.nbib.gz").titles == PUBMED.titles
    assert [block.rows for block in read_blocks(SAMPLES / "pubmed.nbib", 2)] == [2, 1]


@pytest.mark.parametrize("name", ["a.bib", "a.ris", "a.nbib"])
def test_what_holds_no_references_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Dear reader,\n\nTY or not TY - that is no question.\n")
    assert "holds no references" in refusal(tmp_path / name)


def test_records_of_ris_that_are_not_ended(tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text(
        "TY  - JOUR\nAB  - One\nDA  - MAY 3\nPY  - 2019\nTY  - JOUR\nN2  - Two\nY1  - 2020///\n"
    )
    corpus = read_corpus(tmp_path / "a.ris")
    assert (corpus.documents, corpus.times) == (["One", "Two"], ["2019", "2020"])
